package differential

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cachalotdb/cachalot/internal/pgoracle"
	"github.com/cachalotdb/cachalot/internal/sqlgen"
)

var (
	queries  = flag.Int("queries", 0, "statements in all; 0: a few thousand, 200,000 with CACHALOT_FULL=1")
	seeds    = flag.Int("seeds", 0, "seeds, each with a schema of its own; 0: 5, or 50 with CACHALOT_FULL=1")
	seed     = flag.Uint64("seed", 0, "the first seed; 0: always the same in a normal run, so that it is the change that fails; another each time with CACHALOT_FULL=1 or -queries")
	only     = flag.Int("only", -1, "run only this statement of the seed, and show it")
	findings = flag.Int("findings", 10, "stop after so many differences")
	postgres = flag.String("postgres", "", "DSN of a PostgreSQL 15 whose public schema may be dropped; default: one of its own")
	without  = flag.String("without", "", "constructs, types and templates not to use, separated by semicolons")
	known    = flag.String("known", "", "a regular expression: findings whose error here matches are counted only")
	noShrink = flag.Bool("noshrink", false, "show differences as they are found")
)

// normalSeed is the first seed of normal runs.
const normalSeed = 20240601

func TestMain(m *testing.M) { pgoracle.Main(m) }

// run is a run of the tester.
type run struct {
	t      *testing.T
	pair   *pair
	listed []*listed
	off    map[string]bool

	asked, nested, withRows, withErrors int
	kinds                               map[kind]int
	refusals                            map[string]int // by message
	found                               []*finding
	signatures                          map[string]int
	repeated                            int // findings of the same skeleton as one before
}

// TestDifferential is the differential test.
func TestDifferential(t *testing.T) {
	dsn := *postgres
	if dsn == "" {
		dsn = pgoracle.Shared(t).DSN()
	}
	n, s, first := *queries, *seeds, *seed
	if full := os.Getenv("CACHALOT_FULL") != ""; n == 0 && full {
		n = 200000
	} else if n == 0 {
		n = 3000
	}
	if full := os.Getenv("CACHALOT_FULL") != ""; s == 0 && full {
		s = 50
	} else if s == 0 {
		s = 5
	}
	if first == 0 {
		first = normalSeed
		if os.Getenv("CACHALOT_FULL") != "" || *queries > 0 {
			first = uint64(rand.Uint32())
		}
	}
	t.Logf("-seed %d -seeds %d -queries %d", first, s, n)
	list, err := readListed("testdata/differences.txt")
	if err != nil {
		t.Fatal(err)
	}
	r := &run{t: t, pair: &pair{newCachalot(t), newPostgres(t, dsn)}, listed: list, kinds: map[kind]int{}, refusals: map[string]int{}, signatures: map[string]int{}}
	r.off = r.probe()
	began := time.Now()
	for i := range s {
		r.seed(first+uint64(i), n/s)
		if len(r.found) >= *findings {
			break
		}
	}
	r.report(time.Since(began))
}

// probe finds what one of the two does not have.
func (r *run) probe() map[string]bool {
	off := map[string]bool{}
	for _, name := range strings.Split(*without, ";") {
		off[name] = true
	}
	if ours, theirs := r.pair.both(sqlgen.ProbeSetup, false); ours.code+theirs.code != "" {
		r.t.Fatalf("%s\n%s", ours, theirs)
	}
	r.pair.both(sqlgen.EnumSetup, false) // the probe of the type says if it is there
	var missing []string
	for _, p := range sqlgen.Probes() {
		ours, theirs := r.pair.both("begin; "+p.SQL, false)
		r.pair.both("rollback", false)
		if theirs.code != "" {
			r.t.Errorf("PostgreSQL refuses the probe of %s: %s\n%s", p.Name, theirs, p.SQL)
		}
		if want := oids[p.Type]; theirs.code == "" && want != 0 && theirs.oids[0] != want && theirs.oids[0] != varcharOID {
			r.t.Errorf("the template %s is of type %d, not %s", p.Name, theirs.oids[0], p.Type)
		}
		if ours.code != "" {
			off[p.Name] = true
			missing = append(missing, fmt.Sprintf("%s: %s", p.Name, ours))
		}
	}
	r.t.Logf("%d of %d constructs and functions are not here:\n    %s", len(missing), len(sqlgen.Probes()), strings.Join(missing, "\n    "))
	return off
}

// varcharOID is that of varchar, which is a text to the generator.
const varcharOID = 1043

// oids are those of the types that templates return.
var oids = map[sqlgen.Type]uint32{sqlgen.Bool: 16, sqlgen.Bytea: 17, sqlgen.Int8: 20, sqlgen.Int2: 21, sqlgen.Int4: 23, sqlgen.Text: 25, sqlgen.Float4: 700,
	sqlgen.Float8: 701, sqlgen.Date: 1082, sqlgen.Time: 1083, sqlgen.Timestamp: 1114, sqlgen.Timestamptz: 1184, sqlgen.Interval: 1186, sqlgen.Numeric: 1700,
	sqlgen.UUID: 2950, sqlgen.JSONB: 3802, sqlgen.Int4Array: 1007, sqlgen.TextArray: 1009}

// seed runs n statements over the schema of a seed.
func (r *run) seed(seed uint64, n int) {
	g := sqlgen.New(seed, nil, r.off)
	schema := sqlgen.NewSchema(g)
	if err := r.pair.load(schema); err != nil {
		r.t.Errorf("-seed %d: %v", seed, err)
		return
	}
	for i := range n {
		g := sqlgen.New(seed<<20+uint64(i), schema, r.off)
		st := g.Query()
		if i%5 == 4 {
			st = g.Write()
		}
		if *only >= 0 && i != *only {
			continue
		}
		f := r.statement(st)
		if *only >= 0 {
			r.t.Logf("%s\nhere: %s\nPostgreSQL: %s", st, f.ours, f.theirs)
		}
		if f.kind == same {
			continue
		}
		f.seed, f.number, f.schema = seed, i, schema
		if r.take(f) {
			if err := r.pair.load(schema); err != nil {
				r.t.Fatal(err)
			}
		}
		if len(r.found) >= *findings {
			return
		}
	}
}

// statement asks both and counts.
func (r *run) statement(st *sqlgen.Statement) *finding {
	k, ours, theirs := r.pair.ask(st, false)
	r.asked++
	if st.Nested {
		r.nested++
	}
	if theirs.code != "" {
		r.withErrors++
	}
	if len(theirs.rows) > 0 {
		r.withRows++
	}
	f := &finding{kind: k, ours: ours, theirs: theirs, st: st}
	if k == same && ours.code == "" && (r.asked%10 == 0 || *only >= 0) {
		if plan := r.pair.explain(st); plan.code != "" {
			f.kind, f.ours = noExplain, plan
		}
	}
	return f
}

// take counts a difference, and keeps and shrinks it if it is neither listed nor seen before. It says whether the engines'
// data was changed.
func (r *run) take(f *finding) bool {
	if f.kind == refused {
		r.refusals[f.ours.text]++
	}
	for _, l := range r.listed {
		if l.matches(f) {
			l.seen++
			f.kind = kind("listed: " + l.reason)
		}
	}
	r.kinds[f.kind]++
	if f.kind == refused || f.kind == skipped || strings.HasPrefix(string(f.kind), "listed") {
		return false
	}
	if *known != "" && regexp.MustCompile(*known).MatchString(f.ours.text) {
		return false
	}
	if f.kind == onlyHere || f.kind == otherCode || f.kind == crashed || f.kind == noExplain {
		signature := string(f.kind) + f.ours.code + strings.Join(strings.Fields(f.ours.text)[:min(4, len(strings.Fields(f.ours.text)))], " ") + f.theirs.code
		if r.signatures[signature]++; r.signatures[signature] > 1 {
			return false
		}
	}
	if f.kind == otherTag || f.kind == otherColumns {
		signature := string(f.kind)
		for i := range min(len(f.ours.oids), len(f.theirs.oids)) {
			if f.ours.oids[i] != f.theirs.oids[i] {
				signature = fmt.Sprint(f.kind, f.ours.oids[i], f.theirs.oids[i])
				break
			}
		}
		if r.signatures[signature]++; r.signatures[signature] > 1 {
			return false
		}
	}
	r.found = append(r.found, f)
	original := f.st.String()
	if !*noShrink && f.kind != unrepeatable {
		r.pair.shrink(f)
	}
	shape := string(f.kind) + " " + skeleton(f.st.String())
	if r.signatures[shape]++; r.signatures[shape] > 1 {
		r.found = r.found[:len(r.found)-1]
		r.repeated++
		return true
	}
	r.t.Errorf("%s\nwas: %s", f, original)
	return true
}

var (
	constant = regexp.MustCompile(`'[^']*'|\b\d+(\.\d+)?\b`)
	named    = regexp.MustCompile(`\b([a-z])\d+\b`)
)

// skeleton is a statement without its constants and numbers of names, to see that it is one as before.
func skeleton(sql string) string {
	return named.ReplaceAllString(constant.ReplaceAllString(sql, "?"), "$1")
}

// String is a script that shows the difference, with both answers.
func (f *finding) String() string {
	text := f.st.String()
	var script []string
	for _, sql := range f.schema.Script() {
		if slices.ContainsFunc(f.schema.Tables, func(t *sqlgen.Table) bool {
			return strings.Contains(text, t.Name) && strings.Contains(sql+" ", " "+t.Name+" ")
		}) {
			script = append(script, sql)
		}
	}
	return fmt.Sprintf("-seed %d -only %d: %s\n%s;\n%s;\n-- here: %s\n-- PostgreSQL: %s", f.seed, f.number, f.kind, strings.Join(script, ";\n"), text, f.ours, f.theirs)
}

func (r *run) report(took time.Duration) {
	r.t.Logf("%d statements in %.1f s, %.0f/s; %d%% with a join or a subquery, %d%% returning rows, %d%% errors", r.asked, took.Seconds(), float64(r.asked)/took.Seconds(),
		100*r.nested/max(r.asked, 1), 100*r.withRows/max(r.asked, 1), 100*r.withErrors/max(r.asked, 1))
	for _, k := range slices.Sorted(maps.Keys(r.kinds)) {
		r.t.Logf("%8d %s", r.kinds[k], k)
	}
	for _, m := range slices.SortedFunc(maps.Keys(r.refusals), func(x, y string) int { return r.refusals[y] - r.refusals[x] }) {
		r.t.Logf("%8d refused: %s", r.refusals[m], m)
	}
}
