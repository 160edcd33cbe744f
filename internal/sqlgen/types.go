package sqlgen

import (
	"fmt"
	"strings"
)

// Type is the name of an SQL type.
type Type string

// The types that expressions have.
const (
	Bool        Type = "bool"
	Int2        Type = "int2"
	Int4        Type = "int4"
	Int8        Type = "int8"
	Numeric     Type = "numeric"
	Float8      Type = "float8"
	Float4      Type = "float4"
	Text        Type = "text"
	Date        Type = "date"
	Timestamp   Type = "timestamp"
	Timestamptz Type = "timestamptz"
	Time        Type = "time"
	Interval    Type = "interval"
	UUID        Type = "uuid"
	Bytea       Type = "bytea"
	JSONB       Type = "jsonb"
	Int4Array   Type = "int4[]"
	TextArray   Type = "text[]"
	Enum        Type = "mood"
)

// EnumSetup makes the type of Enum.
const EnumSetup = "create type mood as enum ('low', 'mid', 'high', 'Top')"

// allTypes are the types with how often a column has them.
var allTypes = []struct {
	typ    Type
	weight int
	ddl    []string // as columns declare it
}{
	{Bool, 2, []string{"bool"}},
	{Int2, 2, []string{"smallint"}},
	{Int4, 10, []string{"int", "integer"}},
	{Int8, 4, []string{"bigint"}},
	{Numeric, 6, []string{"numeric", "numeric(8,2)", "decimal(10,3)"}},
	{Float8, 3, []string{"double precision"}},
	{Float4, 1, []string{"real"}},
	{Text, 9, []string{"text", "text", "varchar(12)", "varchar"}},
	{Date, 4, []string{"date"}},
	{Timestamp, 3, []string{"timestamp"}},
	{Timestamptz, 2, []string{"timestamptz"}},
	{Time, 1, []string{"time"}},
	{Interval, 2, []string{"interval"}},
	{UUID, 1, []string{"uuid"}},
	{Bytea, 1, []string{"bytea"}},
	{JSONB, 3, []string{"jsonb"}},
	{Int4Array, 2, []string{"int[]"}},
	{TextArray, 1, []string{"text[]"}},
	{Enum, 1, []string{"mood"}},
}

// pools are the few values that each type's data and literals have, so that they meet each other, as text that a quoted
// literal takes.
var pools = map[Type][]string{
	Bool:        {"t", "f"},
	Int2:        {"0", "1", "2", "3", "5", "-1", "-7", "12"},
	Int4:        {"0", "1", "2", "3", "4", "5", "7", "10", "-1", "-3", "42", "100"},
	Int8:        {"0", "1", "2", "3", "5", "-2", "30", "1000", "5000000000"},
	Numeric:     {"0", "1.5", "2.25", "-1.25", "3", "10.75", "0.5", "100.13", "-20"},
	Float8:      {"0", "1", "0.5", "2.25", "-1.5", "10.75", "3", "128.25"},
	Float4:      {"0", "1", "0.5", "2.25", "-1.5", "3"},
	Text:        {"", "a", "b", "abc", "Abc", "foo bar", "x_y%", "äöü", "1", "42", "abcabc", "Zoë  "},
	Date:        {"2024-01-01", "2024-01-31", "2024-02-29", "2023-12-31", "2024-03-10", "1999-07-04", "2024-06-15"},
	Timestamp:   {"2024-01-01 00:00:00", "2024-01-31 23:59:59.5", "2024-02-29 12:30:00", "2023-12-31 06:00:00", "1999-07-04 17:45:12.123456"},
	Timestamptz: {"2024-01-01 00:00:00+00", "2024-01-31 23:59:59.5+00", "2024-03-31 01:30:00+00", "2023-10-29 00:30:00+00", "1999-07-04 17:45:12+00"},
	Time:        {"00:00:00", "12:30:00", "23:59:59.5", "06:15:00"},
	Interval:    {"1 day", "2 hours", "1 mon", "-3 days", "00:30:00", "1 year 2 mons", "36:00:00", "0"},
	UUID:        {"00000000-0000-0000-0000-000000000001", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
	Bytea:       {`\x`, `\x00`, `\x616263`, `\xff10`},
	JSONB: {`{"a": 1, "b": "x"}`, `{"a": 2, "c": [1, 2, 3]}`, `[1, "two", null]`, `[]`, `{}`, `5`, `"str"`, `null`, `true`,
		`{"a": {"b": {"c": 7}}, "d": 1.50}`, `[{"a": 1}, {"a": 3}]`},
	Int4Array: {"{}", "{1}", "{1,2,3}", "{2,NULL,5}", "{3,3,1}", "{10,42}"},
	Enum:      {"low", "high", "Top", "mid"},
	TextArray: {"{}", "{a}", "{a,b}", "{abc,NULL,\"\"}", "{\"foo bar\",b,a}"},
}

// quote makes a string literal.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// plainNumber says whether the type's values are written without quotes.
func (t Type) plainNumber() bool { return t == Int4 || t == Numeric }

// array says whether the type is an array.
func (t Type) array() bool { return strings.HasSuffix(string(t), "[]") }

// simplest are the expressions that a reduction tries in place of one of the type.
func simplest(t Type) []string {
	null := fmt.Sprintf("null::%s", t)
	switch p := pools[t]; {
	case t == Bool:
		return []string{"true", "false", null}
	case t == Int4:
		return []string{"1", "0", null}
	case len(p) > 1:
		return []string{quote(p[1]) + "::" + string(t), null}
	}
	return []string{null}
}

// literal writes a value of the pool as an expression whose type is certain.
func (g *Generator) literal(t Type) *Node {
	if g.chance(8) {
		return typed(t, "null::"+string(t))
	}
	v := g.pick(pools[t]...)
	switch {
	case t == Bool:
		return typed(t, g.pick("true", "false"))
	case t == Int4 && !strings.HasPrefix(v, "-"), t == Numeric && strings.Contains(v, ".") && !strings.HasPrefix(v, "-"):
		return typed(t, v)
	case t.plainNumber() && g.chance(50):
		return typed(t, "("+v+")::"+string(t))
	case (t == Date || t == Timestamp || t == Interval || t == Time) && g.chance(50):
		return typed(t, string(t)+" "+quote(v))
	case t == Int4Array && !strings.Contains(v, "NULL") && v != "{}" && g.chance(50):
		return typed(t, "array["+strings.Trim(v, "{}")+"]")
	}
	return typed(t, quote(v)+"::"+string(t))
}
