package expr

import (
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// substringRegexp is substring(text from pattern): the first group, or the whole match.
func substringRegexp(c *Context, a []value.Value) (value.Value, error) {
	re, err := c.regexp(a[1].Bytes(), false)
	if err != nil {
		return value.Value{}, err
	}
	if err := onlyLongest(a[1].Bytes()); err != nil {
		return value.Value{}, err
	}
	m := re.FindStringSubmatchIndex(a[0].Bytes())
	if m == nil {
		return value.Null(value.Text), nil
	}
	from, to := m[0], m[1]
	if len(m) > 2 {
		from, to = m[2], m[3]
	}
	if from < 0 {
		return value.Null(value.Text), nil
	}
	return value.NewText(a[0].Bytes()[from:to]), nil
}

// onlyLongest refuses the patterns whose match Go may choose otherwise than
// PostgreSQL: lazy quantifiers, and groups among alternatives.
func onlyLongest(pattern string) error {
	lazy := strings.Contains(pattern, "*?") || strings.Contains(pattern, "+?") ||
		strings.Contains(pattern, "??") || strings.Contains(pattern, "}?")
	if lazy || strings.Contains(pattern, "|") && strings.Contains(pattern, "(") {
		return sqlerr.NotSupported("extracting by a regular expression with lazy quantifiers or groups of alternatives is not supported")
	}
	return nil
}

func regexpLike(c *Context, a []value.Value) (value.Value, error) {
	fold := false
	if len(a) == 3 {
		switch a[2].Bytes() {
		case "", "c":
		case "i":
			fold = true
		default:
			return value.Value{}, sqlerr.NotSupported("the flags %q of regexp_like are not supported", a[2].Bytes())
		}
	}
	re, err := c.regexp(a[1].Bytes(), fold)
	if err != nil {
		return value.Value{}, err
	}
	return value.NewBool(re.MatchString(a[0].Bytes())), nil
}

func regexpReplace(c *Context, a []value.Value) (value.Value, error) {
	fold, all := false, false
	if len(a) == 4 {
		for _, f := range a[3].Bytes() {
			switch f {
			case 'g':
				all = true
			case 'i':
				fold = true
			default:
				return value.Value{}, sqlerr.NotSupported("the flags %q of regexp_replace are not supported", a[3].Bytes())
			}
		}
	}
	if err := onlyLongest(a[1].Bytes()); err != nil {
		return value.Value{}, err
	}
	re, err := c.regexp(a[1].Bytes(), fold)
	if err != nil {
		return value.Value{}, err
	}
	s, repl := a[0].Bytes(), a[2].Bytes()
	n := 1
	if all {
		n = -1
	}
	var b strings.Builder
	at := 0
	for _, m := range re.FindAllStringSubmatchIndex(s, n) {
		b.WriteString(s[at:m[0]])
		expandReplacement(&b, s, repl, m)
		at = m[1]
	}
	b.WriteString(s[at:])
	return value.NewText(b.String()), nil
}

// expandReplacement writes a replacement text: \1 to \9 are groups, \& is the match.
func expandReplacement(b *strings.Builder, s, repl string, m []int) {
	for i := 0; i < len(repl); i++ {
		if repl[i] != '\\' || i+1 == len(repl) {
			b.WriteByte(repl[i])
			continue
		}
		i++
		switch d := repl[i]; {
		case d == '&':
			b.WriteString(s[m[0]:m[1]])
		case d >= '1' && d <= '9':
			if g := 2 * int(d-'0'); g < len(m) && m[g] >= 0 {
				b.WriteString(s[m[g]:m[g+1]])
			}
		case d == '\\':
			b.WriteByte('\\')
		default:
			b.WriteByte('\\')
			b.WriteByte(d)
		}
	}
}
