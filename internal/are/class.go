package are

import "unicode"

// class is a named character class, with the members that it has in glibc's C.UTF-8 of Unicode 14.
type class uint8

const (
	alnum class = iota
	alpha
	asciiClass
	blank
	cntrl
	digit
	graph
	lower
	printClass
	punct
	space
	upper
	xdigit
	word
)

var classNames = map[string]class{
	"alnum": alnum, "alpha": alpha, "ascii": asciiClass, "blank": blank, "cntrl": cntrl, "digit": digit, "graph": graph,
	"lower": lower, "print": printClass, "punct": punct, "space": space, "upper": upper, "xdigit": xdigit, "word": word,
}

// has says whether r is a member. See TestClassesAsPostgres.
func (c class) has(r rune) bool {
	switch c {
	case alnum:
		return isAlpha(r) || isDigit(r)
	case alpha:
		return isAlpha(r)
	case asciiClass:
		return r < 0x80
	case blank:
		return r == ' ' || r == '\t'
	case cntrl:
		return unicode.Is(unicode.Cc, r)
	case digit:
		return isDigit(r)
	case graph:
		return isPrint(r) && !isSpace(r)
	case lower:
		return isLower(r)
	case printClass:
		return isPrint(r)
	case punct:
		return isPrint(r) && !isSpace(r) && !isAlpha(r) && !isDigit(r)
	case space:
		return isSpace(r)
	case upper:
		return unicode.IsUpper(r) || unicode.Is(unicode.Other_Uppercase, r) || unicode.ToLower(r) != r
	case xdigit:
		return isDigit(r) || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F'
	}
	return isAlpha(r) || isDigit(r) || r == '_'
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// isAlpha takes the digits of other scripts for letters, as glibc does.
func isAlpha(r rune) bool {
	if r < 0x80 {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	switch r {
	case 0xC04, 0xF82, 0xF83, 0x11080, 0x11081: // alphabetic since Unicode 15
		return false
	}
	return unicode.In(r, unicode.L, unicode.Nl, unicode.Other_Alphabetic, unicode.Nd)
}

func isLower(r rune) bool {
	switch r {
	case 0x10FC, 0xA7F2, 0xA7F3, 0xA7F4, 0xAB69: // lower case since Unicode 15
		return false
	}
	return unicode.IsLower(r) || unicode.Is(unicode.Other_Lowercase, r) || unicode.ToUpper(r) != r
}

func isSpace(r rune) bool {
	switch r {
	case 0x85, 0xA0, 0x2007, 0x202F: // no places to break a line
		return false
	}
	return unicode.IsSpace(r)
}

func isPrint(r rune) bool {
	return r != 0x2028 && r != 0x2029 &&
		unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.Cf, unicode.Co)
}

// set is a set of characters.
type set struct {
	ranges  []runeRange
	classes []class
	without []class // complements of classes: \W inside of brackets
	negate  bool
	// newline says of a negated set that it does not match a newline either.
	noNewline bool
	any       bool // a dot
}

type runeRange struct {
	lo, hi rune
	fold   bool // and what differs in case only
}

func (s *set) has(r rune) bool {
	if s.noNewline && r == '\n' {
		return false
	}
	return s.any || s.holds(r) != s.negate
}

func (s *set) holds(r rune) bool {
	for _, x := range s.ranges {
		if x.has(r) {
			return true
		}
	}
	for _, c := range s.classes {
		if c.has(r) {
			return true
		}
	}
	for _, c := range s.without {
		if !c.has(r) {
			return true
		}
	}
	return false
}

// has says whether r is in the range or, folded, the upper or lower case of what is.
func (x runeRange) has(r rune) bool {
	in := r >= x.lo && r <= x.hi
	if in || !x.fold {
		return in
	}
	for c := unicode.SimpleFold(r); c != r; c = unicode.SimpleFold(c) {
		if c >= x.lo && c <= x.hi && (unicode.ToLower(c) == r || unicode.ToUpper(c) == r) {
			return true
		}
	}
	// The two that no folding knows: I with a dot, whose lower case is i, and i without, whose upper case is I.
	return r == 'i' && x.lo <= 0x130 && x.hi >= 0x130 || r == 'I' && x.lo <= 0x131 && x.hi >= 0x131
}

// color is a class of characters that are in the same sets of a pattern.
type color uint16

// endColor is what stands behind the text.
const endColor color = 0

// colorMap gives characters their colors. Colors are made as characters are seen.
type colorMap struct {
	sets  []set
	ascii [128]color
	other map[rune]color
	byKey map[string]color
	// member says of each color in which sets it is: a bit a set.
	member [][]uint64
	word   []bool
	line   []bool
}

func newColorMap(sets []set) colorMap {
	cm := colorMap{sets: sets, other: make(map[rune]color), byKey: make(map[string]color)}
	cm.member, cm.word, cm.line = [][]uint64{nil}, []bool{false}, []bool{false}
	for r := range cm.ascii {
		cm.ascii[r] = cm.find(rune(r))
	}
	return cm
}

// maxOtherColors bounds the characters beyond ASCII whose color is remembered.
const maxOtherColors = 1 << 12

func (cm *colorMap) of(r rune) color {
	if r < 128 {
		return cm.ascii[r]
	}
	c, ok := cm.other[r]
	if !ok {
		if len(cm.other) >= maxOtherColors {
			clear(cm.other)
		}
		c = cm.find(r)
		cm.other[r] = c
	}
	return c
}

func (cm *colorMap) find(r rune) color {
	bits := make([]uint64, (len(cm.sets)+63)/64)
	for i := range cm.sets {
		if cm.sets[i].has(r) {
			bits[i/64] |= 1 << (i % 64)
		}
	}
	isWord, isLine := word.has(r), r == '\n'
	key := make([]byte, 0, 8*len(bits)+2)
	for _, b := range bits {
		for range 8 {
			key = append(key, byte(b))
			b >>= 8
		}
	}
	key = append(key, bit(isWord), bit(isLine))
	c, ok := cm.byKey[string(key)]
	if !ok {
		c = color(len(cm.member))
		cm.byKey[string(key)] = c
		cm.member = append(cm.member, bits)
		cm.word = append(cm.word, isWord)
		cm.line = append(cm.line, isLine)
	}
	return c
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func (cm *colorMap) in(c color, set int) bool { return cm.member[c][set/64]>>(set%64)&1 != 0 }
