package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// newExtreme makes min or max: over words for integers, dates and timestamps, over values
// for the rest.
func newExtreme(least bool) func(*AggCall) AggState {
	return func(call *AggCall) AggState {
		if k := call.typ.Kind; k.Rep() == value.RepInt {
			return &extremeInt{kind: k, least: least}
		}
		return &extremeValue{kind: call.typ.Kind, least: least}
	}
}

type extremeInt struct {
	kind  value.Kind
	least bool
	best  []int64
	seen  []bool
}

func (s *extremeInt) Grow(n int) { s.best, s.seen = grown(s.best, n), grown(s.seen, n) }

func (s *extremeInt) take(x int64, g uint32) {
	if !s.seen[g] || x != s.best[g] && (x < s.best[g]) == s.least {
		s.best[g], s.seen[g] = x, true
	}
}

func (s *extremeInt) Add(_ *Context, args []*column.Vec, n int, sel []int32, groups []uint32) error {
	v := args[0].I
	eachValue(args[0], n, sel, groups, func(at int, g uint32) { s.take(v[at], g) })
	return nil
}

func (s *extremeInt) Merge(other AggState, mapping []uint32) error {
	o := other.(*extremeInt)
	for g, x := range o.best {
		if o.seen[g] {
			s.take(x, mapped(mapping, g))
		}
	}
	return nil
}

func (s *extremeInt) Result(_ *Context, g uint32) (value.Value, error) {
	if !s.seen[g] {
		return value.Null(s.kind), nil
	}
	return value.NewInt(s.kind, s.best[g]), nil
}

func (s *extremeInt) Bytes() int64 { return int64(cap(s.best)) * 9 }

// extremeValue keeps the last of equal values, as PostgreSQL does (1.00 after 1.0), but of char(n) the first.
type extremeValue struct {
	kind  value.Kind
	least bool
	best  []value.Value // NULL before the first
}

func (s *extremeValue) Grow(n int) { s.best = grown(s.best, n) }

func (s *extremeValue) take(x value.Value, g uint32) {
	best := &s.best[g]
	if best.IsNull() {
		*best = x
		return
	}
	if c := value.Compare(x, *best); c == 0 && s.kind != value.Bpchar || c != 0 && (c < 0) == s.least {
		*best = x
	}
}

func (s *extremeValue) Add(_ *Context, args []*column.Vec, n int, sel []int32, groups []uint32) error {
	v := args[0]
	if v.Kind == value.Numeric {
		eachValue(v, n, sel, groups, func(at int, g uint32) {
			// Most words are at one scale, and not better.
			if w, best := v.I[at], s.best[g]; !best.IsNull() && (w^best.Int())&0xFF == 0 && !value.IsWide(w) {
				if w == best.Int() || (w < best.Int()) != s.least {
					return
				}
			}
			s.take(v.Value(at), g)
		})
		return nil
	}
	eachValue(v, n, sel, groups, func(at int, g uint32) { s.take(v.Value(at), g) })
	return nil
}

func (s *extremeValue) Merge(other AggState, mapping []uint32) error {
	for g, x := range other.(*extremeValue).best {
		if !x.IsNull() {
			s.take(x, mapped(mapping, g))
		}
	}
	return nil
}

func (s *extremeValue) Result(_ *Context, g uint32) (value.Value, error) {
	if s.best[g].IsNull() {
		return value.Null(s.kind), nil
	}
	return s.best[g], nil
}

func (s *extremeValue) Bytes() int64 { return int64(cap(s.best)) * 32 }

// foldState combines words: bool_and, bit_or and their kin.
type foldState struct {
	kind value.Kind
	op   func(a, b int64) int64
	acc  []int64
	seen []bool
}

func newFold(op func(a, b int64) int64) func(*AggCall) AggState {
	return func(call *AggCall) AggState { return &foldState{kind: call.typ.Kind, op: op} }
}

func (s *foldState) Grow(n int) { s.acc, s.seen = grown(s.acc, n), grown(s.seen, n) }

func (s *foldState) take(x int64, g uint32) {
	if s.seen[g] {
		x = s.op(s.acc[g], x)
	}
	s.acc[g], s.seen[g] = x, true
}

func (s *foldState) Add(_ *Context, args []*column.Vec, n int, sel []int32, groups []uint32) error {
	v := args[0].I
	eachValue(args[0], n, sel, groups, func(at int, g uint32) { s.take(v[at], g) })
	return nil
}

func (s *foldState) Merge(other AggState, mapping []uint32) error {
	o := other.(*foldState)
	for g, x := range o.acc {
		if o.seen[g] {
			s.take(x, mapped(mapping, g))
		}
	}
	return nil
}

func (s *foldState) Result(_ *Context, g uint32) (value.Value, error) {
	if !s.seen[g] {
		return value.Null(s.kind), nil
	}
	return value.NewInt(s.kind, s.acc[g]), nil
}

func (s *foldState) Bytes() int64 { return int64(cap(s.acc)) * 9 }
