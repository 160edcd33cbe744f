package expr

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// unicodeFuncs is the functions on Unicode's normal forms and escapes.
func unicodeFuncs() []Func {
	t, nfc := value.Text, []value.Value{value.NewText("NFC")}
	notLatin := func(*Context, []value.Value) (value.Value, error) {
		return value.Value{}, sqlerr.New(sqlerr.FeatureNotSupported, "encoding conversion from UTF8 to ASCII not supported")
	}
	return []Func{
		{Name: "normalize", Args: kinds(t, t), Ret: t, Strict: true, Defaults: nfc, fn: normalize},
		{Name: "is_normalized", Args: kinds(t, t), Ret: value.Bool, Strict: true, Defaults: nfc, fn: isNormalized},
		{Name: "unistr", Args: kinds(t), Ret: t, Strict: true, fn: unistr},
		{Name: "to_ascii", Args: kinds(t), Ret: t, Strict: true, fn: notLatin},
	}
}

func normalForm(name string) (norm.Form, error) {
	switch strings.ToUpper(name) {
	case "NFC":
		return norm.NFC, nil
	case "NFD":
		return norm.NFD, nil
	case "NFKC":
		return norm.NFKC, nil
	case "NFKD":
		return norm.NFKD, nil
	}
	return 0, sqlerr.New(sqlerr.InvalidParameterValue, "invalid normalization form: %s", name)
}

func normalize(_ *Context, a []value.Value) (value.Value, error) {
	f, err := normalForm(a[1].Bytes())
	if err != nil {
		return value.Value{}, err
	}
	return value.NewText(f.String(a[0].Bytes())), nil
}

func isNormalized(_ *Context, a []value.Value) (value.Value, error) {
	f, err := normalForm(a[1].Bytes())
	if err != nil {
		return value.Value{}, err
	}
	return value.NewBool(f.IsNormalString(a[0].Bytes())), nil
}

// unistr replaces the Unicode escapes \XXXX, \+XXXXXX, \uXXXX and \UXXXXXXXX, and \\.
func unistr(_ *Context, a []value.Value) (value.Value, error) {
	s := a[0].Bytes()
	var b strings.Builder
	high := rune(0) // the first of a surrogate pair
	for s != "" {
		if plain := s[0] != '\\'; plain || strings.HasPrefix(s, `\\`) {
			if high != 0 {
				return value.Value{}, errSurrogate
			}
			b.WriteByte(s[0])
			if s = s[1:]; !plain {
				s = s[1:]
			}
			continue
		}
		r, n, err := unicodeEscape(s[1:])
		if err != nil {
			return value.Value{}, err
		}
		s = s[1+n:]
		switch {
		case high != 0:
			if r = utf16.DecodeRune(high, r); r == utf8.RuneError {
				return value.Value{}, errSurrogate
			}
			high = 0
		case r >= 0xDC00 && r < 0xE000:
			return value.Value{}, errSurrogate
		case r >= 0xD800 && r < 0xDC00:
			high = r
			continue
		}
		b.WriteRune(r)
	}
	if high != 0 {
		return value.Value{}, errSurrogate
	}
	return value.NewText(b.String()), nil
}

var errSurrogate = sqlerr.New(sqlerr.SyntaxError, "invalid Unicode surrogate pair")

// unicodeEscape reads an escape behind its backslash and returns how long it is.
func unicodeEscape(s string) (rune, int, error) {
	skip, digits := 0, 4
	switch {
	case strings.HasPrefix(s, "+"):
		skip, digits = 1, 6
	case strings.HasPrefix(s, "u"):
		skip = 1
	case strings.HasPrefix(s, "U"):
		skip, digits = 1, 8
	}
	n, err := uint64(0), strconv.ErrSyntax
	if len(s) >= skip+digits {
		n, err = strconv.ParseUint(s[skip:skip+digits], 16, 32)
	}
	if err != nil {
		return 0, 0, sqlerr.New(sqlerr.SyntaxError, "invalid Unicode escape").
			WithHint(`Unicode escapes must be \XXXX, \+XXXXXX, \uXXXX, or \UXXXXXXXX.`)
	}
	if n == 0 || n > utf8.MaxRune {
		return 0, 0, sqlerr.New(sqlerr.InvalidParameterValue, "invalid Unicode code point: %04X", n)
	}
	return rune(n), skip + digits, nil
}
