package are

import "unicode/utf8"

// Text is a string prepared for a Regexp: its characters as that pattern's colors. It belongs to the Regexp that made it.
type Text struct {
	s      string
	colors []color
	// offsets are the places in bytes of the characters and of the end; nil when all are ASCII.
	offsets []int32
	runes   []rune // as offsets
	// lookahead and lookbehind remember what constraints say of places.
	looks []lookMemo
}

// Text prepares s. It stays valid when other texts are prepared.
func (re *Regexp) Text(s string) *Text {
	t := &Text{s: s, colors: make([]color, 0, len(s))}
	cm := &re.colors
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			t.unicode(cm)
			return t
		}
		t.colors = append(t.colors, cm.ascii[s[i]])
	}
	return t
}

func (t *Text) unicode(cm *colorMap) {
	t.colors = t.colors[:0]
	t.runes = make([]rune, 0, len(t.s))
	t.offsets = make([]int32, 0, len(t.s)+1)
	for i, r := range t.s {
		t.colors = append(t.colors, cm.of(r))
		t.runes = append(t.runes, r)
		t.offsets = append(t.offsets, int32(i))
	}
	t.offsets = append(t.offsets, int32(len(t.s)))
}

// Len returns the length in characters.
func (t *Text) Len() int { return len(t.colors) }

// Slice returns the characters [from, to).
func (t *Text) Slice(from, to int) string {
	if t.offsets == nil {
		return t.s[from:to]
	}
	return t.s[t.offsets[from]:t.offsets[to]]
}

func (t *Text) at(i int) rune {
	if t.runes == nil {
		return rune(t.s[i])
	}
	return t.runes[i]
}
