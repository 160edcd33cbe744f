package expr

import (
	"cmp"
	"math"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// RangeBound decides whether a value of a window's ORDER BY column lies within an offset of another one: RANGE
// BETWEEN offset PRECEDING. It is a btree operator family's in_range function.
//
// With sub the bound is base - offset, else base + offset; the answer is v <= bound with less, else v >= bound.
// 22013 for a negative offset. None of the values is NULL.
type RangeBound func(c *Context, v, base, offset value.Value, sub, less bool) (bool, error)

// errFrameOffset is the error of an offset that RANGE cannot use.
var errFrameOffset = sqlerr.New(sqlerr.InvalidPrecedingFollowingSize, "invalid preceding or following size in window function")

// offsetKinds are the kinds of offset that columns of a kind can have, in the order of PostgreSQL's catalog.
func offsetKinds(k value.Kind) []value.Kind {
	switch k {
	case value.Int2, value.Int4:
		return kinds(value.Int8, value.Int4, value.Int2)
	case value.Int8:
		return kinds(value.Int8)
	case value.Float8, value.Float4:
		return kinds(value.Float8)
	case value.Date, value.Timestamp, value.Timestamptz, value.Interval, value.Time, value.Timetz:
		return kinds(value.Interval)
	case value.Numeric:
		return kinds(value.Numeric)
	}
	return nil
}

// BindRangeOffset resolves the offset of a RANGE frame over an ORDER BY column of a kind, and returns it with its
// type: 0A000 when there is no such offset.
func (b *Binder) BindRangeOffset(offset Expr, column value.Kind) (Expr, RangeBound, error) {
	given := kindOf(offset)
	wanted := given
	if given == value.Unknown {
		wanted = column
	}
	all := offsetKinds(column)
	if all == nil {
		return nil, nil, sqlerr.NotSupported("RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s", column).
			At(offset.Pos())
	}
	chosen, matches := value.Unknown, 0
	for _, k := range all {
		if !canCoerce(given, k, value.CastImplicit) {
			continue
		}
		matches++
		if chosen != wanted {
			chosen = k
		}
	}
	switch {
	case matches == 0:
		return nil, nil, sqlerr.NotSupported("RANGE with offset PRECEDING/FOLLOWING is not supported for column type %s and offset type %s",
			column, given).WithHint("Cast the offset value to an appropriate type.").At(offset.Pos())
	case matches > 1 && chosen != wanted:
		return nil, nil, sqlerr.NotSupported("RANGE with offset PRECEDING/FOLLOWING has multiple interpretations for column type %s and offset type %s",
			column, given).WithHint("Cast the offset value to the exact intended type.").At(offset.Pos())
	}
	x, err := b.Coerce(offset, value.Of(chosen), value.CastImplicit)
	return x, rangeBound(column), err
}

func rangeBound(column value.Kind) RangeBound {
	switch column {
	case value.Float8, value.Float4:
		return rangeFloats
	case value.Date, value.Timestamp, value.Timestamptz:
		return rangeTimestamps
	case value.Interval:
		return rangeIntervals
	case value.Time, value.Timetz:
		return rangeTimes
	case value.Numeric:
		return rangeNumerics
	}
	return rangeInts
}

// within answers v <= bound or v >= bound.
func within(compared int, less bool) bool {
	if less {
		return compared <= 0
	}
	return compared >= 0
}

func rangeInts(_ *Context, v, base, offset value.Value, sub, less bool) (bool, error) {
	off := offset.Int()
	if off < 0 {
		return false, errFrameOffset
	}
	if sub {
		off = -off
	}
	bound := base.Int() + off
	if sub != (bound <= base.Int()) && off != 0 {
		return sub != less, nil // it overflows: the bound is beyond every value
	}
	return within(cmp.Compare(v.Int(), bound), less), nil
}

func rangeFloats(_ *Context, v, base, offset value.Value, sub, less bool) (bool, error) {
	x, b, off := v.Float(), base.Float(), offset.Float()
	switch {
	case math.IsNaN(off) || off < 0:
		return false, errFrameOffset
	case math.IsNaN(x):
		return math.IsNaN(b) || !less, nil // NaN is above all others, and equal to itself
	case math.IsNaN(b):
		return less, nil
	case math.IsInf(off, 1) && math.IsInf(b, 0) && sub == (b > 0):
		return true, nil // infinity infinitely precedes itself
	}
	if sub {
		off = -off
	}
	if less {
		return x <= b+off, nil
	}
	return x >= b+off, nil
}

func rangeNumerics(_ *Context, v, base, offset value.Value, sub, less bool) (bool, error) {
	zero := value.NumericFromInt(0)
	_, finite := value.NumericScale(offset)
	// An offset that is not finite and not above zero is -Infinity; NaN is above everything.
	if value.Compare(offset, zero) < 0 || !finite && isNaN(offset) {
		return false, errFrameOffset
	}
	switch {
	case isNaN(v):
		return isNaN(base) || !less, nil
	case isNaN(base):
		return less, nil
	}
	if _, ok := value.NumericScale(base); !ok && !finite && sub == (value.Compare(base, zero) > 0) {
		return true, nil
	}
	bound, err := value.NumericAdd(base, offset)
	if sub {
		bound, err = value.NumericSub(base, offset)
	}
	if err != nil {
		return false, err
	}
	return within(value.Compare(v, bound), less), nil
}

// isNaN says whether a numeric is NaN: it is the only one that is its own double and not finite, and equal to its
// difference with itself.
func isNaN(v value.Value) bool {
	if _, finite := value.NumericScale(v); finite {
		return false
	}
	d, err := value.NumericSub(v, v) // NaN for infinities too
	return err == nil && value.Compare(v, d) == 0
}
