package listappend

import (
	"fmt"
	"strings"
)

// cycle is transactions each of which precedes the next, and the last the first.
type cycle struct {
	txns  []int
	edges []edge // edges[i] leads from txns[i] to the next
}

// forbidden returns the edges that matter at a level, and whether two rw edges in a row are
// permitted.
func (l Level) forbidden() (mask edge, adjacent bool) {
	switch l {
	case ReadCommitted:
		return ww | wr | rt, false
	case RepeatableRead:
		return ww | wr | rt | rw, false
	}
	return ww | wr | rt | rw, true
}

// shortest returns a shortest cycle of edges in mask, in which two rw edges may follow each other
// only if adjacent says so; nil if there is none.
func (g *graph) shortest(mask edge, adjacent bool) *cycle {
	inside := g.components(mask)
	var best *cycle
	for start := range g.edges {
		if inside[start] < 0 {
			continue
		}
		for _, first := range []edge{ww | wr | rt, rw} {
			if c := g.from(start, first&mask, mask, adjacent, inside); c != nil && (best == nil || len(c.txns) < len(best.txns)) {
				best = c
			}
		}
	}
	return best
}

// from finds a shortest cycle that leaves start by an edge of first, by a walk in breadth over pairs
// of a transaction and whether it was reached by rw.
func (g *graph) from(start int, first, mask edge, adjacent bool, inside []int) *cycle {
	type state struct {
		txn int
		rw  bool
	}
	type visit struct {
		state
		from int // index of the visit before
		edge edge
	}
	walk := []visit{{state: state{txn: start}, from: -1}}
	seen := map[state]bool{}
	for at := 0; at < len(walk); at++ {
		v := walk[at]
		for next, e := range g.edges[v.txn] {
			e &= mask
			if at == 0 {
				e &= first
				if first == rw && g.edges[v.txn][next]&mask != rw {
					e = 0 // there is a lesser edge: the other first
				}
			}
			if e == 0 || inside[next] != inside[start] {
				continue
			}
			k := e.kind()
			if k == rw && v.rw && !adjacent {
				continue
			}
			if next == start {
				if k == rw && first == rw && !adjacent {
					continue
				}
				c := &cycle{}
				for i, e := at, k; i >= 0; i, e = walk[i].from, walk[i].edge {
					c.txns = append([]int{walk[i].txn}, c.txns...)
					c.edges = append([]edge{e}, c.edges...)
				}
				return c
			}
			if s := (state{next, k == rw}); !seen[s] {
				seen[s] = true
				walk = append(walk, visit{s, at, k})
			}
		}
	}
	return nil
}

// components numbers the strongly connected components of more than one transaction (Tarjan); -1
// stands for a transaction in no cycle.
func (g *graph) components(mask edge) []int {
	n := len(g.edges)
	index, low, of := make([]int, n), make([]int, n), make([]int, n)
	onStack := make([]bool, n)
	var stack []int
	next, components := 1, 0
	var visit func(a int)
	visit = func(a int) {
		index[a], low[a] = next, next
		next++
		stack, onStack[a] = append(stack, a), true
		for b, e := range g.edges[a] {
			if e&mask == 0 {
				continue
			}
			if index[b] == 0 {
				visit(b)
				low[a] = min(low[a], low[b])
			} else if onStack[b] {
				low[a] = min(low[a], index[b])
			}
		}
		if low[a] != index[a] {
			return
		}
		size := 0
		for {
			b := stack[len(stack)-1]
			stack, onStack[b] = stack[:len(stack)-1], false
			of[b] = components
			size++
			if b == a {
				break
			}
		}
		if size == 1 {
			of[a] = -1
		}
		components++
	}
	for a := range n {
		if index[a] == 0 {
			visit(a)
		}
	}
	return of
}

// name returns the anomaly that the cycle is.
func (c *cycle) name() string {
	var all edge
	antis, adjacent := 0, false
	for i, e := range c.edges {
		all |= e
		if e == rw {
			antis++
			adjacent = adjacent || c.edges[(i+1)%len(c.edges)] == rw
		}
	}
	name := "G0"
	switch {
	case antis == 1:
		name = "G-single"
	case antis > 0 && !adjacent:
		name = "G-nonadjacent"
	case antis > 0:
		name = "G2"
	case all&wr != 0:
		name = "G1c"
	}
	if all&rt != 0 {
		name += " realtime"
	}
	return name
}

// text shows the cycle with its transactions.
func (c *cycle) text(txns []*Txn) string {
	var b strings.Builder
	b.WriteString("a cycle")
	for i, t := range c.txns {
		fmt.Fprintf(&b, "\nT%d %v\n   before T%d by %v", t, txns[t], c.txns[(i+1)%len(c.txns)], c.edges[i])
	}
	return b.String()
}
