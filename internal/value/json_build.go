package value

import (
	"strconv"
)

// ToJSONB appends v as to_jsonb gives it; NULL is null. Dates and timestamps are ISO 8601
// strings whatever the style; arrays become arrays. A json stays as it is written.
func ToJSONB(dst []byte, v Value, st *Style) []byte { return appendJSONOf(dst, v, st, ", ") }

// ToJSON appends v as to_json gives it.
func ToJSON(dst []byte, v Value, st *Style) []byte { return appendJSONOf(dst, v, st, ",") }

// ToPrettyJSON is ToJSON with a line for each element of the first dimension of an array, or field of a record.
func ToPrettyJSON(dst []byte, v Value, st *Style) []byte {
	switch {
	case !v.IsNull() && v.kind == Record:
		return appendJSONRecord(dst, v, st, ",\n ", ",")
	case v.IsNull() || !v.kind.IsArray():
		return ToJSON(dst, v, st)
	}
	return appendJSONArray(dst, v, st, ",\n ", ",")
}

// appendJSONOf writes v with sep between the elements of arrays.
func appendJSONOf(dst []byte, v Value, st *Style, sep string) []byte {
	if v.IsNull() {
		return append(dst, "null"...)
	}
	switch v.kind {
	case Bool:
		return strconv.AppendBool(dst, v.Bool())
	case Int2, Int4, Int8:
		return appendInt(dst, v.n)
	case Numeric, Float4, Float8:
		return appendJSONNumber(dst, v, st, sep == ", ")
	case JSON, JSONB:
		return append(dst, v.s...)
	case Date, Timestamp, Timestamptz:
		return appendJSONTime(dst, v, st)
	case Record:
		return appendJSONRecord(dst, v, st, ",", sep)
	}
	if v.kind.IsArray() {
		return appendJSONArray(dst, v, st, sep, sep)
	}
	return JSONQuote(dst, string(AppendText(nil, v, st)))
}

// appendJSONNumber appends a number in its text form, or with normal as jsonb has it; what JSON has no number for is a string.
func appendJSONNumber(dst []byte, v Value, st *Style, normal bool) []byte {
	text := AppendText(nil, v, st)
	if c := text[len(text)-1]; c < '0' || c > '9' { // NaN, Infinity
		return JSONQuote(dst, string(text))
	}
	if normal && v.kind != Numeric {
		if n, err := parseNumeric(string(text)); err == nil { // a float's exponent is written out
			return appendNumeric(dst, n)
		}
	}
	return append(dst, text...)
}

// appendJSONArray writes an array, of several dimensions as arrays of arrays, with outer between its elements and inner between those further down.
func appendJSONArray(dst []byte, v Value, st *Style, outer, inner string) []byte {
	dims := ArrayDims(v.s)
	size := 1 // elements of each of the first dimension
	for i := 1; i < len(dims); i++ {
		size *= dims[i].Len
	}
	dst = append(dst, '[')
	ArrayEach(v.kind.Elem(), v.s, func(i int, e Value) bool {
		closed := 0
		for j, n := 1, size; j < len(dims); j++ {
			if i%n == 0 {
				closed++
			}
			n /= dims[j].Len
		}
		if i > 0 {
			for range closed {
				dst = append(dst, ']')
			}
			if closed == len(dims)-1 {
				dst = append(dst, outer...)
			} else {
				dst = append(dst, inner...)
			}
		}
		for range closed {
			dst = append(dst, '[')
		}
		dst = appendJSONOf(dst, e, st, inner)
		return true
	})
	for range max(1, len(dims)) {
		dst = append(dst, ']')
	}
	return dst
}

// NewJSONB returns the jsonb of a text that is known to be JSON, or the error of what jsonb cannot hold.
func NewJSONB(text string) (Value, error) {
	doc, err := parseJSON(text)
	return NewBytes(JSONB, doc), err
}
