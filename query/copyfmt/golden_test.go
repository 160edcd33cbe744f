package copyfmt_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/pgoracle"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/copyfmt"
)

// What PostgreSQL 15 answers to the cases of these tests is kept in testdata/*.json.
// -rewrite asks a real one again; TestGoldenIsPostgres's proves that the files are what it says.

var rewrite = flag.Bool("rewrite", false, "write testdata/*.json from a real PostgreSQL 15")

func TestMain(m *testing.M) { pgoracle.Main(m) }

// answer is what came of a case: bytes, or an error.
type answer struct {
	Out   string `json:",omitempty"`
	Code  string `json:",omitempty"`
	Error string `json:",omitempty"`
	Hint  string `json:",omitempty"`
	Where string `json:",omitempty"`
}

func answerOf(out []byte, err error) answer {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return answer{Code: pg.Code, Error: pg.Message, Hint: pg.Hint, Where: pg.Where}
	}
	if e := sqlerr.As(err); e != nil {
		return answer{Code: e.Code, Error: e.Message, Hint: e.Hint, Where: e.Where}
	}
	if err != nil {
		return answer{Error: "not an SQL error: " + err.Error()}
	}
	return answer{Out: fmt.Sprintf("%q", out)}
}

// golden compares answers with a file of Postgres' answers.
func golden(t *testing.T, file string, got map[string]answer) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]answer
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	for name := range got {
		if d := cmp.Diff(want[name], got[name]); d != "" {
			t.Errorf("%s: differs from PostgreSQL (-want +got):\n%s", name, d)
		}
	}
	for name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%s: %s has no such case", name, file)
		}
	}
}

// oracle compares or writes a golden file with the answers of a real PostgreSQL.
func oracle(t *testing.T, file string, ask func(conn *pgconn.PgConn) map[string]answer) {
	t.Helper()
	pg := pgoracle.Shared(t)
	conn, err := pgconn.Connect(context.Background(), pg.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	got := ask(conn)
	if !*rewrite {
		golden(t, file, got)
		return
	}
	text, err := json.MarshalIndent(got, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o666); err != nil {
		t.Fatal(err)
	}
}

// opt and optList make options.
func opt(name, v string) copyfmt.Option {
	return copyfmt.Option{Name: name, Value: v, Set: true}
}
func optBare(name string) copyfmt.Option { return copyfmt.Option{Name: name} }
func optList(name string, names ...string) copyfmt.Option {
	return copyfmt.Option{Name: name, List: names}
}

// withClause writes options as SQL.
func withClause(opts []copyfmt.Option) string {
	var parts []string
	for _, o := range opts {
		s := o.Name
		switch {
		case o.Star:
			s += " *"
		case o.List != nil:
			s += " (" + strings.Join(o.List, ", ") + ")"
		case o.Set && o.Name == "format":
			s += " " + o.Value
		case o.Set:
			s += " e'" + strings.NewReplacer(`\`, `\\`, "'", "''", "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(o.Value) + "'"
		}
		parts = append(parts, s)
	}
	if len(parts) == 0 {
		return ""
	}
	return " with (" + strings.Join(parts, ", ") + ")"
}

// columnsOf reads "a int, b text".
func columnsOf(t testing.TB, def string) []copyfmt.Column {
	t.Helper()
	mods := map[string]int32{"varchar(3)": value.CharTypmod(3), "numeric(10,2)": value.NumericTypmod(10, 2)}
	var cols []copyfmt.Column
	for _, d := range strings.Split(def, "; ") {
		if d == "" {
			continue
		}
		name, typ, _ := strings.Cut(d, " ")
		bare, mod := typ, int32(-1)
		if m, ok := mods[typ]; ok {
			bare, _, _ = strings.Cut(typ, "(")
			mod = m
		}
		elem, isArray := strings.CutSuffix(bare, "[]")
		k, ok := value.ParseTypeName(elem)
		if !ok {
			t.Fatalf("type %q", typ)
		}
		if isArray {
			k = k.Array()
		}
		cols = append(cols, copyfmt.Column{Name: name, Type: value.Type{Kind: k, Mod: mod}})
	}
	return cols
}

func createTable(def string) string {
	return "drop table if exists t; create table t (" + strings.ReplaceAll(def, "; ", ", ") + ")"
}

type decodeCase struct {
	name  string
	table string // columns, separated by "; "
	opts  []copyfmt.Option
	in    string
}

const ab = "a int; b text"

var (
	csv       = opt("format", "csv")
	binary    = opt("format", "binary")
	header    = optBare("header")
	binHead   = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	binTail   = "\xff\xff"
	binRow    = "\x00\x02\x00\x00\x00\x04\x00\x00\x00\x07\x00\x00\x00\x02hi"
	longField = strings.Repeat("é", 80)
)

var decodeCases = []decodeCase{
	{"plain", ab, nil, "1\tone\n2\ttwo\n"},
	{"no final newline", ab, nil, "1\tone\n2\ttwo"},
	{"empty", ab, nil, ""},
	{"null", ab, nil, "\\N\t\\N\n1\t\\N\n"},
	{"null at the end of data", ab, nil, "1\t\\N"},
	{"not null", ab, nil, "1\t\\Nx\n"},
	{"null after an escape", "a text; b text", nil, "\\\\\t\\N\n\\N\t\\\\N\n"},
	{"escapes", ab, nil, `1	\b\f\n\r\t\v\\\.\q` + "\n"},
	{"octal and hex", ab, nil, `1	\101\0601\7\x41\x4g\xg\x` + "\n"},
	{"escaped utf-8", ab, nil, `1	\xc3\xa9\303\251` + "\n"},
	{"escaped bad utf-8", ab, nil, `1	\xc3` + "\n"},
	{"escaped zero", ab, nil, `1	a\0` + "\n"},
	{"escaped delimiter", "a text; b text", nil, "a\\\tb\tc\n"},
	{"escaped newline", ab, nil, "1\ta\\\nb\n2\tc\n"},
	{"escaped carriage return", ab, nil, "1\ta\\\rb\n2\tc\n"},
	{"backslash at the end", ab, nil, "1\ta\\"},
	{"backslash before the delimiter at the end", ab, nil, "1\t\\"},
	{"end marker", ab, nil, "1\ta\n\\.\n2\tb\n"},
	{"end marker at once", ab, nil, "\\.\n"},
	{"end marker without newline", ab, nil, "1\ta\n\\."},
	{"end marker in a line", ab, nil, "1\ta\\.\n"},
	{"end marker corrupt", ab, nil, "1\ta\n\\.x\n"},
	{"end marker of another style", ab, nil, "1\ta\r\n\\.\n"},
	{"end marker crlf", ab, nil, "1\ta\r\n\\.\r\n2\tb\r\n"},
	{"end marker crlf corrupt", ab, nil, "1\ta\r\n\\.x\n"},
	{"end marker crlf cut", ab, nil, "1\ta\r\n\\.\r"},
	{"end marker cr", ab, nil, "1\ta\r\\.\r2\tb\r"},
	{"end marker cr mismatch", ab, nil, "1\ta\r\\.\n"},
	{"end marker nl mismatch", ab, nil, "1\ta\n\\.\r"},
	{"crlf", ab, nil, "1\tone\r\n2\ttwo\r\n"},
	{"cr", ab, nil, "1\tone\r2\ttwo\r"},
	{"cr then nl", ab, nil, "1\tone\r2\ttwo\n"},
	{"crlf then nl", ab, nil, "1\tone\r\n2\ttwo\n"},
	{"crlf then cr", ab, nil, "1\tone\r\n2\ttwo\r3\tx\n"},
	{"nl then cr", ab, nil, "1\tone\n2\ttwo\r\n"},
	{"escaped cr before crlf", ab, nil, "1\tone\r\n2\ttwo\\\r\n"},
	{"missing", ab, nil, "1\tone\n2\n"},
	{"extra", ab, nil, "1\tone\n2\ttwo\tthree\n"},
	{"empty line", ab, nil, "1\tone\n\n"},
	{"bad integer", ab, nil, "1\tone\nx2\ttwo\n"},
	{"null input is no value", ab, nil, "1\tone\n\t\n"},
	{"integer edges", "a smallint; b int; c bigint", nil, "-32768\t-2147483648\t-9223372036854775808\n32767\t2147483647\t9223372036854775807\n 1 \t+2\t0012\n"},
	{"smallint range", "a smallint", nil, "32768\n"},
	{"int range", "a int", nil, "-2147483649\n"},
	{"bigint range", "a bigint", nil, "9223372036854775808\n"},
	{"long value in the context", ab, nil, "1\tone\n" + longField + "\ttwo\n"},
	{"long line in the context", ab, nil, "1\tone\n2\t" + longField + "\tthree\n"},
	{"bad utf-8", ab, nil, "1\tone\n2\ta\xffb\n"},
	{"cut utf-8", ab, nil, "1\tone\n2\ta\xe2\x82\n"},
	{"zero byte", ab, nil, "1\tone\n2\ta\x00b\n"},
	{"no columns", "", nil, "\n\n"},
	{"no columns but data", "", nil, "\nx\n"},
	{"one column", "a text", nil, "\nx\n\\N\n"},
	{"varchar too long", "a varchar(3)", nil, "abc\nabcd\n"},
	{"numeric rounded", "a numeric(10,2)", nil, "1.005\n12345678.994\n"},
	{"numeric overflow", "a numeric(10,2)", nil, "123456789\n"},
	{"other kinds", "a boolean; b float8; c numeric; d date; e timestamp; f timestamptz; g uuid; h jsonb; i bytea", nil,
		"t\t1.5\t1.50\t2021-10-19\t2021-10-19 12:34:56.789\t2021-10-19 12:34:56+02\ta0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\t{\"b\": 1, \"a\": [1, null]}\t\\\\x00ff\n" +
			"f\tNaN\tNaN\tinfinity\t-infinity\tinfinity\tA0EEBC999C0B4EF8BB6D6BB9BD380A11\t\"x\\\\ny\"\tabc\\\\\\\\\\\\000\n"},
	{"bad date", "a date", nil, "2021-02-30\n"},
	{"bad json", "a jsonb", nil, "{\"a\":}\n"},
	{"arrays", "a int[]; b text[]; c date[]", nil, "{1,2,NULL}\t{a,\"b c\",\"\\\\\"\",NULL,\"NULL\"}\t{2021-10-19}\n{}\t{}\t{}\n"},
	{"bad array", "a int[]", nil, "{1,x}\n"},
	{"delimiter", ab, []copyfmt.Option{opt("delimiter", "|")}, "1|a\\|b\n2|\tc\n"},
	{"delimiter of high bit", ab, []copyfmt.Option{opt("delimiter", "\x01")}, "1\x01a\n"},
	{"null text", "a text; b text", []copyfmt.Option{opt("null", "")}, "\tx\ny\t\n"},
	{"null word", "a text; b text", []copyfmt.Option{opt("null", "NIL")}, "NIL\tNILx\n\\NIL\tN\\IL\n"},
	{"null backslash", "a text; b text", []copyfmt.Option{opt("null", "\\")}, "x\t\\"},
	{"null escape", "a text; b text", []copyfmt.Option{opt("null", "\\0")}, "x\t\\0\n"},
	{"header", ab, []copyfmt.Option{header}, "whatever\n1\tone\n"},
	{"header alone", ab, []copyfmt.Option{header}, "whatever"},
	{"header off", ab, []copyfmt.Option{opt("header", "off")}, "1\tone\n"},
	{"header match", ab, []copyfmt.Option{opt("header", "match")}, "a\tb\n1\tone\n"},
	{"header mismatch", ab, []copyfmt.Option{opt("header", "match")}, "a\tc\n1\tone\n"},
	{"header mismatch null", ab, []copyfmt.Option{opt("header", "match")}, "a\t\\N\n1\tone\n"},
	{"header too short", ab, []copyfmt.Option{opt("header", "match")}, "a\n1\tone\n"},
	{"header too long", ab, []copyfmt.Option{opt("header", "match")}, "a\tb\tc\n1\tone\n"},
	{"header match of nothing", ab, []copyfmt.Option{opt("header", "match")}, ""},
	{"header then error", ab, []copyfmt.Option{header}, "a\tb\n1\tone\nx\ttwo\n"},

	{"csv", ab, []copyfmt.Option{csv}, "1,one\n2,\"two\"\n"},
	{"csv empty and null", "a text; b text", []copyfmt.Option{csv}, ",\"\"\n\"\",\n"},
	{"csv quotes", ab, []copyfmt.Option{csv}, "1,\"a\"\"b\"\n2,\"\"\"\"\n3,a\"b,c\"d\n4,\"x\"\"y\"z\n5,\"a,b\"\n"},
	{"csv embedded newlines", ab, []copyfmt.Option{csv}, "1,\"a\nb\n\nc\"\n2,x\nz,y\n"},
	{"csv embedded newlines in line one", ab, []copyfmt.Option{csv}, "1,\"a\nb\"\nz,y\n"},
	{"csv embedded crlf", ab, []copyfmt.Option{csv}, "1,\"a\r\nb\"\n2,x\nz,y\n"},
	{"csv embedded returns in line one", ab, []copyfmt.Option{csv}, "1,\"a\rb\rc\"\nz,y\n"},
	{"csv crlf", ab, []copyfmt.Option{csv}, "1,\"a\r\nb\nc\"\r\n2,x\r\nz,y\r\n"},
	{"csv cr", ab, []copyfmt.Option{csv}, "1,a\r2,\"b\rc\"\rz,y\r"},
	{"csv cr stray", ab, []copyfmt.Option{csv}, "1,a\n2,b\rc\n"},
	{"csv newline stray", ab, []copyfmt.Option{csv}, "1,a\r\n2,b\n"},
	{"csv unterminated", ab, []copyfmt.Option{csv}, "1,a\n2,\"b\n3,c\n"},
	{"csv missing", ab, []copyfmt.Option{csv}, "1,one\n2\n"},
	{"csv extra", ab, []copyfmt.Option{csv}, "1,one\n2,two,\n"},
	{"csv bad", ab, []copyfmt.Option{csv}, "1,one\n\"x,\"\"y\",two\n"},
	{"csv end marker", ab, []copyfmt.Option{csv}, "1,one\n\\.\n2,two\n"},
	{"csv end marker as data", "a text", []copyfmt.Option{csv}, "x\n\\.x\ny\\.\n\"\\.\"\n"},
	{"csv backslashes are data", "a text; b text", []copyfmt.Option{csv}, "a\\,\\\n\\N,\\t\n"},
	{"csv escape", "a text; b text", []copyfmt.Option{csv, opt("escape", "\\")}, "\"a\\\"b\",\"c\\\\\"\n\"d\\e\",\\f\n\"x\"\"y\",z\n"},
	{"csv escape and newlines", "a text; b text", []copyfmt.Option{csv, opt("escape", "\\")}, "\"a\\\"\nb\",c\n\"\\\\\",\"d\ne\"\n\"f\",g\n"},
	{"csv quote", ab, []copyfmt.Option{csv, opt("quote", "'")}, "1,'it''s'\n2,\"x\"\n"},
	{"csv delimiter", ab, []copyfmt.Option{csv, opt("delimiter", ";")}, "1;a,b\n2;\"c;d\"\n"},
	{"csv null word", "a text; b text", []copyfmt.Option{csv, opt("null", "NULL")}, "NULL,\"NULL\"\n,\"\"\n"},
	{"csv force not null", "a text; b text", []copyfmt.Option{csv, optList("force_not_null", "b")}, ",\n"},
	{"csv force null", "a text; b text", []copyfmt.Option{csv, optList("force_null", "b")}, "\"\",\"\"\n"},
	{"csv force null word", "a text; b text", []copyfmt.Option{csv, opt("null", "NIL"), optList("force_null", "b"), optList("force_not_null", "a")}, "NIL,\"NIL\"\n"},
	{"csv force null and not null", "a text; b text", []copyfmt.Option{csv, optList("force_null", "a", "b"), optList("force_not_null", "b")}, "\"\",\"\"\n,\n"},
	{"csv header", ab, []copyfmt.Option{csv, header}, "\"a\nx\",b\n1,one\nx,y\n"},
	{"csv header match", ab, []copyfmt.Option{csv, opt("header", "match")}, "\"a\",b\n1,one\n"},
	{"csv header mismatch", ab, []copyfmt.Option{csv, opt("header", "match")}, "a,B\n1,one\n"},
	{"csv header null", ab, []copyfmt.Option{csv, opt("header", "match")}, "a,\n1,one\n"},
	{"csv empty line", ab, []copyfmt.Option{csv}, "1,one\n\n2,two\n"},
	{"csv empty line of one column", "a text", []copyfmt.Option{csv}, "x\n\n\"\"\n"},
	{"csv no columns", "", []copyfmt.Option{csv}, "\n"},
	{"csv bad utf-8", ab, []copyfmt.Option{csv}, "1,a\n2,\"b\n\xff\"\n"},

	{"binary", ab, []copyfmt.Option{binary}, binHead + binRow + binRow + binTail},
	{"binary null", ab, []copyfmt.Option{binary}, binHead + "\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff" + binTail},
	{"binary without trailer", ab, []copyfmt.Option{binary}, binHead + binRow},
	{"binary header extension", ab, []copyfmt.Option{binary}, "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x01\x00\x00\x00\x03abc" + binRow + binTail},
	{"binary nothing", ab, []copyfmt.Option{binary}, ""},
	{"binary text", ab, []copyfmt.Option{binary}, "1\tone\n2\ttwo\n3\tthree\n"},
	{"binary no flags", ab, []copyfmt.Option{binary}, "PGCOPY\n\xff\r\n\x00\x00"},
	{"binary oids", ab, []copyfmt.Option{binary}, "PGCOPY\n\xff\r\n\x00\x00\x01\x00\x00\x00\x00\x00\x00"},
	{"binary critical flag", ab, []copyfmt.Option{binary}, "PGCOPY\n\xff\r\n\x00\x80\x00\x00\x00\x00\x00\x00\x00"},
	{"binary no length", ab, []copyfmt.Option{binary}, "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00"},
	{"binary negative length", ab, []copyfmt.Option{binary}, "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\xff\xff\xff\xff"},
	{"binary wrong length", ab, []copyfmt.Option{binary}, "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x09abc"},
	{"binary field count", ab, []copyfmt.Option{binary}, binHead + binRow + "\x00\x03"},
	{"binary after the end", ab, []copyfmt.Option{binary}, binHead + binRow + binTail + "x"},
	{"binary cut count", ab, []copyfmt.Option{binary}, binHead + binRow + "\x00"},
	{"binary cut size", ab, []copyfmt.Option{binary}, binHead + binRow + "\x00\x02\x00\x00"},
	{"binary cut field", ab, []copyfmt.Option{binary}, binHead + binRow + "\x00\x02\x00\x00\x00\x04\x00"},
	{"binary field size", ab, []copyfmt.Option{binary}, binHead + "\x00\x02\xff\xff\xff\xfe"},
	{"binary too long", ab, []copyfmt.Option{binary}, binHead + "\x00\x02\x00\x00\x00\x05\x00\x00\x00\x00\x01\x00\x00\x00\x01a" + binTail},
	{"binary bad utf-8", ab, []copyfmt.Option{binary}, binHead + "\x00\x02\x00\x00\x00\x04\x00\x00\x00\x01\x00\x00\x00\x01\xff" + binTail},
}

// TestDecode compares with PostgreSQL: the rows that came of an input, or the error.
func TestDecode(t *testing.T) {
	got := map[string]answer{}
	for _, c := range decodeCases {
		whole := answerOf(decodeAndPrint(t, c, strings.NewReader(c.in)))
		got[c.name] = whole
		// However the input is cut, the answer is the same.
		for name, r := range map[string]io.Reader{
			"a byte at a time":     iotest.OneByteReader(strings.NewReader(c.in)),
			"data with the error":  iotest.DataErrReader(strings.NewReader(c.in)),
			"half of what is read": iotest.HalfReader(strings.NewReader(c.in)),
		} {
			if d := cmp.Diff(whole, answerOf(decodeAndPrint(t, c, r))); d != "" {
				t.Errorf("%s: %s gives another answer (-whole +cut):\n%s", c.name, name, d)
			}
		}
	}
	golden(t, "testdata/decode.json", got)
}

// decodeAndPrint decodes a case's input and encodes the rows as text.
func decodeAndPrint(t *testing.T, c decodeCase, r io.Reader) ([]byte, error) {
	o, err := copyfmt.ParseOptions(c.opts, copyfmt.From)
	if err != nil {
		return nil, err
	}
	cols := columnsOf(t, c.table)
	d, err := copyfmt.NewDecoder(r, o, "t", cols, style())
	if err != nil {
		return nil, err
	}
	plain, err := copyfmt.ParseOptions(nil, copyfmt.To)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	e, err := copyfmt.NewEncoder(&out, plain, cols, style())
	if err != nil {
		return nil, err
	}
	var chunk copyfmt.Chunk
	for {
		err := d.Next(&chunk)
		if err == io.EOF {
			return out.Bytes(), nil
		}
		if err != nil {
			return nil, err
		}
		for i, v := range chunk.Vecs {
			if v.Len() != chunk.N {
				t.Fatalf("%s: column %d has %d values, the chunk %d rows", c.name, i, v.Len(), chunk.N)
			}
		}
		if err := e.Rows(&chunk.Batch, 0, chunk.N); err != nil {
			return nil, err
		}
	}
}

// TestErrorOfTheStream says which line is named when the stream breaks off, wherever what came was cut.
func TestErrorOfTheStream(t *testing.T) {
	for in, want := range map[string]string{
		"1,a\n2,b":                   "COPY t, line 2",
		"1,a\n2,\"b\nc\n":            "COPY t, line 4",
		"1,a\r\n2,\"b\nc\n":          "COPY t, line 2",
		"1,\"b\nc":                   "COPY t, line 1",
		"1,a\n2,b\n3,\"c\"\"\nd\"\n": "COPY t, line 5",
	} {
		c := decodeCase{table: ab, opts: []copyfmt.Option{csv}}
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(in), "a byte at a time": iotest.OneByteReader(strings.NewReader(in))} {
			_, err := decodeAndPrint(t, c, io.MultiReader(r, iotest.ErrReader(sqlerr.New(sqlerr.QueryCanceled, "stopped"))))
			if e := sqlerr.As(err); e == nil || e.Where != want {
				t.Errorf("%q %s: %v, %q, want %q", in, name, err, e.Where, want)
			}
		}
	}
}

func style() *value.Style { return value.DefaultStyle() }

func TestDecodeIsPostgres(t *testing.T) {
	oracle(t, "testdata/decode.json", func(conn *pgconn.PgConn) map[string]answer {
		ctx := context.Background()
		answers := map[string]answer{}
		for _, c := range decodeCases {
			mustExec(t, conn, createTable(c.table))
			_, err := conn.CopyFrom(ctx, strings.NewReader(c.in), "copy t from stdin"+withClause(c.opts))
			var out bytes.Buffer
			if err == nil {
				_, err = conn.CopyTo(ctx, &out, "copy t to stdout")
			}
			answers[c.name] = answerOf(out.Bytes(), err)
		}
		return answers
	})
}

func mustExec(t *testing.T, conn *pgconn.PgConn, sql string) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), sql).ReadAll(); err != nil {
		t.Fatal(err)
	}
}

// Options, each list in both directions.
var optionCases = map[string][]copyfmt.Option{
	"unknown":                 {opt("nosuch", "x")},
	"twice":                   {csv, opt("format", "text")},
	"format":                  {opt("format", "xml")},
	"binary delimiter":        {binary, opt("delimiter", ",")},
	"binary null":             {binary, opt("null", "x")},
	"binary header":           {binary, header},
	"binary quote":            {binary, opt("quote", "'")},
	"delimiter long":          {opt("delimiter", "ab")},
	"delimiter empty":         {opt("delimiter", "")},
	"delimiter of two bytes":  {opt("delimiter", "é")},
	"delimiter newline":       {opt("delimiter", "\n")},
	"delimiter return":        {opt("delimiter", "\r")},
	"delimiter letter":        {opt("delimiter", "a")},
	"delimiter backslash":     {opt("delimiter", "\\")},
	"delimiter letter csv":    {csv, opt("delimiter", "a")},
	"null newline":            {opt("null", "a\nb")},
	"null return":             {opt("null", "\r")},
	"null has delimiter":      {opt("null", "a\tb")},
	"null has quote":          {csv, opt("null", "a\"b")},
	"quote not csv":           {opt("quote", "'")},
	"quote long":              {csv, opt("quote", "''")},
	"quote is delimiter":      {csv, opt("quote", ",")},
	"escape not csv":          {opt("escape", "'")},
	"escape long":             {csv, opt("escape", "ab")},
	"force quote not csv":     {optList("force_quote", "a")},
	"force quote":             {csv, optList("force_quote", "a")},
	"force quote star":        {csv, {Name: "force_quote", Star: true}},
	"force quote no list":     {csv, opt("force_quote", "x")},
	"force not null not csv":  {optList("force_not_null", "a")},
	"force not null":          {csv, optList("force_not_null", "a")},
	"force null not csv":      {optList("force_null", "a")},
	"force null":              {csv, optList("force_null", "a")},
	"force null bare":         {csv, optBare("force_null")},
	"header match":            {opt("header", "match")},
	"header other":            {opt("header", "maybe")},
	"header true":             {opt("header", "true")},
	"freeze other":            {opt("freeze", "maybe")},
	"encoding":                {opt("encoding", "utf-8")},
	"encoding upper":          {opt("encoding", "UTF8")},
	"encoding bad":            {opt("encoding", "nosuch")},
	"delimiter without value": {optBare("delimiter")},
}

func TestOptions(t *testing.T) {
	got := map[string]answer{}
	cols := columnsOf(t, ab)
	for name, opts := range optionCases {
		for dir, way := range map[copyfmt.Direction]string{copyfmt.From: "from", copyfmt.To: "to"} {
			o, err := copyfmt.ParseOptions(opts, dir)
			if err == nil {
				err = o.CheckColumns(cols)
			}
			got[name+" "+way] = answerOf(nil, err)
		}
	}
	golden(t, "testdata/options.json", got)
}

func TestOptionsIsPostgres(t *testing.T) {
	oracle(t, "testdata/options.json", func(conn *pgconn.PgConn) map[string]answer {
		ctx := context.Background()
		mustExec(t, conn, createTable(ab))
		answers := map[string]answer{}
		for name, opts := range optionCases {
			_, err := conn.CopyTo(ctx, io.Discard, "copy t to stdout"+withClause(opts))
			answers[name+" to"] = answerOf(nil, err)
			in := "a\tb\n"
			if opts[0].Name != "header" {
				in = ""
			}
			if opts[0].Value == "binary" {
				in = binHead + binTail
			}
			_, err = conn.CopyFrom(ctx, strings.NewReader(in), "copy t from stdin"+withClause(opts))
			answers[name+" from"] = answerOf(nil, err)
		}
		return answers
	})
}

func TestForceColumnsMustBeCopied(t *testing.T) {
	for _, c := range []struct {
		opts []copyfmt.Option
		dir  copyfmt.Direction
		want string
	}{
		{[]copyfmt.Option{csv, optList("force_quote", "z")}, copyfmt.To, `FORCE_QUOTE column "z" not referenced by COPY`},
		{[]copyfmt.Option{csv, optList("force_null", "a", "z")}, copyfmt.From, `FORCE_NULL column "z" not referenced by COPY`},
		{[]copyfmt.Option{csv, optList("force_not_null", "z")}, copyfmt.From, `FORCE_NOT_NULL column "z" not referenced by COPY`},
	} {
		o, err := copyfmt.ParseOptions(c.opts, c.dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = copyfmt.NewDecoder(nil, o, "t", columnsOf(t, ab), style()); sqlerr.Code(err) != sqlerr.InvalidColumnReference || sqlerr.As(err).Message != c.want {
			t.Errorf("%v: %v, want %s", c.opts, err, c.want)
		}
	}
}

// Encoding: rows of every kind under every kind of option.

const encodeTable = "a boolean; b smallint; c int; d bigint; e float8; f numeric; g text; h varchar; i bytea; j date; k timestamp; l timestamptz; m uuid; n jsonb; o int[]; p text[]; q date[]; r bigint[]; s smallint[]"

// encodeRows are text forms, "\N" for NULL.
var encodeRows = [][]string{
	{"t", "1", "-2", "3", "1.5", "1.50", "plain", "x", "\\x00ff", "2021-10-19", "2021-10-19 12:34:56.789", "2021-10-19 12:34:56+00", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", `{"a": 1}`, "{1,2}", "{a,b}", "{2021-10-19}", "{1}", "{1}"},
	{"f", "-32768", "2147483647", "-9223372036854775808", "NaN", "NaN", "tab\there", "back\\slash", "\\x", "infinity", "-infinity", "infinity", "00000000-0000-0000-0000-000000000000", `{"q": "\"x\\y\""}`, "{}", `{"a,b","c\"d",NULL,"NULL",""}`, "{}", "{}", "{}"},
	{"t", "0", "0", "0", "-0", "0.000", "", "\\.", "\\x5c", "0044-03-15 BC", "9999-12-31 23:59:59.999999", "1970-01-01 00:00:00.000001+00", "ffffffff-ffff-ffff-ffff-ffffffffffff", `[1, "a,b", null]`, "{NULL}", `{"new\nline","back\\\\slash"}`, "{infinity}", "{-1,NULL}", "{-1}"},
	{"t", "7", "7", "7", "1e+100", "123456789012345678901234567890.123456789", "nl\nhere\r\nand\bbell\x07\f\v\x01", "quote\"quote''comma,semi;pipe|", "\\x2c22", "2000-01-01", "2000-01-01 00:00:00", "2000-01-01 00:00:00+00", "12345678-1234-1234-1234-123456789abc", `"text"`, "{1,NULL,3}", "{NULL}", "{2000-01-01,NULL}", "{9223372036854775807}", "{32767}"},
	{"\\N", "\\N", "\\N", "\\N", "\\N", "\\N", "\\N", "\\N", "\\N", "\\N", "\\N", "\\N", "\\N", "\\N", "\\N", "\\N", "\\N", "\\N", "\\N"},
	{"f", "5", "5", "5", "0.1", "5", "é€𝄞 NULL", "5", "\\xc3a9", "1999-12-31", "1999-12-31 00:00:00.1", "1999-12-31 00:00:00.1+00", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "5", "{5}", "{é}", "{1999-12-31}", "{5}", "{5}"},
}

var encodeCases = map[string][]copyfmt.Option{
	"text":                    nil,
	"text header":             {header},
	"text pipe":               {opt("delimiter", "|")},
	"text comma":              {opt("delimiter", ",")},
	"text minus":              {opt("delimiter", "-")},
	"text bell":               {opt("delimiter", "\x07")},
	"text backspace":          {opt("delimiter", "\b")},
	"text space":              {opt("delimiter", " ")},
	"text null word":          {opt("null", "5")},
	"csv":                     {csv},
	"csv header":              {csv, header},
	"csv semicolon":           {csv, opt("delimiter", ";")},
	"csv space":               {csv, opt("delimiter", " ")},
	"csv minus":               {csv, opt("delimiter", "-")},
	"csv tab":                 {csv, opt("delimiter", "\t")},
	"csv letter":              {csv, opt("delimiter", "a")},
	"csv quote":               {csv, opt("quote", "'")},
	"csv quote digit":         {csv, opt("quote", "5")},
	"csv escape":              {csv, opt("escape", "\\")},
	"csv null word":           {csv, opt("null", "NULL")},
	"csv null digit":          {csv, opt("null", "5")},
	"csv force quote":         {csv, optList("force_quote", "a", "c", "g")},
	"csv force quote all":     {csv, {Name: "force_quote", Star: true}},
	"csv force quote escape":  {csv, {Name: "force_quote", Star: true}, opt("escape", "x")},
	"csv backslash delimiter": {csv, opt("delimiter", "\\")},
	"binary":                  {binary},
}

// encodeBatch parses encodeRows into a batch.
func encodeBatch(t testing.TB, cols []copyfmt.Column, rows [][]string) *column.Batch {
	t.Helper()
	var b column.Batch
	var kinds []value.Kind
	for _, c := range cols {
		kinds = append(kinds, c.Type.Kind)
	}
	b.Reset(kinds)
	for _, row := range rows {
		var vals []value.Value
		for i, s := range row {
			if s == "\\N" {
				vals = append(vals, value.Null(kinds[i]))
				continue
			}
			v, err := value.Parse(cols[i].Type, s, style())
			if err != nil {
				t.Fatalf("%s: %q: %v", cols[i].Name, s, err)
			}
			vals = append(vals, v)
		}
		b.AppendRow(vals)
	}
	return &b
}

func encode(w io.Writer, b *column.Batch, cols []copyfmt.Column, opts []copyfmt.Option) error {
	o, err := copyfmt.ParseOptions(opts, copyfmt.To)
	if err != nil {
		return err
	}
	e, err := copyfmt.NewEncoder(w, o, cols, style())
	if err != nil {
		return err
	}
	if err := e.Begin(); err != nil {
		return err
	}
	if err := e.Rows(b, 0, b.N); err != nil {
		return err
	}
	n, err := e.End()
	if err == nil && n != int64(b.N) {
		err = fmt.Errorf("%d rows written, want %d", n, b.N)
	}
	return err
}

// TestEncode compares the bytes with PostgreSQL's.
func TestEncode(t *testing.T) {
	got := map[string]answer{}
	cols := columnsOf(t, encodeTable)
	b := encodeBatch(t, cols, encodeRows)
	one := columnsOf(t, "a text")
	oneBatch := encodeBatch(t, one, [][]string{{"\\."}, {""}, {"\\N"}, {"x"}})
	for name, opts := range encodeCases {
		var out bytes.Buffer
		err := encode(&out, b, cols, opts)
		got[name] = answerOf(out.Bytes(), err)
		out.Reset()
		err = encode(&out, oneBatch, one, oneColumn(opts))
		got[name+", one column"] = answerOf(out.Bytes(), err)
	}
	golden(t, "testdata/encode.json", got)
}

// oneColumn leaves only column a in the lists of columns.
func oneColumn(opts []copyfmt.Option) []copyfmt.Option {
	opts = append([]copyfmt.Option{}, opts...)
	for i := range opts {
		if len(opts[i].List) > 0 {
			opts[i].List = []string{"a"}
		}
	}
	return opts
}

func TestEncodeIsPostgres(t *testing.T) {
	oracle(t, "testdata/encode.json", func(conn *pgconn.PgConn) map[string]answer {
		ctx := context.Background()
		answers := map[string]answer{}
		copyTo := func(name string, opts []copyfmt.Option) {
			var out bytes.Buffer
			_, err := conn.CopyTo(ctx, &out, "copy t to stdout"+withClause(opts))
			answers[name] = answerOf(out.Bytes(), err)
		}
		insert := func(rows [][]string) {
			for _, row := range rows {
				var vals []string
				for _, s := range row {
					if s == "\\N" {
						vals = append(vals, "null")
					} else {
						vals = append(vals, "'"+strings.ReplaceAll(s, "'", "''")+"'")
					}
				}
				mustExec(t, conn, "insert into t values ("+strings.Join(vals, ", ")+")")
			}
		}
		mustExec(t, conn, createTable(encodeTable))
		insert(encodeRows)
		for name, opts := range encodeCases {
			copyTo(name, opts)
		}
		mustExec(t, conn, createTable("a text"))
		insert([][]string{{"\\."}, {""}, {"\\N"}, {"x"}})
		for name, opts := range encodeCases {
			copyTo(name+", one column", oneColumn(opts))
		}
		return answers
	})
}
