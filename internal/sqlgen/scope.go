package sqlgen

import "strings"

// relation is what a FROM item or a CTE shows.
type relation struct {
	name string // as its columns are qualified
	cols []output
	key  []int // columns that tell its rows apart, but for equal rows; all when there are none
	size int   // about how many rows
	// merged says that it is the merged column of a join, which the others' columns determine.
	merged bool
}

// ref refers to column i: without the relation's name where that is empty.
func (r *relation) ref(i int) string {
	if r.name == "" {
		return r.cols[i].name
	}
	return r.name + "." + r.cols[i].name
}

// output is a column of a relation.
type output struct {
	name string
	typ  Type
}

// scope is what an expression may refer to.
type scope struct {
	rels  []*relation
	outer *scope

	// groups are the expressions that a grouped query may show beside aggregates; nil in one that is not grouped.
	groups  []*Node
	grouped bool
	// windows are allowed: in the select list and ORDER BY.
	windows bool
	// named takes the definitions of the WINDOW clause; nil where there is none.
	named *[]*Node
	// aggregated says that the expression is an argument of an aggregate: no aggregates, and the ungrouped columns.
	aggregated bool
}

// refs returns the columns of a type as texts; outer ones are a third as likely, which the caller draws.
func (s *scope) refs(t Type) (out []string) {
	for _, r := range s.rels {
		for i, c := range r.cols {
			if c.typ == t {
				out = append(out, r.ref(i))
			}
		}
	}
	return out
}

// columns lists all columns of the scope's own relations.
func (s *scope) columns() (out []column) {
	for _, r := range s.rels {
		for i, c := range r.cols {
			out = append(out, column{r.ref(i), c.typ})
		}
	}
	return out
}

// column is a reference to a column.
type column struct {
	ref string
	typ Type
}

// totalOrder lists columns that tell all rows apart, but for those that are equal.
func (s *scope) totalOrder() string {
	var keys []string
	for _, r := range s.rels {
		if len(r.key) > 0 {
			for _, k := range r.key {
				keys = append(keys, r.ref(k))
			}
			continue
		}
		for i := range r.cols {
			keys = append(keys, r.ref(i))
		}
	}
	return strings.Join(keys, ", ")
}

// unique says whether the total order tells all rows apart, equal ones too: each relation has a key or only values that
// the others have.
func (s *scope) unique() bool {
	for _, r := range s.rels {
		if len(r.key) == 0 && !r.merged {
			return false
		}
	}
	return true
}

// sortable says whether the rows can be ordered in total: by few columns.
func (s *scope) sortable() bool {
	n := 0
	for _, r := range s.rels {
		if n += len(r.key); len(r.key) == 0 {
			n += len(r.cols)
		}
	}
	return n > 0 && n <= 16
}

// size is about how many rows a join of all relations has.
func (s *scope) size() int {
	n := 1
	for _, r := range s.rels {
		n *= max(r.size, 1)
	}
	return n
}
