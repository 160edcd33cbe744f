package sqlgen

import (
	"fmt"
	"math/rand/v2"
)

// Generator makes statements. Not safe for concurrent use.
type Generator struct {
	*rand.Rand
	Schema *Schema
	// Off names what is not to be used: constructs (see Constructs) and texts of templates.
	Off map[string]bool

	names   int  // of aliases, unique in a statement
	budget  int  // of subqueries in a statement
	risky   bool // expressions may fail
	loose   bool // the statement takes some rows of equal ones: 1.0 or 1.00 may come
	inexact bool // it has floats that were summed
	nested  bool // it has a join or a subquery
	whole   bool // the next expression is a whole column of the statement's result, not a part of anything
	noisy   bool // a column's last digits depend on the order of rows, so that nothing is sorted by it
	ctes    []*relation
}

// New returns a generator of statements over a schema.
func New(seed uint64, schema *Schema, off map[string]bool) *Generator {
	return &Generator{Rand: rand.New(rand.NewPCG(seed, 0x5eed)), Schema: schema, Off: off}
}

// chance is true in percent of the calls.
func (g *Generator) chance(percent int) bool { return g.IntN(100) < percent }

// pick draws one of a list.
func (g *Generator) pick(list ...string) string { return list[g.IntN(len(list))] }

// on says whether a construct may be used.
func (g *Generator) on(construct string) bool { return !g.Off[construct] }

// allowed is on and chance in one.
func (g *Generator) allowed(construct string, percent int) bool {
	return g.on(construct) && g.chance(percent)
}

// name makes a name that the statement does not have yet.
func (g *Generator) name(prefix string) string {
	g.names++
	return fmt.Sprintf("%s%d", prefix, g.names)
}

// choices returns a library's templates that are on, and risky only where that is asked for.
func (g *Generator) choices(l library, t Type, risky bool) (out []*template) {
	for _, f := range l[t] {
		if (risky || !f.risky) && g.on(f.text) && g.onTypes(f.args) {
			out = append(out, f)
		}
	}
	return out
}

func (g *Generator) onTypes(types []Type) bool {
	for _, t := range types {
		if !g.on(string(t)) {
			return false
		}
	}
	return true
}

// anyType draws a type by weight.
func (g *Generator) anyType() Type { return g.weighted().typ }

type weightedType struct {
	typ Type
	ddl []string
}

func (g *Generator) weighted() weightedType {
	for {
		total := 0
		for _, t := range allTypes {
			total += t.weight
		}
		n := g.IntN(total)
		for _, t := range allTypes {
			if n -= t.weight; n < 0 {
				if g.on(string(t.typ)) {
					return weightedType{t.typ, t.ddl}
				}
				break
			}
		}
	}
}
