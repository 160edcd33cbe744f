package listappend

import "slices"

// edge is a set of dependencies of one transaction on another.
type edge uint8

const (
	ww edge = 1 << iota
	wr
	rt
	rw
)

// kind returns the dependency that says least about the anomaly it is part of.
func (e edge) kind() edge { return e & -e }

func (e edge) String() string {
	switch e {
	case ww:
		return "ww"
	case wr:
		return "wr"
	case rt:
		return "rt"
	}
	return "rw"
}

// graph holds the dependencies between transactions: edges[a][b] are those that put a before b.
type graph struct {
	edges [][]edge
}

func (g *graph) add(a, b int, e edge) {
	if a != b {
		g.edges[a][b] |= e
	}
}

// newGraph draws the edges between committed transactions.
func newGraph(o *orders) *graph {
	g := &graph{edges: make([][]edge, len(o.txns))}
	for i := range g.edges {
		g.edges[i] = make([]edge, len(o.txns))
	}
	for key, list := range o.lists {
		for i := range len(list) - 1 {
			a, known := o.writer[version{key, list[i]}]
			b, alsoKnown := o.writer[version{key, list[i+1]}]
			if known && alsoKnown {
				g.add(a, b, ww)
			}
		}
	}
	unseen := o.unseen()
	for i, t := range o.txns {
		o.eachRead(t, func(op Op, own int) { g.read(o, i, op.Key, op.List[:len(op.List)-own], unseen) })
	}
	for a, x := range o.txns {
		for b, y := range o.txns {
			if x.Status == Committed && o.committed[b] && x.Done < y.Sent {
				g.add(a, b, rt)
			}
		}
	}
	return g
}

// unseen returns, by key, who appended elements that no list shows. They come after those of the list.
func (o *orders) unseen() map[int][]int {
	unseen := map[int][]int{}
	for v, i := range o.writer {
		if _, seen := o.place[v]; !seen && o.committed[i] && !slices.Contains(unseen[v.key], i) {
			unseen[v.key] = append(unseen[v.key], i)
		}
	}
	for key, list := range o.lists {
		if len(list) == 0 {
			continue
		}
		if last, ok := o.writer[version{key, list[len(list)-1]}]; ok {
			// Its own later elements are no write of another.
			unseen[key] = slices.DeleteFunc(unseen[key], func(i int) bool { return i == last })
		}
	}
	return unseen
}

// read draws the edges of a list that a transaction read.
func (g *graph) read(o *orders, reader, key int, list []int, unseen map[int][]int) {
	if n := len(list); n > 0 {
		if i, ok := o.writer[version{key, list[n-1]}]; ok {
			g.add(i, reader, wr)
		}
	}
	longest := o.lists[key]
	// The reader's own appends are not what comes between its read and another's write.
	for i := len(list); i < len(longest); i++ {
		next, ok := o.writer[version{key, longest[i]}]
		if ok && next != reader {
			g.add(reader, next, rw)
			return
		}
		if ok {
			return // ww goes on from there
		}
	}
	for _, i := range unseen[key] {
		g.add(reader, i, rw)
	}
}
