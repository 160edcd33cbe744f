package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
)

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
