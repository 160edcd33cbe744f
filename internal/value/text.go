package value

import (
	"bytes"
	"strings"
	"unsafe"

	"github.com/cachalotdb/cachalot/internal/jsonpath"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// Parse reads the text form of a type, as PostgreSQL's input function for it does, and applies
// the type's modifier. Errors carry PostgreSQL's code and message. A text shares the bytes
// of s, and a jsonb may; that they are UTF-8 is the caller's to know.
func Parse(t Type, s string, st *Style) (Value, error) {
	switch t.Kind {
	case Int4:
		n, err := parseInt(s, Int4)
		return NewInt(Int4, n), err
	case Int8:
		n, err := parseInt(s, Int8)
		return NewInt(Int8, n), err
	case Text, Unknown:
		return NewBytes(t.Kind, s), nil
	case Numeric:
		v, err := parseNumeric(s)
		if err != nil || t.Mod < 0 {
			return v, err
		}
		return applyNumericMod(v, t.Mod)
	case Date:
		n, err := parseDate(s, st)
		return NewInt(Date, n), err
	case Timestamp, Timestamptz:
		n, err := parseTimestamp(t.Kind, s, st)
		if err != nil || t.Mod < 0 {
			return NewInt(t.Kind, n), err
		}
		return applyTimestampMod(NewInt(t.Kind, n), t.Mod)
	case Bool:
		b, err := parseBool(s)
		return NewBool(b), err
	case Int2:
		n, err := parseInt(s, Int2)
		return NewInt(Int2, n), err
	case Float8:
		f, err := parseFloat(s)
		return NewFloat(f), err
	case Float4:
		f, err := parseFloat4(s)
		return NewFloatOf(Float4, f), err
	case Time, Timetz:
		v, err := parseTime(t.Kind, s, st)
		if err != nil || t.Mod < 0 {
			return v, err
		}
		return applyTimeMod(v, t.Mod), nil
	case Interval:
		return parseInterval(s, t.Mod, st)
	case OID, Regclass, Regtype, Regproc, Regnamespace:
		n, err := parseOID(t.Kind, s, st)
		return NewInt(t.Kind, n), err
	case Char:
		return NewInt(Char, int64(parseChar(s))), nil
	}
	return parseBytesKind(t, s, st)
}

// parseBytesKind is Parse for the rest of the RepBytes kinds.
func parseBytesKind(t Type, s string, st *Style) (Value, error) {
	var out string
	var err error
	switch t.Kind {
	case Varchar:
		return applyVarcharMod(NewBytes(Varchar, s), t.Mod, false)
	case Bpchar:
		return applyBpcharMod(NewBytes(Bpchar, s), t.Mod, false)
	case Bytea:
		out, err = parseBytea(s)
	case UUID:
		out, err = parseUUID(s)
	case JSONB:
		out, err = parseJSON(s)
	case Jsonpath:
		out = s
		_, err = jsonpath.Parse(s)
	case JSON:
		out, err = s, checkJSON(s)
	case Name:
		return parseName(s), nil
	case Enum:
		return parseEnum(t, s, st)
	default:
		if t.Kind.IsArray() {
			return parseArray(t, s, st)
		}
		if t.Kind == Record {
			return Null(Record), sqlerr.New(sqlerr.FeatureNotSupported, "input of anonymous composite types is not implemented")
		}
		err = sqlerr.New(sqlerr.FeatureNotSupported, "no input function for type %s", t.Kind)
	}
	return NewBytes(t.Kind, out), err
}

// ParseBytes is Parse of bytes that the caller may reuse afterwards. It allocates nothing
// for a kind that is not RepBytes.
func ParseBytes(t Type, b []byte, st *Style) (Value, error) {
	if isText(t.Kind) || t.Kind == Unknown || t.Kind == Name || t.Kind == JSON || t.Kind == Jsonpath || t.Kind.Elem() == Enum {
		return Parse(t, string(b), st)
	}
	// The others keep nothing of the text, or all of it: a string over b need not outlive the call.
	v, err := Parse(t, unsafe.String(unsafe.SliceData(b), len(b)), st)
	if t.Kind == JSONB && unsafe.StringData(v.s) == unsafe.SliceData(b) {
		v.s = strings.Clone(v.s)
	}
	return v, err
}

// AppendText appends the text form of v, which is not NULL.
func AppendText(dst []byte, v Value, st *Style) []byte {
	switch v.kind {
	case Int2, Int4, Int8:
		return appendInt(dst, v.n)
	case Numeric:
		return appendNumeric(dst, v)
	case Date:
		return appendDate(dst, v.n, st)
	case Timestamp:
		return appendTimestamp(dst, v.n, st)
	case Timestamptz:
		return appendTimestamptz(dst, v.n, st)
	case Bool:
		if v.n != 0 {
			return append(dst, 't')
		}
		return append(dst, 'f')
	case Float8:
		return appendFloat(dst, v.Float(), 64, st.FloatDigits)
	case Float4:
		return appendFloat(dst, v.Float(), 32, st.FloatDigits)
	case Time:
		return appendTime(dst, v.n)
	case Timetz:
		return appendTimetz(dst, v)
	case Interval:
		return appendInterval(dst, SpanOf(v), st.Intervals)
	case OID:
		return appendUint(dst, uint64(v.n))
	case Regclass, Regtype, Regproc, Regnamespace:
		return appendReg(dst, v, st)
	case Char:
		return appendChar(dst, byte(v.n))
	case UUID:
		return appendUUID(dst, v.s)
	case Bytea:
		return appendBytea(dst, v.s, st.ByteaEscape)
	}
	switch {
	case v.kind.IsArray():
		return appendArray(dst, v, st)
	case v.kind == Jsonpath:
		return appendPath(dst, v.s)
	case v.kind == Enum:
		return append(dst, enumLabel(v)...)
	case v.kind == Record:
		return appendRecord(dst, v, st)
	}
	return append(dst, v.s...)
}

// errSyntax is 22P02, the complaint of an input function.
func errSyntax(typeName, s string) *sqlerr.Error {
	return sqlerr.New(sqlerr.InvalidTextRepresentation, `invalid input syntax for type %s: "%s"`, typeName, s)
}

// isSpace is C's isspace.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func trimSpace(s string) string {
	for len(s) > 0 && isSpace(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// equalFold says whether s is lower, a lower-case word, in any case.
func equalFold(s, lower string) bool {
	return len(s) == len(lower) && hasPrefixFold(s, lower)
}

// hasPrefixFold says whether s begins with lower in any case.
func hasPrefixFold(s, lower string) bool {
	if len(s) < len(lower) {
		return false
	}
	for i := range len(lower) {
		if lowerByte(s[i]) != lower[i] {
			return false
		}
	}
	return true
}

func lowerByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}

func compareBytes(a, b []byte) int { return bytes.Compare(a, b) }

// ownedString returns b as a string without copying: b is not used afterwards.
func ownedString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
