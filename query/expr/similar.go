package expr

import (
	"strings"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// similarPattern writes a pattern of SIMILAR TO as an advanced regular expression.
//
// Two separators, escaped double quotes, divide the pattern in three: the middle is then the only group, and the first
// and last part match as little and as much as they can.
func similarPattern(pattern, escape string) (string, error) {
	if utf8.RuneCountInString(escape) > 1 {
		return "", sqlerr.New(sqlerr.InvalidEscapeSequence, "invalid escape string").
			WithHint("Escape string must be empty or one character.")
	}
	var b strings.Builder
	b.WriteString("^(?:")
	afterEscape, inBracket, separators := false, false, 0
	for _, r := range pattern {
		switch {
		case afterEscape && r == '"' && !inBracket:
			afterEscape = false
			switch separators++; separators {
			case 1:
				b.WriteString("){1,1}?(")
			case 2:
				b.WriteString("){1,1}(?:")
			default:
				return "", sqlerr.New("2200C", "SQL regular expression may not contain more than two escape-double-quote separators")
			}
		case afterEscape:
			b.WriteByte('\\')
			b.WriteRune(r)
			afterEscape = false
		case escape != "" && string(r) == escape:
			afterEscape = true
		case inBracket:
			if r == '\\' {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
			inBracket = r != ']'
		case r == '[':
			b.WriteRune(r)
			inBracket = true
		case r == '%':
			b.WriteString(".*")
		case r == '_':
			b.WriteByte('.')
		case r == '(':
			b.WriteString("(?:")
		case strings.ContainsRune(`\.^$`, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteString(")$")
	return b.String(), nil
}

func similarToEscape(_ *Context, a []value.Value) (value.Value, error) {
	escape := `\`
	if len(a) == 2 {
		escape = a[1].Bytes()
	}
	p, err := similarPattern(a[0].Bytes(), escape)
	return value.NewText(p), err
}

// similarEscape is similar_escape, whose NULL escape is the backslash.
func similarEscape(_ *Context, a []value.Value) (value.Value, error) {
	if a[0].IsNull() {
		return value.Null(value.Text), nil
	}
	escape := `\`
	if !a[1].IsNull() {
		escape = a[1].Bytes()
	}
	p, err := similarPattern(a[0].Bytes(), escape)
	return value.NewText(p), err
}

// substringSimilar is substring(text similar pattern escape escape).
func substringSimilar(c *Context, a []value.Value) (value.Value, error) {
	p, err := similarPattern(a[1].Bytes(), a[2].Bytes())
	if err != nil {
		return value.Value{}, err
	}
	return substringRegexp(c, []value.Value{a[0], value.NewText(p)})
}
