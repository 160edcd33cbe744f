package jsonpath

import (
	"errors"
	"strconv"

	"github.com/cachalotdb/cachalot/internal/are"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// maxDepth bounds the nesting of a path.
const maxDepth = 1000

// Parse reads a path. 42601 for a fault of syntax, 22P02 for an empty text, 2201B for a malformed pattern of like_regex.
func Parse(text string) (*Path, error) {
	p := parser{lex: lexer{in: text}}
	p.advance()
	if p.tok.kind == endToken && p.lex.err == nil {
		return nil, sqlerr.New(sqlerr.InvalidTextRepresentation, `invalid input syntax for type jsonpath: "%s"`, text)
	}
	path := &Path{}
	if p.word("strict") {
		path.Strict = true
	} else {
		p.word("lax")
	}
	path.Root = p.either(0)
	if p.tok.kind != endToken {
		p.unexpected()
	}
	if p.lex.err == nil {
		p.check(path.Root, false, false)
	}
	if p.lex.err != nil {
		return nil, p.lex.err
	}
	return path, nil
}

// parser descends through the grammar. After the first error, which is the lexer's, there are no more tokens.
type parser struct {
	lex   lexer
	tok   token
	depth int
}

func (p *parser) advance() { p.tok = p.lex.next() }

func (p *parser) failed() bool { return p.lex.err != nil }

// unexpected is the complaint about the current token.
func (p *parser) unexpected() *Item {
	p.lex.fail("syntax error", p.tok.near)
	p.lex.pos = len(p.lex.in)
	p.tok = token{}
	return &Item{}
}

// op takes an operator or a character when it is next.
func (p *parser) op(text string) bool {
	if p.tok.kind == opToken && p.tok.text == text {
		p.advance()
		return true
	}
	return false
}

// word takes a keyword when it is next.
func (p *parser) word(w string) bool {
	if p.tok.kind == wordToken && p.tok.word == w {
		p.advance()
		return true
	}
	return false
}

func (p *parser) want(text string) {
	if !p.op(text) {
		p.unexpected()
	}
}

// isPredicate says whether an item is a predicate, and no expression: a predicate in parentheses with steps behind is one of those.
func isPredicate(x *Item) bool { return x.Op.Predicate() && x.Next == nil }

// The levels of binary operators. Comparisons do not chain.
const (
	orLevel = iota
	andLevel
	compareLevel
	addLevel
	mulLevel
	unaryLevel
)

var levels = map[string]struct {
	op    Op
	level int
}{
	"||": {Or, orLevel}, "&&": {And, andLevel},
	"==": {Equal, compareLevel}, "!=": {NotEqual, compareLevel}, "<": {Less, compareLevel}, "<=": {LessOrEqual, compareLevel},
	">": {Greater, compareLevel}, ">=": {GreaterOrEqual, compareLevel},
	"+": {Add, addLevel}, "-": {Sub, addLevel}, "*": {Mul, mulLevel}, "/": {Div, mulLevel}, "%": {Mod, mulLevel},
}

// either reads an expression or a predicate of operators of at least a level.
func (p *parser) either(level int) *Item {
	if p.depth++; p.depth > maxDepth && !p.failed() {
		p.lex.err = sqlerr.New(sqlerr.StatementTooComplex, "stack depth limit exceeded")
	}
	defer func() { p.depth-- }()
	if p.failed() {
		return &Item{}
	}
	if level > compareLevel && (p.tok.kind == opToken && p.tok.text == "!" || p.tok.word == "exists") {
		return p.unexpected() // a predicate where an expression must stand
	}
	left := p.unary()
	for !p.failed() {
		if level <= compareLevel && !isPredicate(left) && p.tok.kind == wordToken {
			switch {
			case p.word("starts"):
				left = p.startsWith(left)
				continue
			case p.word("like_regex"):
				left = p.likeRegex(left)
				continue
			}
		}
		o, ok := levels[p.tok.text]
		if p.tok.kind != opToken || !ok || o.level < level {
			break
		}
		// And and or join predicates, the others expressions.
		if isPredicate(left) != (o.level <= andLevel) {
			return p.unexpected()
		}
		p.advance()
		right := p.either(o.level + 1)
		if !p.failed() && isPredicate(right) != (o.level <= andLevel) {
			return p.unexpected()
		}
		left = &Item{Op: o.op, Left: left, Right: right}
	}
	return left
}

// unary reads signs, negation and what they stand before.
func (p *parser) unary() *Item {
	switch {
	case p.op("+"):
		return p.signed(Plus)
	case p.op("-"):
		return p.signed(Minus)
	case p.op("!"):
		if x := p.delimited(); x != nil {
			return &Item{Op: Not, Left: x}
		}
		return p.unexpected()
	}
	return p.postfix()
}

func (p *parser) signed(op Op) *Item {
	x := p.either(unaryLevel)
	switch {
	case p.failed():
		return x
	case isPredicate(x):
		return p.unexpected()
	case x.Op == Number && x.Next == nil:
		if op == Minus {
			x.Text = negated(x.Text)
		}
		return x
	}
	return &Item{Op: op, Left: x}
}

// delimited reads exists(..) or a predicate in parentheses, nil when neither is next.
func (p *parser) delimited() *Item {
	switch {
	case p.word("exists"):
		p.want("(")
		return p.exists()
	case p.op("("):
		x := p.either(0)
		if !p.failed() && !isPredicate(x) {
			return p.unexpected()
		}
		p.want(")")
		return x
	}
	return nil
}

// exists reads the argument of exists, behind its parenthesis.
func (p *parser) exists() *Item {
	x := p.expression()
	p.want(")")
	return &Item{Op: Exists, Left: x}
}

// postfix reads an operand and its steps.
func (p *parser) postfix() *Item {
	var x *Item
	switch {
	case p.word("exists"):
		p.want("(")
		return p.exists()
	case p.op("("):
		x = p.either(0)
		p.want(")")
		if isPredicate(x) && p.word("is") {
			if !p.word("unknown") {
				return p.unexpected()
			}
			return &Item{Op: IsUnknown, Left: x}
		}
		if !p.stepNext() {
			return x
		}
		// The steps are applied to the whole: to what stands in the parentheses and its own steps.
		return p.steps(x)
	default:
		x = p.primary()
	}
	return p.steps(x)
}

func (p *parser) primary() *Item {
	t := p.tok
	x := &Item{Text: t.text}
	switch t.kind {
	case stringToken:
		x.Op = String
	case numberToken, intToken:
		x.Op = Number
	case variableToken:
		x.Op = Variable
	case opToken:
		x.Text = ""
		switch t.text {
		case "$":
			x.Op = Root
		case "@":
			x.Op = Current
		default:
			return p.unexpected()
		}
	default:
		op, ok := map[string]Op{"null": Null, "true": True, "false": False, "last": Last}[t.word]
		if !ok {
			return p.unexpected()
		}
		x.Op, x.Text = op, ""
	}
	p.advance()
	return x
}

// stepNext says whether a step is next.
func (p *parser) stepNext() bool {
	return p.tok.kind == opToken && (p.tok.text == "." || p.tok.text == "[" || p.tok.text == "?")
}

// steps reads the steps behind x.
func (p *parser) steps(x *Item) *Item {
	end := x
	for end.Next != nil {
		end = end.Next
	}
	for p.stepNext() {
		var step *Item
		switch {
		case p.op("["):
			step = p.subscripts()
		case p.op("?"):
			p.want("(")
			cond := p.either(0)
			if !p.failed() && !isPredicate(cond) {
				return p.unexpected()
			}
			p.want(")")
			step = &Item{Op: Filter, Left: cond}
		default:
			p.advance()
			step = p.member()
		}
		end.Next, end = step, step
	}
	return x
}

// subscripts reads an array accessor behind its bracket.
func (p *parser) subscripts() *Item {
	if p.op("*") {
		p.want("]")
		return &Item{Op: AnyItem}
	}
	x := &Item{Op: Index}
	for !p.failed() {
		s := Subscript{From: p.expression()}
		if p.word("to") {
			s.To = p.expression()
		}
		x.Subscripts = append(x.Subscripts, s)
		if !p.op(",") {
			break
		}
	}
	p.want("]")
	return x
}

// expression reads what is no predicate.
func (p *parser) expression() *Item {
	x := p.either(addLevel)
	if !p.failed() && isPredicate(x) {
		return p.unexpected()
	}
	return x
}

// methods are the keywords that are methods when parentheses follow.
var methods = map[string]Op{"type": Type, "size": Size, "abs": Abs, "floor": Floor, "ceiling": Ceiling, "double": Double,
	"datetime": Datetime, "keyvalue": KeyValue}

// member reads what follows a point.
func (p *parser) member() *Item {
	t := p.tok
	switch {
	case p.op("*"):
		return &Item{Op: AnyKey}
	case p.op("**"):
		return p.anyLevels()
	case t.kind == stringToken:
		p.advance()
		return &Item{Op: Key, Text: t.text}
	case t.kind != wordToken:
		return p.unexpected()
	}
	p.advance()
	op, ok := methods[t.word]
	if !ok || !p.op("(") {
		return &Item{Op: Key, Text: t.text}
	}
	x := &Item{Op: op}
	if op == Datetime && p.tok.kind == stringToken {
		x.Left = p.primary()
	}
	p.want(")")
	return x
}

// anyLevels reads the levels behind **.
func (p *parser) anyLevels() *Item {
	x := &Item{Op: Any, Last: Leaves}
	if !p.op("{") {
		return x
	}
	x.First = p.level()
	x.Last = x.First
	if p.word("to") {
		x.Last = p.level()
	}
	p.want("}")
	return x
}

func (p *parser) level() uint32 {
	if p.word("last") {
		return Leaves
	}
	if p.tok.kind != intToken {
		p.unexpected()
		return 0
	}
	n, err := strconv.ParseInt(p.tok.text, 10, 32)
	if err != nil {
		p.stop(sqlerr.New(sqlerr.NumericValueOutOfRange, `value "%s" is out of range for type integer`, p.tok.text))
		return 0
	}
	p.advance()
	return uint32(n)
}

func (p *parser) startsWith(left *Item) *Item {
	if !p.word("with") || p.tok.kind != stringToken && p.tok.kind != variableToken {
		return p.unexpected()
	}
	return &Item{Op: StartsWith, Left: left, Right: p.primary()}
}

func (p *parser) likeRegex(left *Item) *Item {
	if p.tok.kind != stringToken {
		return p.unexpected()
	}
	x := &Item{Op: LikeRegex, Left: left, Text: p.tok.text}
	p.advance()
	if p.word("flag") {
		if p.tok.kind != stringToken {
			return p.unexpected()
		}
		flags := p.tok.text
		p.advance()
		for _, c := range flags {
			f, ok := map[rune]Flags{'i': FoldCase, 's': DotAll, 'm': Lines, 'x': Expanded, 'q': Quote}[c]
			if !ok {
				p.stop(sqlerr.New(sqlerr.SyntaxError, "invalid input syntax for type jsonpath").
					WithDetail(`Unrecognized flag character "%c" in LIKE_REGEX predicate.`, c))
				return x
			}
			x.Flags |= f
		}
	}
	if _, err := x.Regexp(); err != nil {
		p.stop(err)
	}
	return x
}

// stop ends parsing with an error.
func (p *parser) stop(err error) {
	if p.lex.err == nil {
		p.lex.err = err
	}
	p.lex.pos = len(p.lex.in)
	p.tok = token{}
}

// Regexp compiles the pattern of a LikeRegex: 2201B when it is malformed, 0A000 for the flag x.
func (x *Item) Regexp() (*are.Regexp, error) {
	flags := are.Flags{FoldCase: x.Flags&FoldCase != 0}
	switch {
	case x.Flags&Quote != 0:
		flags.Literal = true
	case x.Flags&Expanded != 0:
		return nil, sqlerr.NotSupported(`XQuery "x" flag (expanded regular expressions) is not implemented`)
	default:
		flags.NewlineEnd = x.Flags&DotAll == 0
		flags.LineAnchor = x.Flags&Lines != 0
	}
	re, err := are.Compile(x.Text, flags)
	switch {
	case errors.Is(err, are.ErrBasic):
		return nil, sqlerr.NotSupported("POSIX basic regular expressions are not supported")
	case err != nil:
		return nil, sqlerr.New(sqlerr.InvalidRegularExpression, "invalid regular expression: %s", err)
	}
	return re, nil
}

// check refuses @ outside of filters and last outside of subscripts.
func (p *parser) check(x *Item, filter, subscript bool) {
	for ; x != nil && !p.failed(); x = x.Next {
		switch {
		case x.Op == Current && !filter:
			p.stop(sqlerr.New(sqlerr.SyntaxError, "@ is not allowed in root expressions"))
		case x.Op == Last && !subscript:
			p.stop(sqlerr.New(sqlerr.SyntaxError, "LAST is allowed only in array subscripts"))
		}
		p.check(x.Left, filter || x.Op == Filter, subscript)
		p.check(x.Right, filter, subscript)
		for _, s := range x.Subscripts {
			p.check(s.From, filter, true)
			p.check(s.To, filter, true)
		}
	}
}
