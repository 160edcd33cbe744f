package value

import (
	"cmp"
	"math"
	"strings"

	"github.com/cachalotdb/cachalot/internal/invariant"
)

// Compare orders two values as PostgreSQL's btree operator classes do: -1, 0 or +1. NULL
// sorts after every value and equals NULL. The kinds must be the same, or both integers, or both floats,
// or both oids of some sort, or both texts (text, varchar, name, unknown), or both bpchar, or arrays
// of such; anything else breaks an invariant of the caller's type check.
//
// NaN equals itself and is the largest float or numeric; -0 equals 0. Texts compare
// bytewise (the C collation), bpchars without the blanks at their ends, intervals with months of
// 30 days and days of 24 hours. json, which has no order in SQL, compares bytewise.
func Compare(a, b Value) int {
	if !a.set || !b.set {
		return compareNulls(a.set, b.set)
	}
	if classOf(a.kind) != classOf(b.kind) {
		invariant.Violated("compare %s with %s", a.kind, b.kind)
	}
	switch a.kind {
	case Bool, Int2, Int4, Int8, Date, Timestamp, Timestamptz,
		Time, Timetz, OID, Char, Regclass, Regtype, Regproc, Regnamespace:
		return compareInt(a.n, b.n)
	case Float4, Float8:
		return CompareFloat(a.Float(), b.Float())
	case Numeric:
		return compareNumeric(a, b)
	case JSONB:
		return compareJSON(a.s, b.s)
	case Bpchar:
		return strings.Compare(TrimPad(a.s), TrimPad(b.s))
	case Interval:
		return compareInterval(a, b)
	case Record:
		return compareRecord(a, b)
	}
	if a.kind.IsArray() {
		return compareArray(a, b)
	}
	return strings.Compare(a.s, b.s)
}

// Equal says whether Compare would return 0.
func Equal(a, b Value) bool {
	if a.kind == b.kind && a == b {
		return true
	}
	return Compare(a, b) == 0
}

// classOf returns the kind that stands for all the kinds that compare with k.
func classOf(k Kind) Kind {
	switch k.Elem() {
	case Int2, Int4:
		return Int8 | k&arrayFlag
	case Varchar, Name, Unknown:
		return Text | k&arrayFlag
	case Float4:
		return Float8 | k&arrayFlag
	case Regclass, Regtype, Regproc, Regnamespace:
		return OID | k&arrayFlag
	}
	return k
}

func compareNulls(aSet, bSet bool) int {
	switch {
	case aSet == bSet:
		return 0
	case aSet:
		return -1
	}
	return 1
}

func compareInt(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// CompareFloat orders float8s: NaN is the largest and equals itself.
func CompareFloat(a, b float64) int {
	an, bn := math.IsNaN(a), math.IsNaN(b)
	if an || bn {
		return cmp.Compare(b2i(an), b2i(bn))
	}
	return cmp.Compare(a, b)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// compareArray compares element by element, then by length, then by shape.
func compareArray(a, b Value) int {
	ka, kb := a.kind.Elem(), b.kind.Elem()
	va, vb := viewArray(a.s), viewArray(b.s)
	wa, wb := elemWidth(ka), elemWidth(kb)
	for i := range min(va.n, vb.n) {
		x := va.next(ka, wa, i)
		y := vb.next(kb, wb, i)
		if c := Compare(x, y); c != 0 {
			return c
		}
	}
	if c := cmp.Compare(va.n, vb.n); c != 0 {
		return c
	}
	return compareShape(a.s, b.s)
}
