package plan

import (
	"testing"

	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
)

// TestBareDatesKeepTheAnswer compares both forms for days around a moment.
func TestBareDatesKeepTheAnswer(t *testing.T) {
	b := &expr.Binder{Style: value.DefaultStyle()}
	date := expr.NewColumn(0, value.Of(value.Date), "d", -1)
	changed := 0
	for _, at := range []int64{0, 1, dayMicros, dayMicros - 1, -1, -dayMicros, -dayMicros + 1, 5*dayMicros + 7, -3*dayMicros - 7} {
		for _, op := range []string{"<", "<=", ">", ">=", "=", "<>"} {
			ts, err := b.Coerce(date, value.Of(value.Timestamp), value.CastImplicit)
			if err != nil {
				t.Fatal(err)
			}
			c := expr.NewConst(value.NewInt(value.Timestamp, at), value.Of(value.Timestamp), -1)
			for _, args := range [][2]expr.Expr{{ts, c}, {c, ts}} {
				e, err := b.Operator(op, args[0], args[1], -1)
				if err != nil {
					t.Fatal(err)
				}
				bare := bareDates(e)
				if bare != e {
					changed++
				}
				days := []value.Value{value.Null(value.Date)}
				for d := int64(-5); d < 8; d++ {
					days = append(days, value.NewInt(value.Date, d))
				}
				for _, d := range days {
					want, err1 := expr.Eval(&expr.Context{}, e, []value.Value{d})
					got, err2 := expr.Eval(&expr.Context{}, bare, []value.Value{d})
					if err1 != nil || err2 != nil || want != got {
						t.Errorf("%s of day %v, at %d: %v (%v), but %s: %v (%v)", e, d, at, want, err1, bare, got, err2)
					}
				}
			}
		}
	}
	if changed < 70 {
		t.Errorf("only %d comparisons have become ones of dates", changed)
	}
}
