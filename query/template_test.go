package query

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

func TestShapes(t *testing.T) {
	for text, want := range map[string]string{
		"select 1 from t where a = 25":         "select # from t where a = #",
		"select a1, -5, 'it''s' from t":        "select a1, -#, @ from t",
		`select "a1""5" from "7" where b=1+2`:  `select "a1""5" from "7" where b=#+#`,
		"select 99999999999999999999, 1":       "select 99999999999999999999, #",
		"insert into t values (1,\n'é'\n'x')":  "insert into t values (#,\n@\n@)",
		"select 1::int, a[2], (3), 'x'::text;": "select #::int, a[#], (#), @::text;",
		"select 'a'5":                          "select @#",
	} {
		key, _, ok := new(shaper).shape(text)
		if got := strings.NewReplacer("\x01", "#", "\x02", "@").Replace(string(key)); !ok || got != want {
			t.Errorf("%q has the shape %q, %v, want %q", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "select a from t", "select 1.5", "select .5", "select 5.", "select 1e5", "select 0x1F", "select 1_000",
		"select $1, 5", "select $$5$$, 5", "select E'5'", "select b'1'", "select U&'5'", `select U&"5", 5`, "select 5 -- 6", "select 5 /* 6 */",
		"select '5", `select "5`, "select 5a", "select a.5", "select '\xff'", "select 5\x01", "select 5 \\", "select x'1F', 5"} {
		if key, _, ok := new(shaper).shape(text); ok {
			t.Errorf("%q has the shape %q, want none", text, key)
		}
	}
}

// FuzzShape compares the literals of a shape with what the lexer reads, then puts others in their places: the lexer must
// read the same tokens but for these.
func FuzzShape(f *testing.F) {
	for _, s := range append(corpus(f), "select -1, 'a''b'\n'c' from \"x5\" where a=5 and b<-7", "a1 5'x'5\"5\"5", "'5'5'5'") {
		f.Add(s, int64(7), "x'y")
	}
	f.Fuzz(func(t *testing.T, text string, n int64, str string) {
		var sh shaper
		_, list, ok := sh.shape(text)
		if !ok {
			return
		}
		var before, after lex.Tokens
		if lex.Scan(text, lex.Mode{}, &before) != nil {
			return
		}
		byPlace := map[int]lex.Token{}
		for _, k := range before.List {
			byPlace[int(k.Start)] = k
		}
		var other strings.Builder
		at := 0
		for _, l := range list {
			k, ok := byPlace[l.start]
			switch {
			case !ok && l.isString: // goes on with an earlier one
			case !ok, l.isString && k.Kind != lex.String, !l.isString && (k.Kind != lex.Int || int(k.End) != l.end || k.Val != text[l.start:l.end]):
				t.Fatalf("%q: literal at %d is the token %+v", text, l.start, k)
			case l.isString && int(k.End) == l.end && k.Val != l.s:
				t.Fatalf("%q: the string at %d is %q, not %q", text, l.start, k.Val, l.s)
			}
			other.WriteString(text[at:l.start])
			if l.isString {
				other.WriteString("'" + strings.ReplaceAll(strings.ToValidUTF8(strings.ReplaceAll(str, "\x00", ""), "?"), "'", "''") + "'")
			} else {
				other.WriteString(strconv.FormatUint(uint64(n)>>1, 10))
			}
			at = l.end
		}
		other.WriteString(text[at:])
		if other.Len() > maxShapeText {
			return
		}
		key := string(sh.key)
		if again, _, ok := sh.shape(other.String()); !ok || string(again) != key {
			t.Fatalf("%q and %q have different shapes", text, other.String())
		}
		if err := lex.Scan(other.String(), lex.Mode{}, &after); err != nil || len(after.List) != len(before.List) {
			t.Fatalf("%q: other tokens in %q, %v", text, other.String(), err)
		}
		for i, a := range before.List {
			b := after.List[i]
			literal := a.Kind == lex.Int || a.Kind == lex.String
			if a.Kind != b.Kind || a.Cat != b.Cat || !literal && a.Val != b.Val {
				t.Fatalf("%q: token %+v became %+v in %q", text, a, b, other.String())
			}
		}
	})
}

// corpus is what real clients sent as simple queries, and the literals in other statements.
func corpus(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("../test/corpus/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	var list []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			var l struct{ Statement string }
			if err := json.Unmarshal(line, &l); err != nil {
				t.Fatal(err)
			}
			list = append(list, l.Statement)
		}
	}
	return list
}

// recorder is a sink that writes down all rows.
type recorder struct {
	counter
	text strings.Builder
}

func (r *recorder) Rows(b *column.Batch, from, to int) error {
	for i := from; i < to; i++ {
		for c := range b.Vecs {
			v := b.Vecs[c].Value(i)
			fmt.Fprintf(&r.text, "%s:", v.Kind())
			if !v.IsNull() {
				r.text.Write(value.AppendText(nil, v, value.DefaultStyle()))
			}
			r.text.WriteByte('|')
		}
		r.text.WriteByte('\n')
	}
	return nil
}

// answer is all that a client sees of a simple Query but the order of rows.
func (s testSession) answer(text string) string {
	r := &recorder{}
	err := s.into(text, r)
	lines := strings.SplitAfter(r.text.String(), "\n")
	slices.Sort(lines) // vacuum decides when places of ended rows are used again
	rows := strings.Join(lines, "")
	if err == nil {
		return rows
	}
	e := sqlerr.As(err)
	if e == nil {
		return rows + err.Error()
	}
	return rows + fmt.Sprintf("%s %s at %d, %q %q %q %s %s", e.Code, e.Message, e.Pos, e.Detail, e.Hint, e.Where, e.Table, e.Column)
}

// statements makes statements of a few shapes over the tables of TestTemplatesAnswerAlike.
type statements struct{ *rand.Rand }

func (g statements) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g statements) int() string {
	if g.IntN(6) > 0 {
		return strconv.Itoa(g.IntN(12))
	}
	return g.pick("2147483647", "2147483648", "32768", "0", "007", "9223372036854775807", "9223372036854775808", "70000", "3000000000", "1")
}

func (g statements) number() string { return g.pick("", "", "", "-", "- ", "+", "-\n") + g.int() }

func (g statements) text() string {
	return g.pick("'x'", "''", "'it''s'", "'é'", "'longer than five'", "'5'", "'x '", "'x'\n'y'", "E'x'", "'\\n'")
}

func (g statements) literal() string {
	if g.IntN(3) == 0 {
		return g.text()
	}
	return g.number()
}

var templateColumns = []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "v", "k"}

func (g statements) column() string { return g.pick(templateColumns...) }

// pair is a column and a literal, which mostly suits it in the first of the tables.
func (g statements) pair() (column, literal string) {
	switch g.IntN(6) {
	case 0:
		return g.column(), g.literal()
	case 1, 2:
		return g.pick("d", "e", "h", "v"), g.text()
	}
	return g.pick("a", "b", "c", "f", "g", "i"), g.number()
}

func (g statements) condition() string {
	op := g.pick("=", "=", "=", "<>", "<", ">=")
	col, lit := g.pair()
	switch g.IntN(12) {
	case 0:
		return lit + op + col
	case 1:
		return g.column() + op + g.number() + g.pick("+", "*", "/", "::") + g.pick("1", "0", "int", g.int())
	case 2:
		return g.column() + " in (" + g.literal() + "," + g.literal() + ")"
	case 3:
		return "(" + g.condition() + " or " + g.condition() + ")"
	case 4, 5:
		return "a = " + g.number()
	}
	return col + " " + op + " " + lit
}

func (g statements) where() string {
	c := g.condition()
	for g.IntN(3) == 0 {
		c += " and " + g.condition()
	}
	return " where " + c
}

func (g statements) set() string {
	col, lit := g.pair()
	if col == "a" {
		col = "b" // which of several rows is found to exist depends on their order
	}
	switch g.IntN(3) {
	case 0:
		return col + " = " + lit
	case 1:
		return col + " = " + col + g.pick(" + ", "-", " * ", " / ") + g.number()
	}
	return col + " = " + g.number() + g.pick(" + ", " - ") + g.column()
}

func (g statements) statement() string {
	switch g.IntN(12) {
	case 0, 1, 2:
		return "select " + g.pick("*", "a", "a, b + "+g.number(), "d, "+g.text()) + " from t" + g.where()
	case 3:
		return "select a, d from t" + g.where() + " order by " + g.pick("1, 2", "2, 1", "a, d") + " limit " + g.int()
	case 4:
		return "select " + g.pick("d", "a+1", "f") + ", count(*) from t" + g.where() + " group by " + g.pick("1", "d", "a+1", "f")
	case 5, 6:
		return "insert into t (a, " + g.pick("b", "c", "d", "e", "f", "g", "h", "i", "v") + ") values (" + g.number() + ", " + g.literal() + ")" +
			g.pick("", "", " on conflict do nothing", " on conflict (a) do update set b = "+g.number(), " returning a + "+g.number(), ", ("+g.number()+", null)")
	case 7, 8:
		return "update t set " + g.set() + g.where() + g.pick("", " returning a, "+g.number())
	case 9:
		return "delete from t" + g.where()
	case 10:
		return "insert into t values (" + g.number() + ", " + g.number() + ", " + g.number() + ", " + g.text() + ")"
	}
	return g.pick("select nosuch from t where a = "+g.int(), "update nosuch set a = "+g.int(), "select "+g.number(), "select * from t where a = "+g.int()+" limit "+g.text(),
		"select * from t where a = "+g.int()+"; select "+g.int(), "explain select * from t where a = "+g.int(), "select * from t where a = "+g.int()+" nonsense "+g.int(),
		"begin; update t set b = "+g.int()+" where a = "+g.int()+"; rollback", "select a from t x where x.a = "+g.int()+" and x.d = "+g.text())
}

// TestTemplatesAnswerAlike runs the same statements in an engine with templates and in one without: answers, error codes, messages
// and positions must be the same. Each statement's shape comes several times.
func TestTemplatesAnswerAlike(t *testing.T) {
	with, without := open(t), open(t)
	without.shapes = nil
	a, b := newTestSession(t, with), newTestSession(t, without)
	n := *seed
	if n == 0 {
		n = rand.Uint64()
	}
	t.Logf("seed %d", n)
	g := statements{rand.New(rand.NewPCG(n, 1))}
	used := 0
	same := func(text string) {
		t.Helper()
		if s := a.Session.(*Session); s.set.vars.planKey != "" {
			if _, ok := s.useTemplate(text); ok {
				used++
			}
		}
		got, want := a.answer(text), b.answer(text)
		if got != want {
			t.Fatalf("seed %d: %s\nwith templates %s\nwithout        %s", n, text, got, want)
		}
	}
	tables := []string{
		"create table t (a int primary key, b bigint, c numeric, d text, e varchar(5), f smallint, g float8, h char(3), i numeric(5,2), v varchar, k bool)",
		"create table t (a bigint primary key, b int, c numeric(8,3), d varchar, e text, f int, g numeric, h text, i float8, v char(2), k bool)",
		"create table t (a text primary key, b int, c int, d int, e int, f text, g int, h int, i int, v int, k bool)",
		"create table t (a smallint, b int, c int default 5, d text not null, e text, f int, g int, h varchar, i int, v text, k bool)",
	}
	// Some seeds draw few statements that go through a template: they get more rounds.
	for round := 0; round < 24 || used < 100 && round < 240; round++ {
		if round > 0 {
			same("drop table t")
		}
		same(tables[round%len(tables)])
		if round%3 == 0 {
			same("create index on t (b)")
		}
		same("set timezone = '" + g.pick("UTC", "Europe/Paris") + "'")
		for range 60 {
			text := g.statement()
			for range 3 {
				same(text)
			}
			// The same shape with other literals.
			for range 6 {
				same(g.vary(text))
			}
		}
		if round%4 == 3 {
			same("alter table t add column z" + strconv.Itoa(round) + " int default 3")
		}
	}
	if used < 100 {
		t.Errorf("only %d statements went through a template", used)
	}
}

// vary replaces the literals of a text that has a shape.
func (g statements) vary(text string) string {
	_, list, ok := new(shaper).shape(text)
	if !ok {
		return text
	}
	var b strings.Builder
	at := 0
	for _, l := range list {
		b.WriteString(text[at:l.start])
		switch {
		case l.isString:
			b.WriteString(g.pick("'x'", "''", "'it''s'", "'é'", "'longer than five'", "'5'", "'x '"))
		case g.IntN(4) == 0:
			b.WriteString(text[l.start:l.end])
		default:
			b.WriteString(strings.TrimPrefix(g.int(), "9223372036854775808") + g.pick("", "", "0"))
		}
		at = l.end
	}
	b.WriteString(text[at:])
	return b.String()
}

// TestTemplatesOfCorpus runs what real clients sent, with other numbers each time.
func TestTemplatesOfCorpus(t *testing.T) {
	with, without := open(t), open(t)
	without.shapes = nil
	for _, e := range []*Engine{with, without} {
		e.cfg.Clock = func() int64 { return 0 }
	}
	a, b := newTestSession(t, with), newTestSession(t, without)
	g := statements{rand.New(rand.NewPCG(1, 2))}
	for _, text := range corpus(t) {
		for i := range 4 {
			if i > 0 {
				text = g.vary(text)
			}
			if got, want := a.answer(text), b.answer(text); got != want {
				t.Fatalf("%s\nwith templates %s\nwithout        %s", text, got, want)
			}
		}
	}
}

// TestTemplatesWhileTablesChange reads through templates while another session gives the table's columns other types.
func TestTemplatesWhileTablesChange(t *testing.T) {
	e := open(t)
	ddl := newTestSession(t, e)
	tables := []string{"create table t (a int primary key, d text)", "create table t (a bigint primary key, d char(4))", "create table t (a int, d varchar, z int)"}
	fill := "; insert into t (a, d) select i, case i % 2 when 0 then 'x' else 'x ' end from generate_series(0, 9) i"
	ddl.must(tables[0] + fill)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for r := range 3 {
		s := newTestSession(t, e)
		readers.Go(func() {
			for i := r; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				text := fmt.Sprintf("select a from t where a = %d and d = 'x'", i%10)
				c, err := s.query(text)
				switch sqlerr.Code(err) {
				case "":
					// As char(4) all are x, else every second.
					if c.rows > 1 || c.rows == 1 && c.last.Int() != int64(i%10) || c.rows == 0 && i%2 == 0 {
						t.Errorf("%s: %d rows, the last %d", text, c.rows, c.last.Int())
						return
					}
				case sqlerr.UndefinedTable, sqlerr.FeatureNotSupported: // between two tables; another shape than was told
				default:
					t.Errorf("%s: %v", text, err)
					return
				}
			}
		})
	}
	for i := range 60 {
		ddl.must("begin; drop table t; " + tables[(i+1)%3] + fill + "; commit")
	}
	close(stop)
	readers.Wait()
}
