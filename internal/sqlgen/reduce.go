package sqlgen

// Reduction is one way to make a statement smaller, in place.
type Reduction struct {
	Do, Undo func()
}

// Reductions lists the ways to make a tree one step smaller, the largest steps first: a piece left out, an item of a list
// dropped, a node replaced by one of its alternatives, an expression by a part of it that
// has its type, by NULL or by a literal. Not every result is a valid statement: try it.
func Reductions(root *Node) []Reduction {
	var out []Reduction
	seen := map[*Node]bool{}
	queue := []*Node{root}
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		if seen[n] {
			continue
		}
		seen[n] = true
		out = append(out, n.reductions()...)
		queue = append(queue, n.kids...)
	}
	return out
}

func (n *Node) reductions() (out []Reduction) {
	become := func(with Node) {
		was := *n
		out = append(out, Reduction{Do: func() { *n = with }, Undo: func() { *n = was }})
	}
	if n.optional && (n.text != "" || len(n.kids) > 0) {
		become(Node{min: -1})
	}
	for _, a := range n.alts {
		become(*a)
	}
	if n.min >= 0 && len(n.kids) > n.min {
		for i := range n.kids {
			less := *n
			less.kids = append(append([]*Node{}, n.kids[:i]...), n.kids[i+1:]...)
			become(less)
		}
	}
	if n.typ == "" || len(n.kids) == 0 {
		return out
	}
	for _, part := range n.partsOfType(n.typ, 6) {
		become(*part)
	}
	for _, simple := range simplest(n.typ) {
		if text := n.String(); text != simple {
			become(Node{text: simple, typ: n.typ, min: -1})
		}
	}
	return out
}

// partsOfType returns the nearest expressions of the type below n, at most depth levels down.
func (n *Node) partsOfType(t Type, depth int) (out []*Node) {
	if depth == 0 {
		return nil
	}
	for _, k := range n.kids {
		if k.typ == t {
			out = append(out, k)
		} else {
			out = append(out, k.partsOfType(t, depth-1)...)
		}
	}
	return out
}
