package are

import (
	"encoding/binary"
	"slices"
)

// dfa runs a program as a deterministic automaton, whose states it makes as they are needed.
//
// A state is the instructions that the characters so far lead to, before the empty steps behind them: those depend on
// the next character too, where there are assertions. A transition on a color, or on the end of the text, says whether
// a match ends before that character, and which state follows it.
type dfa struct {
	re     *Regexp
	prog   *program
	ids    map[string]int32
	states []dfaState
	// scratch of a step
	mark   []uint32
	epoch  uint32
	stack  []int32
	next   []int32
	key    []byte
	memory int
	resets int
	starts [8]int32 // the start states by what is behind, 0 where not made
}

type dfaState struct {
	insts []int32 // ascending
	behind
	trans []int32 // by color: 2*next state + (1 if a match ends before the character), -1 not known
}

// behind is what assertions ask of the character before a place.
type behind struct{ begin, line, word bool }

func (b behind) bits() byte { return bit(b.begin) | bit(b.line)<<1 | bit(b.word)<<2 }

// dead is the state that leads nowhere. It is always number 0.
const dead = 0

// maxMemory bounds the states that are kept, in words; beyond it all are made anew.
const maxMemory = 1 << 20

func newDFA(re *Regexp, p *program) *dfa {
	d := &dfa{re: re, prog: p}
	d.reset()
	return d
}

func (d *dfa) reset() {
	d.ids = map[string]int32{}
	d.states = d.states[:0]
	d.memory = 0
	d.resets++
	d.starts = [8]int32{}
	d.state(nil, behind{})
}

// state returns the number of the state with these instructions.
func (d *dfa) state(insts []int32, b behind) int32 {
	if len(insts) == 0 {
		b = behind{}
	}
	d.key = d.key[:0]
	for _, i := range insts {
		d.key = binary.LittleEndian.AppendUint32(d.key, uint32(i))
	}
	d.key = append(d.key, b.bits())
	if id, ok := d.ids[string(d.key)]; ok {
		return id
	}
	id := int32(len(d.states))
	d.ids[string(d.key)] = id
	d.states = append(d.states, dfaState{insts: slices.Clone(insts), behind: b})
	d.memory += 2*len(insts) + 16
	return id
}

// before returns what stands before a place, as far as the program asks.
func (d *dfa) before(t *Text, at int) behind {
	switch {
	case !d.prog.asserts:
		return behind{}
	case at == 0:
		return behind{begin: true}
	}
	return d.after(t.colors[at-1])
}

func (d *dfa) after(c color) behind {
	if !d.prog.asserts {
		return behind{}
	}
	return behind{line: d.re.colors.line[c], word: d.re.colors.word[c]}
}

func (d *dfa) start(t *Text, at int) int32 {
	return d.startBehind(d.before(t, at))
}

func (d *dfa) startBehind(b behind) int32 {
	s := &d.starts[b.bits()]
	if *s == 0 {
		*s = d.state([]int32{d.prog.start}, b)
	}
	return *s
}

// searchASCII says whether a match ends anywhere in s. ok is false when s has other characters than ASCII's, or a
// constraint needs more than the characters one after another.
func (d *dfa) searchASCII(s string) (found, ok bool) {
	if d.prog.looks {
		return false, false
	}
	colors := &d.re.colors.ascii
	at := d.startBehind(behind{begin: d.prog.asserts})
	for i := range len(s) {
		if s[i] >= 128 {
			return false, false
		}
		c := colors[s[i]]
		x := int32(-1)
		if trans := d.states[at].trans; int(c) < len(trans) {
			x = trans[c]
		}
		if x < 0 {
			x = d.step(at, c, nil, i)
		}
		if x&1 != 0 {
			return true, true
		}
		if at = x >> 1; at == dead {
			return false, true
		}
	}
	return d.step(at, endColor, nil, len(s))&1 != 0, true
}

// step returns the transition of a state on the color of the character at a place.
func (d *dfa) step(s int32, c color, t *Text, at int) int32 {
	if d.prog.looks {
		return d.compute(s, c, t, at)
	}
	trans := d.states[s].trans
	if int(c) < len(trans) {
		if x := trans[c]; x >= 0 {
			return x
		}
	} else {
		n := len(d.re.colors.member)
		d.memory += n - len(trans)
		for len(trans) < n {
			trans = append(trans, -1)
		}
		d.states[s].trans = trans
	}
	resets := d.resets
	x := d.compute(s, c, t, at)
	if d.resets == resets && d.re.failed == nil {
		d.states[s].trans[c] = x
	}
	return x
}

func (d *dfa) compute(s int32, c color, t *Text, at int) int32 {
	if len(d.mark) < len(d.prog.code) {
		d.mark = make([]uint32, len(d.prog.code))
	}
	d.epoch++
	from := &d.states[s]
	d.stack = append(d.stack[:0], from.insts...)
	d.next = d.next[:0]
	b := from.behind
	ends := int32(0)
	visited := 0
	for len(d.stack) > 0 {
		visited++
		pc := d.stack[len(d.stack)-1]
		d.stack = d.stack[:len(d.stack)-1]
		if d.mark[pc] == d.epoch {
			continue
		}
		d.mark[pc] = d.epoch
		switch in := &d.prog.code[pc]; in.op {
		case instMatch:
			ends = 1
		case instSplit:
			d.stack = append(d.stack, in.x, in.y)
		case instSet:
			if c != endColor && (in.set < 0 || d.re.colors.in(c, int(in.set))) {
				d.next = append(d.next, in.x)
			}
		case instAssert:
			if d.holds(in.assert, b, c) {
				d.stack = append(d.stack, in.x)
			}
		case instLook:
			if d.re.looks[in.set].holds(d.re, t, at, int(in.set)) {
				d.stack = append(d.stack, in.x)
			}
		}
	}
	if !d.re.visit(visited) {
		return dead // the end of all loops; failed says why
	}
	slices.Sort(d.next)
	d.next = slices.Compact(d.next)
	if c == endColor {
		return ends
	}
	if d.memory > maxMemory {
		d.reset() // what follows is all that is needed
	}
	return d.state(d.next, d.after(c))*2 + ends
}

// holds says whether an assertion holds between what stands before a place and the color behind it.
func (d *dfa) holds(a assertion, b behind, c color) bool {
	cm := &d.re.colors
	switch a {
	case atBegin:
		return b.begin
	case atEnd:
		return c == endColor
	case atLineBegin:
		return b.begin || b.line
	case atLineEnd:
		return c == endColor || cm.line[c]
	case atWordStart:
		return !b.word && cm.word[c]
	case atWordEnd:
		return b.word && !cm.word[c]
	case atBoundary:
		return b.word != cm.word[c]
	}
	return b.word == cm.word[c]
}

func (t *Text) colorAt(i int) color {
	if i < len(t.colors) {
		return t.colors[i]
	}
	return endColor
}

// longest returns the furthest place up to stop where a match from begin ends, -1 when there is none.
func (d *dfa) longest(begin, stop int) int {
	t := d.re.text
	s := d.start(t, begin)
	last := -1
	for at := begin; ; at++ {
		x := d.step(s, t.colorAt(at), t, at)
		if x&1 != 0 {
			last = at
		}
		if s = x >> 1; at >= stop || s == dead {
			return last
		}
	}
}

// shortest returns the first place in [least, stop] where a match from begin ends, -1 when there is none.
func (d *dfa) shortest(begin, least, stop int) int {
	t := d.re.text
	s := d.start(t, begin)
	for at := begin; ; at++ {
		x := d.step(s, t.colorAt(at), t, at)
		if x&1 != 0 && at >= least {
			return at
		}
		if s = x >> 1; at >= stop || s == dead {
			return -1
		}
	}
}

// matches says whether [begin, end) is a match.
func (d *dfa) matches(begin, end int) bool { return d.shortest(begin, end, end) == end }

// lookMemo remembers what a constraint says of the places of a text: 0 not known, 1 no, 2 yes.
type lookMemo []uint8

// holds says whether a constraint holds at a place.
func (l *look) holds(re *Regexp, t *Text, at, number int) bool {
	if t.looks == nil {
		t.looks = make([]lookMemo, len(re.looks))
	}
	memo := t.looks[number]
	if memo == nil {
		memo = make(lookMemo, t.Len()+1)
		t.looks[number] = memo
		if l.behind {
			l.mark(t, memo)
		}
	}
	if memo[at] == 0 {
		memo[at] = 1
		if l.dfa.shortest(at, at, t.Len()) >= 0 {
			memo[at] = 2
		}
	}
	return (memo[at] == 2) != l.negative
}

// mark finds all places where a match of a lookbehind ends.
func (l *look) mark(t *Text, memo lookMemo) {
	d := l.dfa
	s := d.start(t, 0)
	for at := range memo {
		x := d.step(s, t.colorAt(at), t, at)
		memo[at] = 1 + uint8(x&1)
		s = x >> 1
	}
}
