package plan

import (
	"fmt"

	"github.com/cachalotdb/cachalot/index"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/store"
)

// LookupKind is the kind of a Lookup.
type LookupKind uint8

// The kinds. AnyKey to Ranges ask one index; And, Or and Not combine.
const (
	AnyKey  LookupKind = iota // rows with any of Keys
	AllKeys                   // rows with all of Keys (arrays)
	Ranges                    // rows in any of Ranges
	Primary                   // rows by primary key
	And
	Or
	Not
)

// Lookup is a condition as indexes answer it: a tree of questions to indexes whose
// answers are sets of row ids, combined by set algebra. A set holds all rows for
// which the condition is true and, unless Exact, others; and rows that a snapshot
// does not see. Immutable during one execution.
type Lookup struct {
	Kind   LookupKind
	Index  *schema.Index // nil for Primary and combinations
	Keys   [][]byte
	Ranges []store.KeyRange
	Kids   []*Lookup
	// Exact says that the condition is true for every row of the set.
	Exact bool
	// Count is an upper bound of the rows, or, for ranges and NOT, an estimate.
	Count float64
	// Cost is about how many nanoseconds it takes to make the set.
	Cost float64
	// Cond is the condition as text.
	Cond string

	rows [][]uint32 // Primary: row ids by partition
	// answers are the conjuncts that it answers, those exactly where exact says so.
	answers []int
}

// What it costs to use an index, in nanoseconds. From BenchmarkAccess of query/exec on 1M rows.
const (
	costKey      = 250.0 // to find one key in one partition
	costPosting  = 0.5   // a row of a posting, when postings are combined
	costRangeRow = 55.0  // a row of a B-tree range made into a set
	costWalkRow  = 160.0 // a row of a walk in index order
	costPoint    = 700.0 // a row by primary key
)

// Set returns the row ids of one partition.
func (l *Lookup) Set(p *store.PartView, part int) index.Set {
	switch l.Kind {
	case AnyKey, AllKeys:
		return l.keySet(p)
	case Ranges:
		sets := make([]index.Set, len(l.Ranges))
		for i, r := range l.Ranges {
			sets[i] = p.Range(l.Index, r)
		}
		return index.Union(sets...)
	case Primary:
		return index.FromUnsorted(l.rows[part])
	case Or:
		sets := make([]index.Set, len(l.Kids))
		for i, k := range l.Kids {
			sets[i] = k.Set(p, part)
		}
		return index.Union(sets...)
	case Not:
		return l.Kids[0].Set(p, part).Not(p.Universe())
	}
	s := l.Kids[0].Set(p, part)
	for _, k := range l.Kids[1:] {
		if s.Empty() {
			break
		}
		if k.Kind == Not {
			s = s.AndNot(k.Kids[0].Set(p, part))
		} else {
			s = s.And(k.Set(p, part))
		}
	}
	return s
}

func (l *Lookup) keySet(p *store.PartView) index.Set {
	if len(l.Keys) == 1 {
		return p.Equal(l.Index, l.Keys[0])
	}
	if l.Kind == AllKeys {
		s := p.Equal(l.Index, l.Keys[0])
		for _, k := range l.Keys[1:] {
			s = s.And(p.Equal(l.Index, k))
		}
		return s
	}
	sets := make([]index.Set, len(l.Keys))
	for i, k := range l.Keys {
		sets[i] = p.Equal(l.Index, k)
	}
	return index.Union(sets...)
}

// String describes a look-up for EXPLAIN.
func (l *Lookup) String() string {
	name := "primary key"
	if l.Index != nil {
		name = l.Index.Name
	}
	return fmt.Sprintf("%s %s", name, l.Cond)
}
