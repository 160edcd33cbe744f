package sqlgen

import "strings"

// aggregates are the aggregate functions. Those whose answer depends on the order of their input have an ORDER BY over
// what they collect.
var aggregates = makeAggregates()

func makeAggregates() library {
	l := library{}
	l.add(Int8, "count(*)", "count(*)", "count({int4})", "count({text})", "count(distinct {int4})", "count(distinct {text})", "count(distinct {numeric})", "count(distinct ({int4}, {text}))", "sum({int4})", "sum({int2})", "sum(distinct {int4})", "count({jsonb})",
		"regr_count({float8}, {float8})", "sum({int4} * {|1|2})")
	l.add(Numeric, "sum({int8})", "sum({numeric})", "avg({int4})", "avg({numeric})", "avg({int8})", "sum(distinct {numeric})", "avg(distinct {int4})", "stddev({int4})", "var_pop({numeric})", "stddev_pop({int8})", "variance({numeric})", "sum({numeric} * {numeric})",
		"var_samp({int4})")
	l.add(Float8, "sum({@float8})", "avg({@float8})", "stddev_samp({@float8})", "var_pop({@float8})", "corr({@float8}, {@float8})", "covar_pop({@float8}, {@float8})", "covar_samp({@float8}, {@float8})", "regr_slope({@float8}, {@float8})", "regr_intercept({@float8}, {@float8})",
		"regr_r2({@float8}, {@float8})", "regr_avgx({@float8}, {@float8})", "percentile_cont({|0.5|0.25|0.9|0|1}) within group (order by {@float8})", "avg({@float4})", "stddev_pop({@float8})", "percentile_cont(0.5) within group (order by {int4}{| desc|})", "regr_sxx({@float8}, {@float8})")
	l.add(Float4, "sum({@float4})")
	l.add(Int4, "bit_and({int4})", "bit_or({int4})", "bit_xor({int4})", "count(*)::int4")
	l.add(Bool, "bool_and({bool})", "bool_or({bool})", "every({bool})", "bool_or({int4} > 2)")
	l.add(Text, "string_agg({text}, {|','|''|'; '} order by {=1}{| desc| nulls first|})", "string_agg(distinct {text}, ',' order by {=1})", "string_agg({int4}::text, '-' order by {=1}::text)")
	l.add(Int4Array, "array_agg({int4} order by {=1}{| desc|})", "array_agg(distinct {int4} order by {=1})", "percentile_disc(array[0, 0.5, 1]) within group (order by {int4})")
	l.add(TextArray, "array_agg({text} order by {=1} nulls first)", "array_agg(distinct {text} order by {=1})")
	l.add(JSONB, "jsonb_agg({int4} order by {=1})", "jsonb_agg({text} order by {=1})", "jsonb_object_agg('k' || coalesce({text}, ''), 1)", "jsonb_agg({jsonb} order by {=1})")
	l.add(Interval, "sum({interval})", "avg({interval})")
	orderedAggregated := []Type{Int2, Int4, Int8, Numeric, Float8, Float4, Text, Date, Timestamp, Timestamptz, Time, Interval, Int4Array, Enum}
	l.each(orderedAggregated, "T", "min({T})", "max({T})")
	l.each([]Type{Int4, Int8, Text, Numeric, Date, Timestamp, Float8}, "T", "percentile_disc({|0.5|0.1|1}) within group (order by {T}{| desc|})", "mode() within group (order by {T})")
	return l
}

// noisy says whether an aggregate's last digits depend on the order of its input even when it is given exact numbers.
func (f *template) noisy() bool {
	if f.ret != Float8 {
		return false
	}
	for _, name := range []string{"stddev", "var_", "corr", "covar", "regr_", "percentile_cont"} {
		if strings.HasPrefix(f.text, name) {
			return true
		}
	}
	return false
}

// windowFunctions are the functions that only windows have. The rows of their windows are
// totally ordered, so that it is known which come first.
var windowFunctions = makeWindowFunctions()

func makeWindowFunctions() library {
	l := library{}
	l.add(Int8, "row_number()", "rank()", "dense_rank()")
	l.add(Int4, "ntile({#1..4})")
	l.add(Float8, "percent_rank()", "cume_dist()")
	l.each([]Type{Int4, Int8, Numeric, Text, Date, Bool, Timestamp, JSONB, Float8}, "T", "lag({T})", "lead({T})", "lag({T}, {#0..3}, {T})", "lead({T}, {#1..2})", "first_value({T})", "last_value({T})", "nth_value({T}, {#1..3})")
	return l
}
