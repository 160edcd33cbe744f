package lex

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// MaxText is the longest text that is read, in bytes: offsets are kept in 32 bits.
const MaxText = 1 << 30

// maxName is the longest name, in bytes; PostgreSQL's NAMEDATALEN minus one.
const maxName = 63

// Mode is what changes the reading of a text.
type Mode struct {
	// BareDates reads an unquoted date (2021-10-19, no blanks) as a string literal.
	BareDates bool
}

// Tokens is a text cut into tokens. The last one is EOF or Error.
type Tokens struct {
	List []Token
	// Err belongs to the final Error token; nil when that is EOF.
	Err *sqlerr.Error
	// Notices are those of truncated names.
	Notices []*sqlerr.Error
}

// Scan cuts text into tokens and puts them into out, whose memory is reused.
// Text that is not UTF-8, has a zero byte or is too long gives an error; a
// malformed token ends the list with an Error token, so that a syntax error
// before it is found first, as in PostgreSQL.
func Scan(text string, mode Mode, out *Tokens) error {
	out.List = out.List[:0]
	out.Err = nil
	out.Notices = nil
	if len(text) > MaxText {
		return sqlerr.New(sqlerr.ProgramLimitExceeded, "statement is longer than %d bytes", MaxText)
	}
	if err := checkUTF8(text); err != nil {
		return err
	}
	s := scanner{text: text, mode: mode, out: out}
	s.run()
	return nil
}

// checkUTF8 returns 22021 for the first byte sequence that is not UTF-8 and for
// a zero byte, which PostgreSQL does not allow either.
func checkUTF8(text string) error {
	if utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 {
		return nil
	}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == 0 || r == utf8.RuneError && n == 1 {
			return sqlerr.New(sqlerr.CharacterNotInRepertoire,
				"invalid byte sequence for encoding \"UTF8\": %s", hexBytes(text[i:]))
		}
		i += n
	}
	return nil
}

// hexBytes writes the bytes of the malformed sequence at the beginning of s as
// PostgreSQL does: as many as its first byte announces, at most what is there.
func hexBytes(s string) string {
	n := 1
	switch b := s[0]; {
	case b >= 0xf0 && b < 0xf8:
		n = 4
	case b >= 0xe0 && b < 0xf0:
		n = 3
	case b >= 0xc0 && b < 0xe0:
		n = 2
	}
	var b strings.Builder
	for i := 0; i < n && i < len(s); i++ {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("0x")
		b.WriteByte("0123456789abcdef"[s[i]>>4])
		b.WriteByte("0123456789abcdef"[s[i]&15])
	}
	return b.String()
}

type scanner struct {
	text string
	pos  int
	mode Mode
	out  *Tokens
}

func (s *scanner) run() {
	for {
		if !s.skipBlank() {
			return
		}
		if s.pos >= len(s.text) {
			s.add(EOF, s.pos, "")
			return
		}
		if !s.next() {
			return
		}
	}
}

// add appends the token from start to the present position.
func (s *scanner) add(k Kind, start int, val string) {
	s.out.List = append(s.out.List, Token{Kind: k, Start: int32(start), End: int32(s.pos), Val: val})
}

// fail ends the tokens with an error at the text from start to the present position.
func (s *scanner) fail(start int, code, msg string) bool {
	near := "at end of input"
	if start < len(s.text) {
		near = "at or near \"" + s.text[start:s.pos] + "\""
	}
	return s.failWith(sqlerr.New(code, "%s %s", msg, near).At(start))
}

// failWith ends the tokens with an error that has a position.
func (s *scanner) failWith(err *sqlerr.Error) bool {
	s.out.Err = err
	s.out.List = append(s.out.List, Token{Kind: Error, Start: int32(err.Pos - 1), End: int32(s.pos)})
	return false
}

// failSyntax is fail with 42601.
func (s *scanner) failSyntax(start int, msg string) bool {
	return s.fail(start, sqlerr.SyntaxError, msg)
}

// peek returns the byte at i after the present position, 0 beyond the end.
func (s *scanner) peek(i int) byte {
	if s.pos+i < len(s.text) {
		return s.text[s.pos+i]
	}
	return 0
}

func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isIdentStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func isIdentPart(c byte) bool { return isIdentStart(c) || isDigit(c) || c == '$' }

func isOpChar(c byte) bool {
	return c != 0 && strings.IndexByte("~!@#^&|`?+-*/%<>=", c) >= 0
}

// skipBlank passes over blanks and comments; false after an unterminated comment.
func (s *scanner) skipBlank() bool {
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		switch {
		case isBlank(c):
			s.pos++
		case c == '-' && s.peek(1) == '-':
			s.skipLine()
		case c == '/' && s.peek(1) == '*':
			if !s.skipComment() {
				return false
			}
		default:
			return true
		}
	}
	return true
}

func (s *scanner) skipLine() {
	for s.pos < len(s.text) && s.text[s.pos] != '\n' && s.text[s.pos] != '\r' {
		s.pos++
	}
}

// skipComment passes over a comment of the form /* */, which nests.
func (s *scanner) skipComment() bool {
	start, depth := s.pos, 0
	for s.pos < len(s.text) {
		switch {
		case s.text[s.pos] == '/' && s.peek(1) == '*':
			depth++
			s.pos += 2
		case s.text[s.pos] == '*' && s.peek(1) == '/':
			depth--
			s.pos += 2
			if depth == 0 {
				return true
			}
		default:
			s.pos++
		}
	}
	return s.failSyntax(start, "unterminated /* comment")
}

// next reads one token at a byte that is neither blank nor the beginning of a
// comment; false ends the scan.
func (s *scanner) next() bool {
	c, start := s.text[s.pos], s.pos
	switch {
	case isIdentStart(c):
		if ok, handled := s.prefixedLiteral(c); handled {
			return ok
		}
		s.word(start)
		return true
	case isDigit(c), c == '.' && isDigit(s.peek(1)):
		return s.number()
	case c == '\'':
		return s.quoted(start, s.pos+1, plainString)
	case c == '"':
		return s.quotedIdent(start, false)
	case c == '$':
		return s.dollar()
	case isOpChar(c):
		return s.operator()
	}
	n := 1
	switch {
	case c == ':' && (s.peek(1) == ':' || s.peek(1) == '='):
		n = 2
	case c == '.' && s.peek(1) == '.':
		n = 2
	}
	s.pos += n
	if n == 1 && strings.IndexByte("(),[];:.", c) < 0 {
		return s.failSyntax(start, "syntax error")
	}
	s.add(Punct, start, s.text[start:s.pos])
	return true
}

// prefixedLiteral reads E”, B”, X”, N”, U&” and U&"" when they begin here.
func (s *scanner) prefixedLiteral(c byte) (ok, handled bool) {
	start := s.pos
	if s.peek(1) == '\'' {
		switch c | 0x20 {
		case 'e':
			return s.quoted(start, start+2, escapeString), true
		case 'b':
			return s.quoted(start, start+2, bitString), true
		case 'x':
			return s.quoted(start, start+2, hexString), true
		case 'n':
			return s.quoted(start, start+2, plainString), true
		}
	}
	if c|0x20 == 'u' && s.peek(1) == '&' {
		switch s.peek(2) {
		case '\'':
			return s.quoted(start, start+3, unicodeString), true
		case '"':
			return s.quotedIdent(start, true), true
		}
	}
	return false, false
}

// word reads an unquoted name or keyword.
func (s *scanner) word(start int) {
	upper := false
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		if !isIdentPart(c) {
			break
		}
		upper = upper || c >= 'A' && c <= 'Z'
		s.pos++
	}
	val := s.text[start:s.pos]
	if upper {
		val = foldASCII(val)
	}
	if k, ok := keywords[val]; ok {
		s.out.List = append(s.out.List, Token{Kind: Word, Cat: k.cat, BareLabel: k.bareLabel,
			Start: int32(start), End: int32(s.pos), Val: k.word})
		return
	}
	s.add(Word, start, s.truncate(val, start))
}

// foldASCII is PostgreSQL's folding of names in a multi-byte encoding: only A to Z.
func foldASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// truncate cuts a name to 63 bytes at a character's border and notes it.
func (s *scanner) truncate(name string, at int) string {
	if len(name) <= maxName {
		return name
	}
	n := maxName
	for !utf8.RuneStart(name[n]) {
		n--
	}
	s.out.Notices = append(s.out.Notices, sqlerr.New(sqlerr.NameTooLong,
		"identifier \"%s\" will be truncated to \"%s\"", name, name[:n]).At(at))
	return name[:n]
}

// number reads a numeric literal. "1..10" is 1, .., 10.
func (s *scanner) number() bool {
	start := s.pos
	if s.mode.BareDates && s.bareDate() {
		return true
	}
	s.digits()
	integer := true
	if s.peek(0) == '.' && s.peek(1) != '.' {
		integer = false
		s.pos++
		s.digits()
	}
	if c := s.peek(0); c == 'e' || c == 'E' {
		n := 1
		if c := s.peek(1); c == '+' || c == '-' {
			n = 2
		}
		switch {
		case isDigit(s.peek(n)):
			integer = false
			s.pos += n
			s.digits()
		case n == 2:
			s.pos += n
			return s.failSyntax(start, "trailing junk after numeric literal")
		}
	}
	if isIdentStart(s.peek(0)) {
		s.junk()
		return s.failSyntax(start, "trailing junk after numeric literal")
	}
	val := s.text[start:s.pos]
	if integer && fitsInt64(val) {
		s.add(Int, start, val)
	} else {
		s.add(Number, start, val)
	}
	return true
}

func fitsInt64(digits string) bool {
	if len(digits) < 19 {
		return true
	}
	_, err := strconv.ParseInt(digits, 10, 64)
	return err == nil
}

func (s *scanner) digits() {
	for isDigit(s.peek(0)) {
		s.pos++
	}
}

// junk passes over the name that follows a number without a blank.
func (s *scanner) junk() {
	for isIdentPart(s.peek(0)) {
		s.pos++
	}
}

// bareDate reads YYYY-MM-DD as a string literal when exactly that stands here.
func (s *scanner) bareDate() bool {
	const layout = "dddd-dd-dd"
	start := s.pos
	if len(s.text)-start < len(layout) {
		return false
	}
	for i := range len(layout) {
		c := s.text[start+i]
		if layout[i] == 'd' && !isDigit(c) || layout[i] == '-' && c != '-' {
			return false
		}
	}
	if c := s.peek(len(layout)); isIdentPart(c) || c == '.' || c == '-' {
		return false
	}
	s.pos += len(layout)
	s.add(String, start, s.text[start:s.pos])
	return true
}

// dollar reads $1 or a dollar-quoted string.
func (s *scanner) dollar() bool {
	start := s.pos
	if isDigit(s.peek(1)) {
		s.pos++
		s.digits()
		val := s.text[start+1 : s.pos]
		if isIdentStart(s.peek(0)) {
			s.junk()
			return s.failSyntax(start, "trailing junk after parameter")
		}
		s.add(Param, start, val)
		return true
	}
	end := start + 1
	if end < len(s.text) && isIdentStart(s.text[end]) {
		for end < len(s.text) && isIdentPart(s.text[end]) && s.text[end] != '$' {
			end++
		}
	}
	if end >= len(s.text) || s.text[end] != '$' {
		s.pos++
		return s.failSyntax(start, "syntax error")
	}
	tag := s.text[start : end+1]
	body := end + 1
	i := strings.Index(s.text[body:], tag)
	if i < 0 {
		s.pos = len(s.text)
		return s.failSyntax(start, "unterminated dollar-quoted string")
	}
	s.pos = body + i + len(tag)
	s.add(String, start, s.text[body:body+i])
	return true
}

// operator reads the longest operator that begins here: a comment ends it, and
// a final + or - belongs to it only after a character that no SQL operator has.
func (s *scanner) operator() bool {
	start := s.pos
	end := start
	for end < len(s.text) && isOpChar(s.text[end]) {
		if end > start && (strings.HasPrefix(s.text[end:], "--") || strings.HasPrefix(s.text[end:], "/*")) {
			break
		}
		end++
	}
	if n := end - start; n > 1 && (s.text[end-1] == '+' || s.text[end-1] == '-') &&
		!strings.ContainsAny(s.text[start:end-1], "~!@#^&|`?%") {
		for end > start+1 && (s.text[end-1] == '+' || s.text[end-1] == '-') {
			end--
		}
	}
	s.pos = end
	op := s.text[start:end]
	switch {
	case len(op) > maxName:
		return s.failSyntax(start, "operator too long")
	case op == "=>":
		s.add(Punct, start, op)
	case op == "!=":
		s.add(Op, start, "<>")
	case op == "==": // Cachalot's; PostgreSQL has no such operator
		s.add(Op, start, "=")
	default:
		s.add(Op, start, op)
	}
	return true
}

// CategoryOf returns the category of a word in lower case, NotKeyword for one that is no keyword.
func CategoryOf(word string) Category { return keywords[word].cat }
