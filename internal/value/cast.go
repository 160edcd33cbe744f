package value

import (
	"math"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// CastContext says where a cast may happen by itself, as pg_cast.castcontext. A context includes
// the ones before it.
type CastContext uint8

// The contexts.
const (
	CastNone       CastContext = iota // no such cast
	CastImplicit                      // anywhere in an expression
	CastAssignment                    // on assignment to a column
	CastExplicit                      // only where written
)

// castPair is a cast of pg_cast.
type castPair struct{ from, to Kind }

// casts are those of pg_cast between the kinds here; conversions through text are in CastAllowed.
var casts = map[castPair]CastContext{
	{Int2, Int4}: CastImplicit, {Int2, Int8}: CastImplicit, {Int2, Float8}: CastImplicit, {Int2, Numeric}: CastImplicit,
	{Int4, Int8}: CastImplicit, {Int4, Float8}: CastImplicit, {Int4, Numeric}: CastImplicit, {Int4, Int2}: CastAssignment,
	{Int8, Float8}: CastImplicit, {Int8, Numeric}: CastImplicit, {Int8, Int4}: CastAssignment, {Int8, Int2}: CastAssignment,
	{Numeric, Float8}: CastImplicit, {Numeric, Int2}: CastAssignment, {Numeric, Int4}: CastAssignment, {Numeric, Int8}: CastAssignment,
	{Float8, Int2}: CastAssignment, {Float8, Int4}: CastAssignment, {Float8, Int8}: CastAssignment, {Float8, Numeric}: CastAssignment,
	{Int4, Bool}: CastExplicit, {Bool, Int4}: CastExplicit,
	{Date, Timestamp}: CastImplicit, {Date, Timestamptz}: CastImplicit, {Timestamp, Timestamptz}: CastImplicit,
	{Timestamp, Date}: CastAssignment, {Timestamptz, Date}: CastAssignment, {Timestamptz, Timestamp}: CastAssignment,
	{Text, Varchar}: CastImplicit, {Varchar, Text}: CastImplicit,
	{Text, Bpchar}: CastImplicit, {Bpchar, Text}: CastImplicit, {Varchar, Bpchar}: CastImplicit, {Bpchar, Varchar}: CastImplicit,
	{JSONB, Bool}: CastExplicit, {JSONB, Numeric}: CastExplicit, {JSONB, Int2}: CastExplicit,
	{JSONB, Int4}: CastExplicit, {JSONB, Int8}: CastExplicit, {JSONB, Float8}: CastExplicit,

	{Char, Bpchar}: CastAssignment, {Char, Int4}: CastExplicit, {Char, Text}: CastImplicit, {Char, Varchar}: CastAssignment,
	{Bpchar, Char}: CastAssignment, {Bpchar, Name}: CastImplicit,
	{Float4, Float8}: CastImplicit, {Float4, Int2}: CastAssignment, {Float4, Int4}: CastAssignment, {Float4, Int8}: CastAssignment, {Float4, Numeric}: CastAssignment,
	{Float8, Float4}: CastAssignment,
	{Int2, Float4}:   CastImplicit, {Int2, OID}: CastImplicit, {Int2, Regclass}: CastImplicit, {Int2, Regnamespace}: CastImplicit, {Int2, Regproc}: CastImplicit, {Int2, Regtype}: CastImplicit,
	{Int4, Char}: CastExplicit, {Int4, Float4}: CastImplicit, {Int4, OID}: CastImplicit, {Int4, Regclass}: CastImplicit, {Int4, Regnamespace}: CastImplicit, {Int4, Regproc}: CastImplicit, {Int4, Regtype}: CastImplicit,
	{Int8, Float4}: CastImplicit, {Int8, OID}: CastImplicit, {Int8, Regclass}: CastImplicit, {Int8, Regnamespace}: CastImplicit, {Int8, Regproc}: CastImplicit, {Int8, Regtype}: CastImplicit,
	{Interval, Time}: CastAssignment,
	{JSON, JSONB}:    CastAssignment,
	{JSONB, Float4}:  CastExplicit, {JSONB, JSON}: CastAssignment,
	{Name, Bpchar}: CastAssignment, {Name, Text}: CastImplicit, {Name, Varchar}: CastAssignment,
	{Numeric, Float4}: CastImplicit,
	{OID, Int4}:       CastAssignment, {OID, Int8}: CastAssignment, {OID, Regclass}: CastImplicit, {OID, Regnamespace}: CastImplicit, {OID, Regproc}: CastImplicit, {OID, Regtype}: CastImplicit,
	{Regclass, Int4}: CastAssignment, {Regclass, Int8}: CastAssignment, {Regclass, OID}: CastImplicit,
	{Regnamespace, Int4}: CastAssignment, {Regnamespace, Int8}: CastAssignment, {Regnamespace, OID}: CastImplicit,
	{Regproc, Int4}: CastAssignment, {Regproc, Int8}: CastAssignment, {Regproc, OID}: CastImplicit,
	{Regtype, Int4}: CastAssignment, {Regtype, Int8}: CastAssignment, {Regtype, OID}: CastImplicit,
	{Text, Char}: CastAssignment, {Text, Name}: CastImplicit, {Text, Regclass}: CastImplicit,
	{Time, Interval}: CastImplicit, {Time, Timetz}: CastImplicit,
	{Timestamp, Time}:   CastAssignment,
	{Timestamptz, Time}: CastAssignment, {Timestamptz, Timetz}: CastAssignment,
	{Timetz, Time}:  CastAssignment,
	{Varchar, Char}: CastAssignment, {Varchar, Name}: CastImplicit, {Varchar, Regclass}: CastImplicit,
}

func isText(k Kind) bool { return k == Text || k == Varchar || k == Bpchar }

// CastAllowed returns the least demanding context in which from is cast to to, CastNone when there is no
// cast. Conversions through text are included: to a text by assignment, from a text where written.
func CastAllowed(from, to Kind) CastContext {
	if from == to || from == Unknown {
		return CastImplicit
	}
	if c, ok := casts[castPair{from, to}]; ok {
		return c
	}
	if from.IsArray() && to.IsArray() {
		return CastAllowed(from.Elem(), to.Elem())
	}
	switch {
	case to == Unknown:
		return CastNone
	case isText(to) || to == Name:
		return CastAssignment
	case isText(from) || from == Name:
		return CastExplicit
	}
	return CastNone
}

// Cast converts v to a type. ctx says how the cast came about: an explicit cast to varchar(n) truncates,
// an assignment raises 22001. 42846 when there is no cast in that context.
func Cast(v Value, to Type, ctx CastContext, st *Style) (Value, error) {
	from := v.kind
	if c := CastAllowed(from, to.Kind); c == CastNone || c > ctx {
		return Null(to.Kind), sqlerr.New(sqlerr.CannotCoerce, "cannot cast type %s to %s", from, to.Kind)
	}
	if v.IsNull() {
		return Null(to.Kind), nil
	}
	if to.Kind.Elem() == Enum && from != to.Kind {
		if isText(from) || from == Name || from == Unknown {
			return Parse(to, v.s, st)
		}
		return Parse(to, string(AppendText(nil, v, st)), st)
	}
	if from != to.Kind {
		var err error
		if v, err = convert(v, to.Kind, st); err != nil {
			return Null(to.Kind), err
		}
	}
	return ApplyMod(v, to, ctx == CastExplicit)
}

// convert changes the kind and knows no modifier.
func convert(v Value, to Kind, st *Style) (Value, error) {
	if isText(to) {
		return toText(v, to, st), nil
	}
	if v.kind == Unknown || isText(v.kind) || v.kind == Name {
		if v.kind == Bpchar && to == Name {
			return parseName(TrimPad(v.s)), nil
		}
		return Parse(Of(to), v.s, st)
	}
	if v.kind.IsArray() {
		return convertArray(v, to, st)
	}
	switch to {
	case Bool, Int2, Int4, Int8:
		return toInteger(v, to)
	case Float8:
		return toFloat(v)
	case Float4:
		return toFloat4(v)
	case Numeric:
		return toNumeric(v)
	case Char:
		return intToChar(v.n)
	case OID, Regclass, Regtype, Regproc, Regnamespace:
		return toOID(v, to)
	case Name:
		return Parse(Of(Name), string(AppendText(nil, v, st)), st)
	case JSONB, JSON:
		return toJSON(v, to)
	}
	return toTime(v, to, st)
}

// toTime is the cast between kinds of dates and times.
func toTime(v Value, to Kind, st *Style) (Value, error) {
	switch to {
	case Date:
		if v.kind == Timestamptz {
			return TimestamptzToDate(v, st.Location), nil
		}
		return TimestampToDate(v), nil
	case Timestamp:
		if v.kind == Date {
			return DateToTimestamp(v)
		}
		return TimestamptzToTimestamp(v, st.Location)
	case Time:
		return toTimeOfDay(v, st), nil
	case Timetz:
		return toTimetz(v, st), nil
	case Interval: // of a time
		return NewInterval(Span{Micros: v.n}), nil
	}
	if v.kind == Date {
		return DateToTimestamptz(v, st.Location)
	}
	return TimestampToTimestamptz(v, st.Location)
}

// toText is the cast to text, varchar or bpchar. One from bpchar drops the blanks at the end.
func toText(v Value, to Kind, st *Style) Value {
	switch v.kind {
	case Bpchar:
		return NewBytes(to, TrimPad(v.s))
	case Text, Varchar, Unknown:
		return v.WithKind(to)
	case Bool: // its output function says t or f
		if v.n != 0 {
			return NewBytes(to, "true")
		}
		return NewBytes(to, "false")
	}
	var buf [64]byte
	return NewBytes(to, string(AppendText(buf[:0], v, st)))
}

func convertArray(v Value, to Kind, st *Style) (Value, error) {
	elem := to.Elem()
	var b ArrayBuilder
	b.Reset(elem)
	var err error
	ArrayEach(v.kind.Elem(), v.s, func(_ int, e Value) bool {
		if !e.IsNull() && e.kind != elem {
			e, err = convert(e, elem, st)
		}
		b.Append(e)
		return err == nil
	})
	if err != nil {
		return Null(to), err
	}
	b.Shape(ArrayDims(v.s))
	return b.Value(), nil
}

// toInteger is the cast to a boolean or an integer.
func toInteger(v Value, k Kind) (Value, error) {
	n := v.n
	switch v.kind {
	case JSONB:
		return jsonToInteger(v, k)
	case Char:
		n = int64(int8(v.n))
	case OID, Regclass, Regtype, Regproc, Regnamespace:
		if k == Int4 { // the same 32 bits
			n = int64(int32(v.n))
		}
	case Numeric:
		var err error
		if n, err = NumericToInt(v, k); err != nil {
			return Null(k), err
		}
	case Float4, Float8:
		f := math.RoundToEven(v.Float())
		if !(f >= -1<<63 && f < 1<<63) {
			return Null(k), errIntRange(k)
		}
		n = int64(f)
	}
	if k == Bool {
		return NewBool(n != 0), nil
	}
	if !fitsInt(n, k) {
		return Null(k), errIntRange(k)
	}
	return NewInt(k, n), nil
}

func toFloat(v Value) (Value, error) {
	var f float64
	var err error
	switch v.kind {
	case Numeric:
		f, err = NumericToFloat(v)
	case JSONB:
		var n Value
		if n, err = jsonScalar(v, Float8); err == nil {
			f, err = NumericToFloat(n)
		}
	case Float4:
		f = v.Float()
	default:
		f = float64(v.n)
	}
	return NewFloat(f), err
}

// toFloat4 is the cast to float4: 22003 for what a float4 cannot hold.
func toFloat4(v Value) (Value, error) {
	switch v.kind {
	case Float8:
		return FloatToFloat4(v.Float())
	case JSONB:
		n, err := jsonScalar(v, Float4)
		if err != nil {
			return Null(Float4), err
		}
		v = n
	case Numeric:
	default:
		return NewFloat4(float32(v.n)), nil
	}
	f, err := parseFloat4(string(appendNumeric(nil, v)))
	return NewFloatOf(Float4, f), err
}

// FloatToFloat4 rounds to a float4: 22003 when f is too large, or too small and not 0.
func FloatToFloat4(f float64) (Value, error) {
	r := float32(f)
	switch {
	case math.IsInf(float64(r), 0) && !math.IsInf(f, 0):
		return Null(Float4), sqlerr.New(sqlerr.NumericValueOutOfRange, "value out of range: overflow")
	case r == 0 && f != 0:
		return Null(Float4), sqlerr.New(sqlerr.NumericValueOutOfRange, "value out of range: underflow")
	}
	return NewFloat4(r), nil
}

func toNumeric(v Value) (Value, error) {
	switch v.kind {
	case Float8:
		return NumericFromFloat(v.Float()), nil
	case Float4:
		return numericFromFloat4(v.Float()), nil
	case JSONB:
		return jsonScalar(v, Numeric)
	}
	return NumericFromInt(v.n), nil
}

// toJSON is the cast between json and jsonb.
func toJSON(v Value, to Kind) (Value, error) {
	if to == JSON {
		return NewBytes(JSON, v.s), nil
	}
	doc, err := parseJSON(v.s)
	return NewBytes(JSONB, doc), err
}

func jsonToInteger(v Value, k Kind) (Value, error) {
	if k == Bool {
		switch v.s {
		case "true", "false":
			return NewBool(v.s == "true"), nil
		}
		return Null(k), errJSONCast(v.s, k)
	}
	n, err := jsonScalar(v, k)
	if err != nil {
		return Null(k), err
	}
	return toInteger(n, k)
}

// jsonScalar returns the numeric of a document that is a number; to is for the error.
func jsonScalar(v Value, to Kind) (Value, error) {
	if JSONTypeof(v.s) != "number" {
		return Null(Numeric), errJSONCast(v.s, to)
	}
	return jsonNumber(v.s), nil
}

func errJSONCast(doc string, to Kind) error {
	kind := JSONTypeof(doc)
	if kind == "number" {
		kind = "numeric"
	}
	return sqlerr.New(sqlerr.InvalidParameterValue, "cannot cast jsonb %s to type %s", kind, to)
}

// ApplyMod coerces a value of the type's own kind to the type's modifier: the length of varchar(n) and char(n),
// numeric(p,s)'s precision and scale, the rounding of timestamp(p) and time(p), an interval's fields, and the
// same for array elements.
func ApplyMod(v Value, t Type, explicit bool) (Value, error) {
	if t.Mod < 0 || v.IsNull() {
		return v, nil
	}
	switch t.Kind {
	case Varchar:
		return applyVarcharMod(v, t.Mod, explicit)
	case Bpchar:
		return applyBpcharMod(v, t.Mod, explicit)
	case Numeric:
		return applyNumericMod(v, t.Mod)
	case Timestamp, Timestamptz:
		return applyTimestampMod(v, t.Mod)
	case Time, Timetz:
		return applyTimeMod(v, t.Mod), nil
	case Interval:
		return applyIntervalMod(v, t.Mod), nil
	}
	if !t.Kind.IsArray() {
		return v, nil
	}
	elem := Type{Kind: t.Kind.Elem(), Mod: t.Mod, User: t.User}
	var b ArrayBuilder
	b.Reset(elem.Kind)
	var err error
	ArrayEach(elem.Kind, v.s, func(_ int, e Value) bool {
		e, err = ApplyMod(e, elem, explicit)
		b.Append(e)
		return err == nil
	})
	if err != nil {
		return Null(t.Kind), err
	}
	b.Shape(ArrayDims(v.s))
	return b.Value(), nil
}
