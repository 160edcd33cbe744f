package are

import "strings"

// token is a token of a pattern.
type token struct {
	kind tokenKind
	// value is the character of a plain token, the class of \w and its kin, the number of a back reference; of a
	// quantifier 1 for greedy and 0 for not; of ( 1 for capturing; of [ 0 for negated.
	value rune
}

type tokenKind uint8

const (
	tokEmpty tokenKind = iota // nothing yet
	tokEnd
	tokPlain
	tokDigit
	tokBackref
	tokCollating  // [.
	tokEquivalent // [=
	tokClass      // [:
	tokClose      // .] =] :]
	tokRange      // - between two characters
	tokClassS     // \d \s \w
	tokClassC     // \D \S \W
	tokLook       // (?= and its kin
	tokBegin      // \A
	tokFinish     // \Z
	tokWordStart
	tokWordEnd
	tokBoundary
	tokNoBoundary
	tokAlt
	tokStar
	tokPlus
	tokQuestion
	tokOpenBound
	tokCloseBound
	tokComma
	tokOpen
	tokCloseParen
	tokBracket
	tokCloseBracket
	tokDot
	tokCaret
	tokDollar
)

// The kinds of tokLook.
const (
	lookBehind   = 1 // else ahead
	lookNegative = 2
)

type lexContext uint8

const (
	inPattern lexContext = iota
	inLiteral
	inBound
	inBracket
	inCollating
	inEquivalent
	inClass
)

// lexer reads tokens. After an error all tokens are tokEnd.
type lexer struct {
	text    []rune
	at      int
	flags   *Flags
	context lexContext
	tok     token // the next one
	last    tokenKind
	groups  int // opened so far, as the parser counts them
	err     error
}

func (l *lexer) fail(err error) {
	if l.err == nil {
		l.err = err
	}
	l.tok = token{kind: tokEnd}
}

func (l *lexer) peek(i int) rune {
	if l.at+i < len(l.text) {
		return l.text[l.at+i]
	}
	return -1
}

func (l *lexer) take(r rune) bool {
	if l.peek(0) != r {
		return false
	}
	l.at++
	return true
}

// start reads the prefixes of the pattern and the first token.
func (l *lexer) start() {
	l.prefixes()
	if l.flags.Literal {
		l.context = inLiteral
	}
	l.next()
}

// prefixes takes *** and (?letters).
func (l *lexer) prefixes() {
	f := l.flags
	if f.Literal {
		return
	}
	if len(l.text) >= 4 && strings.HasPrefix(string(l.text[:3]), "***") {
		switch l.text[3] {
		case '?':
			l.fail(ErrVersion)
			return
		case '=':
			*f = Flags{Literal: true, FoldCase: f.FoldCase}
			l.at = 4
			return
		case ':':
			f.Extended = false
			l.at = 4
		default:
			l.fail(ErrQuantifier)
			return
		}
	}
	if !f.Extended && l.peek(0) == '(' && l.peek(1) == '?' && isLetter(l.peek(2)) {
		l.at += 2
		l.options()
	}
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// options reads the letters of (?letters) and the parenthesis.
func (l *lexer) options() {
	f := l.flags
	for ; isLetter(l.peek(0)); l.at++ {
		if l.peek(0) == 'b' {
			l.fail(ErrBasic)
			return
		}
		if !f.Set(byte(l.peek(0))) {
			l.fail(ErrOption)
			return
		}
	}
	if !l.take(')') {
		l.fail(ErrOption)
		return
	}
	if f.Literal {
		f.Expanded, f.NewlineEnd, f.LineAnchor = false, false, false
	}
}

// Set sets the option of a letter; false for a letter that is none, b included.
func (f *Flags) Set(letter byte) bool {
	switch letter {
	case 'c':
		f.FoldCase = false
	case 'e':
		f.Extended, f.Literal = true, false
	case 'i':
		f.FoldCase = true
	case 'm', 'n':
		f.NewlineEnd, f.LineAnchor = true, true
	case 'p':
		f.NewlineEnd, f.LineAnchor = true, false
	case 'q':
		f.Literal, f.Extended = true, false
	case 's':
		f.NewlineEnd, f.LineAnchor = false, false
	case 't':
		f.Expanded = false
	case 'w':
		f.NewlineEnd, f.LineAnchor = false, true
	case 'x':
		f.Expanded = true
	default:
		return false
	}
	return true
}

// skip passes over white space and comments of the expanded syntax.
func (l *lexer) skip() {
	for {
		for l.at < len(l.text) && isSpace(l.text[l.at]) {
			l.at++
		}
		if l.peek(0) != '#' {
			return
		}
		for l.at < len(l.text) && l.text[l.at] != '\n' {
			l.at++
		}
	}
}

func (l *lexer) set(kind tokenKind, value rune) { l.tok = token{kind, value} }

// next reads the next token into tok.
func (l *lexer) next() {
	if l.err != nil {
		return
	}
	l.last = l.tok.kind
	l.scan()
}

func (l *lexer) scan() {
	if l.flags.Expanded && (l.context == inPattern || l.context == inBound) {
		l.skip()
	}
	if l.at >= len(l.text) {
		switch l.context {
		case inPattern, inLiteral:
			l.set(tokEnd, 0)
		case inBound:
			l.fail(ErrBrace)
		default:
			l.fail(ErrBracket)
		}
		return
	}
	c := l.text[l.at]
	l.at++
	switch l.context {
	case inLiteral:
		l.set(tokPlain, c)
	case inBound:
		l.bound(c)
	case inBracket:
		l.bracket(c)
	case inCollating:
		l.element(c, '.')
	case inEquivalent:
		l.element(c, '=')
	case inClass:
		l.element(c, ':')
	default:
		l.pattern(c)
	}
}

func (l *lexer) bound(c rune) {
	switch {
	case isDigit(c):
		l.set(tokDigit, c-'0')
	case c == ',':
		l.set(tokComma, 0)
	case c == '}':
		l.context = inPattern
		l.greedy(tokCloseBound)
	default:
		l.fail(ErrBound)
	}
}

// greedy sets a quantifier's token, which a question mark makes non-greedy.
func (l *lexer) greedy(kind tokenKind) {
	if !l.flags.Extended && l.take('?') {
		l.set(kind, 0)
		return
	}
	l.set(kind, 1)
}

func (l *lexer) bracket(c rune) {
	switch c {
	case ']':
		if l.last == tokBracket {
			l.set(tokPlain, c)
			return
		}
		l.context = inPattern
		l.set(tokCloseBracket, 0)
	case '\\':
		if l.flags.Extended {
			l.set(tokPlain, c)
			return
		}
		if l.at >= len(l.text) {
			l.fail(ErrEscape)
			return
		}
		l.escape()
		switch l.tok.kind {
		case tokPlain, tokClassS, tokClassC:
		default:
			l.fail(ErrEscape)
		}
	case '-':
		if l.last == tokBracket || l.peek(0) == ']' {
			l.set(tokPlain, c)
		} else {
			l.set(tokRange, c)
		}
	case '[':
		if l.at >= len(l.text) {
			l.fail(ErrBracket)
			return
		}
		switch {
		case l.take('.'):
			l.context = inCollating
			l.set(tokCollating, 0)
		case l.take('='):
			l.context = inEquivalent
			l.set(tokEquivalent, 0)
		case l.take(':'):
			l.context = inClass
			l.set(tokClass, 0)
		default:
			l.set(tokPlain, c)
		}
	default:
		l.set(tokPlain, c)
	}
}

// element reads inside of [. .] and its kin.
func (l *lexer) element(c, end rune) {
	if c == end && l.take(']') {
		l.context = inBracket
		l.set(tokClose, 0)
		return
	}
	l.set(tokPlain, c)
}

func (l *lexer) pattern(c rune) {
	switch c {
	case '|':
		l.set(tokAlt, 0)
	case '*':
		l.greedy(tokStar)
	case '+':
		l.greedy(tokPlus)
	case '?':
		l.greedy(tokQuestion)
	case '{':
		if l.flags.Expanded {
			l.skip()
		}
		if !isDigit(l.peek(0)) {
			l.set(tokPlain, c)
			return
		}
		l.context = inBound
		l.set(tokOpenBound, 0)
	case '(':
		l.paren()
	case ')':
		l.set(tokCloseParen, c)
	case '[':
		if l.at+6 <= len(l.text) {
			switch string(l.text[l.at : l.at+6]) {
			case "[:<:]]":
				l.at += 6
				l.set(tokWordStart, 0)
				return
			case "[:>:]]":
				l.at += 6
				l.set(tokWordEnd, 0)
				return
			}
		}
		l.context = inBracket
		if l.take('^') {
			l.set(tokBracket, 0)
		} else {
			l.set(tokBracket, 1)
		}
	case '.':
		l.set(tokDot, 0)
	case '^':
		l.set(tokCaret, 0)
	case '$':
		l.set(tokDollar, 0)
	case '\\':
		switch {
		case l.at >= len(l.text):
			l.fail(ErrEscape)
		case l.flags.Extended:
			l.set(tokPlain, l.text[l.at])
			l.at++
		default:
			l.escape()
		}
	default:
		l.set(tokPlain, c)
	}
}

// paren reads what follows an opening parenthesis.
func (l *lexer) paren() {
	if l.flags.Extended || !l.take('?') {
		l.set(tokOpen, 1)
		return
	}
	switch {
	case l.take(':'):
		l.set(tokOpen, 0)
	case l.take('#'):
		for l.at < len(l.text) && l.text[l.at] != ')' {
			l.at++
		}
		l.at++
		l.at = min(l.at, len(l.text))
		l.scan()
	case l.take('='):
		l.set(tokLook, 0)
	case l.take('!'):
		l.set(tokLook, lookNegative)
	case l.take('<'):
		switch {
		case l.take('='):
			l.set(tokLook, lookBehind)
		case l.take('!'):
			l.set(tokLook, lookBehind|lookNegative)
		default:
			l.fail(ErrQuantifier)
		}
	default:
		l.fail(ErrQuantifier)
	}
}

// plainEscapes are the escapes that stand for one character.
var plainEscapes = map[rune]rune{'a': 7, 'b': '\b', 'B': '\\', 'e': 0x1B, 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// escape reads behind a backslash.
func (l *lexer) escape() {
	c := l.text[l.at]
	l.at++
	if !isLetter(c) && !isDigit(c) {
		l.set(tokPlain, c)
		return
	}
	if r, ok := plainEscapes[c]; ok {
		l.set(tokPlain, r)
		return
	}
	switch c {
	case 'A':
		l.set(tokBegin, 0)
	case 'Z':
		l.set(tokFinish, 0)
	case 'c':
		if l.at >= len(l.text) {
			l.fail(ErrEscape)
			return
		}
		l.set(tokPlain, l.text[l.at]&0x1F)
		l.at++
	case 'd':
		l.set(tokClassS, rune(digit))
	case 'D':
		l.set(tokClassC, rune(digit))
	case 's':
		l.set(tokClassS, rune(space))
	case 'S':
		l.set(tokClassC, rune(space))
	case 'w':
		l.set(tokClassS, rune(word))
	case 'W':
		l.set(tokClassC, rune(word))
	case 'm':
		l.set(tokWordStart, 0)
	case 'M':
		l.set(tokWordEnd, 0)
	case 'y':
		l.set(tokBoundary, 0)
	case 'Y':
		l.set(tokNoBoundary, 0)
	case 'u':
		l.code(16, 4, 4)
	case 'U':
		l.code(16, 8, 8)
	case 'x':
		l.code(16, 1, 255)
	case '0':
		l.at--
		l.octal()
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		start := l.at
		l.at--
		n, ok := l.digits(10, 1, 255)
		if !ok {
			l.fail(ErrEscape)
			return
		}
		// One digit is always a back reference, more are if there are so many groups.
		if l.at == start || n > 0 && n <= int64(l.groups) {
			l.set(tokBackref, rune(n))
			return
		}
		l.at = start - 1
		l.octal()
	default:
		l.fail(ErrEscape)
	}
}

func (l *lexer) octal() {
	n, ok := l.digits(8, 1, 3)
	if n > 0xFF { // one digit too many
		l.at--
		n >>= 3
	}
	if !ok {
		l.fail(ErrEscape)
		return
	}
	l.set(tokPlain, rune(n))
}

func (l *lexer) code(base int64, least, most int) {
	n, ok := l.digits(base, least, most)
	if !ok || n > maxCode {
		l.fail(ErrEscape)
		return
	}
	l.set(tokPlain, rune(n))
}

// maxCode is the largest character of the engine; no text holds those above Unicode's.
const maxCode = 0x7FFFFFFE

// digits reads a number of least to most digits; false when there are too few, or it is out of range.
func (l *lexer) digits(base int64, least, most int) (int64, bool) {
	n := int64(0)
	count := 0
	for ; count < most; count++ {
		d := digitValue(l.peek(0))
		if d < 0 || d >= base {
			break
		}
		l.at++
		if n = n*base + d; n > 1<<40 {
			return n, false
		}
	}
	return n, count >= least
}

func digitValue(r rune) int64 {
	switch {
	case isDigit(r):
		return int64(r - '0')
	case r >= 'a' && r <= 'f':
		return int64(r-'a') + 10
	case r >= 'A' && r <= 'F':
		return int64(r-'A') + 10
	}
	return -1
}
