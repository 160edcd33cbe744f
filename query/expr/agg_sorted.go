package expr

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// sortedAgg is an aggregate with DISTINCT or ORDER BY: it keeps the rows of each
// group, and feeds them in order to the plain aggregate when the result is asked for. With
// DISTINCT a row that was there is dropped as it comes.
//
// A row is the arguments followed by the sort keys.
type sortedAgg struct {
	call  *AggCall
	width int
	keys  []SortKey // in terms of the row: see keyAt
	keyAt []int
	rows  [][]value.Value // by group, rows one after another
	seen  map[string]struct{}
	key   []byte
	bytes int64
}

func newSortedAgg(call *AggCall) *sortedAgg {
	s := &sortedAgg{call: call, width: len(call.Args) + len(call.OrderBy)}
	for i, k := range call.OrderBy {
		s.keys, s.keyAt = append(s.keys, k), append(s.keyAt, len(call.Args)+i)
	}
	if call.Distinct {
		s.seen = make(map[string]struct{})
		// PostgreSQL sorts the arguments to find the repeats, which shows in array_agg.
		for i := range call.Args {
			s.keys, s.keyAt = append(s.keys, SortKey{}), append(s.keyAt, i)
		}
	}
	return s
}

func (s *sortedAgg) Grow(n int) { s.rows = grown(s.rows, n) }

// Add takes the arguments and then the sort keys in args.
func (s *sortedAgg) Add(_ *Context, args []*column.Vec, n int, sel []int32, groups []uint32) error {
	row := make([]value.Value, s.width)
	eachRowGroup(n, sel, groups, func(i int, g uint32) {
		for k, v := range args {
			row[k] = v.Value(i)
		}
		s.add(g, row)
	})
	return nil
}

func (s *sortedAgg) add(g uint32, row []value.Value) {
	if s.seen != nil {
		s.key = append(s.key[:0], byte(g), byte(g>>8), byte(g>>16), byte(g>>24))
		for _, v := range row[:len(s.call.Args)] {
			s.key = value.AppendKey(s.key, v)
		}
		if _, dup := s.seen[string(s.key)]; dup {
			return
		}
		s.seen[string(s.key)] = struct{}{}
		s.bytes += int64(len(s.key)) + 32
	}
	s.rows[g] = append(s.rows[g], row...)
	for _, v := range row {
		s.bytes += 40 + int64(len(v.Bytes()))
	}
}

func (s *sortedAgg) Merge(other AggState, mapping []uint32) error {
	o := other.(*sortedAgg)
	for g, rows := range o.rows {
		for i := 0; i < len(rows); i += s.width {
			s.add(mapped(mapping, g), rows[i:i+s.width])
		}
	}
	return nil
}

func (s *sortedAgg) Result(c *Context, g uint32) (value.Value, error) {
	flat := s.rows[g]
	order := make([]int, len(flat)/s.width)
	for i := range order {
		order[i] = i * s.width
	}
	slices.SortStableFunc(order, func(a, b int) int {
		for i, k := range s.keys {
			if c := compareKey(k, flat[a+s.keyAt[i]], flat[b+s.keyAt[i]]); c != 0 {
				return c
			}
		}
		return 0
	})
	plain := *s.call
	plain.Distinct, plain.OrderBy = false, nil
	state := plain.Func.make(&plain)
	state.Grow(1)
	vecs := make([]*column.Vec, len(s.call.Args))
	for i, a := range s.call.Args {
		vecs[i] = &column.Vec{}
		vecs[i].Reset(kindOf(a))
	}
	for from := 0; from < len(order); from += column.BatchRows {
		to := min(from+column.BatchRows, len(order))
		for i, v := range vecs {
			v.Reset(v.Kind)
			for _, at := range order[from:to] {
				v.Append(flat[at+i])
			}
		}
		if err := state.Add(c, vecs, to-from, nil, nil); err != nil {
			return value.Value{}, err
		}
	}
	return state.Result(c, 0)
}

// compareKey orders two values by a sort key.
func compareKey(k SortKey, a, b value.Value) int {
	if a.IsNull() || b.IsNull() {
		switch {
		case a.IsNull() == b.IsNull():
			return 0
		case a.IsNull() == k.NullsFirst:
			return -1
		}
		return 1
	}
	c := value.Compare(a, b)
	if k.Desc {
		return -c
	}
	return c
}

func (s *sortedAgg) Bytes() int64 { return s.bytes + int64(cap(s.rows))*24 }
