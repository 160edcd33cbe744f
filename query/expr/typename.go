package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// ResolveType returns the type that a type name means, with its modifier. 42704 for a
// name that no type has, 0A000 for a type of PostgreSQL's that is not there.
func ResolveType(t *ast.TypeName, st *value.Style) (value.Type, error) {
	name := t.Name()
	if typ, ok, err := userType(t, st); ok || err != nil {
		return typ, err
	}
	if s := t.Schema(); s != "" && s != "pg_catalog" {
		return value.Type{}, sqlerr.New(sqlerr.UndefinedObject, "type %q does not exist", s+"."+name).At(t.Pos())
	}
	if t.SetOf || t.PctType {
		return value.Type{}, sqlerr.NotSupported("SETOF and %%TYPE are not supported").At(t.Pos())
	}
	dims := len(t.ArrayDims)
	if name != "" && name[0] == '_' {
		if _, ok := catalogKind(name[1:]); ok {
			name = name[1:]
			dims++
		}
	}
	k, ok := catalogKind(name)
	if !ok {
		return value.Type{}, missingType(name, t.Pos())
	}
	typ := value.Of(k)
	var err error
	if typ.Mod, err = typmod(k, t); err != nil {
		return value.Type{}, err
	}
	if dims == 0 {
		return typ, nil
	}
	if typ.Kind = k.Array(); !typ.Kind.Valid() {
		return value.Type{}, missingType(name+"[]", t.Pos())
	}
	return typ, nil
}

// userType finds the enum or domain that a type name means. The types of the system come before those in search_path.
func userType(t *ast.TypeName, st *value.Style) (value.Type, bool, error) {
	if st == nil || st.Types == nil || t.SetOf || t.PctType || t.Schema() == "pg_catalog" {
		return value.Type{}, false, nil
	}
	name, dims := t.Name(), len(t.ArrayDims)
	if _, system := catalogKind(name); system && t.Schema() == "" {
		return value.Type{}, false, nil
	}
	typ, ok := st.Types.FindType(t.Schema(), name)
	if !ok && len(name) > 1 && name[0] == '_' {
		if typ, ok = st.Types.FindType(t.Schema(), name[1:]); ok {
			dims++
		}
	}
	switch {
	case !ok:
		return typ, false, nil
	case len(t.Typmods) > 0:
		return typ, false, sqlerr.New(sqlerr.SyntaxError, "type modifier is not allowed for type %q", name).At(t.Pos())
	case dims > 0 && typ.Kind != value.Enum:
		return typ, false, sqlerr.NotSupported("arrays of domains are not supported").At(t.Pos())
	case dims > 0:
		typ.Kind = typ.Kind.Array()
	}
	return typ, true, nil
}

// otherTypes are types of PostgreSQL's that are refused as not supported, rather than as unknown.
var otherTypes = map[string]string{
	"xml":   "xml",
	"money": "money", "bit": "bit", "varbit": "bit varying", "inet": "inet", "cidr": "cidr", "macaddr": "macaddr",
	"macaddr8": "macaddr8", "point": "point", "line": "line", "lseg": "lseg", "box": "box", "path": "path",
	"polygon": "polygon", "circle": "circle", "tsvector": "tsvector", "tsquery": "tsquery", "xid": "xid", "cid": "cid", "tid": "tid",
	"int4range": "int4range", "int8range": "int8range", "numrange": "numrange", "daterange": "daterange",
	"tsrange": "tsrange", "tstzrange": "tstzrange", "record": "record", "oidvector": "oidvector",
	"int2vector": "int2vector", "pg_lsn": "pg_lsn",
}

func missingType(name string, pos int) error {
	if other, ok := otherTypes[name]; ok {
		return sqlerr.NotSupported("the type %s is not supported", other).At(pos)
	}
	return sqlerr.New(sqlerr.UndefinedObject, "type %q does not exist", name).At(pos)
}

// typmod reads the modifiers in parentheses.
func typmod(k value.Kind, t *ast.TypeName) (int32, error) {
	if len(t.Typmods) == 0 {
		return -1, nil
	}
	mods := make([]int, len(t.Typmods))
	for i, e := range t.Typmods {
		c, ok := e.(*ast.Const)
		if !ok || c.Kind != ast.Int {
			return 0, sqlerr.New(sqlerr.SyntaxError, "type modifiers must be simple constants or identifiers").At(e.Pos())
		}
		mods[i] = int(c.Int)
	}
	pos := t.Pos()
	switch k {
	case value.Varchar, value.Bpchar:
		name := map[value.Kind]string{value.Varchar: "varchar", value.Bpchar: "char"}[k]
		switch {
		case len(mods) != 1:
			return 0, sqlerr.New(sqlerr.InvalidParameterValue, "invalid type modifier").At(pos)
		case mods[0] < 1:
			return 0, sqlerr.New(sqlerr.InvalidParameterValue, "length for type %s must be at least 1", name).At(pos)
		case mods[0] > 10485760:
			return 0, sqlerr.New(sqlerr.InvalidParameterValue, "length for type %s cannot exceed 10485760", name).At(pos)
		}
		return value.CharTypmod(mods[0]), nil
	case value.Numeric:
		scale := 0
		if len(mods) > 2 {
			return 0, sqlerr.New(sqlerr.InvalidParameterValue, "invalid NUMERIC type modifier").At(pos)
		}
		if len(mods) == 2 {
			scale = mods[1]
		}
		if mods[0] < 1 || mods[0] > 1000 {
			return 0, sqlerr.New(sqlerr.InvalidParameterValue, "NUMERIC precision %d must be between 1 and 1000", mods[0]).At(pos)
		}
		if scale < -1000 || scale > 1000 {
			return 0, sqlerr.New(sqlerr.InvalidParameterValue, "NUMERIC scale %d must be between -1000 and 1000", scale).At(pos)
		}
		return value.NumericTypmod(mods[0], scale), nil
	case value.Timestamp, value.Timestamptz, value.Time, value.Timetz:
		if len(mods) != 1 {
			return 0, sqlerr.New(sqlerr.InvalidParameterValue, "invalid type modifier").At(pos)
		}
		return timePrecision(mods[0], timeKeyword[k], pos)
	case value.Interval:
		return intervalTypmod(t, mods)
	}
	return 0, sqlerr.New(sqlerr.SyntaxError, "type modifier is not allowed for type %q", k).At(pos)
}

// timeKeyword is how messages about a precision name the types.
var timeKeyword = map[value.Kind]string{
	value.Timestamp: "TIMESTAMP(%d)", value.Timestamptz: "TIMESTAMP(%d) WITH TIME ZONE",
	value.Time: "TIME(%d)", value.Timetz: "TIME(%d) WITH TIME ZONE", value.Interval: "INTERVAL(%d)",
}

// timePrecision checks the digits behind the second; more than 6 are 6.
func timePrecision(n int, format string, pos int) (int32, error) {
	if n < 0 {
		return 0, sqlerr.New(sqlerr.InvalidParameterValue, format+" precision must not be negative", n).At(pos)
	}
	return int32(min(n, 6)), nil
}

// intervalTypmod returns the modifier of INTERVAL with fields, a precision or both.
func intervalTypmod(t *ast.TypeName, mods []int) (int32, error) {
	precision := -1
	fields := t.IntervalMask
	if fields != 0 || len(mods) == 2 && mods[0] == value.AllIntervalFields {
		mods = mods[1:]
	}
	if len(mods) > 1 {
		return 0, sqlerr.New(sqlerr.InvalidParameterValue, "invalid INTERVAL type modifier").At(t.Pos())
	}
	if len(mods) == 1 {
		n, err := timePrecision(mods[0], timeKeyword[value.Interval], t.Pos())
		if err != nil {
			return 0, err
		}
		precision = int(n)
	}
	mod, ok := value.IntervalTypmod(fields, precision)
	if !ok {
		return 0, sqlerr.New(sqlerr.InvalidParameterValue, "invalid INTERVAL type modifier").At(t.Pos())
	}
	return mod, nil
}
