package are

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// postgresDSN names a PostgreSQL 15 to compare with; -rewrite then writes testdata/answers.txt anew.
var (
	postgresDSN = flag.String("postgres", "", "PostgreSQL 15 to compare random patterns with")
	randomCases = flag.Int("cases", 20000, "how many random patterns to compare with -postgres")
	randomSeed  = flag.Uint64("seed", 1, "seed of the random patterns")
)

const answersFile = "testdata/answers.txt"

// A line of answers.txt is pattern, flags, text and answer, quoted as Go does it.
func TestAnswers(t *testing.T) {
	f, err := os.Open(answersFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for sc := bufio.NewScanner(f); sc.Scan(); n++ {
		var parts [4]string
		fields := strings.Split(sc.Text(), "\t")
		for i := range parts {
			if parts[i], err = strconv.Unquote(fields[i]); err != nil {
				t.Fatalf("line %d: %v", n+1, err)
			}
		}
		if got := answer(parts[0], parts[1], parts[2]); got != parts[3] {
			t.Errorf("%q flags %q in %q: got %s, PostgreSQL has %s", parts[0], parts[1], parts[2], got, parts[3])
		}
	}
	if n < 2000 {
		t.Errorf("only %d answers", n)
	}
}

// answer is the first match and its groups as numbers of characters, from 1, "no match", or the error.
func answer(pattern, letters, text string) string {
	var f Flags
	for i := range len(letters) {
		f.Set(letters[i])
	}
	re, err := Compile(pattern, f)
	if err != nil {
		return "error " + err.Error()
	}
	m := make([]Span, re.Groups()+1)
	ok, err := re.Find(re.Text(text), 0, m)
	if err != nil {
		return "error " + err.Error()
	}
	if any, err := re.Match(text); any != ok || err != nil {
		return fmt.Sprintf("Match says %v %v, Find %v", any, err, ok)
	}
	if !ok {
		return "no match"
	}
	var b strings.Builder
	for i, s := range m {
		if i > 0 {
			b.WriteByte(' ')
		}
		if s.From < 0 {
			b.WriteByte('-')
			continue
		}
		fmt.Fprintf(&b, "%d:%d", s.From+1, s.To+1)
	}
	return b.String()
}

// answerFunction is the same in PostgreSQL.
const answerFunction = `create or replace function pg_temp.answer(p text, f text, s text, n int) returns text language plpgsql as $$
declare r text; i int; a int;
begin
  a := regexp_instr(s, p, 1, 1, 0, f, 0);
  if a = 0 then return 'no match'; end if;
  for i in 0..n loop
    a := regexp_instr(s, p, 1, 1, 0, f, i);
    r := concat_ws(' ', r, case when a = 0 then '-' else a || ':' || regexp_instr(s, p, 1, 1, 1, f, i) end);
  end loop;
  return r;
exception when query_canceled then return 'timeout';
when others then return 'error ' || regexp_replace(sqlerrm, '^invalid regular expression: ', '');
end $$`

func askPostgres(ctx context.Context, conn *pgx.Conn, pattern, letters, text string) (string, error) {
	groups := 0
	var f Flags
	for i := range len(letters) {
		f.Set(letters[i])
	}
	if re, err := Compile(pattern, f); err == nil {
		groups = re.Groups()
	}
	var s string
	err := conn.QueryRow(ctx, "select pg_temp.answer($1, $2, $3, $4)", pattern, letters, text, groups).Scan(&s)
	return s, err
}

func connect(t *testing.T) (context.Context, *pgx.Conn) {
	if *postgresDSN == "" {
		t.Skip("no -postgres")
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, *postgresDSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(ctx) })
	if _, err := conn.Exec(ctx, "set statement_timeout = '2s'"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, answerFunction); err != nil {
		t.Fatal(err)
	}
	return ctx, conn
}

// TestRandomPatterns compares random patterns with PostgreSQL.
func TestRandomPatterns(t *testing.T) {
	ctx, conn := connect(t)
	r := rand.New(rand.NewPCG(*randomSeed, 0))
	bad := 0
	for range *randomCases {
		pattern, letters, text := randomCase(r)
		got := answer(pattern, letters, text)
		want, err := askPostgres(ctx, conn, pattern, letters, text)
		if err != nil {
			t.Fatal(err)
		}
		if got != want && want != "timeout" && got != "error "+ErrSteps.Error() {
			t.Errorf("%q flags %q in %q: got %s, PostgreSQL has %s", pattern, letters, text, got, want)
			if bad++; bad > 15 {
				t.FailNow()
			}
		}
	}
}

// TestRewriteAnswers writes answers.txt.
func TestRewriteAnswers(t *testing.T) {
	ctx, conn := connect(t)
	r := rand.New(rand.NewPCG(77, 0))
	var b strings.Builder
	write := func(pattern, letters, text string) {
		want, err := askPostgres(ctx, conn, pattern, letters, text)
		if err != nil {
			t.Fatal(err)
		}
		if want == "timeout" || len(pattern) > 120 {
			return
		}
		fmt.Fprintf(&b, "%q\t%q\t%q\t%q\n", pattern, letters, text, want)
	}
	for _, c := range chosenCases {
		write(c[0], c[1], c[2])
	}
	for range 2500 {
		write(randomCase(r))
	}
	if err := os.WriteFile(answersFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// chosenCases are those of the manual and of the corners.
var chosenCases = [][3]string{
	{`X*Y.*?Z`, ``, `abcXYZZ`}, {`Y*([0-9]{1,3})`, ``, `XY1234Z`}, {`Y*?([0-9]{1,3})`, ``, `XY1234Z`},
	{`(.*)(\d+)(.*)`, ``, `foo123bar`}, {`(.*?)(\d+)(.*)`, ``, `foo123bar`}, {`(?:(.*?)(\d+)(.*)){1,1}`, ``, `foo123bar`},
	{`([bc])\1`, ``, `abccb`}, {`((a)|b)*`, ``, `ab`}, {`(a*)*`, ``, `b`}, {`(a|ab)(c|bcd)(d*)`, ``, `abcd`},
	{`^a`, `n`, "b\na"}, {`a$`, `n`, "a\nb"}, {`a.b`, `p`, "a\nb"}, {`^b`, `w`, "a\nb"}, {`a.b`, `w`, "a\nb"}, {`[^x]`, `n`, "\n"},
	{`\D`, `n`, "\n"}, {`\W`, `n`, "\n"}, {`a b # c`, `x`, `ab`}, {`a(?#comment)b`, ``, `ab`}, {`(?i)AB`, ``, `ab`}, {`(?x) a b`, ``, `ab`},
	{`***=a.b`, ``, `xa.b`}, {`***:a.b`, ``, `axb`}, {`***?`, ``, ``}, {`***x`, ``, ``}, {`(?z)a`, ``, `a`}, {`a.b`, `q`, `axba.b`},
	{`a\`, ``, ``}, {`a{2,1}`, ``, ``}, {`a{1`, ``, ``}, {`a{256}`, ``, ``}, {`a{`, ``, `a{`}, {`a{x`, ``, `a{x`}, {`(`, ``, ``}, {`)`, ``, ``}, {`(()`, ``, ``},
	{`[`, ``, ``}, {`[]`, ``, ``}, {`[]a]+`, ``, `]a`}, {`[^]a]`, ``, `]ab`}, {`[a-]`, ``, `-`}, {`[-a]`, ``, `-`}, {`[b-a]`, ``, ``}, {`[a-c-e]`, ``, ``},
	{`[[:foo:]]`, ``, ``}, {`[[:alpha:]`, ``, ``}, {`[[:alpha:]]+`, ``, `1aé٣`}, {`[[.hyphen.]]`, ``, `-`}, {`[[.x.]-z]`, ``, `y`}, {`[[.nope.]]`, ``, `-`},
	{`[[=a=]]`, ``, `a`}, {`*a`, ``, ``}, {`a**`, ``, ``}, {`a|*b`, ``, ``}, {`^*`, ``, ``}, {`a||b`, ``, `b`}, {`|a`, ``, `a`}, {`()`, ``, `a`}, {`\1(a)`, ``, `aa`},
	{`(a)\2`, ``, ``}, {`(a\1)`, ``, `aa`}, {`(a)(?=\1)`, ``, `aa`}, {`\ma`, ``, `ba a`}, {`a\M`, ``, `ab a`}, {`\ya\y`, ``, `ba a`}, {`\Ya`, ``, `a ba`},
	{`[[:<:]]a`, ``, `ba a`}, {`a[[:>:]]`, ``, `ab a`}, {`\Aa`, `n`, "b\na"}, {`a\Z`, `n`, "a\nb"}, {`\x41\u0042\U00000043`, ``, `ABC`}, {`\xg`, ``, ``},
	{`\u12`, ``, ``}, {`\101`, ``, `A`}, {`\0`, ``, `a`}, {`\q`, ``, ``}, {`\cA`, ``, "\x01"}, {`a(?=b)`, ``, `acab`}, {`a(?!b)`, ``, `abac`}, {`(?<=a)b`, ``, `bab`},
	{`(?<!a)b`, ``, `abb`}, {`(?<x)b`, ``, ``}, {`(?`, ``, ``}, {`[\w-]+`, ``, `a-b c`}, {`[\W]`, ``, `a b`}, {`[\D]`, ``, `1a`}, {`[a-\d]`, ``, ``},
	{`É`, `i`, `é`}, {`[à-ï]+`, `i`, `ÉÉ`}, {`[[:upper:]]`, `i`, `a`}, {`a.c`, ``, "a\nc"}, {`(a+|b+?)c`, ``, `aabbc`}, {`(^|x)a`, ``, `bxa`}, {`(?:a|ab)(?:c|bcd)`, ``, `abcd`},
	{`a{0}b`, ``, `ab`}, {`(a){0}b\1?`, ``, `b`}, {`x*`, ``, `aaa`}, {`(x*)*?y`, ``, `xxy`}, {`(a*?)(a*)`, ``, `aaa`}, {`((a*?)b)*`, ``, `aabab`}, {`(.)(.)\2\1`, ``, `xabba`},
	{`(?:(a)|b)\1`, ``, `bab`}, {`((.)\2)+`, ``, `aabbc`}, {`(\w+)\s+\1\M`, ``, `the the then`}, {`\m(\w)\w*\1\M`, ``, `ab aba`}, {`[[:blank:]]`, ``, "\u00a0 "}, {`(?e)a)`, ``, `a)`},
	{`(?e)\d`, ``, `1d`}, {`(?e)(?:a)`, ``, ``}, {`(?e)a*?`, ``, `aa`},
}

// randomCase draws from a few characters, so that there is something to match.
func randomCase(r *rand.Rand) (pattern, letters, text string) {
	g := generator{r: r}
	pattern = g.alternatives(3)
	if r.IntN(40) == 0 {
		pattern = "(?" + string("icnpwsxe"[r.IntN(8)]) + ")" + pattern
	}
	for range r.IntN(3) {
		if r.IntN(3) == 0 {
			letters += string("icnpwsxm"[r.IntN(8)])
		}
	}
	if r.IntN(60) == 0 { // damage it
		list := []rune(pattern)
		if n := len(list); n > 0 {
			at := r.IntN(n)
			pattern = string(list[:at]) + string(`*?+{}()[]\^|-1,`[r.IntN(15)]) + string(list[at+r.IntN(2):])
		}
	}
	alphabet := []rune("abab aB1_\né")
	var b strings.Builder
	for range r.IntN(12) {
		b.WriteRune(alphabet[r.IntN(len(alphabet))])
	}
	return pattern, letters, b.String()
}

type generator struct {
	r      *rand.Rand
	groups int // closed ones
	look   bool
}

func (g *generator) alternatives(depth int) string {
	parts := []string{}
	for range 1 + g.r.IntN(2)*g.r.IntN(3) {
		var b strings.Builder
		for range g.r.IntN(4) + min(1, g.r.IntN(8)) {
			b.WriteString(g.atom(depth))
		}
		parts = append(parts, b.String())
	}
	return strings.Join(parts, "|")
}

func (g *generator) atom(depth int) string {
	var s string
	switch n := g.r.IntN(30); {
	case n < 10:
		s = []string{"a", "b", "ab", "1", "B", "é", "_"}[g.r.IntN(7)]
	case n < 13:
		s = "."
	case n < 16:
		s = []string{"[ab]", "[^a]", "[a-b1]", `\w`, `\d`, `\s`, `\W`, "[[:alpha:]]", "[^[:space:]b]", `[\w-]`, "[A-Z]"}[g.r.IntN(11)]
	case n < 18 && depth > 0:
		return []string{"^", "$", `\m`, `\M`, `\y`, `\Y`, `\A`, `\Z`}[g.r.IntN(8)]
	case n < 19 && depth > 0:
		was := g.look
		g.look = true
		s = []string{"(?=", "(?!", "(?<=", "(?<!"}[g.r.IntN(4)] + g.alternatives(depth-1) + ")"
		g.look = was
		return s
	case n < 21 && g.groups > 0 && !g.look:
		s = fmt.Sprintf(`\%d`, 1+g.r.IntN(g.groups))
	case n < 23 && depth > 0:
		s = "(?:" + g.alternatives(depth-1) + ")"
	case depth > 0:
		if g.look {
			s = "(" + g.alternatives(depth-1) + ")"
			break
		}
		s = "(" + g.alternatives(depth-1) + ")"
		g.groups++
	default:
		s = "a"
	}
	switch n := g.r.IntN(24); {
	case n < 3:
		s += "*"
	case n < 5:
		s += "+"
	case n < 7:
		s += "?"
	case n == 7:
		s += "*?"
	case n == 8:
		s += "+?"
	case n == 9:
		s += "??"
	case n == 10:
		s += fmt.Sprintf("{%d}", g.r.IntN(3))
	case n == 11:
		lo := g.r.IntN(3)
		s += fmt.Sprintf("{%d,%d}", lo, lo+g.r.IntN(3))
	case n == 12:
		lo := g.r.IntN(3)
		s += fmt.Sprintf("{%d,%d}?", lo, lo+g.r.IntN(3))
	case n == 13:
		s += fmt.Sprintf("{%d,}", g.r.IntN(3))
	}
	return s
}

// TestClassesAsPostgres asks PostgreSQL for the members of the classes.
func TestClassesAsPostgres(t *testing.T) {
	ctx, conn := connect(t)
	for name, c := range classNames {
		rows, err := conn.Query(ctx, "select i, chr(i) ~ ('[[:' || $1 || ':]]') from generate_series(1, 1114111) i where i not between 55296 and 57343", name)
		if err != nil {
			t.Fatal(err)
		}
		bad := 0
		for rows.Next() {
			var i rune
			var want bool
			if err := rows.Scan(&i, &want); err != nil {
				t.Fatal(err)
			}
			if c.has(i) != want && !(c.has(i) && addedIn15(i)) {
				if bad++; bad < 10 {
					t.Errorf("%s has %U: %v", name, i, want)
				}
			}
		}
		if rows.Err() != nil {
			t.Fatal(rows.Err())
		}
	}
}

// addedIn15 says whether a character is in Unicode 15 and not in 14, which PostgreSQL's C library may have.
func addedIn15(r rune) bool {
	for _, x := range [][2]rune{{0xCF3, 0xCF3}, {0xECE, 0xECE}, {0x10EFD, 0x10EFF}, {0x1123F, 0x11241}, {0x11B00, 0x11B09}, {0x11F00, 0x11F59},
		{0x1342F, 0x13455}, {0x1B132, 0x1B132}, {0x1B155, 0x1B155}, {0x1D2C0, 0x1D2D3}, {0x1DF25, 0x1DF2A}, {0x1E030, 0x1E08F}, {0x1E4D0, 0x1E4F9},
		{0x1F6DC, 0x1F6DC}, {0x1F774, 0x1F77F}, {0x1F7D9, 0x1F7D9}, {0x1FA75, 0x1FA77}, {0x1FA87, 0x1FA88}, {0x1FAAD, 0x1FAAF}, {0x1FABB, 0x1FABF},
		{0x1FACE, 0x1FACF}, {0x1FADA, 0x1FADB}, {0x1FAE8, 0x1FAE8}, {0x1FAF7, 0x1FAF8}, {0x2B739, 0x2B739}, {0x31350, 0x323AF}} {
		if r >= x[0] && r <= x[1] {
			return true
		}
	}
	return false
}

// TestFoldedRangeByDefinition compares ranges without regard to case with their definition, character by character.
func TestFoldedRangeByDefinition(t *testing.T) {
	for _, x := range []runeRange{{'a', 'z', true}, {'A', 'Z', true}, {0xC0, 0x17F, true}, {0x100, 0x24F, true}, {0x370, 0x3FF, true},
		{0x400, 0x52F, true}, {0x1E00, 0x1FFF, true}, {0x2100, 0x218F, true}, {'İ', 'ı', true}, {0, 0x2FFFF, true}} {
		want := make(map[rune]bool)
		for r := x.lo; r <= x.hi; r++ {
			want[r], want[unicode.ToLower(r)], want[unicode.ToUpper(r)] = true, true, true
		}
		for r := rune(0); r < 0x30000; r++ {
			if x.has(r) != want[r] {
				t.Errorf("[%U-%U] has %U: %v", x.lo, x.hi, r, want[r])
			}
		}
	}
}

func TestBasicIsRefused(t *testing.T) {
	if _, err := Compile("(?b)a", Flags{}); !errors.Is(err, ErrBasic) {
		t.Error(err)
	}
}

// TestStepsAreBounded checks that a match that would not end in a life ends with an error.
func TestStepsAreBounded(t *testing.T) {
	re, err := Compile(`^(a*)(a*)(a*)(a*)(a*)(a*)b\1\2\3\4\5\6b$`, Flags{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := re.Match(strings.Repeat("a", 100) + "b" + strings.Repeat("a", 99) + "b"); !errors.Is(err, ErrSteps) {
		t.Errorf("got %v", err)
	}
}

// TestMatchIsInterrupted ends a match whose automaton has new states all the time.
func TestMatchIsInterrupted(t *testing.T) {
	re, err := Compile(`(?:a|b)*a(?:a|b){200}c`, Flags{})
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	re.Interrupted = func() error { return stop }
	r := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, 20000)
	for i := range text {
		text[i] = "ab"[r.IntN(2)]
	}
	for _, s := range []string{string(text), string(text) + "é"} {
		if _, err := re.Match(s); !errors.Is(err, stop) {
			t.Errorf("got %v", err)
		}
	}
	if ok, err := re.Match(strings.Repeat("a", 201) + "c"); !ok || err != nil {
		t.Errorf("afterwards: %v %v", ok, err)
	}
}

func FuzzCompile(f *testing.F) {
	for _, c := range chosenCases {
		f.Add(c[0], c[1], c[2])
	}
	f.Fuzz(func(t *testing.T, pattern, letters, text string) {
		if len(pattern) > 200 || len(text) > 200 || !utf8.ValidString(pattern) || !utf8.ValidString(text) {
			t.Skip()
		}
		if s := answer(pattern, letters, text); strings.HasPrefix(s, "Match says") {
			t.Error(s)
		}
	})
}
