package expr

import (
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// parseIdent is parse_ident(name, strict): the parts of a qualified name. Unless it is strict, what follows the name
// does not matter.
func parseIdent(_ *Context, a []value.Value) (value.Value, error) {
	p := identParser{all: a[0].Bytes(), rest: a[0].Bytes()}
	var parts []value.Value
	p.skip()
	for afterDot := false; ; {
		part, err := p.part(afterDot)
		if err != nil {
			return value.Value{}, err
		}
		parts = append(parts, value.NewText(part))
		p.skip()
		switch {
		case strings.HasPrefix(p.rest, "."):
			afterDot = true
			p.rest = p.rest[1:]
			p.skip()
			continue
		case p.rest != "" && a[1].Bool():
			return value.Value{}, p.fail("")
		}
		return value.NewArray(value.Text, parts), nil
	}
}

type identParser struct{ all, rest string }

func (p *identParser) skip() { p.rest = strings.TrimLeft(p.rest, " \t\n\r\f") }

func (p *identParser) fail(detail string) error {
	return sqlerr.New(sqlerr.InvalidParameterValue, "string is not a valid identifier: \"%s\"", p.all).WithDetail("%s", detail)
}

// part reads a part of the name.
func (p *identParser) part(afterDot bool) (string, error) {
	if strings.HasPrefix(p.rest, `"`) {
		return p.quoted()
	}
	n := 0
	for n < len(p.rest) && (identStart(p.rest[n]) || n > 0 && (isDigit(p.rest[n]) || p.rest[n] == '$')) {
		n++
	}
	switch {
	case n > 0:
		part := p.rest[:n]
		p.rest = p.rest[n:]
		return asciiLower(part), nil
	case strings.HasPrefix(p.rest, "."):
		return "", p.fail(`No valid identifier before ".".`)
	case afterDot:
		return "", p.fail(`No valid identifier after ".".`)
	}
	return "", p.fail("")
}

func (p *identParser) quoted() (string, error) {
	var b strings.Builder
	for s := p.rest[1:]; ; {
		end := strings.IndexByte(s, '"')
		if end < 0 {
			return "", p.fail("String has unclosed double quotes.")
		}
		b.WriteString(s[:end])
		if s = s[end+1:]; !strings.HasPrefix(s, `"`) {
			p.rest = s
			break
		}
		b.WriteByte('"')
		s = s[1:]
	}
	if b.Len() == 0 {
		return "", p.fail("Quoted identifier must not be empty.")
	}
	return b.String(), nil
}

func identStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// asciiLower lowers the case of the letters of ASCII only, as names have it.
func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
