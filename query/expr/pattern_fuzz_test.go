package expr

import (
	"testing"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/are"
	"github.com/cachalotdb/cachalot/internal/value"
)

// likeSlowly is LIKE by its definition, character by character.
func likeSlowly(s, pattern []rune) bool {
	if len(pattern) == 0 {
		return len(s) == 0
	}
	switch pattern[0] {
	case '%':
		for i := range len(s) + 1 {
			if likeSlowly(s[i:], pattern[1:]) {
				return true
			}
		}
		return false
	case '_':
		return len(s) > 0 && likeSlowly(s[1:], pattern[1:])
	case '\\':
		pattern = pattern[1:]
	}
	return len(s) > 0 && s[0] == pattern[0] && likeSlowly(s[1:], pattern[1:])
}

func FuzzLike(f *testing.F) {
	for _, seed := range [][2]string{{"abc", "a%c"}, {"aXbXc", "%X%_"}, {"", "%"}, {"é", "_"}, {"a%b", `a\%b`}, {"aab", "%ab"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, s, pattern string) {
		if !utf8.ValidString(s) || !utf8.ValidString(pattern) || len(s) > 20 || len(pattern) > 10 {
			t.Skip()
		}
		p := compileLike(pattern, false)
		if p.unfinished != "" {
			return
		}
		got, err := p.match(s)
		if want := likeSlowly([]rune(s), []rune(pattern)); got != want || err != nil {
			t.Errorf("%q LIKE %q is %v %v", s, pattern, got, err)
		}
	})
}

// FuzzTemplates feeds patterns and templates of every kind: they give an answer or an error.
func FuzzTemplates(f *testing.F) {
	for _, seed := range [][2]string{{"2021-10-19", "YYYY-MM-DD"}, {"x", `a(b|c)*[[:alpha:]]\d`}, {"1", "FM9,990.99MI"}, {"y", "%10s %I %-3$L"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, s, template string) {
		if !utf8.ValidString(s) || !utf8.ValidString(template) {
			t.Skip()
		}
		c := &Context{}
		text, tmpl := value.NewText(s), value.NewText(template)
		_, _ = parseTimestamp(c, []value.Value{text, tmpl})
		_, _ = timeToChar(c, []value.Value{value.NewInt(value.Timestamptz, int64(len(s))*1e15), tmpl})
		_, _ = numberToChar(c, []value.Value{value.NewInt(value.Int8, int64(len(s))-5), tmpl})
		_, _ = c.regexp(template, are.Flags{FoldCase: true})
		if len(template) < 50 {
			_, _ = format(c, []value.Value{tmpl, text, text})
		}
	})
}
