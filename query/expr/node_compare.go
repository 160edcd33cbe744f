package expr

import (
	"math"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// cmpOp is a comparison operator.
type cmpOp uint8

const (
	opEQ cmpOp = iota
	opNE
	opLT
	opLE
	opGT
	opGE
)

var cmpOps = map[string]cmpOp{"=": opEQ, "<>": opNE, "<": opLT, "<=": opLE, ">": opGT, ">=": opGE}

// not returns the operator that is true where o is false.
func (o cmpOp) not() cmpOp { return [...]cmpOp{opNE, opEQ, opGE, opGT, opLE, opLT}[o] }

// swapped returns the operator for exchanged operands.
func (o cmpOp) swapped() cmpOp { return [...]cmpOp{opEQ, opNE, opGT, opGE, opLT, opLE}[o] }

// holds says whether the operator accepts Compare's answer.
func (o cmpOp) holds(c int) bool {
	switch o {
	case opEQ:
		return c == 0
	case opNE:
		return c != 0
	case opLT:
		return c < 0
	case opLE:
		return c <= 0
	case opGT:
		return c > 0
	}
	return c >= 0
}

// compareNode is a comparison of two operands of one representation.
type compareNode struct {
	op   cmpOp
	l, r node

	out     result
	hits    []int32
	present []int32 // selected rows where neither operand is NULL
	mapped  [2][]int64
	memo    compareMemo
}

func newCompareNode(op string, _ value.Kind, l, r node) *compareNode {
	return &compareNode{op: cmpOps[op], l: l, r: r}
}

func (n *compareNode) operands(c *Context, in *column.Batch, sel []int32) (l, r *column.Vec, err error) {
	if l, err = n.l.eval(c, in, sel); err != nil {
		return nil, nil, err
	}
	r, err = n.r.eval(c, in, sel)
	return l, r, err
}

func (n *compareNode) eval(c *Context, in *column.Batch, sel []int32) (*column.Vec, error) {
	l, r, err := n.operands(c, in, sel)
	if err != nil {
		return nil, err
	}
	if l.Const && r.Const {
		x := value.Null(value.Bool)
		if !l.IsNull(0) && !r.IsNull(0) {
			x = value.NewBool(n.op.holds(value.Compare(l.Value(0), r.Value(0))))
		}
		return n.out.constant(value.Bool, x), nil
	}
	v := n.out.begin(value.Bool, in.N)
	if l.Const && l.IsNull(0) || r.Const && r.IsNull(0) {
		return n.out.constant(value.Bool, value.Null(value.Bool)), nil
	}
	clear(v.I)
	if l.Nulls != nil || r.Nulls != nil {
		nulls := n.out.withNulls(in.N)
		for i := range nulls {
			nulls[i] = !l.Const && l.Nulls != nil && l.Nulls[i] || !r.Const && r.Nulls != nil && r.Nulls[i]
		}
	}
	n.hits = n.compare(l, r, in.N, sel, n.op, n.hits[:0])
	for _, i := range n.hits {
		v.I[i] = 1
	}
	return v, nil
}

func (n *compareNode) filter(c *Context, in *column.Batch, sel []int32, want bool, dst []int32) ([]int32, error) {
	l, r, err := n.operands(c, in, sel)
	if err != nil {
		return nil, err
	}
	op := n.op
	if !want {
		op = op.not()
	}
	return n.compare(l, r, in.N, sel, op, dst), nil
}

// compare appends the selected rows for which l op r is true.
func (n *compareNode) compare(l, r *column.Vec, rows int, sel []int32, op cmpOp, dst []int32) []int32 {
	if l.Const {
		if r.Const {
			if !l.IsNull(0) && !r.IsNull(0) && op.holds(value.Compare(l.Value(0), r.Value(0))) {
				return appendRows(dst, rows, sel)
			}
			return dst
		}
		l, r, op = r, l, op.swapped()
	}
	if r.Const && r.IsNull(0) {
		return dst
	}
	sel = n.notNull(l, rows, sel)
	if !r.Const {
		sel = n.notNull(r, rows, sel)
	}
	switch l.Kind.Rep() {
	case value.RepInt:
		if r.Const {
			return filterRange(l.I, rangeOf(op, r.I[0]), rows, sel, dst)
		}
		return filterPairs(l.I, r.I, op, rows, sel, dst)
	case value.RepFloat:
		a := n.ordered(0, l.F, rows, sel)
		if r.Const {
			return filterRange(a, rangeOf(op, orderedFloat(r.F[0])), rows, sel, dst)
		}
		return filterPairs(a, n.ordered(1, r.F, rows, sel), op, rows, sel, dst)
	case value.RepNumeric:
		return filterNumeric(l, r, op, rows, sel, dst)
	}
	if bytesAreValue(l.Kind) {
		return n.filterStrings(l, r, op, rows, sel, dst)
	}
	for k, count := 0, selected(rows, sel); k < count; k++ {
		i := rowAt(sel, k)
		if op.holds(value.Compare(l.Value(i), r.Value(i))) {
			dst = append(dst, int32(i))
		}
	}
	return dst
}

// notNull returns the selected rows where v is not NULL.
func (n *compareNode) notNull(v *column.Vec, rows int, sel []int32) []int32 {
	if v.Nulls == nil {
		return sel
	}
	out := n.present[:0] // in place when sel is already n.present
	if sel == nil && cap(out) == 0 {
		out = make([]int32, 0, column.BatchRows)
	}
	for k, count := 0, selected(rows, sel); k < count; k++ {
		if i := rowAt(sel, k); !v.Nulls[i] {
			out = append(out, int32(i))
		}
	}
	n.present = out
	if out == nil {
		out = []int32{} // not nil: that would be all rows
	}
	return out
}

// orderedFloat maps a float8 to an integer of the same order: -0 is 0, and NaN is above all.
func orderedFloat(f float64) int64 {
	if f != f {
		return math.MaxInt64
	}
	b := int64(math.Float64bits(f + 0)) // -0 + 0 is 0
	return b ^ int64(uint64(b>>63)>>1)
}

func (n *compareNode) ordered(which int, f []float64, rows int, sel []int32) []int64 {
	n.mapped[which] = sized(n.mapped[which], rows)
	out := n.mapped[which]
	for k, count := 0, selected(rows, sel); k < count; k++ {
		i := rowAt(sel, k)
		out[i] = orderedFloat(f[i])
	}
	return out
}

// interval is lo <= x <= hi, or with outside its complement. Every comparison of
// an integer with a constant is one.
type interval struct {
	lo, hi  int64
	outside bool
}

func rangeOf(op cmpOp, x int64) interval {
	switch op {
	case opEQ:
		return interval{x, x, false}
	case opNE:
		return interval{x, x, true}
	case opLE:
		return interval{math.MinInt64, x, false}
	case opGT:
		return interval{math.MinInt64, x, true}
	case opGE:
		return interval{x, math.MaxInt64, false}
	}
	return interval{x, math.MaxInt64, true}
}

// filterRange appends the selected rows whose value is in the interval. One unsigned
// comparison a row and no branch: BenchmarkFilterInt.
func filterRange(v []int64, in interval, rows int, sel []int32, dst []int32) []int32 {
	lo, width := uint64(in.lo), uint64(in.hi)-uint64(in.lo)
	flip := 0
	if in.outside {
		flip = 1
	}
	count := selected(rows, sel)
	at := len(dst)
	dst = roomFor(dst, count)
	if sel == nil {
		for i, x := range v[:rows] {
			dst[at] = int32(i)
			hit := 0
			if uint64(x)-lo <= width {
				hit = 1
			}
			at += hit ^ flip
		}
		return dst[:at]
	}
	for _, i := range sel {
		dst[at] = i
		hit := 0
		if uint64(v[i])-lo <= width {
			hit = 1
		}
		at += hit ^ flip
	}
	return dst[:at]
}

// roomFor returns dst with n more elements (and one to spare, for a write that is not kept).
func roomFor(dst []int32, n int) []int32 {
	need := len(dst) + n + 1
	if cap(dst) < need {
		grown := make([]int32, len(dst), max(need, column.BatchRows+1))
		copy(grown, dst)
		dst = grown
	}
	return dst[:need]
}

// filterPairs appends the selected rows where a op b.
func filterPairs(a, b []int64, op cmpOp, rows int, sel []int32, dst []int32) []int32 {
	// a > b is b < a, and a <= b is not b < a.
	flip := 0
	switch op {
	case opGT, opLE:
		a, b = b, a
	}
	switch op {
	case opNE, opLE, opGE:
		flip = 1
	}
	equal := op == opEQ || op == opNE
	count := selected(rows, sel)
	at := len(dst)
	dst = roomFor(dst, count)
	for k := 0; k < count; k++ {
		i := rowAt(sel, k)
		dst[at] = int32(i)
		hit := 0
		if equal && a[i] == b[i] || !equal && a[i] < b[i] {
			hit = 1
		}
		at += hit ^ flip
	}
	return dst[:at]
}

// filterNumeric compares packed words as integers where their scales are equal.
func filterNumeric(l, r *column.Vec, op cmpOp, rows int, sel []int32, dst []int32) []int32 {
	count := selected(rows, sel)
	if count == 0 {
		return dst
	}
	if r.Const {
		// The constant at the column's scale, if it has that exactly.
		if w, ok := rescale(r.I[0], l.I[rowAt(sel, 0)]); ok {
			return filterWords(l, r, w, op, rows, sel, dst)
		}
	}
	for k := 0; k < count; k++ {
		i := rowAt(sel, k)
		if op.holds(compareNumerics(l, r, i)) {
			dst = append(dst, int32(i))
		}
	}
	return dst
}

// compareNumerics compares value i of two vecs, of which the second may be constant.
func compareNumerics(l, r *column.Vec, i int) int {
	j := i
	if r.Const {
		j = 0
	}
	a, b := l.I[i], r.I[j]
	if !value.IsWide(a) && !value.IsWide(b) {
		if (a^b)&0xFF == 0 {
			switch {
			case a < b:
				return -1
			case a > b:
				return 1
			}
			return 0
		}
		return value.CompareWords(a, b)
	}
	return value.Compare(l.Value(i), r.Value(j))
}

// rescale returns word at the scale of like, false when it is not exactly a packed word there.
func rescale(word, like int64) (int64, bool) {
	if value.IsWide(word) || value.IsWide(like) {
		return 0, false
	}
	coef, scale := value.UnpackNumeric(word)
	_, want := value.UnpackNumeric(like)
	for ; scale < want; scale++ {
		if coef > math.MaxInt64/10 || coef < math.MinInt64/10 {
			return 0, false
		}
		coef *= 10
	}
	for ; scale > want; scale-- {
		if coef%10 != 0 {
			return 0, false
		}
		coef /= 10
	}
	return value.PackNumeric(coef, want)
}

// filterWords compares with the constant word w; words of another scale are compared
// with the constant itself.
func filterWords(l, r *column.Vec, w int64, op cmpOp, rows int, sel []int32, dst []int32) []int32 {
	in := rangeOf(op, w)
	lo, width := uint64(in.lo), uint64(in.hi)-uint64(in.lo)
	flip := 0
	if in.outside {
		flip = 1
	}
	count := selected(rows, sel)
	at := len(dst)
	dst = roomFor(dst, count)
	for k := 0; k < count; k++ {
		i := rowAt(sel, k)
		dst[at] = int32(i)
		x := l.I[i]
		hit := 0
		if uint64(x)-lo <= width {
			hit = 1
		}
		hit ^= flip
		if (x^w)&0xFF != 0 {
			hit = 0
			if op.holds(compareNumerics(l, r, i)) {
				hit = 1
			}
		}
		at += hit
	}
	return dst[:at]
}

// compareMemo keeps, for one dictionary and one constant, what the comparison says of
// each code: 0 not computed yet, 1 false, 2 true.
type compareMemo struct {
	dict     *column.Dict
	constant string
	op       cmpOp
	verdicts []uint8
}

func (n *compareNode) filterStrings(l, r *column.Vec, op cmpOp, rows int, sel []int32, dst []int32) []int32 {
	if l.Codes != nil && r.Const {
		return n.filterCodes(l, r.Value(0).Bytes(), op, rows, sel, dst)
	}
	count := selected(rows, sel)
	if l.Codes != nil && l.Dict == r.Dict && (op == opEQ || op == opNE) {
		for k := 0; k < count; k++ {
			i := rowAt(sel, k)
			if (l.Codes[i] == r.Codes[i]) == (op == opEQ) {
				dst = append(dst, int32(i))
			}
		}
		return dst
	}
	for k := 0; k < count; k++ {
		i := rowAt(sel, k)
		if compareStrings(stringAt(l, i), stringAt(r, i), op) {
			dst = append(dst, int32(i))
		}
	}
	return dst
}

// stringAt returns string i of a RepBytes vec.
func stringAt(v *column.Vec, i int) string {
	if v.Const {
		i = 0
	}
	if v.Codes != nil {
		return v.Dict.String(v.Codes[i])
	}
	return v.S[i]
}

func compareStrings(a, b string, op cmpOp) bool {
	switch op {
	case opEQ:
		return a == b
	case opNE:
		return a != b
	case opLT:
		return a < b
	case opLE:
		return a <= b
	case opGT:
		return a > b
	}
	return a >= b
}

func (n *compareNode) filterCodes(l *column.Vec, constant string, op cmpOp, rows int, sel []int32, dst []int32) []int32 {
	m := &n.memo
	if m.dict != l.Dict || m.op != op || m.constant != constant {
		m.dict, m.op, m.constant = l.Dict, op, constant
		clear(m.verdicts)
	}
	for size := l.Dict.Len(); len(m.verdicts) < size; {
		m.verdicts = append(m.verdicts, 0)
	}
	count := selected(rows, sel)
	at := len(dst)
	dst = roomFor(dst, count)
	for k := 0; k < count; k++ {
		i := rowAt(sel, k)
		code := l.Codes[i]
		verdict := m.verdicts[code]
		if verdict == 0 {
			verdict = 1
			if compareStrings(l.Dict.String(code), constant, op) {
				verdict = 2
			}
			m.verdicts[code] = verdict
		}
		dst[at] = int32(i)
		at += int(verdict >> 1)
	}
	return dst[:at]
}
