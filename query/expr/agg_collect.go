package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// stringAgg is string_agg of texts or byteas: each value after its own separator, but the first.
type stringAgg struct {
	kind  value.Kind
	cells []stringCell
	bytes int64
}

type stringCell struct {
	text []byte
	// firstSep is the separator of the first value, which a merge writes before it.
	firstSep string
	seen     bool
}

func newStringAgg(call *AggCall) AggState { return &stringAgg{kind: call.typ.Kind} }

func (s *stringAgg) Grow(n int) { s.cells = grown(s.cells, n) }

func (s *stringAgg) add(g uint32, sep string, text []byte, firstSep string) {
	c := &s.cells[g]
	before := cap(c.text)
	if c.seen {
		c.text = append(c.text, sep...)
	} else {
		c.seen, c.firstSep = true, firstSep
	}
	c.text = append(c.text, text...)
	s.bytes += int64(cap(c.text) - before)
}

func (s *stringAgg) Add(_ *Context, args []*column.Vec, n int, sel []int32, groups []uint32) error {
	eachRowGroup(n, sel, groups, func(i int, g uint32) {
		text, sep := args[0].Value(i), args[1].Value(i)
		if !text.IsNull() {
			s.add(g, sep.Bytes(), []byte(text.Bytes()), sep.Bytes())
		}
	})
	return nil
}

// eachRowGroup calls f with each selected row and its group.
func eachRowGroup(n int, sel []int32, groups []uint32, f func(i int, g uint32)) {
	rows := n
	if sel != nil {
		rows = len(sel)
	}
	for k := range rows {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		g := uint32(0)
		if groups != nil {
			g = groups[i]
		}
		f(i, g)
	}
}

func (s *stringAgg) Merge(other AggState, mapping []uint32) error {
	for g, o := range other.(*stringAgg).cells {
		if o.seen {
			s.add(mapped(mapping, g), o.firstSep, o.text, o.firstSep)
		}
	}
	return nil
}

func (s *stringAgg) Result(_ *Context, g uint32) (value.Value, error) {
	c := s.cells[g]
	switch {
	case !c.seen:
		return value.Null(s.kind), nil
	case len(c.text) > maxTextBytes:
		return value.Value{}, errTextTooLong
	}
	return value.NewBytes(s.kind, string(c.text)), nil
}

func (s *stringAgg) Bytes() int64 { return s.bytes + int64(cap(s.cells))*48 }
