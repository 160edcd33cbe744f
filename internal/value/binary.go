package value

import (
	"encoding/binary"
	"math"

	"github.com/cachalotdb/cachalot/internal/jsonpath"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// jsonbVersion is the byte in front of the text of a jsonb and of a jsonpath.
const jsonbVersion = 1

// AppendBinary appends the binary wire form of v, which is not NULL, without the length in
// front.
func AppendBinary(dst []byte, v Value) []byte {
	switch v.kind {
	case Bool, Char:
		return append(dst, byte(v.n))
	case Int2:
		return binary.BigEndian.AppendUint16(dst, uint16(v.n))
	case Int4, Date, OID, Regclass, Regtype, Regproc, Regnamespace:
		return binary.BigEndian.AppendUint32(dst, uint32(v.n))
	case Int8, Timestamp, Timestamptz, Time, Float8:
		return binary.BigEndian.AppendUint64(dst, uint64(v.n))
	case Float4:
		return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(v.Float())))
	case Timetz:
		micros, east := TimetzParts(v)
		dst = binary.BigEndian.AppendUint64(dst, uint64(micros))
		return binary.BigEndian.AppendUint32(dst, uint32(-east))
	case Numeric:
		return appendBinaryNumeric(dst, v)
	case JSONB:
		dst = append(dst, jsonbVersion)
	case Jsonpath:
		return appendPath(append(dst, jsonbVersion), v.s)
	case Enum:
		return append(dst, enumLabel(v)...)
	case Record:
		return appendBinaryRecord(dst, v)
	}
	if v.kind.IsArray() {
		return appendBinaryArray(dst, v)
	}
	return append(dst, v.s...)
}

// errBinary is 22P03.
func errBinary(detail string) error {
	e := sqlerr.New(sqlerr.InvalidBinaryRepresentation, "incorrect binary data format")
	if detail == "" {
		return e
	}
	return e.WithDetail("%s", detail)
}

// ParseBinary reads the binary wire form of a type and applies its modifier; 22P03 when b is
// not a value of it. It keeps no reference to b.
func ParseBinary(t Type, b []byte) (Value, error) {
	if size := t.Kind.Size(); size > 0 && t.Kind != Name && len(b) != int(size) {
		return Null(t.Kind), errBinary("")
	}
	switch t.Kind {
	case Bool:
		return NewBool(b[0] != 0), nil
	case Int2:
		return NewInt(Int2, int64(int16(binary.BigEndian.Uint16(b)))), nil
	case Int4:
		return NewInt(Int4, int64(int32(binary.BigEndian.Uint32(b)))), nil
	case Int8:
		return NewInt(Int8, int64(binary.BigEndian.Uint64(b))), nil
	case Float8:
		return NewFloat(math.Float64frombits(binary.BigEndian.Uint64(b))), nil
	case Float4:
		return NewFloat4(math.Float32frombits(binary.BigEndian.Uint32(b))), nil
	case OID, Regclass, Regtype, Regproc, Regnamespace:
		return NewInt(t.Kind, int64(binary.BigEndian.Uint32(b))), nil
	case Char:
		return NewInt(Char, int64(b[0])), nil
	case Time, Timetz:
		return parseBinaryTime(t, b)
	case Interval:
		return applyIntervalMod(NewBytes(Interval, string(b)), t.Mod), nil
	case Date:
		n := int64(int32(binary.BigEndian.Uint32(b)))
		if !fitsInt(n, Date) {
			return Null(Date), errDateRange()
		}
		return NewInt(Date, n), nil
	case Timestamp, Timestamptz:
		n := int64(binary.BigEndian.Uint64(b))
		if !fitsInt(n, t.Kind) {
			return Null(t.Kind), errTimestampRange()
		}
		return applyTimestampMod(NewInt(t.Kind, n), t.Mod)
	case Numeric:
		v, err := parseBinaryNumeric(b)
		if err != nil || t.Mod < 0 {
			return v, err
		}
		return applyNumericMod(v, t.Mod)
	}
	if t.Kind.IsArray() {
		return parseBinaryArray(t, b)
	}
	return parseBinaryBytes(t, b)
}

// parseBinaryBytes is ParseBinary of what is stored as it comes, but for a check.
func parseBinaryBytes(t Type, b []byte) (Value, error) {
	if t.Kind == Bytea || t.Kind == UUID {
		return NewBytes(t.Kind, string(b)), nil
	}
	if t.Kind == JSONB || t.Kind == Jsonpath {
		if len(b) == 0 || b[0] != jsonbVersion {
			version := 0
			if len(b) > 0 {
				version = int(b[0])
			}
			if t.Kind == Jsonpath {
				return Null(Jsonpath), sqlerr.New(sqlerr.InternalError, "unsupported jsonpath version number: %d", version)
			}
			return Null(JSONB), sqlerr.New(sqlerr.InvalidBinaryRepresentation, "unsupported jsonb version number %d", version)
		}
		b = b[1:]
	}
	s := string(b)
	if err := CheckUTF8(s); err != nil {
		return Null(t.Kind), err
	}
	switch t.Kind {
	case Text, Unknown:
		return NewBytes(t.Kind, s), nil
	case Varchar:
		return applyVarcharMod(NewBytes(Varchar, s), t.Mod, false)
	case Bpchar:
		return applyBpcharMod(NewBytes(Bpchar, s), t.Mod, false)
	case JSONB:
		doc, err := parseJSON(s)
		return NewBytes(JSONB, doc), err
	case Jsonpath:
		_, err := jsonpath.Parse(s)
		return NewBytes(Jsonpath, s), err
	case JSON:
		return NewBytes(JSON, s), checkJSON(s)
	case Name:
		if len(s) > maxName {
			return Null(Name), sqlerr.New(sqlerr.NameTooLong, "identifier too long").
				WithDetail("Identifier must be less than %d characters.", maxName+1)
		}
		return NewBytes(Name, s), nil
	}
	return Null(t.Kind), sqlerr.New(sqlerr.FeatureNotSupported, "no binary input function available for type %s", t.Kind)
}
