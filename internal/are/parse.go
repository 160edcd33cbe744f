package are

import "slices"

// node is the language of a piece of a pattern.
type node struct {
	op       nodeOp
	set      int // of opSet: in Regexp.sets
	kids     []*node
	min, max int // of opRepeat
	assert   assertion
	look     int // of opLook: in Regexp.looks
	// loose says that constraints inside do not count: the node stands for what a back reference may repeat elsewhere.
	loose bool
}

type nodeOp uint8

const (
	opEmpty nodeOp = iota
	opSet
	opCat
	opAlt
	opRepeat
	opAssert
	opLook
)

// infinite is the maximum of * and +.
const infinite = -1

// maxBound is the largest repetition count.
const maxBound = 255

// assertion is a constraint that the characters beside a place decide.
type assertion uint8

const (
	atBegin assertion = iota // of the text
	atEnd
	atLineBegin // or of the text
	atLineEnd
	atWordStart
	atWordEnd
	atBoundary
	atNoBoundary
)

var emptyNode = &node{op: opEmpty}

func cat(a, b *node) *node {
	switch {
	case a == emptyNode:
		return b
	case b == emptyNode:
		return a
	}
	return &node{op: opCat, kids: []*node{a, b}}
}

func repeat(x *node, least, most int) *node {
	switch {
	case least == 0 && most == 0:
		return emptyNode
	case least == 1 && most == 1:
		return x
	}
	return &node{op: opRepeat, kids: []*node{x}, min: least, max: most}
}

// trait is what matters of a subre for how it matches.
type trait uint8

const (
	longer  trait = 1 << iota // prefers long matches
	shorter                   // prefers short ones
	mixed                     // has both kinds inside
	capture                   // has groups inside
	backref                   // has back references inside
)

const preferences = longer | shorter

func (t trait) messy() bool { return t&(mixed|capture|backref) != 0 }

// inherited is what a piece takes over from one inside of it: not the preference, but that there are both.
func (t trait) inherited() trait {
	up := t &^ preferences
	if t&preferences == preferences {
		up |= mixed
	}
	return up
}

// combine is the traits of two pieces together: the first preference is the whole's.
func combine(a, b trait) trait {
	pref := a & preferences
	if pref == 0 {
		pref = b & preferences
	}
	return (a | b).inherited() | pref
}

// subre is a piece of a pattern whose place in a match has to be known.
type subre struct {
	op     subreOp
	traits trait
	kids   []*subre
	// group is the number of the group that the piece is, 0 for none; ref the group that a back reference repeats.
	group, ref int
	min, max   int // of reIterate and reRef
	lang       *node
	dfa        *dfa
}

type subreOp uint8

const (
	rePlain   subreOp = iota // no innards that matter
	reCat                    // two kids
	reAlt                    // several
	reIterate                // one
	reRef                    // a back reference
	reGroup                  // a group that is nothing but another
)

// parser makes the trees of a pattern.
type parser struct {
	re     *Regexp
	lex    lexer
	groups int
	subs   map[int]*subre // complete groups
	depth  int
}

// maxDepth bounds the nesting of parentheses.
const maxDepth = 1000

func (p *parser) see(k tokenKind) bool { return p.lex.tok.kind == k }

func (p *parser) eat(k tokenKind) bool {
	if !p.see(k) {
		return false
	}
	p.lex.next()
	return true
}

func (p *parser) fail(err error) { p.lex.fail(err) }

func (p *parser) parsePattern() (*subre, error) {
	p.subs = make(map[int]*subre)
	p.lex.start()
	t := p.parse(tokEnd, false)
	if p.lex.err != nil {
		return nil, p.lex.err
	}
	return t, nil
}

// parse reads alternatives up to stopper. In a constraint parentheses do not make groups.
func (p *parser) parse(stopper tokenKind, constraint bool) *subre {
	if p.depth++; p.depth > maxDepth {
		p.fail(ErrTooBig)
	}
	defer func() { p.depth-- }()
	all := &subre{op: reAlt, traits: longer}
	for {
		branch := p.parseBranch(stopper, constraint)
		all.kids = append(all.kids, branch)
		all.traits |= (all.traits | branch.traits).inherited()
		if !p.eat(tokAlt) {
			break
		}
	}
	if !p.see(stopper) {
		p.fail(ErrParen)
	}
	if len(all.kids) == 1 {
		return all.kids[0]
	}
	langs := make([]*node, len(all.kids))
	for i, k := range all.kids {
		langs[i] = k.lang
	}
	all.lang = &node{op: opAlt, kids: langs}
	if !all.traits.messy() {
		all.op, all.kids = rePlain, nil
	}
	return all
}

func (p *parser) atBranchEnd(stopper tokenKind) bool {
	return p.see(tokAlt) || p.see(stopper) || p.see(tokEnd)
}

// parseBranch reads a concatenation.
func (p *parser) parseBranch(stopper tokenKind, constraint bool) *subre {
	if p.depth++; p.depth > maxDepth {
		p.fail(ErrTooBig)
	}
	defer func() { p.depth-- }()
	top := &subre{lang: emptyNode}
	content := false // something was read into top, if only a constraint
	for !p.atBranchEnd(stopper) {
		p.parseAtom(stopper, constraint, top, content)
		content = true
	}
	return top
}

// parseConstraint reads a constraint; false when there is none.
func (p *parser) parseConstraint(stopper tokenKind, top *subre) bool {
	a := atBegin
	switch p.lex.tok.kind {
	case tokCaret:
		if p.re.flags.LineAnchor {
			a = atLineBegin
		}
	case tokDollar:
		if a = atEnd; p.re.flags.LineAnchor {
			a = atLineEnd
		}
	case tokBegin:
	case tokFinish:
		a = atEnd
	case tokWordStart:
		a = atWordStart
	case tokWordEnd:
		a = atWordEnd
	case tokBoundary:
		a = atBoundary
	case tokNoBoundary:
		a = atNoBoundary
	case tokLook:
		kind := p.lex.tok.value
		p.lex.next()
		inner := p.parse(tokCloseParen, true)
		p.lex.next()
		p.re.looks = append(p.re.looks, &look{behind: kind&lookBehind != 0, negative: kind&lookNegative != 0, lang: inner.lang})
		top.lang = cat(top.lang, &node{op: opLook, look: len(p.re.looks) - 1})
		return true
	default:
		return false
	}
	p.lex.next()
	top.lang = cat(top.lang, &node{op: opAssert, assert: a})
	return true
}

// parseAtom reads an atom with its quantifier, or a constraint, into the branch top. When the atom has innards that
// matter, it reads the rest of the branch too, as a subre of its own.
func (p *parser) parseAtom(stopper tokenKind, constraint bool, top *subre, content bool) {
	if p.parseConstraint(stopper, top) {
		return
	}
	var atom *subre
	group, ref := 0, 0
	switch p.lex.tok.kind {
	case tokStar, tokPlus, tokQuestion, tokOpenBound:
		p.fail(ErrQuantifier)
		return
	case tokCloseParen:
		if !p.re.flags.Extended {
			p.fail(ErrParen)
			return
		}
		atom = p.single(p.character(')'))
		p.lex.next()
	case tokOpen:
		if p.lex.tok.value == 1 && !constraint {
			p.groups++
			p.lex.groups = p.groups
			group = p.groups
		}
		p.lex.next()
		atom = p.parse(tokCloseParen, constraint)
		if p.lex.err != nil {
			return
		}
		p.lex.next()
		if group > 0 {
			atom = p.markGroup(atom, group)
		}
	case tokBackref:
		ref = int(p.lex.tok.value)
		sub := p.subs[ref]
		if constraint || sub == nil {
			p.fail(ErrReference)
			return
		}
		p.lex.next()
		p.re.hasRef = true
		atom = &subre{op: reRef, traits: backref, ref: ref, min: 1, max: 1, lang: &node{op: opCat, kids: []*node{sub.lang}, loose: true}}
	case tokBracket:
		atom = p.single(p.bracket())
	case tokDot:
		atom = p.single(set{any: true, noNewline: p.re.flags.NewlineEnd})
		p.lex.next()
	case tokClassS, tokClassC:
		atom = p.single(p.classSet(class(p.lex.tok.value), p.see(tokClassC)))
		p.lex.next()
	case tokPlain:
		atom = p.single(p.character(p.lex.tok.value))
		p.lex.next()
	default:
		p.fail(ErrQuantifier)
		return
	}
	least, most, prefer, ok := p.quantifier()
	if !ok || least == 0 && most == 0 {
		return
	}
	all := top.traits | prefer | atom.traits
	if group == 0 && ref == 0 && !all.inherited().messy() {
		top.traits = all
		top.lang = cat(top.lang, repeat(atom.lang, least, most))
		return
	}
	own := combine(prefer, atom.traits)
	if ref > 0 {
		atom.min, atom.max = least, most
		atom.traits |= own
		atom.lang = repeat(atom.lang, least, most)
	} else {
		atom = quantify(atom, least, most, prefer)
	}
	p.messy(stopper, constraint, top, content, atom, own)
}

// messy makes top a concatenation of what it held, an atom with innards that matter, and the rest of the branch. own are
// the traits of the atom and its quantifier, whose preference is that of both, even where the quantifier does nothing.
func (p *parser) messy(stopper tokenKind, constraint bool, top *subre, content bool, atom *subre, own trait) {
	prefix := *top
	rest := (*subre)(nil)
	behind := *atom // atom and rest
	if !p.atBranchEnd(stopper) {
		rest = p.parseBranch(stopper, constraint)
		behind = subre{op: reCat, traits: combine(own, rest.traits), kids: []*subre{atom, rest}, lang: cat(atom.lang, rest.lang)}
	}
	switch {
	case !content:
		*top = behind
		return
	case rest != nil && atom.op == rePlain && rest.op == rePlain && atom.group == 0 && rest.group == 0 &&
		!(atom.traits | rest.traits).inherited().messy():
		// The atom's preference differs from what is before, not from the rest's.
		behind = subre{traits: combine(atom.traits, rest.traits), lang: behind.lang}
	}
	*top = subre{op: reCat, traits: combine(prefix.traits, behind.traits), kids: []*subre{&prefix, &behind}, lang: cat(prefix.lang, behind.lang)}
}

func (p *parser) single(s set) *subre {
	return &subre{lang: &node{op: opSet, set: p.addSet(s)}}
}

// markGroup makes an atom a group.
func (p *parser) markGroup(atom *subre, group int) *subre {
	if atom.group != 0 {
		atom = &subre{op: reGroup, traits: atom.traits, kids: []*subre{atom}, lang: atom.lang}
	}
	atom.traits |= capture
	atom.group = group
	p.subs[group] = atom
	return atom
}

// quantify returns an atom that is no back reference repeated. Only the last round of a loop decides what its groups hold.
func quantify(atom *subre, least, most int, prefer trait) *subre {
	own := atom.traits & (longer | shorter | mixed)
	traits := combine(prefer, atom.traits)
	switch {
	case least == 1 && most == 1 && (prefer == 0 || own == 0 || prefer == own):
		return atom
	case atom.traits&(capture|backref) == 0:
		return &subre{traits: traits, lang: repeat(atom.lang, least, most)}
	case least > 0 && atom.traits&backref == 0:
		more := most
		if most != infinite {
			more = most - 1
		}
		before := &subre{traits: traits & preferences, lang: repeat(atom.lang, least-1, more)}
		return &subre{op: reCat, traits: traits, kids: []*subre{before, atom}, lang: cat(before.lang, atom.lang)}
	}
	return &subre{op: reIterate, traits: traits, kids: []*subre{atom}, min: least, max: most, lang: repeat(atom.lang, least, most)}
}

// quantifier reads a quantifier, {1} without a preference when there is none.
func (p *parser) quantifier() (least, most int, prefer trait, ok bool) {
	tok := p.lex.tok
	switch tok.kind {
	case tokStar:
		least, most = 0, infinite
	case tokPlus:
		least, most = 1, infinite
	case tokQuestion:
		least, most = 0, 1
	case tokOpenBound:
		return p.bounds()
	default:
		return 1, 1, 0, true
	}
	p.lex.next()
	return least, most, preference(tok), true
}

func preference(tok token) trait {
	if tok.value == 1 {
		return longer
	}
	return shorter
}

// bounds reads {m}, {m,} or {m,n}. Only the latter two have a preference.
func (p *parser) bounds() (least, most int, prefer trait, ok bool) {
	p.lex.next()
	least = p.number()
	most = least
	ranged := p.eat(tokComma)
	if ranged {
		if most = infinite; p.see(tokDigit) {
			if most = p.number(); least > most {
				p.fail(ErrBound)
			}
		}
		prefer = preference(p.lex.tok)
	}
	if !p.see(tokCloseBound) {
		p.fail(ErrBound)
		return 0, 0, 0, false
	}
	p.lex.next()
	return least, most, prefer, p.lex.err == nil
}

func (p *parser) number() int {
	n := 0
	for p.see(tokDigit) && n < maxBound {
		n = n*10 + int(p.lex.tok.value)
		p.lex.next()
	}
	if p.see(tokDigit) || n > maxBound {
		p.fail(ErrBound)
	}
	return n
}

func (p *parser) addSet(s set) int {
	i := slices.IndexFunc(p.re.sets, s.equal)
	if i < 0 {
		i = len(p.re.sets)
		p.re.sets = append(p.re.sets, s)
	}
	return i
}

func (s set) equal(o set) bool {
	return s.negate == o.negate && s.noNewline == o.noNewline && s.any == o.any && slices.Equal(s.ranges, o.ranges) &&
		slices.Equal(s.classes, o.classes) && slices.Equal(s.without, o.without)
}
