package value

import (
	"fmt"
	"strings"
)

// typeNames are the spellings of the supported types, in lower case and with single blanks.
var typeNames = map[string]Kind{
	"bool": Bool, "boolean": Bool,
	"int2": Int2, "smallint": Int2,
	"int4": Int4, "int": Int4, "integer": Int4,
	"int8": Int8, "bigint": Int8,
	"float8": Float8, "double precision": Float8, "float": Float8,
	"numeric": Numeric, "decimal": Numeric, "dec": Numeric,
	"text":    Text,
	"varchar": Varchar, "character varying": Varchar, "char varying": Varchar,
	"bytea":  Bytea,
	"bpchar": Bpchar, "character": Bpchar,
	"date":      Date,
	"timestamp": Timestamp, "timestamp without time zone": Timestamp,
	"timestamptz": Timestamptz, "timestamp with time zone": Timestamptz,
	"uuid":  UUID,
	"jsonb": JSONB, "json": JSON, "jsonpath": Jsonpath,
	"float4": Float4, "real": Float4,
	"time": Time, "time without time zone": Time,
	"timetz": Timetz, "time with time zone": Timetz,
	"interval": Interval,
	"oid":      OID, "name": Name, `"char"`: Char,
	"regclass": Regclass, "regtype": Regtype, "regproc": Regproc, "regnamespace": Regnamespace,
}

// ParseTypeName returns the kind that a SQL type name means ("int", "character varying",
// "timestamp with time zone"), in any case, with or without pg_catalog in front, without modifier
// or brackets; false for a type that is not supported. serial is not a type: the DDL knows it.
func ParseTypeName(name string) (Kind, bool) {
	lower := strings.Join(strings.Fields(strings.ToLower(name)), " ")
	k, ok := typeNames[strings.TrimPrefix(lower, "pg_catalog.")]
	return k, ok
}

// FormatType returns the type's SQL name with its modifier, as format_type does.
func FormatType(t Type) string {
	if t.Kind.IsArray() {
		return FormatType(Type{Kind: t.Kind.Elem(), Mod: t.Mod}) + "[]"
	}
	if t.Mod < 0 {
		if t.Kind == Bpchar {
			return "bpchar" // "character" would be char(1)
		}
		return t.Kind.String()
	}
	switch t.Kind {
	case Varchar:
		return fmt.Sprintf("character varying(%d)", t.Mod-4)
	case Bpchar:
		return fmt.Sprintf("character(%d)", t.Mod-4)
	case Numeric:
		precision, scale := typmodScale(t.Mod)
		return fmt.Sprintf("numeric(%d,%d)", precision, scale)
	case Timestamp:
		return fmt.Sprintf("timestamp(%d) without time zone", t.Mod)
	case Timestamptz:
		return fmt.Sprintf("timestamp(%d) with time zone", t.Mod)
	case Time:
		return fmt.Sprintf("time(%d) without time zone", t.Mod)
	case Timetz:
		return fmt.Sprintf("time(%d) with time zone", t.Mod)
	case Interval:
		return "interval" + intervalModText(t.Mod)
	}
	return t.Kind.String()
}

// NumericTypmod returns the modifier of numeric(p,s).
func NumericTypmod(precision, scale int) int32 {
	return int32(precision<<16|scale&0x7ff) + 4
}

// CharTypmod returns the modifier of varchar(n) and char(n).
func CharTypmod(n int) int32 { return int32(n) + 4 }
