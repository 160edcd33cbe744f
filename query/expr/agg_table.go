package expr

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// aggregateFuncs is the aggregates of numbers, texts and orders. Those without make are refused with 0A000.
func aggregateFuncs() []AggFunc {
	i2, i4, i8, f, n := value.Int2, value.Int4, value.Int8, value.Float8, value.Numeric
	table := []AggFunc{
		{Name: "count", Ret: i8, make: newCount},
		{Name: "count", Args: kinds(anyKind), Ret: i8, make: newCount},
		{Name: "sum", Args: kinds(i2), Ret: i8, make: newExactSum},
		{Name: "sum", Args: kinds(i4), Ret: i8, make: newExactSum},
		{Name: "sum", Args: kinds(i8), Ret: n, make: newExactSum},
		{Name: "sum", Args: kinds(n), Ret: n, make: newExactSum},
		{Name: "sum", Args: kinds(f), Ret: f, make: newFloatSum},
		{Name: "sum", Args: kinds(value.Float4), Ret: value.Float4, make: newFloat4Sum},
		{Name: "sum", Args: kinds(value.Interval), Ret: value.Interval, make: newIntervalSum},
		{Name: "avg", Args: kinds(i2), Ret: n, make: newExactAvg},
		{Name: "avg", Args: kinds(i4), Ret: n, make: newExactAvg},
		{Name: "avg", Args: kinds(i8), Ret: n, make: newExactAvg},
		{Name: "avg", Args: kinds(n), Ret: n, make: newExactAvg},
		{Name: "avg", Args: kinds(f), Ret: f, make: newMoments(momentAvg)},
		{Name: "avg", Args: kinds(value.Float4), Ret: f, make: newMoments(momentAvg)},
		{Name: "avg", Args: kinds(value.Interval), Ret: value.Interval, make: newIntervalAvg},
		{Name: "bool_and", Args: kinds(value.Bool), Ret: value.Bool, make: newFold(func(a, b int64) int64 { return a & b })},
		{Name: "every", Args: kinds(value.Bool), Ret: value.Bool, make: newFold(func(a, b int64) int64 { return a & b })},
		{Name: "bool_or", Args: kinds(value.Bool), Ret: value.Bool, make: newFold(func(a, b int64) int64 { return a | b })},
		{Name: "string_agg", Args: kinds(value.Text, value.Text), Ret: value.Text, ordered: true, make: newStringAgg},
		{Name: "string_agg", Args: kinds(value.Bytea, value.Bytea), Ret: value.Bytea, ordered: true, make: newStringAgg},
	}
	for _, k := range []value.Kind{i2, i4, i8, f, n, value.Text, value.Bpchar, value.Date, value.Timestamp, value.Timestamptz,
		value.Float4, value.Time, value.Timetz, value.Interval, value.OID, value.Enum, anyArray} {
		table = append(table, AggFunc{Name: "min", Args: kinds(k), Ret: k, make: newExtreme(true)},
			AggFunc{Name: "max", Args: kinds(k), Ret: k, make: newExtreme(false)})
	}
	for _, k := range []value.Kind{i2, i4, i8} {
		table = append(table,
			AggFunc{Name: "bit_and", Args: kinds(k), Ret: k, make: newFold(func(a, b int64) int64 { return a & b })},
			AggFunc{Name: "bit_or", Args: kinds(k), Ret: k, make: newFold(func(a, b int64) int64 { return a | b })},
			AggFunc{Name: "bit_xor", Args: kinds(k), Ret: k, make: newFold(func(a, b int64) int64 { return a ^ b })})
	}
	for name, m := range map[string]moment{"stddev": stddevSamp, "stddev_samp": stddevSamp, "stddev_pop": stddevPop,
		"variance": varSamp, "var_samp": varSamp, "var_pop": varPop} {
		for _, k := range []value.Kind{i2, i4, i8, n} {
			table = append(table, AggFunc{Name: name, Args: kinds(k), Ret: n, make: newExactMoments(m)})
		}
		table = append(table, AggFunc{Name: name, Args: kinds(f), Ret: f, make: newMoments(m)},
			AggFunc{Name: name, Args: kinds(value.Float4), Ret: f, make: newMoments(m)})
	}
	return append(table, regressionFuncs()...)
}
