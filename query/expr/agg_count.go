package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// countState is count(*) and count(x).
type countState struct{ n []int64 }

func newCount(*AggCall) AggState { return &countState{} }

func (s *countState) Grow(n int) { s.n = grown(s.n, n) }

// grown returns list with at least n elements, new ones zero.
func grown[T any](list []T, n int) []T {
	if n <= len(list) {
		return list
	}
	if n <= cap(list) {
		return list[:n] // nothing was ever written there
	}
	bigger := make([]T, n, max(n, 2*cap(list)))
	copy(bigger, list)
	return bigger
}

func (s *countState) Add(_ *Context, args []*column.Vec, n int, sel []int32, groups []uint32) error {
	var nulls []bool
	if len(args) == 1 {
		if nulls = args[0].Nulls; args[0].Const && nulls != nil {
			if nulls[0] {
				return nil
			}
			nulls = nil
		}
	}
	rows := n
	if sel != nil {
		rows = len(sel)
	}
	counts := s.n
	switch {
	case nulls == nil && groups == nil:
		counts[0] += int64(rows)
	case nulls == nil && sel == nil:
		for _, g := range groups[:n] {
			counts[g]++
		}
	case nulls == nil:
		for _, i := range sel {
			counts[groups[i]]++
		}
	default:
		for k := range rows {
			i := k
			if sel != nil {
				i = int(sel[k])
			}
			if nulls[i] {
				continue
			}
			g := uint32(0)
			if groups != nil {
				g = groups[i]
			}
			counts[g]++
		}
	}
	return nil
}

func (s *countState) Merge(other AggState, mapping []uint32) error {
	for g, n := range other.(*countState).n {
		s.n[mapped(mapping, g)] += n
	}
	return nil
}

// mapped returns the group that group g of a merged state becomes.
func mapped(mapping []uint32, g int) uint32 {
	if mapping == nil {
		return uint32(g)
	}
	return mapping[g]
}

func (s *countState) Result(_ *Context, g uint32) (value.Value, error) {
	return value.NewInt(value.Int8, s.n[g]), nil
}

func (s *countState) Bytes() int64 { return int64(cap(s.n)) * 8 }
