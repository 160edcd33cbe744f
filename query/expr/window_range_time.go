package expr

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// rangeTimestamps is RANGE with an interval over dates and timestamps.
func rangeTimestamps(c *Context, v, base, offset value.Value, sub, less bool) (bool, error) {
	if value.Compare(offset, value.NewInterval(value.Span{})) < 0 {
		return false, errFrameOffset
	}
	if base.Kind() == value.Date {
		var err error
		if v, err = value.DateToTimestamp(v); err != nil {
			return false, err
		}
		if base, err = value.DateToTimestamp(base); err != nil {
			return false, err
		}
	}
	shift := value.TimestampAdd
	if sub {
		shift = value.TimestampSub
	}
	bound, err := shift(base, offset, c.location())
	if err != nil {
		return false, err
	}
	return within(value.Compare(v, bound), less), nil
}

// rangeIntervals is RANGE over intervals.
func rangeIntervals(_ *Context, v, base, offset value.Value, sub, less bool) (bool, error) {
	if value.Compare(offset, value.NewInterval(value.Span{})) < 0 {
		return false, errFrameOffset
	}
	shift := value.IntervalAdd
	if sub {
		shift = value.IntervalSub
	}
	bound, err := shift(base, offset)
	if err != nil {
		return false, err
	}
	return within(value.Compare(v, bound), less), nil
}

// rangeTimes is RANGE with the time of an interval over times and timetzs; it does not go past midnight from 0 again.
func rangeTimes(_ *Context, v, base, offset value.Value, sub, less bool) (bool, error) {
	off := value.SpanOf(offset).Micros
	if off < 0 {
		return false, errFrameOffset
	}
	off = min(off, 4*86400e6) // beyond every time
	if sub {
		off = -off
	}
	return within(value.Compare(v, value.TimeShift(base, off)), less), nil
}
