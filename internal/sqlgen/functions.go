package sqlgen

var (
	ordered = []Type{Bool, Int2, Int4, Int8, Numeric, Float8, Float4, Text, Date, Timestamp, Timestamptz, Time, Interval, UUID, Bytea, Int4Array, TextArray, JSONB, Enum}
	scalars = []Type{Bool, Int2, Int4, Int8, Numeric, Float8, Float4, Text, Date, Timestamp, Timestamptz, Time, Interval, UUID, Bytea, JSONB, Enum}
)

// functions are the operators, functions and casts that expressions use. What may fail at run time is
// added as risky: it is used only where it fails in every plan, or in none.
var functions = makeFunctions()

func makeFunctions() library {
	l := library{}
	comparisons(l)
	arithmetic(l)
	textFunctions(l)
	timeFunctions(l)
	arrayFunctions(l)
	jsonFunctions(l)
	casts(l)
	return l
}

func comparisons(l library) {
	l.each(ordered, Bool, "{T} = {T}", "{T} {|<>|<|<=|>|>=} {T}", "{T} is {|not |}distinct from {T}", "{T} {|not |}between {T} and {T}",
		"{T} {|not |}in ({T}, {T})", "{T} is {|not |}null")
	l.each(scalars, Bool, "{T} = any(array[{T}, {T}])")
	l.add(Bool, "{int4} {|=|<|>=} {int8}", "{int2} {|=|<|>=} {int4}", "{int4} {|=|<|>=} {numeric}", "{int8} {|=|>} {float8}", "{numeric} {|=|<} {float8}",
		"{date} {|=|<|>=} {timestamp}", "{timestamp} {|=|<|>} {timestamptz}", "{int4} <> all('{1,2,NULL}')", "{int4} {|<|>=|=} {|any|all}({int4[]})",
		"{text} = {|any|all}({text[]})", "({int4}, {text}) {|=|<|>=|<>} ({int4}, {text})", "({int4}, {text}) {|not |}in (({int4}, {text}), ({int4}, {text}))",
		"{text} in ('a', 'abc', 'b')", "{int4} in (1, 2, 3, null)", "{int4} between symmetric {int4} and {int4}", "({int4}, {numeric}) is not distinct from ({int4}, {numeric})")
	l.add(Bool, "not {bool}", "{bool} and {bool}", "{bool} or {bool}", "{bool} is {|not |}{|true|false|unknown}", "{bool} and {bool}", "{bool} or {bool}")
	l.each(ordered, "T", "coalesce({T}, {T})", "nullif({T}, {T})", "greatest({T}, {T}, {T})", "least({T}, {T})",
		"case when {bool} then {T} when {bool} then {T} else {T} end", "case {int4} when 1 then {T} when {int4} then {T} end", "case {text} when 'a' then {T} else {T} end")
	l.add(Int4, "num_nulls({int4}, {text}, {numeric})", "num_nonnulls({date}, {text})")
}

func arithmetic(l library) {
	l.each([]Type{Int4, Int8, Numeric, Float8}, "T", "{T} + {T}", "{T} - {T}", "{T} * {|2|3}", "- {T}", "abs({T})")
	l.each([]Type{Int2}, "T", "- {T}", "abs({T})", "+ {T}")
	l.each([]Type{Int4, Int8}, "T", "{T} / {|2|3|7}", "{T} % {|2|3|-5}", "mod({T}, {|4|10})", "{T} & 6", "{T} | 9", "{T} # 5", "~ {T}", "{T} << {|0|1|2}", "{T} >> {|1|3}", "gcd({T}, {|6|10|0})", "lcm({T}, 4)")
	l.add(Int4, "{int4} + {int2}", "sign({int4})::int4", "width_bucket({numeric}, 0, 10, {#1..6})", "length({text})", "char_length({text})", "octet_length({text})", "ascii({text})", "strpos({text}, {text})", "position({text} in {text})",
		"{date} - {date}", "cardinality({int4[]})", "array_length({int4[]}, 1)", "array_position({int4[]}, {int4})", "bit_length({text})", "extract({|year|month|day} from {date})::int4", "length({bytea})", "get_byte('\\x0102ff'::bytea, {#0..2})",
		"scale({numeric})", "min_scale({numeric})", "jsonb_array_length('[1,2,3]'::jsonb)", "array_upper({text[]}, 1)", "array_ndims({int4[]})", "({int4[]})[{#0..4}]", "coalesce({int4}, 0)", "regexp_count({text}, '[a-c]')", "regexp_instr({text}, 'b')")
	l.add(Int8, "{int8} + {int4}", "{int4}::int8 * {int4}", "factorial({#0..15})::int8", "bit_count({bytea})", "extract(epoch from {date})::int8", "{int8} - {int2}")
	l.add(Numeric, "{numeric} * {numeric}", "{numeric} / {|3|7.5|0.01}", "{numeric} % {|3|2.5}", "round({numeric}, {#-1..3})", "round({numeric})", "trunc({numeric}, {#0..2})", "ceil({numeric})", "floor({numeric})",
		"sign({numeric})", "power({|2|1.5}::numeric, {#0..5})", "sqrt(abs({numeric}))", "exp({|0|1|2.5}::numeric)", "ln({|1|2|10.5}::numeric)", "log({|1|100|2.5}::numeric)", "{numeric} + {int4}", "div({numeric}, {|2|3.5})", "extract({|epoch|hour|second|dow|doy|quarter|week|isoyear|year|month|day|microseconds|century|decade} from {timestamp})",
		"extract({|epoch|day|month|hour|minute|second|year} from {interval})", "trim_scale({numeric})", "mod({numeric}, 2.5)", "extract({|hour|minute|second} from {time})", "extract({|epoch|hour|day} from {timestamptz})")
	l.add(Float8, "{float8} * {float8}", "{float8} / 4", "round({float8})", "trunc({float8})", "ceil({float8})", "floor({float8})", "sign({float8})", "sqrt(abs({float8}))", "exp({|0|0.5|2}::float8)", "ln(abs({float8}) + 1)",
		"power(abs({float8}), {|2|0.5|3})", "{|sin|cos|atan|tanh|degrees|radians}({float8})", "atan2({float8}, {float8})", "pi()", "{float8} + {int4}", "{float4} + {float8}", "date_part({|'epoch'|'hour'|'dow'|'second'}, {timestamp})", "log(abs({float8}) + 1)", "asinh({float8})")
	l.add(Float4, "{float4} + {float4}", "{float4} * 2::float4", "- {float4}", "abs({float4})")
	l.addRisky(Int4, "{int4} / {int4}", "{int4} % {int4}", "{int4} * {int4} * 1000000", "{text}::int4", "{int8}::int4", "{numeric}::int4", "2147483647 + {int4}", "({jsonb})::int4", "{bool}::int4 / {int4}")
	l.addRisky(Int2, "{int2} * {int2}", "{int2} + {int2}", "{int4}::int2", "{int2} / {int2}")
	l.addRisky(Int8, "{int8} * {int8}", "9223372036854775807 - {int8}", "{text}::int8", "{float8}::int8")
	l.addRisky(Numeric, "{numeric} / {numeric}", "{text}::numeric", "sqrt({numeric})", "ln({numeric})", "power({numeric}, {numeric})", "{numeric}::numeric(3,1)")
	l.addRisky(Float8, "{float8} / {float8}", "sqrt({float8})", "ln({float8})", "power({float8}, {float8})", "exp({float8} * 500)", "{text}::float8", "acos({float8})")
	l.addRisky(Text, "substr({text}, 2, {int4})", "chr({int4})", "{text}::varchar(2)", "left({text}, {int4})", "split_part({text}, 'b', {int4})")
	l.addRisky(Date, "{text}::date", "make_date({int4}, {int4}, 1)", "{date} + {int4}")
	l.addRisky(Bool, "{text}::bool", "{text} ~ {text}", "{text} like {text}")
	l.addRisky(UUID, "{text}::uuid")
	l.addRisky(JSONB, "{text}::jsonb", "{jsonb} - {text}", "{jsonb} - {int4}", "jsonb_set({jsonb}, '{a}', {jsonb})", "{jsonb} #- '{a}'")
}

func textFunctions(l library) {
	l.add(Text, "{text} || {text}", "{text} || {int4}", "upper({text})", "lower({text})", "initcap({text})", "substr({text}, {#-1..4}, {#0..5})", "substring({text} from {#1..3})", "substring({text} from {#1..3} for {#0..3})",
		"left({text}, {#-2..4})", "right({text}, {#-2..4})", "lpad({text}, {#0..8}, {|'*'|'ab'|' '})", "rpad({text}, {#0..8}, 'xy')", "trim({text})", "ltrim({text}, 'a')", "rtrim({text}, 'bc')", "btrim({text}, 'ab')", "trim(both 'a' from {text})",
		"replace({text}, {|'a'|'bc'|''}, {text})", "translate({text}, 'abc', 'xy')", "reverse({text})", "repeat({text}, {#0..3})", "split_part({text}, {|' '|'b'}, {|1|2|-1})", "concat({text}, {int4}, {numeric}, {bool})",
		"concat_ws({|','|'-'}, {text}, {date}, {int4})", "md5({text})", "overlay({text} placing 'ZZ' from {#1..3} for {#0..2})", "regexp_replace({text}, {|'[a-b]+'|'o'|'(.)(.)'}, {|'X'|'\\2\\1'|''}{|, 'g'|, 'gi'|})",
		"substring({text} from {|'b.'|'(a|o)+'|'[0-9]+'})", "format('%s|%I|%L', {text}, coalesce({text}, 'N'), {text})", "quote_literal({text})", "quote_ident({text})", "quote_nullable({text})", "to_hex({int4})", "chr({#65..90})", "regexp_substr({text}, '[a-z]+')",
		"to_char({timestamp}, {|'YYYY-MM-DD HH24:MI:SS'|'Dy DD Mon YYYY'|'HH12:MI AM'|'IYYY-IW-ID'|'DDD Q'|'FMDay, FMDD FMMonth'|'US MS'})", "to_char({numeric}, {|'999D99'|'FM9990.00'|'S0000'|'9G999'|'999PR'})", "to_char({int4}, {|'000'|'999'|'FM99'|'RN'})",
		"to_char({date}, {|'YYYY-MM'|'DD.MM.YY'|'J'})", "to_char({interval}, 'DD HH24:MI:SS')", "encode({bytea}, {|'hex'|'base64'|'escape'})", "{jsonb} ->> {|'a'|'b'|'d'}", "{jsonb} ->> {|0|1|-1}", "{jsonb} #>> {|'{a,b}'|'{c,0}'|'{}'}", "jsonb_typeof({jsonb})",
		"array_to_string({text[]}, {|','|'|'}{|, '*'|})", "array_to_string({int4[]}, ' ')", "({text[]})[{#0..3}]", "pg_typeof({numeric})::text", "case when {bool} then {text} end", "unistr('\\0061b')", "to_char({timestamptz}, 'YYYY-MM-DD HH24:MI:SS TZ')", "array_dims({int4[]})",
		"left(md5({text}), 6)", "string_to_array({text}, 'b')::text", "{text}::varchar(3)", "({text})::char(4)::text", "jsonb_pretty({jsonb})", "normalize({text})", "age({timestamp}, {timestamp})::text")
	l.add(Bool, "{text} {|not |}{|like|ilike} {|'a%'|'%b%'|'_b_'|'%'|'x\\_%'|''|'%Ä%'}", "{text} {|~|~*|!~|!~*} {|'^a'|'b$'|'[0-9]+'|'(ab|fo)+'|'\\d'|'\\mbar'|'a{2,}'|'.'}", "{text} similar to {|'(a|b)%'|'abc'|'_*'}", "starts_with({text}, {|'a'|''|'foo'})",
		"{text} ^@ 'ab'", "regexp_like({text}, 'B', 'i')", "{text} like any(array['a%', '%c'])", "{text} not like all(array['a%', '%c'])", "{text} < {text}", "{text} collate \"C\" >= {text}")
	l.add(TextArray, "string_to_array({text}, {|' '|'b'|null})", "regexp_split_to_array({text}, {|'b'|'\\s*'|' '})", "regexp_match({text}, {|'(a)(b)'|'o+'|'x'})")
	l.add(Bytea, "{bytea} || {bytea}", "substring({bytea} from {#1..2})", "decode({|'616263'|'00ff'}, 'hex')", "convert_to({text}, 'UTF8')", "sha256({bytea})")
}

func timeFunctions(l library) {
	l.add(Date, "{date} + {#-40..40}", "{date} - {#0..10}", "date_trunc({|'month'|'year'|'week'|'quarter'}, {timestamp})::date", "{timestamp}::date", "make_date(20{#10..29}, {#1..12}, {#1..28})", "to_date('{#1..28} {#1..12} 2024', 'DD MM YYYY')", "({timestamptz})::date")
	l.add(Timestamp, "{timestamp} + {interval}", "{timestamp} - {interval}", "{date} + {time}", "{date} + {interval}", "{date}::timestamp", "date_trunc({|'second'|'minute'|'hour'|'day'|'week'|'month'|'quarter'|'year'|'decade'}, {timestamp})",
		"{timestamptz} at time zone {|'UTC'|'Europe/Berlin'|'America/New_York'}", "make_timestamp(2024, {#1..12}, {#1..28}, {#0..23}, {#0..59}, 1.5)", "date_bin('15 minutes', {timestamp}, timestamp '2001-01-01')", "{timestamptz}::timestamp")
	l.add(Timestamptz, "{timestamptz} + {interval}", "{timestamptz} - {interval}", "{timestamp} at time zone {|'UTC'|'Europe/Berlin'|'America/New_York'}", "{timestamp}::timestamptz", "date_trunc({|'hour'|'day'|'month'}, {timestamptz})", "date_trunc('day', {timestamptz}, 'Asia/Tokyo')", "to_timestamp({|0|1704067200|1e9})",
		"to_timestamp('2024-0{#1..9}-15 10:00', 'YYYY-MM-DD HH24:MI')")
	l.add(Time, "{timestamp}::time", "{time} + {interval}", "make_time({#0..23}, {#0..59}, 30)", "{time} - {interval}")
	l.add(Interval, "{interval} + {interval}", "{interval} - {interval}", "{interval} * {|2|0.5|-1}", "{interval} / {|2|3}", "- {interval}", "{timestamp} - {timestamp}", "age({timestamp}, {timestamp})", "justify_hours({interval})", "justify_days({interval})", "justify_interval({interval})",
		"make_interval(days => {#0..40}, hours => {#0..30})", "{time} - {time}", "{timestamptz} - {timestamptz}", "date_trunc('hour', {interval})", "age({date}::timestamp)::interval * 0", "{time}::interval")
	l.add(Bool, "({date}, {date}) overlaps ({date}, {date})", "isfinite({timestamp})")
}

func arrayFunctions(l library) {
	l.add(Int4Array, "array[{int4}, {int4}]", "array[{int4}]", "{int4[]} || {int4[]}", "{int4[]} || {int4}", "{int4} || {int4[]}", "array_append({int4[]}, {int4})", "array_prepend({int4}, {int4[]})", "array_cat({int4[]}, {int4[]})", "array_remove({int4[]}, {int4})",
		"array_replace({int4[]}, {int4}, {int4})", "({int4[]})[{#1..2}:{#1..3}]", "array_positions({int4[]}, {int4})", "trim_array('{1,2,3}'::int4[], {#0..3})", "array_fill({int4}, array[{#1..3}])")
	l.add(TextArray, "array[{text}, {text}]", "{text[]} || {text}", "{text[]} || {text[]}", "array_remove({text[]}, {text})", "({text[]})[{#1..2}:{#1..3}]", "{int4[]}::text[]")
	l.add(Bool, "{int4[]} {|@>|<@|&&} {int4[]}", "{text[]} {|@>|<@|&&} {text[]}", "{int4} = any({int4[]})", "{int4[]} @> array[{int4}]")
}

func jsonFunctions(l library) {
	l.add(JSONB, "{jsonb} -> {|'a'|'c'|'zz'}", "{jsonb} -> {|0|1|-1}", "{jsonb} #> {|'{a,b}'|'{c,1}'}", "to_jsonb({text})", "to_jsonb({int4})", "to_jsonb({numeric})", "to_jsonb({timestamp})", "to_jsonb({int4[]})", "jsonb_build_object('k', {int4}, 'v', {text})", "jsonb_build_array({int4}, {text}, {bool}, {numeric})",
		"jsonb_strip_nulls({jsonb})", "jsonb_object({text[]} || {text[]})", "coalesce({jsonb}, '{}')", "jsonb_path_query_first({jsonb}, {|'$.a'|'$[*].a'|'$.c[1]'|'$.**.c'|'lax $[0]'})", "jsonb_path_query_array({jsonb}, {|'$.c[*] ? (@ > 1)'|'$[*]'|'$.a'})", "jsonb_set('{\"a\":[1,2]}', {|'{a}'|'{a,0}'|'{b}'}, {jsonb})")
	for i, t := range l[JSONB] { // jsonb_object fails for an odd number of texts or a NULL key
		if t.text == "jsonb_object({text[]} || {text[]})" {
			l[JSONB][i].risky = true
		}
	}
	l.add(Bool, "{jsonb} ? {|'a'|'two'|'zz'}", "{jsonb} ?| array['a','c']", "{jsonb} ?& array['a','b']", "{jsonb} @> {|'{\"a\": 1}'|'[1]'|'{}'|'5'}", "{jsonb} <@ {jsonb}", "{jsonb} @? '$.a'", "jsonb_path_exists({jsonb}, '$.c[*] ? (@ > 2)')", "{jsonb} @@ '$.a == 1'", "jsonb_exists({jsonb}, 'a')")
}

func casts(l library) {
	l.add(Int4, "{int2}::int4", "cast({bool} as int4)", "{numeric}::int4", "{float8}::int4")
	l.add(Int8, "{int4}::int8", "{int2}::int8", "cast({numeric} as int8)")
	l.add(Numeric, "{int4}::numeric", "{int8}::numeric", "{@float8}::numeric", "{numeric}::numeric(12,1)")
	l.add(Float8, "{int4}::float8", "{numeric}::float8", "{float4}::float8")
	l.add(Float4, "{int4}::float4", "{float8}::float4", "{numeric}::float4")
	for _, t := range ordered {
		switch t {
		case Text:
		case Float8, Float4: // the last digit of a logarithm is the library's
			l.add(Text, "{@"+string(t)+"}::text")
		default:
			l.add(Text, "{"+string(t)+"}::text")
		}
	}
	l.add(Date, "{timestamp}::date")
	l.add(Enum, "{mood}::text::mood", "enum_first({mood})", "enum_last({mood})")
	l.add(JSONB, "{jsonb}::text::jsonb")
	l.add(Int4Array, "{int4[]}::text::int4[]")
	l.add(UUID, "{uuid}::text::uuid")
	l.add(Interval, "{interval}::text::interval")
	l.add(Bool, "{int4}::bool")
}
