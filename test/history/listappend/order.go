package listappend

import (
	"fmt"
	"slices"
)

// version is an element of a key: a write that others may have seen.
type version struct{ key, elem int }

// orders holds, for each key, the order of its writes as the longest list tells it.
type orders struct {
	level     Level
	txns      []*Txn
	writer    map[version]int // index of the transaction
	undone    map[version]int
	lists     map[int][]int // the longest, by key
	place     map[version]int
	committed []bool // known, or seen by others
	anomalies []Anomaly
}

func newOrders(txns []*Txn, level Level) *orders {
	o := &orders{
		level: level, txns: txns, writer: map[version]int{}, undone: map[version]int{},
		lists: map[int][]int{}, place: map[version]int{}, committed: make([]bool, len(txns)),
	}
	for i, t := range txns {
		for _, op := range t.Ops {
			if !op.Read {
				o.writer[version{op.Key, op.Elem}] = i
			}
		}
		for _, op := range t.Undone {
			o.undone[version{op.Key, op.Elem}] = i
		}
		o.committed[i] = t.Status == Committed
	}
	o.collect()
	o.findCommitted()
	for i, t := range txns {
		if t.Status == Committed {
			o.checkReads(i, t)
		}
	}
	return o
}

func (o *orders) complain(name, format string, args ...any) {
	o.anomalies = append(o.anomalies, Anomaly{name, fmt.Sprintf(format, args...)})
}

// collect finds the longest list of each key among those that committed transactions read. All
// others must be its beginnings.
func (o *orders) collect() {
	for _, t := range o.txns {
		o.eachRead(t, func(op Op, _ int) {
			if len(op.List) > len(o.lists[op.Key]) {
				o.lists[op.Key] = op.List
			}
		})
	}
	for _, t := range o.txns {
		o.eachRead(t, func(op Op, _ int) {
			if longest := o.lists[op.Key]; !slices.Equal(op.List, longest[:len(op.List)]) {
				o.complain("order", "key %d: %v is no beginning of %v\n%v", op.Key, op.List, longest, t)
			}
		})
	}
	for key, list := range o.lists {
		for i, elem := range list {
			v := version{key, elem}
			if at, twice := o.place[v]; twice {
				o.complain("order", "key %d: %d is at %d and at %d of %v", key, elem, at, i, list)
			}
			o.place[v] = i
		}
	}
}

// eachRead visits the reads of a committed transaction, with how many of its own appends end the list.
func (o *orders) eachRead(t *Txn, visit func(op Op, own int)) {
	if t.Status != Committed {
		return
	}
	for i, op := range t.Ops {
		if !op.Read {
			continue
		}
		own := 0
		for _, before := range t.Ops[:i] {
			if !before.Read && before.Key == op.Key && own < len(op.List) && slices.Contains(op.List, before.Elem) {
				own++
			}
		}
		visit(op, own)
	}
}

// findCommitted adds the transactions whose elements were read.
func (o *orders) findCommitted() {
	for v := range o.place {
		if i, ok := o.writer[v]; ok && o.txns[i].Status == Unknown {
			o.committed[i] = true
		}
	}
}

// checkReads looks for the anomalies of a transaction's reads that need no cycle.
func (o *orders) checkReads(reader int, t *Txn) {
	var before map[int][]int // key: what the transaction should read
	if o.level > ReadCommitted {
		before = map[int][]int{}
	}
	own := map[int][]int{}
	for _, op := range t.Ops {
		if !op.Read {
			own[op.Key] = append(own[op.Key], op.Elem)
			if list, ok := before[op.Key]; ok {
				before[op.Key] = append(slices.Clone(list), op.Elem)
			}
			continue
		}
		mine := own[op.Key]
		if n := len(op.List) - len(mine); n < 0 || !slices.Equal(op.List[n:], mine) {
			o.complain("internal", "key %d: %v does not end in the reader's own appends %v\n%v", op.Key, op.List, mine, t)
			continue
		}
		if want, ok := before[op.Key]; ok && !slices.Equal(want, op.List) {
			o.complain("internal", "key %d: read %v, which should be %v still\n%v", op.Key, op.List, want, t)
		}
		if before != nil {
			before[op.Key] = op.List
		}
		o.checkRead(reader, op.Key, op.List[:len(op.List)-len(mine)])
	}
}

// checkRead looks at a list without the reader's own appends.
func (o *orders) checkRead(reader, key int, list []int) {
	t := o.txns[reader]
	for _, elem := range list {
		v := version{key, elem}
		i, written := o.writer[v]
		undone, taken := o.undone[v]
		switch {
		case taken:
			o.complain("G1a", "key %d: read %d, which was rolled back to a savepoint\n%v\n%v", key, elem, t, o.txns[undone])
		case !written:
			o.complain("made up", "key %d: read %d, which nobody appended\n%v", key, elem, t)
		case o.txns[i].Status == Aborted:
			o.complain("G1a", "key %d: read %d, which was rolled back\n%v\n%v", key, elem, t, o.txns[i])
		}
	}
	if n := len(list); n > 0 && n < len(o.lists[key]) {
		last, next := version{key, list[n-1]}, version{key, o.lists[key][n]}
		if i, ok := o.writer[last]; ok && i == o.writer[next] && i != reader {
			o.complain("G1b", "key %d: read %d, but not %d of the same transaction\n%v\n%v", key, last.elem, next.elem, t, o.txns[i])
		}
	}
	for v, i := range o.writer {
		if w := o.txns[i]; v.key == key && w.Status == Committed && w.Done < t.Sent && !slices.Contains(list, v.elem) {
			o.complain("lost", "key %d: %d is missing in %v\n%v\n%v", key, v.elem, list, t, w)
		}
	}
}
