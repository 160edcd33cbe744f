package expr

import (
	"strings"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// likePattern is a compiled LIKE pattern: literal texts between the %s, in which
// an any marks a _. Immutable.
type likePattern struct {
	parts []likePart
	fold  bool // match lower-cased
	exact bool // no wildcard at all: parts is one literal
	// anchored says which ends of the text the first and the last part stand at.
	anchoredStart, anchoredEnd bool
	// unfinished is a pattern that ends with the escape character: an error for the texts that match so far.
	unfinished string
}

// likePart is a run of characters between %s. Without wildcards it is text; otherwise runes,
// anyRune for a _.
type likePart struct {
	text  string
	runes []rune
}

const anyRune = -1

var errLikeEscape = sqlerr.New(sqlerr.InvalidEscapeSequence, "LIKE pattern must not end with escape character")

// compileLike compiles a pattern whose escape character is the backslash.
func compileLike(pattern string, fold bool) *likePattern {
	if fold {
		pattern = foldCase(pattern)
	}
	p := &likePattern{fold: fold, exact: true, anchoredStart: true, anchoredEnd: true}
	var runes []rune
	var text []byte // of the part, as long as it has no _
	wild := false
	flush := func(force bool) {
		switch {
		case wild:
			p.parts = append(p.parts, likePart{runes: runes})
		case len(text) > 0 || force:
			p.parts = append(p.parts, likePart{text: string(text)})
		}
		runes, text, wild = nil, nil, false
	}
	for i := 0; i < len(pattern); {
		r, n := utf8.DecodeRuneInString(pattern[i:])
		switch r {
		case '%':
			if i == 0 {
				p.anchoredStart = false
			} else {
				flush(len(p.parts) == 0 && p.anchoredStart)
			}
			p.exact, p.anchoredEnd = false, false
			i += n
			continue
		case '_':
			runes, wild, p.exact = append(runes, anyRune), true, false
		case '\\':
			i += n
			if i == len(pattern) {
				return &likePattern{unfinished: pattern, fold: fold}
			}
			r, n = utf8.DecodeRuneInString(pattern[i:])
			fallthrough
		default:
			runes, text = append(runes, r), append(text, pattern[i:i+n]...)
		}
		p.anchoredEnd = true
		i += n
	}
	flush(p.anchoredEnd)
	return p
}

// foldCase is the case folding of ILIKE and of lower().
func foldCase(s string) string { return strings.ToLower(s) }

// match says whether s matches. 22025 when it does so far, and the pattern ends with the escape character.
func (p *likePattern) match(s string) (bool, error) {
	if p.fold {
		s = foldCase(s)
	}
	if p.unfinished != "" {
		return false, matchUnfinished([]rune(s), []rune(p.unfinished))
	}
	return p.matchFinished(s), nil
}

// matchUnfinished walks as PostgreSQL does: no text matches, and the error comes when the walk meets the end of the
// pattern with text left.
func matchUnfinished(s, p []rune) error {
	for len(s) > 0 && len(p) > 0 {
		switch p[0] {
		case '\\':
			if p = p[1:]; len(p) == 0 {
				return errLikeEscape
			}
			if s[0] != p[0] {
				return nil
			}
		case '_':
		case '%':
			for len(p) > 0 && (p[0] == '%' || p[0] == '_') {
				if p[0] == '_' {
					if len(s) == 0 {
						return nil
					}
					s = s[1:]
				}
				p = p[1:]
			}
			next := p[0]
			if next == '\\' {
				if len(p) < 2 {
					return errLikeEscape
				}
				next = p[1]
			}
			for ; len(s) > 0; s = s[1:] {
				if s[0] == next {
					if err := matchUnfinished(s, p); err != nil {
						return err
					}
				}
			}
			return nil
		default:
			if s[0] != p[0] {
				return nil
			}
		}
		s, p = s[1:], p[1:]
	}
	return nil
}

func (p *likePattern) matchFinished(s string) bool {
	parts := p.parts
	if p.exact {
		return len(parts) == 1 && s == parts[0].text || len(parts) == 0 && s == ""
	}
	if p.anchoredStart && len(parts) > 0 {
		n, ok := parts[0].prefix(s)
		if !ok {
			return false
		}
		s = s[n:]
		if len(parts) == 1 && p.anchoredEnd {
			return s == ""
		}
		parts = parts[1:]
	}
	var last *likePart
	if p.anchoredEnd && len(parts) > 0 {
		last, parts = &parts[len(parts)-1], parts[:len(parts)-1]
	}
	for i := range parts {
		n, ok := parts[i].find(s)
		if !ok {
			return false
		}
		s = s[n:]
	}
	return last == nil || last.suffix(s)
}

// prefix matches the part at the front of s and returns how many bytes it took.
func (p *likePart) prefix(s string) (int, bool) {
	if p.runes == nil {
		return len(p.text), strings.HasPrefix(s, p.text)
	}
	i := 0
	for _, want := range p.runes {
		if i == len(s) {
			return 0, false
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if want != anyRune && want != r {
			return 0, false
		}
		i += n
	}
	return i, true
}

// find matches the part at its first place in s and returns where it ends.
func (p *likePart) find(s string) (int, bool) {
	if p.runes == nil {
		i := strings.Index(s, p.text)
		return i + len(p.text), i >= 0
	}
	for i := 0; ; {
		if n, ok := p.prefix(s[i:]); ok {
			return i + n, true
		}
		if i == len(s) {
			return 0, false
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		i += n
	}
}

// suffix matches the part at the end of s.
func (p *likePart) suffix(s string) bool {
	if p.runes == nil {
		return strings.HasSuffix(s, p.text)
	}
	i := len(s)
	for range p.runes {
		if i == 0 {
			return false
		}
		_, n := utf8.DecodeLastRuneInString(s[:i])
		i -= n
	}
	_, ok := p.prefix(s[i:])
	return ok
}

// LikePrefix returns the operand of a LIKE with a constant pattern, and the literal that every
// match begins with. exact says that the pattern has no wildcard, whole that it is
// the prefix and a % only, so that the prefix alone decides. ok is false for other
// expressions and for patterns that begin with a wildcard.
func LikePrefix(e Expr) (operand Expr, prefix string, exact, whole, ok bool) {
	c, is := e.(*Call)
	if !is || c.Func.Op != "~~" {
		return nil, "", false, false, false
	}
	k, is := c.Args[1].(*Const)
	if !is || k.Val.IsNull() {
		return nil, "", false, false, false
	}
	p := compileLike(k.Val.Bytes(), false)
	if !p.anchoredStart || len(p.parts) == 0 {
		return nil, "", false, false, false
	}
	first := p.parts[0]
	if first.runes == nil {
		prefix = first.text
		whole = len(p.parts) == 1 && !p.anchoredEnd
	} else {
		for _, r := range first.runes {
			if r == anyRune {
				break
			}
			prefix += string(r)
		}
	}
	return c.Args[0], prefix, p.exact, whole, prefix != "" || p.exact
}

// likeEscape is like_escape: the pattern with another escape character written with backslashes.
func likeEscape(_ *Context, a []value.Value) (value.Value, error) {
	pattern, esc := a[0].Bytes(), a[1].Bytes()
	if esc == `\` {
		return a[0].WithKind(value.Text), nil
	}
	if utf8.RuneCountInString(esc) > 1 {
		return value.Value{}, sqlerr.New(sqlerr.InvalidEscapeSequence, "invalid escape string").
			WithHint("Escape string must be empty or one character.")
	}
	var b strings.Builder
	afterEscape := false
	for _, r := range pattern {
		switch {
		case esc != "" && string(r) == esc && !afterEscape:
			b.WriteByte('\\')
			afterEscape = true
			continue
		case r == '\\' && !afterEscape:
			b.WriteString(`\\`)
		default:
			b.WriteRune(r)
		}
		afterEscape = false
	}
	return value.NewText(b.String()), nil
}
