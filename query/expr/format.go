package expr

import (
	"math"
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
		if strings.HasPrefix(f[i+1:], "%") {
			b.WriteByte('%')
			i++
			continue
		}
		spec, n, err := parseSpec(f[i+1:])
		if err != nil {
			return value.Value{}, err
		}
		i += n
		width := spec.width
		if spec.starWidth {
			at := next
			if spec.widthPosition > 0 {
				at = spec.widthPosition
			}
			if at >= len(a) {
				return value.Value{}, errFormatFew
			}
			if width, err = starWidth(c, a[at]); err != nil {
				return value.Value{}, err
			}
			next = at + 1
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
	position int
	left     bool
	width    int
	// starWidth says that an argument has the width: the next one, or the one at widthPosition.
	starWidth     bool
	widthPosition int
	verb          byte
}

var (
	errFormatZero  = sqlerr.New(sqlerr.InvalidParameterValue, "format specifies argument 0, but arguments are numbered from 1")
	errFormatRange = sqlerr.New(sqlerr.NumericValueOutOfRange, "number is out of range")
	errFormatEnd   = sqlerr.New(sqlerr.InvalidParameterValue, "unterminated format() type specifier").
			WithHint(`For a single "%%" use "%%%%".`)
)

// specReader reads what follows a %.
type specReader struct {
	s   string
	at  int
	err error
}

// number reads a number; false when there is none.
func (r *specReader) number() (int, bool) {
	start := r.at
	n := 0
	for r.at < len(r.s) && r.s[r.at] >= '0' && r.s[r.at] <= '9' {
		if n = 10*n + int(r.s[r.at]-'0'); n > math.MaxInt32 {
			r.err = errFormatRange
			return 0, false
		}
		r.at++
	}
	return n, r.at > start
}

func (r *specReader) take(c byte) bool {
	if r.at == len(r.s) || r.s[r.at] != c {
		return false
	}
	r.at++
	return true
}

// position reads the number and $ of an argument; 0 and no step when there is only a number.
func (r *specReader) position() int {
	start := r.at
	n, ok := r.number()
	if !ok || !r.take('$') {
		r.at = start
		return 0
	}
	if n == 0 {
		r.err = errFormatZero
	}
	return n
}

// parseSpec reads what follows a % and returns how long it is.
func parseSpec(s string) (formatSpec, int, error) {
	var p formatSpec
	r := &specReader{s: s}
	p.position = r.position()
	for r.take('-') {
		p.left = true
	}
	if r.take('*') {
		p.starWidth = true
		p.widthPosition = r.position()
	} else {
		p.width, _ = r.number()
	}
	switch {
	case r.err != nil:
		return p, 0, r.err
	case r.at == len(s):
		return p, 0, errFormatEnd
	}
	p.verb = s[r.at]
	switch p.verb {
	case 's', 'I', 'L':
		return p, r.at + 1, nil
	}
	c, _ := utf8.DecodeRuneInString(s[r.at:])
	return p, 0, sqlerr.New(sqlerr.InvalidParameterValue, `unrecognized format() type specifier "%c"`, c).
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
