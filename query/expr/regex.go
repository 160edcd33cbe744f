package expr

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// maxRegexps bounds the compiled patterns that a Context keeps.
const maxRegexps = 64

// regexp returns a compiled pattern, from the context's cache if it can.
func (c *Context) regexp(pattern string, fold bool) (*regexp.Regexp, error) {
	key := "s" + pattern
	if fold {
		key = "i" + pattern
	}
	if re, ok := c.regex[key]; ok {
		return re, nil
	}
	re, err := compileRegexp(pattern, fold)
	if err != nil {
		return nil, err
	}
	if c.regex == nil || len(c.regex) >= maxRegexps {
		c.regex = make(map[string]*regexp.Regexp)
	}
	c.regex[key] = re
	return re, nil
}

// compileRegexp compiles one of PostgreSQL's advanced regular expressions. 2201B when
// it is malformed, 0A000 when Go's engine cannot express it.
func compileRegexp(pattern string, fold bool) (*regexp.Regexp, error) {
	flags := "(?s)" // a dot matches a newline
	if fold {
		flags = "(?si)"
	}
	text, err := translateRegexp(pattern)
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(flags + text)
	if err == nil {
		re.Longest() // as POSIX wants it; it matters where the match is used
		return re, nil
	}
	msg := err.Error()
	var e *syntax.Error
	if errors.As(err, &e) {
		switch e.Code {
		case syntax.ErrMissingParen, syntax.ErrUnexpectedParen:
			msg = "parentheses () not balanced"
		case syntax.ErrMissingBracket:
			msg = "brackets [] not balanced"
		case syntax.ErrMissingRepeatArgument, syntax.ErrInvalidRepeatOp:
			msg = "quantifier operand invalid"
		case syntax.ErrInvalidRepeatSize:
			msg = "invalid repetition count(s)"
		case syntax.ErrInvalidCharRange:
			msg = "invalid character range"
		case syntax.ErrLarge:
			return nil, sqlerr.NotSupported("regular expression is too complex")
		}
	}
	return nil, sqlerr.New(sqlerr.InvalidRegularExpression, "invalid regular expression: %s", msg)
}

// regexClasses are the class escapes as Go writes PostgreSQL's meaning, which is
// Unicode's: outside of brackets, and the positive ones inside.
var regexClasses = map[byte]string{
	'd': `\p{Nd}`, 's': `\s\v\x{85}\p{Z}`, 'w': `\p{L}\p{M}\p{N}_`,
}

// translateRegexp rewrites an ARE in Go's syntax.
func translateRegexp(p string) (string, error) {
	refuse := func(what string) (string, error) {
		return "", sqlerr.NotSupported("%s in a regular expression is not supported", what)
	}
	if strings.HasPrefix(p, "***") {
		return refuse("a director (***)")
	}
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		switch c := p[i]; c {
		case '(':
			b.WriteByte(c)
			if i+1 < len(p) && p[i+1] == '?' {
				if i+2 < len(p) && p[i+2] == ':' {
					b.WriteString("?:")
					i += 2
					continue
				}
				return refuse("lookaround or an embedded option")
			}
		case '[':
			set, n, err := translateBracket(p[i:])
			if err != nil {
				return "", err
			}
			b.WriteString(set)
			i += n - 1
		case '\\':
			i++
			if i == len(p) {
				return "", sqlerr.New(sqlerr.InvalidRegularExpression, `invalid regular expression: invalid escape \ sequence`)
			}
			s, err := translateEscape(p[i])
			if err != nil {
				return "", err
			}
			b.WriteString(s)
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

// translateEscape returns what stands for a backslash and c outside of brackets.
func translateEscape(c byte) (string, error) {
	if s, ok := regexClasses[c]; ok {
		return "[" + s + "]", nil
	}
	if s, ok := regexClasses[c+'a'-'A']; ok && c < 'a' {
		return "[^" + s + "]", nil
	}
	switch {
	case c == 'A':
		return `\A`, nil
	case c == 'Z':
		return `\z`, nil
	case strings.IndexByte("afnrtv", c) >= 0:
		return `\` + string(c), nil
	case c == 'b':
		return `\x08`, nil
	case c == 'e':
		return `\x1b`, nil
	case c >= '0' && c <= '9':
		return "", sqlerr.NotSupported("back references in a regular expression are not supported")
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		return "", sqlerr.NotSupported(`the escape \%c in a regular expression is not supported`, c)
	case c >= 0x80:
		return string([]byte{c}), nil
	}
	return regexp.QuoteMeta(string(c)), nil
}

// posixClasses are the character classes in Go's terms.
var posixClasses = map[string]string{
	"alpha": `\p{L}`, "digit": `\p{Nd}`, "alnum": `\p{L}\p{Nd}`, "upper": `\p{Lu}`, "lower": `\p{Ll}`,
	"space": `\s\v\x{85}\p{Z}`, "punct": `[:punct:]`, "blank": `[:blank:]`, "xdigit": `[:xdigit:]`, "cntrl": `[:cntrl:]`,
}

// translateBracket rewrites the bracket expression at the front of p and returns how
// long it is there.
func translateBracket(p string) (string, int, error) {
	var b strings.Builder
	b.WriteByte('[')
	i := 1
	if i < len(p) && p[i] == '^' {
		b.WriteByte('^')
		i++
	}
	for first := true; ; first = false {
		if i >= len(p) {
			return "", 0, sqlerr.New(sqlerr.InvalidRegularExpression, "invalid regular expression: brackets [] not balanced")
		}
		c := p[i]
		switch {
		case c == ']' && !first:
			b.WriteByte(']')
			return b.String(), i + 1, nil
		case c == '[' && i+1 < len(p) && strings.IndexByte(":.=", p[i+1]) >= 0:
			if p[i+1] != ':' {
				return "", 0, sqlerr.NotSupported("collating elements in a regular expression are not supported")
			}
			end := strings.Index(p[i+2:], ":]")
			if end < 0 {
				return "", 0, sqlerr.New(sqlerr.InvalidRegularExpression, "invalid regular expression: brackets [] not balanced")
			}
			set, ok := posixClasses[p[i+2:i+2+end]]
			if !ok {
				return "", 0, sqlerr.New(sqlerr.InvalidRegularExpression, "invalid regular expression: invalid character class")
			}
			b.WriteString(set)
			i += end + 4
			continue
		case c == '\\':
			i++
			if i == len(p) {
				return "", 0, sqlerr.New(sqlerr.InvalidRegularExpression, `invalid regular expression: invalid escape \ sequence`)
			}
			if set, ok := regexClasses[p[i]]; ok {
				b.WriteString(set)
				break
			}
			s, err := translateEscape(p[i])
			if err != nil || s[0] == '[' || s == `\A` || s == `\z` {
				return "", 0, sqlerr.NotSupported(`the escape \%c in a bracket expression is not supported`, p[i])
			}
			b.WriteString(s)
		case c == '[' || c == ']' || c == '&' || c == '~' || c == '^':
			b.WriteString(`\` + string(c))
		default:
			b.WriteByte(c)
		}
		i++
	}
}
