package are

import "unicode"

// instr is an instruction of a program. x and y are the next ones.
type instr struct {
	op     instrOp
	x, y   int32
	set    int32
	assert assertion
}

type instrOp uint8

const (
	instMatch  instrOp = iota
	instSet            // takes a character of a set
	instSplit          // goes to both x and y
	instAssert         // goes on where the assertion holds
	instLook           // goes on where constraint number set holds
)

// program is a nondeterministic automaton. It begins at start; instruction 0 is the match.
type program struct {
	code  []instr
	start int32
	// asserts says that there are assertions, looks that there are constraints, which a step must evaluate.
	asserts, looks bool
}

// maxInstrs bounds a pattern's programs together.
const maxInstrs = 200_000

// maxColors bounds the classes of characters; more than 64 sets seldom make as many.
const maxSets = 4096

// look is a lookahead or lookbehind constraint.
type look struct {
	behind, negative bool
	lang             *node
	dfa              *dfa
}

// compiler writes the programs of one pattern.
type compiler struct {
	re    *Regexp
	total int
	prog  *program
	loose int // inside of a back reference's language: constraints do not count
	err   error
}

func (re *Regexp) compile() error {
	if len(re.sets) > maxSets {
		return ErrTooBig
	}
	re.colors = newColorMap(re.sets)
	c := &compiler{re: re}
	c.tree(re.root)
	for _, l := range re.looks {
		l.dfa = newDFA(re, c.program(l.lang, l.behind))
	}
	re.search = newDFA(re, c.program(re.root.lang, true))
	return c.err
}

func (c *compiler) tree(t *subre) {
	t.dfa = newDFA(c.re, c.program(t.lang, false))
	for _, k := range t.kids {
		c.tree(k)
	}
}

// program compiles a language; anywhere lets a match begin behind any characters.
func (c *compiler) program(n *node, anywhere bool) *program {
	c.prog = &program{code: []instr{{op: instMatch}}}
	c.prog.start = c.node(n, 0)
	if anywhere {
		loop := c.emit(instr{op: instSplit, x: c.prog.start})
		c.prog.code[loop].y = c.emit(instr{op: instSet, set: -1, x: loop})
		c.prog.start = loop
	}
	return c.prog
}

func (c *compiler) emit(i instr) int32 {
	if c.total++; c.total > maxInstrs {
		c.err = ErrTooBig
		return 0
	}
	c.prog.code = append(c.prog.code, i)
	return int32(len(c.prog.code) - 1)
}

// node compiles n to go on at next, and returns where it begins.
func (c *compiler) node(n *node, next int32) int32 {
	if c.err != nil {
		return 0
	}
	switch n.op {
	case opSet:
		return c.emit(instr{op: instSet, set: int32(n.set), x: next})
	case opCat:
		if n.loose {
			c.loose++
			defer func() { c.loose-- }()
		}
		for i := len(n.kids) - 1; i >= 0; i-- {
			next = c.node(n.kids[i], next)
		}
		return next
	case opAlt:
		start := c.node(n.kids[len(n.kids)-1], next)
		for i := len(n.kids) - 2; i >= 0; i-- {
			start = c.emit(instr{op: instSplit, x: c.node(n.kids[i], next), y: start})
		}
		return start
	case opRepeat:
		return c.repeat(n, next)
	case opAssert:
		if c.loose > 0 {
			return next
		}
		c.prog.asserts = true
		return c.emit(instr{op: instAssert, assert: n.assert, x: next})
	case opLook:
		if c.loose > 0 {
			return next
		}
		c.prog.looks = true
		return c.emit(instr{op: instLook, set: int32(n.look), x: next})
	}
	return next
}

func (c *compiler) repeat(n *node, next int32) int32 {
	x := n.kids[0]
	if n.max == infinite {
		loop := c.emit(instr{op: instSplit, x: next})
		body := c.node(x, loop)
		if c.err != nil {
			return 0
		}
		c.prog.code[loop].y = body
		next = loop
	} else {
		behind := next
		for range n.max - n.min {
			next = c.emit(instr{op: instSplit, x: c.node(x, next), y: behind})
		}
	}
	for range n.min {
		next = c.node(x, next)
	}
	return next
}

// literalOf returns the string that the pattern is, if it is no more than that.
func literalOf(re *Regexp) (string, bool) {
	var out []rune
	var walk func(n *node) bool
	walk = func(n *node) bool {
		switch n.op {
		case opEmpty:
			return true
		case opCat:
			for _, k := range n.kids {
				if !walk(k) {
					return false
				}
			}
			return true
		case opSet:
			s := &re.sets[n.set]
			if s.any || s.negate || len(s.classes)+len(s.without) > 0 || len(s.ranges) != 1 || s.ranges[0].lo != s.ranges[0].hi {
				return false
			}
			out = append(out, s.ranges[0].lo)
			return s.ranges[0].lo <= unicode.MaxRune && (s.ranges[0].lo < 0xD800 || s.ranges[0].lo >= 0xE000)
		}
		return false
	}
	ok := !re.hasRef && walk(re.root.lang)
	return string(out), ok
}
