package expr

import (
	"strings"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/are"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// regexpFuncs is the functions of regular expressions that return one value.
func regexpFuncs() []Func {
	t, i4, b := value.Text, value.Int4, value.Bool
	return []Func{
		{Name: "regexp_like", Args: kinds(t, t), Ret: b, Strict: true, fn: regexpLike},
		{Name: "regexp_like", Args: kinds(t, t, t), Ret: b, Strict: true, fn: regexpLike},
		{Name: "regexp_count", Args: kinds(t, t), Ret: i4, Strict: true, fn: regexpCount},
		{Name: "regexp_count", Args: kinds(t, t, i4), Ret: i4, Strict: true, fn: regexpCount},
		{Name: "regexp_count", Args: kinds(t, t, i4, t), Ret: i4, Strict: true, fn: regexpCount},
		{Name: "regexp_instr", Args: kinds(t, t), Ret: i4, Strict: true, fn: regexpInstr},
		{Name: "regexp_instr", Args: kinds(t, t, i4), Ret: i4, Strict: true, fn: regexpInstr},
		{Name: "regexp_instr", Args: kinds(t, t, i4, i4), Ret: i4, Strict: true, fn: regexpInstr},
		{Name: "regexp_instr", Args: kinds(t, t, i4, i4, i4), Ret: i4, Strict: true, fn: regexpInstr},
		{Name: "regexp_instr", Args: kinds(t, t, i4, i4, i4, t), Ret: i4, Strict: true, fn: regexpInstr},
		{Name: "regexp_instr", Args: kinds(t, t, i4, i4, i4, t, i4), Ret: i4, Strict: true, fn: regexpInstr},
		{Name: "regexp_substr", Args: kinds(t, t), Ret: t, Strict: true, fn: regexpSubstr},
		{Name: "regexp_substr", Args: kinds(t, t, i4), Ret: t, Strict: true, fn: regexpSubstr},
		{Name: "regexp_substr", Args: kinds(t, t, i4, i4), Ret: t, Strict: true, fn: regexpSubstr},
		{Name: "regexp_substr", Args: kinds(t, t, i4, i4, t), Ret: t, Strict: true, fn: regexpSubstr},
		{Name: "regexp_substr", Args: kinds(t, t, i4, i4, t, i4), Ret: t, Strict: true, fn: regexpSubstr},
		{Name: "regexp_match", Args: kinds(t, t), Ret: t.Array(), Strict: true, fn: regexpMatch},
		{Name: "regexp_match", Args: kinds(t, t, t), Ret: t.Array(), Strict: true, fn: regexpMatch},
		{Name: "regexp_replace", Args: kinds(t, t, t), Ret: t, Strict: true, fn: regexpReplace},
		{Name: "regexp_replace", Args: kinds(t, t, t, t), Ret: t, Strict: true, fn: regexpReplaceFlags},
		{Name: "regexp_replace", Args: kinds(t, t, t, i4), Ret: t, Strict: true, fn: regexpReplaceFrom},
		{Name: "regexp_replace", Args: kinds(t, t, t, i4, i4), Ret: t, Strict: true, fn: regexpReplaceFrom},
		{Name: "regexp_replace", Args: kinds(t, t, t, i4, i4, t), Ret: t, Strict: true, fn: regexpReplaceFrom},
		{Name: "regexp_split_to_array", Args: kinds(t, t), Ret: t.Array(), Strict: true, fn: regexpSplit},
		{Name: "regexp_split_to_array", Args: kinds(t, t, t), Ret: t.Array(), Strict: true, fn: regexpSplit},
		{Name: "substring", Args: kinds(t, t), Ret: t, Strict: true, fn: substringRegexp},
		{Name: "substring", Args: kinds(t, t, t), Ret: t, Strict: true, fn: substringSimilar},
		{Name: "similar_to_escape", Args: kinds(t), Ret: t, Strict: true, fn: similarToEscape},
		{Name: "similar_to_escape", Args: kinds(t, t), Ret: t, Strict: true, fn: similarToEscape},
		{Name: "similar_escape", Args: kinds(t, t), Ret: t, fn: similarEscape},
	}
}

// regexFlags reads the letters of a function's options; g is apart from the others.
func regexFlags(letters string) (flags are.Flags, global bool, err error) {
	for i, r := range letters {
		switch r {
		case 'g':
			global = true
			continue
		case 'b', 'e': // PostgreSQL takes both for basic expressions
			return flags, false, errBasicRegexp
		}
		if r >= utf8.RuneSelf || !flags.Set(byte(r)) {
			_, n := utf8.DecodeRuneInString(letters[i:])
			return flags, false, sqlerr.New(sqlerr.InvalidParameterValue, "invalid regular expression option: \"%s\"", letters[i:i+n])
		}
	}
	return flags, global, nil
}

// regexArg returns the expression in a[1] with the options in a[at], if there are so many arguments. name is of a function
// that does not take the option g, "" of one that does.
func (c *Context) regexArg(a []value.Value, at int, name string) (re *are.Regexp, global bool, err error) {
	var flags are.Flags
	if at < len(a) {
		if flags, global, err = regexFlags(a[at].Bytes()); err != nil {
			return nil, false, err
		}
	}
	if global && name != "" {
		e := sqlerr.New(sqlerr.InvalidParameterValue, "%s() does not support the \"global\" option", name)
		if name == "regexp_match" {
			return nil, false, e.WithHint("Use the regexp_matches function instead.")
		}
		return nil, false, e
	}
	re, err = c.regexp(a[1].Bytes(), flags)
	return re, global, err
}

// intArg returns the integer argument at a place, least or above, and def when it is not there.
func intArg(a []value.Value, at int, name string, least, def int) (int, error) {
	if at >= len(a) {
		return def, nil
	}
	if n := int(a[at].Int()); n >= least {
		return n, nil
	}
	return 0, sqlerr.New(sqlerr.InvalidParameterValue, "invalid value for parameter \"%s\": %d", name, a[at].Int())
}

// regexMatches calls f with the matches of re in t from character start on, one behind another, until it returns false.
// Each has the match and as many groups as groups says.
func regexMatches(re *are.Regexp, t *are.Text, start, groups int, f func(m []are.Span) bool) error {
	m := make([]are.Span, groups+1)
	for start <= t.Len() {
		ok, err := re.Find(t, start, m)
		if err != nil {
			return regexError(err)
		}
		if !ok || !f(m) {
			return nil
		}
		if start = m[0].To; m[0].From == m[0].To {
			start++ // or the same would be found again
		}
	}
	return nil
}

func regexpLike(c *Context, a []value.Value) (value.Value, error) {
	re, _, err := c.regexArg(a, 2, "regexp_like")
	if err != nil {
		return value.Value{}, err
	}
	ok, err := matchRegexp(re, a[0].Bytes())
	return value.NewBool(ok), err
}

func regexpCount(c *Context, a []value.Value) (value.Value, error) {
	start, err := intArg(a, 2, "start", 1, 1)
	if err != nil {
		return value.Value{}, err
	}
	re, _, err := c.regexArg(a, 3, "regexp_count")
	if err != nil {
		return value.Value{}, err
	}
	n := int64(0)
	err = regexMatches(re, re.Text(a[0].Bytes()), start-1, 0, func([]are.Span) bool { n++; return true })
	return value.NewInt(value.Int4, n), err
}

// nthMatch returns the part of the n-th match of re in t that is its group; false when there is none. An expression
// without groups has one, the whole.
func nthMatch(re *are.Regexp, t *are.Text, start, n, group int) (are.Span, bool, error) {
	groups := re.Groups()
	if group > max(groups, 1) {
		return are.Span{}, false, nil
	}
	group = min(group, groups)
	part, found := are.Span{}, false
	err := regexMatches(re, t, start, group, func(m []are.Span) bool {
		if n--; n == 0 {
			part, found = m[group], m[group].From >= 0
		}
		return n > 0
	})
	return part, found, err
}

// regexpInstr is regexp_instr(string, pattern, start, N, endoption, flags, subexpr).
func regexpInstr(c *Context, a []value.Value) (value.Value, error) {
	start, err := intArg(a, 2, "start", 1, 1)
	if err != nil {
		return value.Value{}, err
	}
	n, err := intArg(a, 3, "n", 1, 1)
	if err != nil {
		return value.Value{}, err
	}
	end, err := intArg(a, 4, "endoption", 0, 0)
	if err == nil && end > 1 {
		err = sqlerr.New(sqlerr.InvalidParameterValue, "invalid value for parameter \"endoption\": %d", end)
	}
	if err != nil {
		return value.Value{}, err
	}
	group, err := intArg(a, 6, "subexpr", 0, 0)
	if err != nil {
		return value.Value{}, err
	}
	re, _, err := c.regexArg(a, 5, "regexp_instr")
	if err != nil {
		return value.Value{}, err
	}
	part, ok, err := nthMatch(re, re.Text(a[0].Bytes()), start-1, n, group)
	at := 0
	switch {
	case !ok:
	case end == 1:
		at = part.To + 1
	default:
		at = part.From + 1
	}
	return value.NewInt(value.Int4, int64(at)), err
}

// regexpSubstr is regexp_substr(string, pattern, start, N, flags, subexpr).
func regexpSubstr(c *Context, a []value.Value) (value.Value, error) {
	start, err := intArg(a, 2, "start", 1, 1)
	if err != nil {
		return value.Value{}, err
	}
	n, err := intArg(a, 3, "n", 1, 1)
	if err != nil {
		return value.Value{}, err
	}
	group, err := intArg(a, 5, "subexpr", 0, 0)
	if err != nil {
		return value.Value{}, err
	}
	re, _, err := c.regexArg(a, 4, "regexp_substr")
	if err != nil {
		return value.Value{}, err
	}
	t := re.Text(a[0].Bytes())
	part, ok, err := nthMatch(re, t, start-1, n, group)
	if err != nil || !ok {
		return value.Null(value.Text), err
	}
	return value.NewText(t.Slice(part.From, part.To)), nil
}

// substringRegexp is substring(text from pattern): the first group, or the whole match.
func substringRegexp(c *Context, a []value.Value) (value.Value, error) {
	re, err := c.regexp(a[1].Bytes(), are.Flags{})
	if err != nil {
		return value.Value{}, err
	}
	t := re.Text(a[0].Bytes())
	part, ok, err := nthMatch(re, t, 0, 1, 1)
	if err != nil || !ok {
		return value.Null(value.Text), err
	}
	return value.NewText(t.Slice(part.From, part.To)), nil
}

// matchArray returns what regexp_match does of a match: its groups, or the whole.
func matchArray(t *are.Text, m []are.Span) value.Value {
	if len(m) > 1 {
		m = m[1:]
	}
	list := make([]value.Value, len(m))
	for i, s := range m {
		if list[i] = value.Null(value.Text); s.From >= 0 {
			list[i] = value.NewText(t.Slice(s.From, s.To))
		}
	}
	return value.NewArray(value.Text, list)
}

func regexpMatch(c *Context, a []value.Value) (value.Value, error) {
	re, _, err := c.regexArg(a, 2, "regexp_match")
	if err != nil {
		return value.Value{}, err
	}
	t := re.Text(a[0].Bytes())
	out := value.Null(value.Text.Array())
	err = regexMatches(re, t, 0, re.Groups(), func(m []are.Span) bool {
		out = matchArray(t, m)
		return false
	})
	return out, err
}

// regexpReplace is regexp_replace of the first match.
func regexpReplace(c *Context, a []value.Value) (value.Value, error) {
	re, err := c.regexp(a[1].Bytes(), are.Flags{})
	if err != nil {
		return value.Value{}, err
	}
	return replaceMatches(re, a[0].Bytes(), a[2].Bytes(), 1, 1)
}

// regexpReplaceFlags is regexp_replace with options: g replaces all matches.
func regexpReplaceFlags(c *Context, a []value.Value) (value.Value, error) {
	if f := a[3].Bytes(); f != "" && f[0] >= '0' && f[0] <= '9' {
		return value.Value{}, sqlerr.New(sqlerr.InvalidParameterValue, "invalid regular expression option: \"%s\"", f[:1]).
			WithHint("If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly.")
	}
	re, global, err := c.regexArg(a, 3, "")
	if err != nil {
		return value.Value{}, err
	}
	n := 1
	if global {
		n = 0
	}
	return replaceMatches(re, a[0].Bytes(), a[2].Bytes(), 1, n)
}

// regexpReplaceFrom is regexp_replace(string, pattern, replacement, start, N, flags).
func regexpReplaceFrom(c *Context, a []value.Value) (value.Value, error) {
	start, err := intArg(a, 3, "start", 1, 1)
	if err != nil {
		return value.Value{}, err
	}
	n, err := intArg(a, 4, "n", 0, 1)
	if err != nil {
		return value.Value{}, err
	}
	re, _, err := c.regexArg(a, 5, "")
	if err != nil {
		return value.Value{}, err
	}
	return replaceMatches(re, a[0].Bytes(), a[2].Bytes(), start, n)
}

// replaceMatches replaces the n-th match from character start (from 1) on, or all when n is 0.
func replaceMatches(re *are.Regexp, s, repl string, start, n int) (value.Value, error) {
	t := re.Text(s)
	groups := 0
	if strings.Contains(repl, `\`) {
		groups = re.Groups()
	}
	var b strings.Builder
	copied, count := 0, 0
	tooLong := false
	err := regexMatches(re, t, start-1, groups, func(m []are.Span) bool {
		if count++; n > 0 && count != n {
			return true
		}
		b.WriteString(t.Slice(copied, m[0].From))
		expandReplacement(&b, t, repl, m)
		copied = m[0].To
		tooLong = b.Len() > maxTextBytes
		return n == 0 && !tooLong
	})
	if err != nil {
		return value.Value{}, err
	}
	b.WriteString(t.Slice(copied, t.Len()))
	if tooLong || b.Len() > maxTextBytes {
		return value.Value{}, errTextTooLong
	}
	return value.NewText(b.String()), nil
}

// expandReplacement writes a replacement text: \1 to \9 are groups, \& is the match.
func expandReplacement(b *strings.Builder, t *are.Text, repl string, m []are.Span) {
	for i := 0; i < len(repl); i++ {
		if repl[i] != '\\' || i+1 == len(repl) {
			b.WriteByte(repl[i])
			continue
		}
		i++
		group := -1
		switch d := repl[i]; {
		case d == '&':
			group = 0
		case d >= '1' && d <= '9':
			group = int(d - '0')
		case d == '\\':
			b.WriteByte('\\')
			continue
		default:
			b.WriteByte('\\')
			b.WriteByte(d)
			continue
		}
		if group < len(m) && m[group].From >= 0 {
			b.WriteString(t.Slice(m[group].From, m[group].To))
		}
	}
}

// splitMatches calls f with the pieces of t between matches. A match of nothing at an end, or right behind another
// match, does not split.
func splitMatches(re *are.Regexp, t *are.Text, f func(piece string)) error {
	from, last := 0, 0 // where the piece begins; where the last match ended
	err := regexMatches(re, t, 0, 0, func(m []are.Span) bool {
		if m[0].From < t.Len() && m[0].To > last {
			f(t.Slice(from, m[0].From))
			from = m[0].To
		}
		last = m[0].To
		return true
	})
	if err == nil {
		f(t.Slice(from, t.Len()))
	}
	return err
}

// regexpSplit is regexp_split_to_array.
func regexpSplit(c *Context, a []value.Value) (value.Value, error) {
	re, _, err := c.regexArg(a, 2, "regexp_split_to_array")
	if err != nil {
		return value.Value{}, err
	}
	var list []value.Value
	err = splitMatches(re, re.Text(a[0].Bytes()), func(s string) { list = append(list, value.NewText(s)) })
	return value.NewArray(value.Text, list), err
}
