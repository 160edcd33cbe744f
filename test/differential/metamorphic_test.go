package differential

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/internal/node"
	"github.com/cachalotdb/cachalot/internal/sqlgen"
)

// variant is one way to run the same statements over the same data.
type variant struct {
	name       string
	partitions int
	layout     string // of the tables; "" is flat
	indexes    indexing
	settings   []string // one is drawn for each statement, each "name = value"
	extended   bool
	restart    bool // the node is stopped and started again after the data was written
}

// indexing says which indexes a variant has.
type indexing int

const (
	fewIndexes indexing = iota // those of the schema
	noIndexes
	allIndexes // and one on each column
)

// variants are the ways that must agree with the first.
var variants = []variant{
	{name: "plain", partitions: 2},
	{name: "one partition, no indexes", partitions: 1, indexes: noIndexes},
	{name: "eight partitions, all indexes, prepared", partitions: 8, indexes: allIndexes, extended: true},
	{name: "documents, restarted", partitions: 2, layout: "default", restart: true},
	{name: "other plans", partitions: 2, indexes: allIndexes, settings: []string{"enable_hashjoin = off", "enable_mergejoin = off", "enable_nestloop = off", "enable_seqscan = off",
		"enable_bitmapscan = off", "enable_indexscan = off", "enable_sort = off", "enable_hashagg = off", "enable_material = off"}},
	{name: "little memory", partitions: 2, settings: []string{"work_mem = '64kB'"}, restart: true, indexes: allIndexes},
}

// start starts a variant's node with a schema's tables, which have one column more: the document.
func (v *variant) start(t *testing.T, schema *sqlgen.Schema) *target {
	t.Helper()
	cfg := node.Config{Partitions: v.partitions}
	if v.restart {
		cfg.Dir = filepath.Join(t.TempDir(), "data")
	}
	c := &target{config: cfg}
	if err := c.reset(); err != nil {
		t.Fatal(err)
	}
	for _, sql := range v.script(schema) {
		if a := c.run(sql); a.code != "" && a.code != "0A000" {
			t.Fatalf("%s: %s\n%s", v.name, a, sql)
		}
	}
	if v.restart {
		if err := c.node.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := c.reset(); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func (v *variant) script(schema *sqlgen.Schema) (out []string) {
	out = append(out, schema.Before...)
	for _, t := range schema.Tables {
		create := strings.TrimSuffix(t.Create(), ")") + ", document jsonb)"
		if v.layout != "" {
			create += " with (layout = " + v.layout + ")"
		}
		out = append(out, create)
		if insert := t.Insert(); insert != "" {
			out = append(out, insert)
		}
	}
	for _, sql := range schema.After {
		if v.indexes != noIndexes || !strings.HasPrefix(sql, "create index") {
			out = append(out, sql)
		}
	}
	if v.indexes == allIndexes {
		for _, t := range schema.Tables {
			for i, c := range t.Columns {
				using := []string{"", "using hash ", "using dictionary "}[i%3]
				out = append(out, fmt.Sprintf("create index on %s %s(%s)", t.Name, using, c.Name))
			}
		}
		out = append(out, "analyze")
	}
	return out
}

// ask runs a statement in the variant's way; a write is rolled back after the tables were read.
func (v *variant) ask(c *target, st *sqlgen.Statement, r *rand.Rand) []*answer {
	run := c.run
	if v.extended {
		run = c.runExtended
	}
	if len(v.settings) > 0 {
		setting := v.settings[r.IntN(len(v.settings))]
		c.run("set " + setting)
		name, _, _ := strings.Cut(setting, " ")
		defer c.run("reset " + name)
	}
	if !st.Writes {
		return []*answer{run(st.String())}
	}
	c.run("begin")
	defer c.run("rollback")
	answers := []*answer{run(st.String())}
	if answers[0].code == "" {
		for _, t := range st.Tables {
			answers = append(answers, c.run("select * from "+t))
		}
	}
	return answers
}

// TestMetamorphic runs random statements in all variants, which must give the same answers; what needs more memory than there is may
// say so.
func TestMetamorphic(t *testing.T) {
	seeds, each := 3, 150
	if os.Getenv("CACHALOT_FULL") != "" {
		seeds, each = 40, 400
	}
	first := *seed
	if first == 0 {
		first = normalSeed
		if os.Getenv("CACHALOT_FULL") != "" {
			first = uint64(rand.Uint32())
		}
	}
	t.Logf("-seed %d", first)
	for i := range seeds {
		metamorphic(t, first+uint64(i), each)
		if t.Failed() {
			return
		}
	}
}

func metamorphic(t *testing.T, seed uint64, n int) {
	base := newCachalot(t)
	off := missing(t, base)
	g := sqlgen.New(seed, nil, off)
	schema := sqlgen.NewSchema(g)
	targets := make([]*target, len(variants))
	for i := range variants {
		targets[i] = variants[i].start(t, schema)
		defer targets[i].stop()
	}
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range n {
		g := sqlgen.New(seed<<20+uint64(i), schema, off)
		st := g.Query()
		if i%5 == 4 {
			st = g.Write()
		}
		if *only >= 0 && *only != i {
			continue
		}
		want := variants[0].ask(targets[0], st, r)
		for k := 1; k < len(variants); k++ {
			got := variants[k].ask(targets[k], st, r)
			if problem := unlike(got, want, st); problem != "" {
				t.Errorf("-seed %d -only %d: %s: %s\n%s\n%s\n%s: %s", seed, i, variants[k].name, problem, strings.Join(variants[k].script(schema), ";\n"), st, variants[k].name, got[0])
				t.Logf("%s: %s", variants[0].name, want[0])
				return
			}
		}
	}
}

// unlike says how the answers of two variants differ; "" if they don't. Which of several errors comes first may differ.
func unlike(got, want []*answer, st *sqlgen.Statement) string {
	if got[0].code == "53200" || want[0].code == "53200" {
		return ""
	}
	if runtimeError(got[0].code) && runtimeError(want[0].code) {
		return ""
	}
	if len(got) != len(want) {
		return "an error in one of the two"
	}
	for i := range got {
		if k := compare(got[i], want[i], traits{ordered: st.Ordered && i == 0, loose: st.Loose}); k != same && got[i].code != want[i].code {
			return string(k)
		} else if k != same && k != refused && k != skipped {
			return string(k)
		}
	}
	return ""
}

// runtimeError says whether a code is one of data, cardinality or constraints.
func runtimeError(code string) bool {
	return strings.HasPrefix(code, "22") || strings.HasPrefix(code, "21") || strings.HasPrefix(code, "23")
}

// missing finds what the engine does not have.
func missing(t *testing.T, c *target) map[string]bool {
	t.Helper()
	off := map[string]bool{}
	for _, name := range strings.Split(*without, ";") {
		off[name] = true
	}
	if a := c.run(sqlgen.ProbeSetup); a.code != "" {
		t.Fatal(a)
	}
	c.run(sqlgen.EnumSetup)
	for _, p := range sqlgen.Probes() {
		if a := c.run("begin; " + p.SQL); a.code != "" {
			off[p.Name] = true
		}
		c.run("rollback")
	}
	return off
}
