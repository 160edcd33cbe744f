package value

import (
	"encoding/binary"
	"strings"
)

// parseArray reads an array literal: {1,NULL,"a\"b"}, with its bounds in front or not.
func parseArray(t Type, s string, st *Style) (Value, error) {
	if t.Kind.Elem() == Date {
		if v, ok := parseDateArray(s); ok {
			return v, nil
		}
	}
	if v, ok := parsePlainArray(t, s, st); ok {
		return v, nil
	}
	p := arrayParser{in: s, elem: Type{Kind: t.Kind.Elem(), Mod: t.Mod, User: t.User}, st: st}
	return p.parse()
}

// parseDateArray is parsePlainArray for {2021-10-01,2021-10-19}: dates in ISO form and nothing else. A
// date takes 4 ns (BenchmarkParseText).
func parseDateArray(s string) (Value, bool) {
	const width = len("2006-01-02,")
	n := len(s) / width
	if n == 0 || len(s) != 1+n*width || s[0] != '{' || s[len(s)-1] != '}' {
		return Value{}, false
	}
	head := arrayHeadBytes(n)
	buf := make([]byte, head+4*n)
	binary.PutUvarint(buf[1:], uint64(n))
	buf[0] = 1
	var m isoMonth
	out := buf[head:]
	for i := range n {
		e := s[1+i*width:][:width]
		if x := le64(e); x != m.text && !m.read(x) {
			return Value{}, false
		}
		if e[10] != ',' && i < n-1 {
			return Value{}, false
		}
		days, ok := m.day(e[8], e[9])
		if !ok {
			return Value{}, false
		}
		binary.LittleEndian.PutUint32(out[4*i:], uint32(days))
	}
	return NewBytes(Date.Array(), ownedString(buf)), true
}

// parsePlainArray is the hot path: {1,2,3} of numbers, dates and the like, in one allocation. False
// for whatever is not that plain, be it an error or not.
func parsePlainArray(t Type, s string, st *Style) (Value, bool) {
	elem := Type{Kind: t.Kind.Elem(), Mod: t.Mod, User: t.User}
	w := elemWidth(elem.Kind)
	if w == 0 || w == 16 || len(s) < 3 || s[0] != '{' || s[len(s)-1] != '}' {
		return Value{}, false
	}
	body := s[1 : len(s)-1]
	n := strings.Count(body, ",") + 1
	buf := make([]byte, 0, arrayHeadBytes(n)+n*w)
	buf = binary.AppendUvarint(append(buf, 1), uint64(n))
	for rest := body; ; {
		text, more := rest, false
		if i := strings.IndexByte(rest, ','); i >= 0 {
			text, rest, more = rest[:i], rest[i+1:], true
		}
		if !plainElement(text) {
			return Value{}, false
		}
		v, err := Parse(elem, text, st)
		if err != nil {
			return Value{}, false
		}
		buf = appendFixed(buf, elemWord(v), w)
		if !more {
			return NewBytes(t.Kind, ownedString(buf)), true
		}
	}
}

// plainElement says that text has no byte that an array literal treats in a special way, and is
// not NULL: it has nothing but digits, signs and punctuation of dates and times.
func plainElement(text string) bool {
	if text == "" {
		return false
	}
	for i := range len(text) {
		if c := text[i]; c < '+' || c > ':' {
			return false
		}
	}
	return true
}

// plainKind says that no text of the kind needs quotes.
func plainKind(k Kind) bool {
	switch k {
	case Bool, Int2, Int4, Int8, Numeric, Float4, Float8, OID, Time, Timetz:
		return true
	}
	return false
}

// firstCommonEra is 0001-01-01: dates before it are written with a blank.
const firstCommonEra = -730119

func appendArray(dst []byte, v Value, st *Style) []byte {
	if plainShape(headOf(v.s)) {
		return appendElems(dst, v, nil, st)
	}
	dims := ArrayDims(v.s)
	if v.s[0]&arrayLower != 0 {
		dst = append(appendBounds(dst, dims), '=')
	}
	return appendElems(dst, v, dims, st)
}

// appendElems appends the elements in braces: a pair around all, and around each run of a dimension's length.
func appendElems(dst []byte, v Value, dims []Dim, st *Style) []byte {
	k := v.kind.Elem()
	plain := plainKind(k)
	inner := 1 // elements of each of the first dimension
	for i := 1; i < len(dims); i++ {
		inner *= dims[i].Len
	}
	dst = append(dst, '{')
	ArrayEach(k, v.s, func(i int, e Value) bool {
		if len(dims) > 1 {
			dst = appendBraces(dst, dims, inner, i)
		} else if i > 0 {
			dst = append(dst, ',')
		}
		switch {
		case e.IsNull():
			dst = append(dst, "NULL"...)
		case plain, k == Date && e.n >= firstCommonEra:
			dst = AppendText(dst, e, st)
		default:
			dst = appendArrayElem(dst, e, st)
		}
		return true
	})
	for range max(1, len(dims)) {
		dst = append(dst, '}')
	}
	return dst
}

// appendBraces appends what stands before element i: the braces that close and open there. inner is the number of
// elements of each of the first dimension.
func appendBraces(dst []byte, dims []Dim, inner, i int) []byte {
	open := 0
	for _, size := range dims[1:] {
		if i%inner == 0 {
			open++
		}
		inner /= size.Len
	}
	if i > 0 {
		for range open {
			dst = append(dst, '}')
		}
		dst = append(dst, ',')
	}
	for range open {
		dst = append(dst, '{')
	}
	return dst
}

// appendArrayElem appends an element in quotes where the literal needs them.
func appendArrayElem(dst []byte, e Value, st *Style) []byte {
	start := len(dst)
	dst = AppendText(dst, e, st)
	text := dst[start:]
	quote := len(text) == 0 || equalFold(string(text), "null")
	escapes := 0
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			quote = true
			escapes++
		case c == '{' || c == '}' || c == ',' || isSpace(c):
			quote = true
		}
	}
	if !quote {
		return dst
	}
	quoted := strings.Clone(string(text))
	dst = append(dst[:start], '"')
	for i := range len(quoted) {
		if c := quoted[i]; c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, quoted[i])
	}
	return append(dst, '"')
}
