package exec

import (
	"cmp"
	"context"
	"encoding/binary"
	"math"
	"slices"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// sorter orders its input, the first limit rows of it when limit is not negative.
// Rows with equal keys keep their order.
type sorter struct {
	in     Operator
	expr   *expr.Context
	keys   []plan.SortKey
	limit  int64
	budget *Budget
	// last says that only the last column of the input is yielded: for a fetch, which needs the
	// rows' names alone.
	last bool

	exprs  projection
	keyOut column.Batch
	store  *runs
	order  []entry // nil before the first Next
	at     int
	done   bool
	out    column.Batch
	idx    []uint32
	taken  int64
}

// runs keeps rows as columns, with the columns of their sort keys beside them.
type runs struct {
	rows column.Batch
	keys column.Batch
}

// entry is a row in a sort: what decides most comparisons by the first key, and its number.
type entry struct {
	prefix uint64
	row    uint32
	rank   uint8 // of a NULL among the others: 0 before them, 2 after; others have 1
}

func newSorter(env *Env, in Operator, keys []plan.SortKey, limit int64) *sorter {
	s := &sorter{in: in, expr: env.Expr.Clone(), keys: keys, limit: limit, budget: env.Budget, store: &runs{}}
	parts := make([]*plan.Program, len(keys))
	for i, k := range keys {
		parts[i] = k.Program
	}
	s.exprs = newProjection(parts)
	return s
}

func (s *sorter) Next(ctx context.Context, r *Rows) (bool, error) {
	if err := s.prepare(ctx); err != nil {
		return false, err
	}
	if s.at == len(s.order) {
		return false, nil
	}
	n := min(len(s.order)-s.at, column.BatchRows)
	s.idx = s.idx[:0]
	for _, e := range s.order[s.at : s.at+n] {
		s.idx = append(s.idx, e.row)
	}
	s.at += n
	s.pick(&s.out, &s.store.rows, s.idx)
	r.set(&s.out, nil)
	return true, nil
}

func (s *sorter) pick(dst, src *column.Batch, idx []uint32) {
	if len(dst.Vecs) != len(src.Vecs) {
		dst.Vecs = make([]column.Vec, len(src.Vecs))
	}
	dst.N = len(idx)
	for i := range src.Vecs {
		dst.Vecs[i].Pick(&src.Vecs[i], idx)
	}
}

// prepare reads the whole input and sorts it, once.
func (s *sorter) prepare(ctx context.Context) error {
	if s.done {
		return nil
	}
	s.done = true
	return s.run(ctx)
}

// run reads the whole input and sorts it.
func (s *sorter) run(ctx context.Context) error {
	var r Rows
	for {
		ok, err := s.in.Next(ctx, &r)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if err := s.add(&r); err != nil {
			return err
		}
		if s.limit >= 0 && int64(s.store.rows.N) > max(4*s.limit, 4*column.BatchRows) {
			s.shrink()
		}
	}
	if s.store.rows.N > 0 {
		s.sort()
	}
	return nil
}

// add keeps the rows of a batch that can still be among the first.
func (s *sorter) add(r *Rows) error {
	if err := s.exprs.eval(s.expr, r, &s.keyOut); err != nil {
		return err
	}
	before := int64(s.store.rows.N)
	in := r.Batch
	if s.last {
		in.Vecs = in.Vecs[len(in.Vecs)-1:]
	}
	appendRows(&s.store.rows, &in, r.Sel)
	appendRows(&s.store.keys, &s.keyOut, r.Sel)
	bytes := (int64(s.store.rows.N) - before) * int64(16*(len(in.Vecs)+len(s.keys))+16)
	s.taken += bytes
	return s.budget.take(bytes)
}

// appendRows adds the selected rows of src.
func appendRows(dst, src *column.Batch, sel []int32) {
	if len(dst.Vecs) != len(src.Vecs) {
		dst.Vecs = make([]column.Vec, len(src.Vecs))
		for i := range src.Vecs {
			dst.Vecs[i].Reset(src.Vecs[i].Kind)
		}
	}
	n := src.N
	if sel != nil {
		n = len(sel)
	}
	for i := range src.Vecs {
		appendSelected(&dst.Vecs[i], &src.Vecs[i], src.N, sel)
	}
	dst.N += n
}

// appendSelected adds the selected elements of a vector of n rows, in runs.
func appendSelected(dst, src *column.Vec, n int, sel []int32) {
	if sel == nil {
		dst.AppendVec(src, 0, n)
		return
	}
	for i := 0; i < len(sel); {
		j := i + 1
		for j < len(sel) && sel[j] == sel[j-1]+1 {
			j++
		}
		dst.AppendVec(src, int(sel[i]), int(sel[j-1])+1)
		i = j
	}
}

// shrink sorts what there is and forgets all but the first limit rows.
func (s *sorter) shrink() {
	s.sort()
	s.idx = s.idx[:0]
	for _, e := range s.order {
		s.idx = append(s.idx, e.row)
	}
	kept := &runs{}
	s.pick(&kept.rows, &s.store.rows, s.idx)
	s.pick(&kept.keys, &s.store.keys, s.idx)
	s.store = kept
	s.budget.give(s.taken)
	s.taken = 0
}

// sort makes order, of the first limit rows.
func (s *sorter) sort() {
	n := s.store.keys.N
	var exact bool
	s.order, exact = entries(s.order[:0], &s.store.keys.Vecs[0], n, s.keys[0])
	decided := 0
	if exact {
		decided = 1
	}
	order := func(a, b entry) int {
		switch {
		case a.rank != b.rank:
			return cmp.Compare(a.rank, b.rank)
		case a.prefix != b.prefix:
			return cmp.Compare(a.prefix, b.prefix)
		}
		return s.compareFrom(decided, a.row, b.row)
	}
	if s.limit >= 0 && s.limit < int64(n)/4 {
		s.order = smallest(s.order, int(s.limit), order)
	}
	slices.SortFunc(s.order, order)
	if s.limit >= 0 && int64(len(s.order)) > s.limit {
		s.order = s.order[:s.limit]
	}
}

// smallest moves the k smallest entries to the front, in no order, and returns them. It keeps them in a heap
// with the largest on top, so that most entries cost one comparison: a sort of 4,000 for
// the first 10 took 0.8 ms.
func smallest(list []entry, k int, order func(a, b entry) int) []entry {
	if k == 0 {
		return list[:0]
	}
	heap := list[:k]
	for i := k/2 - 1; i >= 0; i-- {
		sink(heap, i, order)
	}
	for _, e := range list[k:] {
		if order(e, heap[0]) < 0 {
			heap[0] = e
			sink(heap, 0, order)
		}
	}
	return heap
}

// sink restores the heap below i.
func sink(heap []entry, i int, order func(a, b entry) int) {
	for {
		child := 2*i + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && order(heap[child+1], heap[child]) > 0 {
			child++
		}
		if order(heap[i], heap[child]) >= 0 {
			return
		}
		heap[i], heap[child] = heap[child], heap[i]
		i = child
	}
}

// compareFrom orders two rows by the keys from a number on, then by their place.
func (s *sorter) compareFrom(key int, a, b uint32) int {
	for i := key; i < len(s.keys); i++ {
		v := &s.store.keys.Vecs[i]
		if c := compareKey(&s.keys[i], v, int(a), v, int(b)); c != 0 {
			return c
		}
	}
	return cmp.Compare(a, b)
}

func (s *sorter) Close() {
	s.budget.give(s.taken)
	s.exprs.release()
	s.in.Close()
}

// compareKey orders two values of a sort key.
func compareKey(k *plan.SortKey, a *column.Vec, i int, b *column.Vec, j int) int {
	an, bn := a.IsNull(i), b.IsNull(j)
	if an || bn {
		switch {
		case an && bn:
			return 0
		case an == k.NullsFirst:
			return -1
		}
		return 1
	}
	c := value.Compare(a.Value(i), b.Value(j))
	if k.Desc {
		return -c
	}
	return c
}

// entries appends an entry for each of n values of a first key. Values with different prefixes are in the
// order of their prefixes; exact says that values with the same are equal.
func entries(dst []entry, v *column.Vec, n int, k plan.SortKey) (list []entry, exact bool) {
	var flip uint64
	if k.Desc {
		flip = math.MaxUint64
	}
	nulls := uint8(2)
	if k.NullsFirst {
		nulls = 0
	}
	words := v.Kind == value.Numeric && sameScale(v, n)
	exact = words || v.Kind.Rep() == value.RepInt || v.Kind.Rep() == value.RepFloat
	var buf []byte
	for i := range n {
		if v.IsNull(i) {
			dst = append(dst, entry{row: uint32(i), rank: nulls})
			continue
		}
		at := i
		if v.Const {
			at = 0
		}
		var p uint64
		switch {
		case words, v.Kind.Rep() == value.RepInt:
			p = uint64(v.I[at]) ^ 1<<63
		case v.Kind.Rep() == value.RepFloat:
			p = floatPrefix(v.F[at])
		default:
			p, buf = bytesPrefix(v.Value(at), buf)
		}
		dst = append(dst, entry{prefix: p ^ flip, row: uint32(i), rank: 1})
	}
	return dst, exact
}

// sameScale says whether numerics are all narrow and of one scale, so that they are in the order of
// their words.
func sameScale(v *column.Vec, n int) bool {
	scale, seen := 0, false
	for i := range min(n, len(v.I)) {
		if v.IsNull(i) {
			continue
		}
		if value.IsWide(v.I[i]) {
			return false
		}
		_, s := value.UnpackNumeric(v.I[i])
		if seen && s != scale {
			return false
		}
		scale, seen = s, true
	}
	return true
}

// floatPrefix orders floats as PostgreSQL does: NaN is the largest and -0 is 0.
func floatPrefix(f float64) uint64 {
	switch {
	case f != f:
		return math.MaxUint64
	case f == 0:
		f = 0
	}
	b := math.Float64bits(f)
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

func bytesPrefix(x value.Value, buf []byte) (uint64, []byte) {
	switch x.Kind() {
	case value.Text, value.Varchar:
		s := x.Bytes()
		if len(s) >= 8 {
			return binary.BigEndian.Uint64([]byte(s[:8])), buf
		}
		var p uint64
		for i := range 8 {
			p <<= 8
			if i < len(s) {
				p |= uint64(s[i])
			}
		}
		return p, buf
	}
	if x.Kind().IsArray() {
		buf = value.AppendArrayOrder(buf[:0], x)
	} else {
		buf = value.AppendKey(buf[:0], x)
	}
	return value.KeyPrefix(buf), buf
}
