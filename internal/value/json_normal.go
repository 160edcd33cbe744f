package value

import (
	"math/bits"
	"strings"
)

// isNormalJSON says that a text is a document as normalizeJSON writes it, which what comes from another
// database mostly is: then nothing is copied. It may say no of a normal one: of deep ones and of rare numbers and escapes.
func isNormalJSON(s string) bool { return normalEnd(s, 0, 0) == len(s) }

// maxNormalDepth is far below maxJSONDepth: what is nested deeper is not looked at here.
const maxNormalDepth = 100

// normalEnd returns the end of the normal value at s[i:], -1 when there is none.
func normalEnd(s string, i, depth int) int {
	if i >= len(s) || depth > maxNormalDepth {
		return -1
	}
	switch c := s[i]; {
	case c == '"':
		return normalString(s, i)
	case c == '{':
		return normalObject(s, i, depth)
	case c == '[':
		return normalArray(s, i, depth)
	case c <= '9':
		return normalNumber(s, i)
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(s[i:], word) {
			return i + len(word)
		}
	}
	return -1
}

func normalArray(s string, i, depth int) int {
	if i++; i < len(s) && s[i] == ']' {
		return i + 1
	}
	for {
		i = normalEnd(s, i, depth+1)
		if i < 0 || i >= len(s) {
			return -1
		}
		if s[i] == ']' {
			return i + 1
		}
		if !strings.HasPrefix(s[i:], ", ") {
			return -1
		}
		i += len(", ")
	}
}

func normalObject(s string, i, depth int) int {
	if i++; i < len(s) && s[i] == '}' {
		return i + 1
	}
	last := ""
	for first := true; ; first = false {
		if i >= len(s) || s[i] != '"' {
			return -1
		}
		end := normalString(s, i)
		if end < 0 || !strings.HasPrefix(s[end:], ": ") {
			return -1
		}
		key := s[i+1 : end-1]
		if !first && !jsonKeyLess(last, key) {
			return -1
		}
		last = key
		i = normalEnd(s, end+len(": "), depth+1)
		if i < 0 || i >= len(s) {
			return -1
		}
		if s[i] == '}' {
			return i + 1
		}
		if !strings.HasPrefix(s[i:], ", ") {
			return -1
		}
		i += len(", ")
	}
}

// normalString returns the end of the string whose quote is at i, if it has no escapes.
func normalString(s string, i int) int {
	i = plainStringEnd(s, i+1)
	if i >= len(s) || s[i] != '"' {
		return -1
	}
	return i + 1
}

// plainStringEnd returns the place of the first quote, backslash or control character at or behind i, len(s) when
// there is none. It looks at eight bytes at a time.
func plainStringEnd(s string, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(s); i += 8 {
		x := le64(s[i:])
		quote, slash := x^'"'*ones, x^'\\'*ones
		// The lowest bit that is set is right; those above it may come from a borrow.
		if hit := ((quote-ones)&^quote | (slash-ones)&^slash | (x-' '*ones)&^x) & highs; hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for i < len(s) && s[i] >= ' ' && s[i] != '"' && s[i] != '\\' {
		i++
	}
	return i
}

// normalNumber returns the end of the number at s[i:], if it is one that numeric writes the same.
func normalNumber(s string, i int) int {
	start := i
	negative := s[i] == '-'
	if negative {
		i++
	}
	digits := i
	i = skipDigits(s, digits)
	// A zero in front stands alone, and not behind a sign: -0 is written 0.
	if i == digits || s[digits] == '0' && (negative || i > digits+1) {
		return -1
	}
	if i < len(s) && s[i] == '.' {
		from := i + 1
		if i = skipDigits(s, from); i == from {
			return -1
		}
	}
	if i-start > 300 {
		return -1 // it may be out of numeric's range
	}
	return i
}
