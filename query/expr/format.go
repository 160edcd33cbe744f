package expr

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// quoteIdent returns an identifier as it has to be written.
func quoteIdent(s string) string {
	plain := s != "" && !reservedWords[s]
	for i := 0; i < len(s) && plain; i++ {
		c := s[i]
		plain = c >= 'a' && c <= 'z' || c == '_' || i > 0 && c >= '0' && c <= '9'
	}
	if plain {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// reservedWords are the keywords that quote_ident quotes: all that are not unreserved.
var reservedWords = wordSet(`all analyse analyze and any array as asc asymmetric authorization between bigint binary
bit boolean both case cast char character check coalesce collate collation column concurrently constraint create cross
current_catalog current_date current_role current_schema current_time current_timestamp current_user dec decimal default
deferrable desc distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest
group grouping having ilike in initially inner inout int integer intersect interval into is isnull join lateral leading
least left like limit localtime localtimestamp national natural nchar none normalize not notnull null nullif numeric
offset on only or order out outer overlaps overlay placing position precision primary real references returning right
row select session_user setof similar smallint some substring symmetric table tablesample then time timestamp to trailing
treat trim true union unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat
xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable`)

func wordSet(words string) map[string]bool {
	set := make(map[string]bool)
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// format is format(): %s, %I, %L and %%, with position$ and -width.
func format(c *Context, a []value.Value) (value.Value, error) {
	if a[0].IsNull() {
		return value.Null(value.Text), nil
	}
	var b strings.Builder
	f := a[0].Bytes()
	next := 1
	for i := 0; i < len(f); i++ {
		if f[i] != '%' {
			b.WriteByte(f[i])
			continue
		}
		spec, n, err := parseSpec(f[i+1:])
		if err != nil {
			return value.Value{}, err
		}
		i += n
		if spec.verb == '%' {
			b.WriteByte('%')
			continue
		}
		width := spec.width
		if spec.starWidth {
			if next >= len(a) {
				return value.Value{}, errFormatFew
			}
			if width, err = starWidth(c, a[next]); err != nil {
				return value.Value{}, err
			}
			next++
		}
		at := next
		if spec.position > 0 {
			at = spec.position
		}
		if at >= len(a) {
			return value.Value{}, errFormatFew
		}
		next = at + 1
		text, err := formatArg(c, spec.verb, a[at])
		if err != nil {
			return value.Value{}, err
		}
		left := spec.left || width < 0
		padding := strings.Repeat(" ", max(0, max(width, -width)-utf8.RuneCountInString(text)))
		if left {
			b.WriteString(text + padding)
		} else {
			b.WriteString(padding + text)
		}
	}
	return value.NewText(b.String()), nil
}

var errFormatFew = sqlerr.New(sqlerr.InvalidParameterValue, "too few arguments for format()")

type formatSpec struct {
	position  int
	left      bool
	width     int
	starWidth bool
	verb      byte
}

// parseSpec reads what follows a % and returns how long it is.
func parseSpec(s string) (formatSpec, int, error) {
	var p formatSpec
	i := 0
	number := func() int {
		n := 0
		for i < len(s) && s[i] >= '0' && s[i] <= '9' && n < 1<<24 {
			n = 10*n + int(s[i]-'0')
			i++
		}
		return n
	}
	start := i
	if n := number(); i > start && i < len(s) && s[i] == '$' {
		if n == 0 {
			return p, 0, sqlerr.New(sqlerr.InvalidParameterValue, "format specifies argument 0, but arguments are numbered from 1")
		}
		p.position = n
		i++
	} else {
		i = start
	}
	for i < len(s) && s[i] == '-' {
		p.left = true
		i++
	}
	if i < len(s) && s[i] == '*' {
		p.starWidth = true
		i++
		if i < len(s) && s[i] >= '0' && s[i] <= '9' {
			return p, 0, sqlerr.NotSupported("the position of a width in format() is not supported")
		}
	} else {
		p.width = number()
	}
	if i == len(s) {
		return p, 0, sqlerr.New(sqlerr.InvalidParameterValue, "unterminated format() type specifier").
			WithHint(`For a single "%%" use "%%%%".`)
	}
	p.verb = s[i]
	switch p.verb {
	case 's', 'I', 'L', '%':
		return p, i + 1, nil
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return p, 0, sqlerr.New(sqlerr.InvalidParameterValue, `unrecognized format() type specifier "%c"`, r).
		WithHint(`For a single "%%" use "%%%%".`)
}

func starWidth(c *Context, v value.Value) (int, error) {
	if v.IsNull() {
		return 0, nil
	}
	n, err := strconv.Atoi(textOf(c, v))
	if err != nil || n > 1<<24 || n < -1<<24 {
		return 0, sqlerr.New(sqlerr.InvalidTextRepresentation, "invalid input syntax for type integer: %q", textOf(c, v))
	}
	return n, nil
}

func formatArg(c *Context, verb byte, v value.Value) (string, error) {
	if v.IsNull() {
		switch verb {
		case 'I':
			return "", sqlerr.New(sqlerr.NullValueNotAllowed, "null values cannot be formatted as an SQL identifier")
		case 'L':
			return "NULL", nil
		}
		return "", nil
	}
	text := outputOf(c, v)
	switch verb {
	case 'I':
		return quoteIdent(text), nil
	case 'L':
		return quoteLiteral(text), nil
	}
	return text, nil
}

func encode(_ *Context, a []value.Value) (value.Value, error) {
	s := a[0].Bytes()
	switch strings.ToLower(a[1].Bytes()) {
	case "hex":
		return value.NewText(hex.EncodeToString([]byte(s))), nil
	case "base64":
		// Lines of 76 characters, as in RFC 2045.
		text := base64.StdEncoding.EncodeToString([]byte(s))
		var b strings.Builder
		for len(text) > 76 {
			b.WriteString(text[:76] + "\n")
			text = text[76:]
		}
		b.WriteString(text)
		return value.NewText(b.String()), nil
	case "escape":
		var b strings.Builder
		for i := 0; i < len(s); i++ {
			switch c := s[i]; {
			case c == '\\':
				b.WriteString(`\\`)
			case c == 0 || c >= 0x80:
				fmt.Fprintf(&b, `\%03o`, c)
			default:
				b.WriteByte(c)
			}
		}
		return value.NewText(b.String()), nil
	}
	return value.Value{}, errEncoding(a[1].Bytes())
}

func errEncoding(name string) error {
	return sqlerr.New(sqlerr.InvalidParameterValue, "unrecognized encoding: %q", name)
}

func decode(_ *Context, a []value.Value) (value.Value, error) {
	s := a[0].Bytes()
	switch strings.ToLower(a[1].Bytes()) {
	case "hex":
		s = strings.Map(func(r rune) rune {
			if r == ' ' || r == '\n' || r == '\t' || r == '\r' {
				return -1
			}
			return r
		}, s)
		for _, r := range s {
			if !strings.ContainsRune("0123456789abcdefABCDEF", r) {
				return value.Value{}, sqlerr.New(sqlerr.InvalidParameterValue, `invalid hexadecimal digit: "%c"`, r)
			}
		}
		b, err := hex.DecodeString(s)
		if err != nil {
			return value.Value{}, sqlerr.New(sqlerr.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
		}
		return value.NewBytes(value.Bytea, string(b)), nil
	case "base64":
		s = strings.Join(strings.Fields(s), "")
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return value.Value{}, sqlerr.New(sqlerr.InvalidParameterValue, "invalid base64 end sequence").
				WithHint("Input data is missing padding, is truncated, or is otherwise corrupted.")
		}
		return value.NewBytes(value.Bytea, string(b)), nil
	case "escape":
		return value.Value{}, sqlerr.NotSupported("decoding the escape format is not supported")
	}
	return value.Value{}, errEncoding(a[1].Bytes())
}
