package value

import (
	"encoding/binary"
	"slices"
	"strings"
)

// parseArray reads an array literal: {1,NULL,"a\"b"}, with its bounds in front or not.
func parseArray(t Type, s string, st *Style) (Value, error) {
	if b, ok := AppendPlainArray(nil, t, s, st); ok {
		return NewBytes(t.Kind, ownedString(b)), nil
	}
	p := arrayParser{in: s, elem: Type{Kind: t.Kind.Elem(), Mod: t.Mod, User: t.User}, st: st}
	return p.parse()
}

// AppendPlainArray is the hot path: it appends the stored bytes of {1,2,3} of numbers, dates and the like, in one
// allocation at most. False for whatever is not that plain, be it an error or not: Parse then says.
func AppendPlainArray(dst []byte, t Type, s string, st *Style) ([]byte, bool) {
	elem := Type{Kind: t.Kind.Elem(), Mod: t.Mod, User: t.User}
	w := elemWidth(elem.Kind)
	if w == 0 || w == 16 || len(s) < 3 || s[0] != '{' || s[len(s)-1] != '}' {
		return dst, false
	}
	if elem.Kind == Date {
		if b, ok := appendDateArray(dst, s); ok {
			return b, true
		}
	}
	body := s[1 : len(s)-1]
	n := strings.Count(body, ",") + 1
	buf := appendPlainHead(dst, n, w)
	for rest := body; ; {
		text, more := rest, false
		if i := strings.IndexByte(rest, ','); i >= 0 {
			text, rest, more = rest[:i], rest[i+1:], true
		}
		if !plainElement(text) {
			return dst, false
		}
		v, err := Parse(elem, text, st)
		if err != nil {
			return dst, false
		}
		buf = appendFixed(buf, elemWord(v), w)
		if !more {
			return buf, true
		}
	}
}

// appendPlainHead appends the head of an array of one dimension of n elements, and makes room for them: of w bytes each.
func appendPlainHead(dst []byte, n, w int) []byte {
	dst = slices.Grow(dst, arrayHeadBytes(n)+n*w)
	return binary.AppendUvarint(append(dst, 1), uint64(n))
}

// appendDateArray is AppendPlainArray for {2021-10-01,2021-10-19}: dates in ISO form and nothing else. A
// date takes 4 ns (BenchmarkParseText).
func appendDateArray(dst []byte, s string) ([]byte, bool) {
	const width = len("2006-01-02,")
	n := len(s) / width
	if len(s) != 1+n*width || s[0] != '{' || s[len(s)-1] != '}' {
		return dst, false
	}
	buf := appendPlainHead(dst, n, 4)
	var m isoMonth
	for rest := s[1:]; len(rest) >= width; rest = rest[width:] {
		if x := le64(rest); x != m.text && !m.read(x) {
			return dst, false
		}
		days, ok := m.day(rest[8], rest[9])
		if !ok || rest[10] != ',' && len(rest) > width {
			return dst, false
		}
		buf = binary.LittleEndian.AppendUint32(buf, uint32(days))
	}
	return buf, true
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
