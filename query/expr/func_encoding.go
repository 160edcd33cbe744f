package expr

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// encodingFuncs turns byteas into texts and back: by text formats, and by character encodings.
func encodingFuncs() []Func {
	t, by, i4, name := value.Text, value.Bytea, value.Int4, value.Name
	utf8Name := func(*Context, []value.Value) (value.Value, error) { return value.NewBytes(name, "UTF8"), nil }
	return []Func{
		{Name: "encode", Args: kinds(by, t), Ret: t, Strict: true, fn: encode},
		{Name: "decode", Args: kinds(t, t), Ret: by, Strict: true, fn: decode},
		{Name: "convert_from", Args: kinds(by, name), Ret: t, Strict: true, fn: convertFrom},
		{Name: "convert_to", Args: kinds(t, name), Ret: by, Strict: true, fn: convertTo},
		{Name: "convert", Args: kinds(by, name, name), Ret: by, Strict: true, fn: convert},
		{Name: "length", Args: kinds(by, name), Ret: i4, Strict: true, fn: lengthIn},
		{Name: "getdatabaseencoding", Ret: name, Volatility: Stable, Strict: true, fn: utf8Name},
	}
}

func encode(_ *Context, a []value.Value) (value.Value, error) {
	s := a[0].Bytes()
	switch strings.ToLower(a[1].Bytes()) {
	case "hex":
		return value.NewText(hex.EncodeToString([]byte(s))), nil
	case "base64":
		return value.NewText(encodeBase64(s)), nil
	case "escape":
		return value.NewText(encodeEscape(s)), nil
	}
	return value.Value{}, errEncoding(a[1].Bytes())
}

func decode(_ *Context, a []value.Value) (value.Value, error) {
	s := a[0].Bytes()
	var err error
	switch strings.ToLower(a[1].Bytes()) {
	case "hex":
		s, err = decodeHex(s)
	case "base64":
		s, err = decodeBase64(s)
	case "escape":
		s, err = decodeEscape(s)
	default:
		err = errEncoding(a[1].Bytes())
	}
	return newBytea(s), err
}

func errEncoding(name string) error {
	return sqlerr.New(sqlerr.InvalidParameterValue, "unrecognized encoding: \"%s\"", name)
}

// encodeBase64 ends each line of 76 characters, as in RFC 2045, also the last if it is full.
func encodeBase64(s string) string {
	text := base64.StdEncoding.EncodeToString([]byte(s))
	const line = 76
	var b strings.Builder
	for len(text) > line {
		b.WriteString(text[:line] + "\n")
		text = text[line:]
	}
	b.WriteString(text)
	if len(text) == line && !strings.HasSuffix(text, "=") {
		b.WriteByte('\n')
	}
	return b.String()
}

// isBlank says whether the decoders pass over a byte.
func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// decodeBase64 takes more than Go's decoder: text behind the padding, and anything in the place of its end.
func decodeBase64(s string) (string, error) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	out := make([]byte, 0, len(s)/4*3+3)
	group, n := 0, 0
	padded := 0 // bytes of the last group, 0 before the padding
	for i := range len(s) {
		bits := 0
		switch c := s[i]; {
		case isBlank(c):
			continue
		case c == '=' && padded == 0 && n < 2:
			return "", sqlerr.New(sqlerr.InvalidParameterValue, `unexpected "=" while decoding base64 sequence`)
		case c == '=' && padded == 0:
			padded = n - 1
		case c == '=':
		default:
			if bits = strings.IndexByte(alphabet, c); bits < 0 {
				_, size := utf8.DecodeRuneInString(s[i:])
				return "", sqlerr.New(sqlerr.InvalidParameterValue, "invalid symbol \"%s\" found while decoding base64 sequence", s[i:i+size])
			}
		}
		group = group<<6 + bits
		if n++; n < 4 {
			continue
		}
		bytes := []byte{byte(group >> 16), byte(group >> 8), byte(group)}
		if padded > 0 {
			bytes = bytes[:padded]
		}
		out = append(out, bytes...)
		group, n = 0, 0
	}
	if n != 0 {
		return "", sqlerr.New(sqlerr.InvalidParameterValue, "invalid base64 end sequence").
			WithHint("Input data is missing padding, is truncated, or is otherwise corrupted.")
	}
	return string(out), nil
}

func decodeHex(s string) (string, error) {
	digits := make([]byte, 0, len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case isBlank(c):
		case strings.IndexByte("0123456789abcdefABCDEF", c) >= 0:
			digits = append(digits, c)
		default:
			_, size := utf8.DecodeRuneInString(s[i:])
			return "", sqlerr.New(sqlerr.InvalidParameterValue, "invalid hexadecimal digit: \"%s\"", s[i:i+size])
		}
	}
	out := make([]byte, len(digits)/2)
	if _, err := hex.Decode(out, digits); err != nil {
		return "", sqlerr.New(sqlerr.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
	}
	return string(out), nil
}

func encodeEscape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\\':
			b.WriteString(`\\`)
		case c == 0 || c >= 0x80:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func decodeEscape(s string) (string, error) {
	out := make([]byte, 0, len(s))
	octal := func(i int, most byte) bool { return i < len(s) && s[i] >= '0' && s[i] <= most }
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\':
			out = append(out, s[i])
		case octal(i+1, '3') && octal(i+2, '7') && octal(i+3, '7'):
			out = append(out, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
		case i+1 < len(s) && s[i+1] == '\\':
			out = append(out, '\\')
			i++
		default:
			return "", sqlerr.New(sqlerr.InvalidTextRepresentation, "invalid input syntax for type bytea")
		}
	}
	return string(out), nil
}

// charset is a character encoding.
type charset uint8

const (
	charsetUTF8 charset = iota
	charsetLatin1
	charsetASCII // any bytes
)

// charsets are the encodings' names without signs, in lower case.
var charsets = map[string]charset{
	"utf8": charsetUTF8, "unicode": charsetUTF8, "latin1": charsetLatin1, "iso88591": charsetLatin1, "sqlascii": charsetASCII,
}

// otherCharsets are encodings that PostgreSQL has and we refuse.
var otherCharsets = wordSet(`abc alt big5 euccn eucjis2004 eucjp euckr euctw gb18030 gbk iso885910 iso885913 iso885914 iso885915
iso885916 iso88592 iso88593 iso88594 iso88595 iso88596 iso88597 iso88598 iso88599 johab koi8 koi8r koi8u latin10 latin2
latin3 latin4 latin5 latin6 latin7 latin8 latin9 mskanji muleinternal shiftjis shiftjis2004 sjis tcvn tcvn5712 uhc vscii win
win1250 win1251 win1252 win1253 win1254 win1255 win1256 win1257 win1258 win866 win874 win932 win936 win949 win950 windows1250
windows1251 windows1252 windows1253 windows1254 windows1255 windows1256 windows1257 windows1258 windows866 windows874
windows932 windows936 windows949 windows950`)

// charsetNamed returns an encoding; role is the name's in messages.
func charsetNamed(name, role string) (charset, error) {
	key := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		}
		return -1
	}, name)
	c, ok := charsets[key]
	switch {
	case ok:
		return c, nil
	case otherCharsets[key]:
		return 0, sqlerr.NotSupported("the encoding %s is not supported", name)
	}
	return 0, sqlerr.New(sqlerr.InvalidParameterValue, "invalid %s name \"%s\"", role, name)
}

// checkUTF8 refuses bytes that are no UTF-8, and the zero byte.
func checkUTF8(s string) error {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if s[i] == 0 || r == utf8.RuneError && n == 1 {
			return errInvalidUTF8(s[i:])
		}
		i += n
	}
	return nil
}

// errInvalidUTF8 names the bytes that a character with this first byte would have.
func errInvalidUTF8(s string) error {
	n := 1
	switch c := s[0]; {
	case c&0xE0 == 0xC0:
		n = 2
	case c&0xF0 == 0xE0:
		n = 3
	case c&0xF8 == 0xF0:
		n = 4
	}
	return sqlerr.New(sqlerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": %s", hexBytes(s[:min(n, len(s))]))
}

func hexBytes(s string) string {
	list := make([]string, len(s))
	for i := range len(s) {
		list[i] = fmt.Sprintf("0x%02x", s[i])
	}
	return strings.Join(list, " ")
}

// recode changes the encoding of bytes.
func recode(s string, from, to charset) (string, error) {
	if from == charsetUTF8 {
		if err := checkUTF8(s); err != nil {
			return "", err
		}
	}
	switch {
	case from == charsetLatin1 && to == charsetUTF8:
		if i := strings.IndexByte(s, 0); i >= 0 {
			return "", sqlerr.New(sqlerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"LATIN1\": 0x00")
		}
		return latin1(s), nil
	case from == charsetUTF8 && to == charsetLatin1:
		out := make([]byte, 0, len(s))
		for i, r := range s {
			if r > 0xFF {
				return "", sqlerr.New(sqlerr.UntranslatableCharacter,
					"character with byte sequence %s in encoding \"UTF8\" has no equivalent in encoding \"LATIN1\"",
					hexBytes(s[i:i+utf8.RuneLen(r)]))
			}
			out = append(out, byte(r))
		}
		return string(out), nil
	case to == charsetUTF8:
		return s, checkUTF8(s)
	}
	return s, nil
}

func convertFrom(_ *Context, a []value.Value) (value.Value, error) {
	from, err := charsetNamed(a[1].Bytes(), "source encoding")
	if err != nil {
		return value.Value{}, err
	}
	s, err := recode(a[0].Bytes(), from, charsetUTF8)
	return value.NewText(s), err
}

func convertTo(_ *Context, a []value.Value) (value.Value, error) {
	to, err := charsetNamed(a[1].Bytes(), "destination encoding")
	if err != nil {
		return value.Value{}, err
	}
	s, err := recode(a[0].Bytes(), charsetUTF8, to)
	return newBytea(s), err
}

func convert(_ *Context, a []value.Value) (value.Value, error) {
	from, err := charsetNamed(a[1].Bytes(), "source encoding")
	if err != nil {
		return value.Value{}, err
	}
	to, err := charsetNamed(a[2].Bytes(), "destination encoding")
	if err != nil {
		return value.Value{}, err
	}
	s, err := recode(a[0].Bytes(), from, to)
	return newBytea(s), err
}

// lengthIn is length(bytes, encoding): the number of characters.
func lengthIn(_ *Context, a []value.Value) (value.Value, error) {
	in, err := charsetNamed(a[1].Bytes(), "encoding")
	if err != nil {
		return value.Value{}, err
	}
	n := len(a[0].Bytes())
	if in == charsetUTF8 {
		if err := checkUTF8(a[0].Bytes()); err != nil {
			return value.Value{}, err
		}
		n = utf8.RuneCountInString(a[0].Bytes())
	}
	return value.NewInt(value.Int4, int64(n)), nil
}
