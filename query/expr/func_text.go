package expr

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// maxTextBytes is the longest text that a function makes, PostgreSQL's limit.
const maxTextBytes = 1<<30 - 1

var errTextTooLong = sqlerr.New(sqlerr.ProgramLimitExceeded, "requested length too large")

// textFuncs is the functions on strings and byteas.
func textFuncs() []Func {
	return slices.Concat(stringFuncs(), byteaFuncs(), encodingFuncs(), unicodeFuncs(), sizeFuncs(), hashFuncs())
}

func stringFuncs() []Func {
	t, i4, i8, b, by, bp := value.Text, value.Int4, value.Int8, value.Bool, value.Bytea, value.Bpchar
	return []Func{
		{Name: "lower", Args: kinds(t), Ret: t, Strict: true, fn: text1(strings.ToLower)},
		{Name: "upper", Args: kinds(t), Ret: t, Strict: true, fn: text1(strings.ToUpper)},
		{Name: "initcap", Args: kinds(t), Ret: t, Strict: true, fn: text1(initcap)},
		{Name: "reverse", Args: kinds(t), Ret: t, Strict: true, fn: text1(reverse)},
		{Name: "length", Args: kinds(t), Ret: i4, Strict: true, fn: textInt(utf8.RuneCountInString)},
		{Name: "char_length", Args: kinds(t), Ret: i4, Strict: true, fn: textInt(utf8.RuneCountInString)},
		{Name: "character_length", Args: kinds(t), Ret: i4, Strict: true, fn: textInt(utf8.RuneCountInString)},
		{Name: "length", Args: kinds(bp), Ret: i4, Strict: true, fn: textInt(unpaddedLen)},
		{Name: "char_length", Args: kinds(bp), Ret: i4, Strict: true, fn: textInt(unpaddedLen)},
		{Name: "character_length", Args: kinds(bp), Ret: i4, Strict: true, fn: textInt(unpaddedLen)},
		{Name: "octet_length", Args: kinds(bp), Ret: i4, Strict: true, fn: textInt(byteLen)},
		{Name: "octet_length", Args: kinds(t), Ret: i4, Strict: true, fn: textInt(byteLen)},
		{Name: "octet_length", Args: kinds(by), Ret: i4, Strict: true, fn: textInt(byteLen)},
		{Name: "bit_length", Args: kinds(t), Ret: i4, Strict: true, fn: textInt(func(s string) int { return 8 * len(s) })},
		{Name: "length", Args: kinds(by), Ret: i4, Strict: true, fn: textInt(byteLen)},
		{Name: "ascii", Args: kinds(t), Ret: i4, Strict: true, fn: textInt(ascii)},
		{Name: "chr", Args: kinds(i4), Ret: t, Strict: true, fn: chr},
		{Name: "substr", Args: kinds(t, i4), Ret: t, Strict: true, fn: substring},
		{Name: "substr", Args: kinds(t, i4, i4), Ret: t, Strict: true, fn: substring},
		{Name: "substring", Args: kinds(t, i4), Ret: t, Strict: true, fn: substring},
		{Name: "substring", Args: kinds(t, i4, i4), Ret: t, Strict: true, fn: substring},
		{Name: "substr", Args: kinds(by, i4), Ret: by, Strict: true, fn: substringBytes},
		{Name: "substr", Args: kinds(by, i4, i4), Ret: by, Strict: true, fn: substringBytes},
		{Name: "substring", Args: kinds(by, i4), Ret: by, Strict: true, fn: substringBytes},
		{Name: "substring", Args: kinds(by, i4, i4), Ret: by, Strict: true, fn: substringBytes},
		{Name: "left", Args: kinds(t, i4), Ret: t, Strict: true, fn: left},
		{Name: "right", Args: kinds(t, i4), Ret: t, Strict: true, fn: right},
		{Name: "btrim", Args: kinds(t), Ret: t, Strict: true, fn: trim(true, true)},
		{Name: "btrim", Args: kinds(t, t), Ret: t, Strict: true, fn: trim(true, true)},
		{Name: "ltrim", Args: kinds(t), Ret: t, Strict: true, fn: trim(true, false)},
		{Name: "ltrim", Args: kinds(t, t), Ret: t, Strict: true, fn: trim(true, false)},
		{Name: "rtrim", Args: kinds(t), Ret: t, Strict: true, fn: trim(false, true)},
		{Name: "rtrim", Args: kinds(t, t), Ret: t, Strict: true, fn: trim(false, true)},
		{Name: "position", Args: kinds(t, t), Ret: i4, Strict: true, fn: strpos},
		{Name: "strpos", Args: kinds(t, t), Ret: i4, Strict: true, fn: strpos},
		{Name: "replace", Args: kinds(t, t, t), Ret: t, Strict: true, fn: replace},
		{Name: "translate", Args: kinds(t, t, t), Ret: t, Strict: true, fn: translate},
		{Name: "repeat", Args: kinds(t, i4), Ret: t, Strict: true, fn: repeat},
		{Name: "lpad", Args: kinds(t, i4), Ret: t, Strict: true, fn: pad(true)},
		{Name: "lpad", Args: kinds(t, i4, t), Ret: t, Strict: true, fn: pad(true)},
		{Name: "rpad", Args: kinds(t, i4), Ret: t, Strict: true, fn: pad(false)},
		{Name: "rpad", Args: kinds(t, i4, t), Ret: t, Strict: true, fn: pad(false)},
		{Name: "split_part", Args: kinds(t, t, i4), Ret: t, Strict: true, fn: splitPart},
		{Name: "parse_ident", Args: kinds(t, b), Ret: t.Array(), Strict: true, Names: []string{"str", "strict"},
			Defaults: []value.Value{value.NewBool(true)}, fn: parseIdent},
		{Name: "starts_with", Args: kinds(t, t), Ret: b, Strict: true, fn: startsWith},
		{Name: "overlay", Args: kinds(t, t, i4), Ret: t, Strict: true, fn: overlay},
		{Name: "overlay", Args: kinds(t, t, i4, i4), Ret: t, Strict: true, fn: overlay},
		{Name: "md5", Args: kinds(t), Ret: t, Strict: true, fn: text1(md5Hex)},
		{Name: "to_hex", Args: kinds(i4), Ret: t, Strict: true, fn: toHex},
		{Name: "to_hex", Args: kinds(i8), Ret: t, Strict: true, fn: toHex},
		{Name: "like", Args: kinds(t, t), Ret: b, Strict: true, fn: matchImpl(matchOps[0])},
		{Name: "notlike", Args: kinds(t, t), Ret: b, Strict: true, fn: matchImpl(matchOps[1])},
		{Name: "like_escape", Args: kinds(t, t), Ret: t, Strict: true, fn: likeEscape},
		{Name: "concat", Args: kinds(anyKind), Variadic: true, Ret: t, Volatility: Stable, fn: concat},
		{Name: "concat_ws", Args: kinds(t, anyKind), Variadic: true, Ret: t, Volatility: Stable, fn: concatWS},
		{Name: "format", Args: kinds(t, anyKind), Variadic: true, Ret: t, Volatility: Stable, fn: format},
		{Name: "format", Args: kinds(t), Ret: t, Volatility: Stable, fn: format},
		{Name: "quote_ident", Args: kinds(t), Ret: t, Strict: true, fn: text1(quoteIdent)},
		{Name: "quote_literal", Args: kinds(t), Ret: t, Strict: true, fn: text1(quoteLiteral)},
		{Name: "quote_literal", Args: kinds(anyElement), Ret: t, Volatility: Stable, Strict: true, fn: func(c *Context, a []value.Value) (value.Value, error) {
			return value.NewText(quoteLiteral(textOf(c, a[0]))), nil
		}},
		{Name: "quote_nullable", Args: kinds(t), Ret: t, fn: quoteNullable},
		{Name: "quote_nullable", Args: kinds(anyElement), Ret: t, Volatility: Stable, fn: quoteNullable},
	}
}

func text1(f func(string) string) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) { return value.NewText(f(a[0].Bytes())), nil }
}

func textInt(f func(string) int) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		return value.NewInt(value.Int4, int64(f(a[0].Bytes()))), nil
	}
}

func byteLen(s string) int { return len(s) }

// unpaddedLen is the length of a bpchar: the blanks at its end do not count.
func unpaddedLen(s string) int { return utf8.RuneCountInString(value.TrimPad(s)) }

func isAlnum(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// initcap upper-cases the first letter of each run of letters and digits.
func initcap(s string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		was := inWord
		inWord = isAlnum(r)
		if was {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}

func reverse(s string) string {
	b := make([]byte, len(s))
	at := len(s)
	for i := 0; i < len(s); {
		_, n := utf8.DecodeRuneInString(s[i:])
		at -= n
		copy(b[at:], s[i:i+n])
		i += n
	}
	return string(b)
}

func ascii(s string) int {
	if s == "" {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(s)
	return int(r)
}

func chr(_ *Context, a []value.Value) (value.Value, error) {
	n := a[0].Int()
	switch {
	case n < 0:
		return value.Value{}, sqlerr.New(sqlerr.InvalidParameterValue, "character number must be positive")
	case n == 0:
		return value.Value{}, sqlerr.New(sqlerr.ProgramLimitExceeded, "null character not permitted")
	case n > utf8.MaxRune:
		return value.Value{}, sqlerr.New(sqlerr.ProgramLimitExceeded, "requested character too large for encoding: %d", n)
	case n >= 0xD800 && n < 0xE000:
		return value.Value{}, sqlerr.New(sqlerr.ProgramLimitExceeded, "requested character not valid for encoding: %d", n)
	}
	return value.NewText(string(rune(n))), nil
}

// byteAt returns the offset of character n (from 0) of s, at most len(s).
func byteAt(s string, n int64) int {
	i := 0
	for ; n > 0 && i < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return i
}

var errNegativeSubstring = sqlerr.New(sqlerr.SubstringError, "negative substring length not allowed")

// span returns the characters [from, to) of substring(s, start, length), from 0.
func span(a []value.Value) (from, to int64, err error) {
	start := a[1].Int()
	if len(a) == 2 {
		return max(start-1, 0), 1 << 40, nil
	}
	n := a[2].Int()
	if n < 0 {
		return 0, 0, errNegativeSubstring
	}
	return max(start-1, 0), max(start-1+n, 0), nil
}

func substring(_ *Context, a []value.Value) (value.Value, error) {
	from, to, err := span(a)
	if err != nil {
		return value.Value{}, err
	}
	if to <= from {
		return value.NewText(""), nil
	}
	s := a[0].Bytes()
	s = s[byteAt(s, from):]
	return value.NewText(s[:byteAt(s, to-from)]), nil
}

func substringBytes(_ *Context, a []value.Value) (value.Value, error) {
	from, to, err := span(a)
	if err != nil {
		return value.Value{}, err
	}
	s := a[0].Bytes()
	n := int64(len(s))
	from, to = min(from, n), min(to, n)
	if to <= from {
		return value.NewBytes(value.Bytea, ""), nil
	}
	return value.NewBytes(value.Bytea, s[from:to]), nil
}

func left(_ *Context, a []value.Value) (value.Value, error) {
	s, n := a[0].Bytes(), a[1].Int()
	if n < 0 {
		n = max(0, int64(utf8.RuneCountInString(s))+n)
	}
	return value.NewText(s[:byteAt(s, n)]), nil
}

func right(_ *Context, a []value.Value) (value.Value, error) {
	s, n := a[0].Bytes(), a[1].Int()
	skip := -n
	switch {
	case n >= 0:
		skip = max(0, int64(utf8.RuneCountInString(s))-n)
	case n == math.MinInt32:
		skip = 0 // PostgreSQL's negation overflows, and all is left
	}
	return value.NewText(s[byteAt(s, skip):]), nil
}

func trim(front, back bool) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		s, set := a[0].Bytes(), " "
		if len(a) == 2 {
			set = a[1].Bytes()
		}
		if front {
			s = strings.TrimLeft(s, set)
		}
		if back {
			s = strings.TrimRight(s, set)
		}
		return value.NewText(s), nil
	}
}

func strpos(_ *Context, a []value.Value) (value.Value, error) {
	s := a[0].Bytes()
	i := strings.Index(s, a[1].Bytes())
	if i >= 0 {
		i = utf8.RuneCountInString(s[:i])
	}
	return value.NewInt(value.Int4, int64(i+1)), nil
}

func replace(_ *Context, a []value.Value) (value.Value, error) {
	if a[1].Bytes() == "" {
		return a[0].WithKind(value.Text), nil
	}
	s := a[0].Bytes()
	if n := strings.Count(s, a[1].Bytes()); len(s)+n*len(a[2].Bytes()) > maxTextBytes {
		return value.Value{}, errTextTooLong
	}
	return value.NewText(strings.ReplaceAll(s, a[1].Bytes(), a[2].Bytes())), nil
}

func translate(_ *Context, a []value.Value) (value.Value, error) {
	from, to := []rune(a[1].Bytes()), []rune(a[2].Bytes())
	return value.NewText(strings.Map(func(r rune) rune {
		for i, f := range from {
			if f == r {
				if i < len(to) {
					return to[i]
				}
				return -1
			}
		}
		return r
	}, a[0].Bytes())), nil
}

func repeat(_ *Context, a []value.Value) (value.Value, error) {
	n := max(a[1].Int(), 0)
	if a[0].Bytes() == "" {
		return a[0].WithKind(value.Text), nil
	}
	if n*int64(len(a[0].Bytes())) > maxTextBytes {
		return value.Value{}, errTextTooLong
	}
	return value.NewText(strings.Repeat(a[0].Bytes(), int(n))), nil
}

func pad(front bool) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		s, n, fill := a[0].Bytes(), max(a[1].Int(), 0), " "
		if len(a) == 3 {
			fill = a[2].Bytes()
		}
		if n*4 > maxTextBytes {
			return value.Value{}, errTextTooLong
		}
		have := int64(utf8.RuneCountInString(s))
		if have >= n || fill == "" {
			return value.NewText(s[:byteAt(s, n)]), nil
		}
		per := int64(utf8.RuneCountInString(fill))
		more := strings.Repeat(fill, int((n-have)/per)) + fill[:byteAt(fill, (n-have)%per)]
		if front {
			return value.NewText(more + s), nil
		}
		return value.NewText(s + more), nil
	}
}

// overlaySpan returns the characters [from, to) that overlay(s placing t from start for n) replaces, where n is the
// length of t when it is not given.
func overlaySpan(a []value.Value, length int) (from, to int64, err error) {
	start, n := a[2].Int(), int64(length)
	if len(a) == 4 {
		n = a[3].Int()
	}
	switch {
	case start <= 0:
		return 0, 0, errNegativeSubstring
	case start+n > math.MaxInt32 || start+n < math.MinInt32:
		return 0, 0, intRangeError(value.Int4)
	}
	return start - 1, max(start+n-1, 0), nil
}

func overlay(_ *Context, a []value.Value) (value.Value, error) {
	s, t := a[0].Bytes(), a[1].Bytes()
	from, to, err := overlaySpan(a, utf8.RuneCountInString(t))
	if err != nil {
		return value.Value{}, err
	}
	return value.NewText(s[:byteAt(s, from)] + t + s[byteAt(s, to):]), nil
}

func splitPart(_ *Context, a []value.Value) (value.Value, error) {
	s, sep, n := a[0].Bytes(), a[1].Bytes(), int(a[2].Int())
	if n == 0 {
		return value.Value{}, sqlerr.New(sqlerr.InvalidParameterValue, "field position must not be zero")
	}
	parts := []string{s}
	if sep != "" && s != "" {
		parts = strings.Split(s, sep)
	}
	if n < 0 {
		n += len(parts) + 1
	}
	if n < 1 || n > len(parts) {
		return value.NewText(""), nil
	}
	return value.NewText(parts[n-1]), nil
}

func startsWith(_ *Context, a []value.Value) (value.Value, error) {
	return value.NewBool(strings.HasPrefix(a[0].Bytes(), a[1].Bytes())), nil
}

func toHex(_ *Context, a []value.Value) (value.Value, error) {
	n := uint64(a[0].Int())
	if a[0].Kind() == value.Int4 {
		n = uint64(uint32(n))
	}
	return value.NewText(strconv.FormatUint(n, 16)), nil
}

func concat(c *Context, a []value.Value) (value.Value, error) {
	var b strings.Builder
	for _, v := range a {
		if !v.IsNull() {
			b.WriteString(outputOf(c, v))
		}
	}
	return value.NewText(b.String()), nil
}

func concatWS(c *Context, a []value.Value) (value.Value, error) {
	if a[0].IsNull() {
		return value.Null(value.Text), nil
	}
	var b strings.Builder
	first := true
	for _, v := range a[1:] {
		if v.IsNull() {
			continue
		}
		if !first {
			b.WriteString(a[0].Bytes())
		}
		first = false
		b.WriteString(outputOf(c, v))
	}
	return value.NewText(b.String()), nil
}

// quoteLiteral is quote_literal: an E string when there are backslashes.
func quoteLiteral(s string) string {
	if strings.Contains(s, `\`) {
		return "E" + strings.ReplaceAll(literalOf(s), `\`, `\\`)
	}
	return literalOf(s)
}

func quoteNullable(c *Context, a []value.Value) (value.Value, error) {
	if a[0].IsNull() {
		return value.NewText("NULL"), nil
	}
	return value.NewText(quoteLiteral(textOf(c, a[0]))), nil
}
