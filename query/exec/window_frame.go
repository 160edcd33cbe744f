package exec

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// frames finds the frame of each row of a partition, from the first on.
type frames struct {
	plan.Frame
	startOffset, endOffset value.Value

	p *partition
	// first and end are the bounds of the row before: they never move back.
	first, end int
}

// span is the rows [first, end); it is empty when end is not larger.
type span struct{ first, end int }

// spans are the rows of a frame: several when some are excluded, in order.
type spans [3]span

// nth returns the frame's row number n from 0, or -1.
func (s *spans) nth(n int) int {
	for _, x := range s {
		if size := x.end - x.first; size > n {
			return x.first + n
		} else if size > 0 {
			n -= size
		}
	}
	return -1
}

// last returns the frame's last row, or -1.
func (s *spans) last() int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i].end > s[i].first {
			return s[i].end - 1
		}
	}
	return -1
}

// evaluate computes the offsets, which PostgreSQL does before it looks for rows.
func (f *frames) evaluate(c *expr.Context) error {
	var err error
	if f.startOffset, err = f.offset(c, f.StartOffset, "starting"); err != nil {
		return err
	}
	f.endOffset, err = f.offset(c, f.EndOffset, "ending")
	return err
}

// begin moves to a partition.
func (f *frames) begin(p *partition) {
	f.p, f.first, f.end = p, 0, 0
	if f.Mode != ast.FrameRows || f.Exclude == ast.ExcludeGroup || f.Exclude == ast.ExcludeTies {
		p.peers()
	}
}

// offset evaluates the offset of a bound. That of RANGE is checked when it is first compared with.
func (f *frames) offset(c *expr.Context, e expr.Expr, which string) (value.Value, error) {
	if e == nil {
		return value.Value{}, nil
	}
	v, err := expr.EvalConst(c, e)
	switch {
	case err != nil:
		return v, err
	case v.IsNull():
		return v, sqlerr.New(sqlerr.NullValueNotAllowed, "frame %s offset must not be null", which)
	case f.Mode != ast.FrameRange && v.Int() < 0:
		return v, sqlerr.New(sqlerr.InvalidPrecedingFollowingSize, "frame %s offset must not be negative", which)
	}
	return v, nil
}

// of returns the frame of a row; rows are asked for in order.
func (f *frames) of(row int) (spans, error) {
	if err := f.move(row); err != nil {
		return spans{}, err
	}
	s, e := f.first, f.end
	switch f.Exclude {
	case ast.ExcludeCurrentRow:
		return spans{{s, min(e, row)}, {max(s, row+1), e}}, nil
	case ast.ExcludeGroup:
		from, to := f.p.peersOf(row)
		return spans{{s, min(e, from)}, {max(s, to), e}}, nil
	case ast.ExcludeTies:
		from, to := f.p.peersOf(row)
		return spans{{s, min(e, from)}, {max(s, row), min(e, row+1)}, {max(s, to), e}}, nil
	}
	return spans{{s, e}}, nil
}

// move sets first and end to the bounds of a row's frame, nothing being excluded.
func (f *frames) move(row int) error {
	var err error
	if f.first, err = f.startOf(row); err != nil {
		return err
	}
	f.end, err = f.endOf(row)
	return err
}

func (f *frames) startOf(row int) (int, error) {
	p := f.p
	switch f.Start {
	case ast.UnboundedPreceding:
		return 0, nil
	case ast.CurrentRow:
		if f.Mode == ast.FrameRows {
			return row, nil
		}
		first, _ := p.peersOf(row)
		return first, nil
	case ast.UnboundedFollowing:
		return p.n, nil
	}
	switch f.Mode {
	case ast.FrameRows:
		return shifted(row, f.startOffset.Int(), f.Start, p.n), nil
	case ast.FrameGroups:
		g := shifted(int(p.group[row]), f.startOffset.Int(), f.Start, len(p.groups)-1)
		return p.groups[max(g, 0)], nil
	}
	return f.rangeStart(row)
}

func (f *frames) endOf(row int) (int, error) {
	p := f.p
	switch f.End {
	case ast.UnboundedFollowing:
		return p.n, nil
	case ast.CurrentRow:
		if f.Mode == ast.FrameRows {
			return row + 1, nil
		}
		_, end := p.peersOf(row)
		return end, nil
	case ast.UnboundedPreceding:
		return 0, nil
	}
	switch f.Mode {
	case ast.FrameRows:
		return shifted(row+1, f.endOffset.Int(), f.End, p.n), nil
	case ast.FrameGroups:
		g := shifted(int(p.group[row])+1, f.endOffset.Int(), f.End, len(p.groups)-1)
		return p.groups[g], nil
	}
	return f.rangeEnd(row)
}

// shifted returns at moved by an offset, within [0, n].
func shifted(at int, offset int64, kind ast.BoundKind, n int) int {
	if kind == ast.OffsetPreceding {
		if offset > int64(at) {
			return 0
		}
		return at - int(offset)
	}
	if offset > int64(n-at) {
		return n
	}
	return at + int(offset)
}

// rangeStart moves the start of a RANGE frame to the first row whose key is not before that of a row by more than
// the offset. It is PostgreSQL's update_frameheadpos: NULLs are in the frames of NULLs only, and at infinity
// for the other rows.
func (f *frames) rangeStart(row int) (int, error) {
	v, key := f.rangeKey()
	base := v.Value(f.p.from + row)
	sub, less := f.Start == ast.OffsetPreceding, false
	if key.Desc {
		sub, less = !sub, true
	}
	at := f.first
	for ; at < f.p.n; at++ {
		x := v.Value(f.p.from + at)
		if x.IsNull() || base.IsNull() {
			if key.NullsFirst && (!x.IsNull() || base.IsNull()) || !key.NullsFirst && (x.IsNull() || !base.IsNull()) {
				break
			}
			continue
		}
		in, err := f.Bound(f.p.expr, x, base, f.startOffset, sub, less)
		if err != nil {
			return 0, err
		}
		if in {
			break
		}
	}
	return at, nil
}

// rangeEnd moves the end of a RANGE frame to the first row whose key is after that of a row by more than the offset.
func (f *frames) rangeEnd(row int) (int, error) {
	v, key := f.rangeKey()
	base := v.Value(f.p.from + row)
	sub, less := f.End == ast.OffsetPreceding, true
	if key.Desc {
		sub, less = !sub, false
	}
	at := f.end
	for ; at < f.p.n; at++ {
		x := v.Value(f.p.from + at)
		if x.IsNull() || base.IsNull() {
			if key.NullsFirst && !x.IsNull() || !key.NullsFirst && !base.IsNull() {
				break
			}
			continue
		}
		in, err := f.Bound(f.p.expr, x, base, f.endOffset, sub, less)
		if err != nil {
			return 0, err
		}
		if !in {
			break
		}
	}
	return at, nil
}

// rangeKey returns the values of the one ORDER BY column that a RANGE frame with an offset has.
func (f *frames) rangeKey() (*column.Vec, *plan.SortKey) {
	return &f.p.keys.Vecs[f.p.firstKey], &f.p.order[0]
}
