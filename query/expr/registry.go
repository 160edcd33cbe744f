package expr

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// registry is every function, operator and aggregate, filled from the tables of
// the func_*.go, op_*.go and agg_*.go files and immutable afterwards.
var registry = buildRegistry()

type opKey struct {
	name  string
	arity int
}

type catalog struct {
	functions  map[string][]*Func
	operators  map[opKey][]candidate
	aggregates map[string][]*AggFunc
	sets       map[string][]*SetFunc
}

func buildRegistry() catalog {
	r := catalog{
		functions:  make(map[string][]*Func),
		operators:  make(map[opKey][]candidate),
		aggregates: make(map[string][]*AggFunc),
		sets:       make(map[string][]*SetFunc),
	}
	for _, table := range functionTables() {
		for i := range table {
			f := &table[i]
			f.overArray = overArray(f)
			r.functions[f.Name] = append(r.functions[f.Name], f)
		}
	}
	for _, table := range operatorTables() {
		for i := range table {
			f := &table[i]
			k := opKey{f.Op, len(f.Args)}
			r.operators[k] = append(r.operators[k], candidate{fn: f, args: f.Args})
		}
	}
	for _, table := range aggregateTables() {
		for i := range table {
			f := &table[i]
			r.aggregates[f.Name] = append(r.aggregates[f.Name], f)
		}
	}
	for _, table := range setFunctionTables() {
		for i := range table {
			f := &table[i]
			r.sets[f.Name] = append(r.sets[f.Name], f)
		}
	}
	return r
}

// IsAggregate says whether name is an aggregate function's.
func IsAggregate(name string) bool { return len(registry.aggregates[name]) > 0 }

// kinds is short for the tables.
func kinds(k ...value.Kind) []value.Kind { return k }

// refused are functions of PostgreSQL's that get 0A000 in place of 42883.
var refused = map[string]string{
	"nextval":              "sequences are not supported",
	"currval":              "sequences are not supported",
	"lastval":              "sequences are not supported",
	"setval":               "sequences are not supported",
	"to_tsvector":          "full text search is not supported",
	"to_tsquery":           "full text search is not supported",
	"plainto_tsquery":      "full text search is not supported",
	"websearch_to_tsquery": "full text search is not supported",
	"ts_rank":              "full text search is not supported",
	"ts_headline":          "full text search is not supported",
}
