package sqlgen

import "strings"

// Node is a piece of a statement. Its text is its own or that of its kids. One node may
// stand in two places (an expression of GROUP BY and of the select list), so that what is made smaller
// in one is so in the other.
type Node struct {
	text string // when there are no kids
	kids []*Node
	sep  string // between the kids

	typ      Type    // of an expression; "" is none
	optional bool    // may be left out: its text becomes empty
	min      int     // of a list: how many kids must stay; -1 when it is not a list
	alts     []*Node // what may take its place
}

// text makes a node that stays as it is.
func text(s string) *Node { return &Node{text: s, min: -1} }

// seq makes a node of nodes and strings.
func seq(parts ...any) *Node {
	n := &Node{min: -1}
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			n.kids = append(n.kids, text(p))
		case *Node:
			if p != nil {
				n.kids = append(n.kids, p)
			}
		}
	}
	return n
}

// maybe makes a piece that may be left out.
func maybe(parts ...any) *Node {
	n := seq(parts...)
	n.optional = true
	return n
}

// list makes a list of which at least min stay.
func list(sep string, min int, kids []*Node) *Node {
	return &Node{kids: kids, sep: sep, min: min}
}

// typed makes an expression.
func typed(t Type, parts ...any) *Node {
	n := seq(parts...)
	n.typ = t
	return n
}

// String returns the text.
func (n *Node) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *Node) write(b *strings.Builder) {
	b.WriteString(n.text)
	for i, k := range n.kids {
		if i > 0 {
			b.WriteString(n.sep)
		}
		k.write(b)
	}
}
