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

// regexpMatch is regexp_match: the groups of the first match, or the whole of it.
func regexpMatch(c *Context, a []value.Value) (value.Value, error) {
	fold := false
	if len(a) == 3 {
		switch a[2].Bytes() {
		case "", "c":
		case "i":
			fold = true
		default:
			return value.Value{}, sqlerr.NotSupported("the flags %q of regexp_match are not supported", a[2].Bytes())
		}
	}
	if err := onlyLongest(a[1].Bytes()); err != nil {
		return value.Value{}, err
	}
	re, err := c.regexp(a[1].Bytes(), fold)
	if err != nil {
		return value.Value{}, err
	}
	s := a[0].Bytes()
	m := re.FindStringSubmatchIndex(s)
	if m == nil {
		return value.Null(value.Text.Array()), nil
	}
	if len(m) > 2 {
		m = m[2:]
	}
	var b value.ArrayBuilder
	b.Reset(value.Text)
	for ; len(m) > 0; m = m[2:] {
		if m[0] < 0 {
			b.Append(value.Null(value.Text))
		} else {
			b.Append(value.NewText(s[m[0]:m[1]]))
		}
	}
	return b.Value(), nil
}

// regexpSplit is regexp_split_to_array. An empty match at an end, or right after another match, does
// not split.
func regexpSplit(c *Context, a []value.Value) (value.Value, error) {
	if err := onlyLongest(a[1].Bytes()); err != nil {
		return value.Value{}, err
	}
	re, err := c.regexp(a[1].Bytes(), false)
	if err != nil {
		return value.Value{}, err
	}
	s := a[0].Bytes()
	var b value.ArrayBuilder
	b.Reset(value.Text)
	at := 0
	for _, m := range re.FindAllStringIndex(s, -1) {
		if m[0] == m[1] && (m[0] == at || m[0] == len(s)) {
			continue
		}
		b.Append(value.NewText(s[at:m[0]]))
		at = m[1]
	}
	b.Append(value.NewText(s[at:]))
	return b.Value(), nil
}
