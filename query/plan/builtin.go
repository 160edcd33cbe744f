package plan

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
)

// findTableFunction returns the overload of a table function for some arguments, or nil.
func findTableFunction(name string, args []expr.Expr) *TableFunction {
	if name != "generate_series" || len(args) < 2 || len(args) > 3 {
		return nil
	}
	kind := value.Int4
	for _, a := range args {
		switch a.Type().Kind {
		case value.Int8:
			kind = value.Int8
		case value.Int2, value.Int4, value.Unknown:
		default:
			return nil
		}
	}
	f := &TableFunction{Name: name, Columns: []Column{{Name: name, Type: value.Of(kind)}}, Rows: generateSeries}
	for range args {
		f.Args = append(f.Args, kind)
	}
	return f
}

// generateSeries counts from the first argument to the second by the third.
func generateSeries(_ *expr.Context, args []value.Value) (func(*column.Batch) (bool, error), error) {
	for _, a := range args {
		if a.IsNull() {
			return func(*column.Batch) (bool, error) { return false, nil }, nil
		}
	}
	at, last, step := args[0].Int(), args[1].Int(), int64(1)
	if len(args) == 3 {
		step = args[2].Int()
	}
	if step == 0 {
		return nil, sqlerr.New(sqlerr.InvalidParameterValue, "step size cannot equal zero")
	}
	done := false
	return func(b *column.Batch) (bool, error) {
		for b.N < column.BatchRows && !done && (step > 0 && at <= last || step < 0 && at >= last) {
			b.Vecs[0].I = append(b.Vecs[0].I, at)
			b.N++
			next := at + step
			done = next > at != (step > 0) // overflow ends the series
			at = next
		}
		return b.N > 0, nil
	}, nil
}
