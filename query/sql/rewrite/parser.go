package rewrite

import (
	"math"
	"strconv"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// Depth limits: of the recursion of this parser, and of the tree that it
// describes, which is deeper where operators chain to the left.
const (
	maxNesting = 4000
	maxDepth   = 10000
)

// maxParam is the largest number of a parameter; the protocol counts them in 16 bits.
const maxParam = math.MaxUint16

// Options are the settings that change what a text means.
type Options struct {
	BareLiterals bool // see parse.Options
}

// Parser reads the statements of one text. Its methods panic with a bailout on
// a syntax error; Run catches it. It belongs to one goroutine.
type Parser struct {
	text string
	toks *lex.Tokens
	opts Options
	i    int // the current token

	nesting   int
	numParams int
	// substrings counts the SUBSTRING( whose first argument is being read: SIMILAR without TO ends it.
	substrings int

	out      []piece // of the fragment that is open
	scratch  []piece // memory for the first fragment; nil while it is in use
	prefixes []prefix
	notes    []Note
	frags    []fragment

	match []int32 // see isQuery
	query []int8
}

type fragment struct {
	Fragment
	pieces []piece
}

// bailout carries an error from its place to Run.
type bailout struct{ err *sqlerr.Error }

// Reset makes p read the tokens of text from the beginning. Its memory is reused.
func (p *Parser) Reset(text string, toks *lex.Tokens, opts Options) {
	*p = Parser{text: text, toks: toks, opts: opts, scratch: p.scratch, prefixes: p.prefixes}
	p.begin()
}

// begin prepares for a statement. Note 0 is the sentinel for "no LIMIT", prefix
// 0 for "no prefix".
func (p *Parser) begin() {
	p.out = nil
	p.prefixes = append(p.prefixes[:0], prefix{})
	p.notes = nil
	p.frags = nil
	p.nesting = 0
	p.numParams = 0
}

// Run calls f, which reads one statement from the current token, and returns
// what is to be given to TiDB; Rewritten.SQL is empty when nothing is.
func (p *Parser) Run(f func()) (rw *Rewritten, err error) {
	defer func() {
		if r := recover(); r != nil {
			b, ok := r.(bailout)
			if !ok {
				panic(r)
			}
			rw, err = nil, b.err
		}
	}()
	p.begin()
	f()
	return p.assemble(), nil
}

// NumParams is the largest number of a parameter in the statement.
func (p *Parser) NumParams() int { return p.numParams }

func (p *Parser) assemble() *Rewritten {
	rw := &Rewritten{Notes: p.notes}
	if len(p.frags) == 0 {
		return rw
	}
	w := writer{p: p, rw: rw}
	n := 0
	for i := range p.frags {
		n += 8 * len(p.frags[i].pieces)
	}
	w.buf.Grow(n)
	rw.Fragments = make([]Fragment, len(p.frags))
	for i := range p.frags {
		if i > 0 {
			w.buf.WriteString(";")
		}
		w.pieces(p.frags[i].pieces)
		rw.Fragments[i] = p.frags[i].Fragment
	}
	rw.SQL = w.buf.String()
	p.scratch = p.frags[0].pieces
	clear(p.scratch) // do not keep the text alive
	return rw
}

// fragment runs f, whose output becomes a statement of its own, and returns the
// statement's number. With several open at once the inner one has the lower number.
func (p *Parser) fragment(f func(), dst Fragment) int {
	outer := p.out
	p.out, p.scratch = p.scratch[:0], nil
	f()
	p.frags = append(p.frags, fragment{dst, p.out})
	p.out = outer
	return len(p.frags) - 1
}

// ---- tokens

// Tok is the current token.
func (p *Parser) Tok() *lex.Token { return &p.toks.List[p.i] }

// Peek is the token n after the current one, the last one beyond the end.
func (p *Parser) Peek(n int) *lex.Token {
	if p.i+n >= len(p.toks.List) {
		return &p.toks.List[len(p.toks.List)-1]
	}
	return &p.toks.List[p.i+n]
}

// Pos is the source offset of the current token.
func (p *Parser) Pos() int { return int(p.Tok().Start) }

// Here is Pos as a node's offset.
func (p *Parser) Here() ast.Offset { return ast.Offset(p.Tok().Start) }

// PrevEnd is the end of the token before the current one.
func (p *Parser) PrevEnd() int {
	if p.i == 0 {
		return 0
	}
	return int(p.toks.List[p.i-1].End)
}

// Text is the source text between two offsets.
func (p *Parser) Text(start, end int) string { return p.text[start:end] }

// Back goes one token back.
func (p *Parser) Back() { p.i-- }

// Advance goes to the next token and returns the one it leaves. At the end it stays.
func (p *Parser) Advance() *lex.Token {
	t := p.Tok()
	if t.Kind == lex.Error {
		p.Fail()
	}
	if t.Kind != lex.EOF {
		p.i++
	}
	return t
}

// Is reports whether the current token is the keyword, operator or punctuation.
func (p *Parser) Is(s string) bool { return p.Tok().Is(s) }

// IsAt is Is for the token n after the current one.
func (p *Parser) IsAt(n int, s string) bool { return p.Peek(n).Is(s) }

// IsSeq reports whether the words stand here one after the other.
func (p *Parser) IsSeq(words ...string) bool {
	for i, w := range words {
		if !p.IsAt(i, w) {
			return false
		}
	}
	return true
}

// IsAny reports whether the current token is one of the words.
func (p *Parser) IsAny(words ...string) bool {
	for _, w := range words {
		if p.Is(w) {
			return true
		}
	}
	return false
}

// Accept passes over the words when all of them stand here.
func (p *Parser) Accept(words ...string) bool {
	if !p.IsSeq(words...) {
		return false
	}
	p.i += len(words)
	return true
}

// Expect passes over the words; anything else is a syntax error at its place.
func (p *Parser) Expect(words ...string) {
	for _, w := range words {
		if !p.Is(w) {
			p.Fail()
		}
		p.i++
	}
}

// AtEnd reports whether the statement ends here.
func (p *Parser) AtEnd() bool {
	t := p.Tok()
	return t.Kind == lex.EOF || t.Kind == lex.Punct && t.Val == ";"
}

// ExpectEnd is a syntax error unless the statement ends here.
func (p *Parser) ExpectEnd() {
	if !p.AtEnd() {
		p.Fail()
	}
}

// ---- errors

// Fail ends the parse with PostgreSQL's syntax error at the current token.
func (p *Parser) Fail() {
	t := p.Tok()
	switch {
	case t.Kind == lex.Error:
		p.Bail(p.toks.Err)
	case t.Kind == lex.EOF:
		p.Bail(sqlerr.New(sqlerr.SyntaxError, "syntax error at end of input").At(int(t.Start)))
	}
	p.Bail(sqlerr.New(sqlerr.SyntaxError, "syntax error at or near \"%s\"", p.text[t.Start:t.End]).At(int(t.Start)))
}

// FailInside is Fail at the first token that is no opening parenthesis: only
// there does PostgreSQL see that parentheses hold no query.
func (p *Parser) FailInside() {
	for p.Is("(") {
		p.Advance()
	}
	p.Fail()
}

// Bail ends the parse with an error.
func (p *Parser) Bail(err *sqlerr.Error) { panic(bailout{err}) }

// Unsupported ends the parse with 0A000 at a source offset.
func (p *Parser) Unsupported(at int, what string) {
	p.Bail(sqlerr.NotSupported("%s is not supported", what).At(at))
}

// Error ends the parse with an error at a source offset.
func (p *Parser) Error(at int, code, format string, args ...any) {
	p.Bail(sqlerr.New(code, format, args...).At(at))
}

func (p *Parser) tooDeep() {
	p.Bail(sqlerr.New(sqlerr.StatementTooComplex, "stack depth limit exceeded").
		WithHint("The statement nests too deeply; write it with fewer nested parentheses, operators or subqueries.").At(p.Pos()))
}

// Enter counts one level of nesting and fails beyond the limit. Leave ends it;
// neither needs to be deferred, since an error ends the whole parse.
func (p *Parser) Enter() {
	p.nesting++
	if p.nesting > maxNesting {
		p.tooDeep()
	}
}

// Leave ends what Enter began.
func (p *Parser) Leave() { p.nesting-- }

func (p *Parser) checkDepth(depth int) {
	if depth > maxDepth {
		p.tooDeep()
	}
}

// ---- parameters and numbers

// param reads $n.
func (p *Parser) param() *ast.ParamRef {
	t := p.Advance()
	n, err := strconv.Atoi(t.Val)
	if err != nil || n > maxParam || n == 0 {
		p.Error(int(t.Start), sqlerr.UndefinedParameter, "there is no parameter $%s", t.Val)
	}
	p.numParams = max(p.numParams, n)
	return &ast.ParamRef{Offset: ast.Offset(t.Start), N: n}
}

// number returns the constant of a numeric token.
func number(t *lex.Token) *ast.Const {
	c := &ast.Const{Offset: ast.Offset(t.Start), Text: t.Val, Kind: ast.Numeric}
	if t.Kind == lex.Int {
		c.Kind = ast.Int
		c.Int, _ = strconv.ParseInt(t.Val, 10, 64)
	}
	return c
}

// negate returns -c at a new place. A number that only fits int64 when negated
// becomes an Int, as in PostgreSQL.
func negate(c *ast.Const, at ast.Offset) *ast.Const {
	n := &ast.Const{Offset: at, Kind: c.Kind, Int: -c.Int}
	if c.Text[0] == '-' {
		n.Text = c.Text[1:]
	} else {
		n.Text = "-" + c.Text
	}
	if v, err := strconv.ParseInt(n.Text, 10, 64); err == nil {
		n.Kind, n.Int = ast.Int, v
	} else {
		n.Kind, n.Int = ast.Numeric, 0
	}
	return n
}
