package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
)

// eachValue calls f with the row and the group of each selected row where v is not NULL. at is
// the place of the row's value in v's slices.
func eachValue(v *column.Vec, n int, sel []int32, groups []uint32, f func(at int, g uint32)) {
	rows := n
	if sel != nil {
		rows = len(sel)
	}
	for k := range rows {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		at := i
		if v.Const {
			at = 0
		}
		if v.Nulls != nil && v.Nulls[at] {
			continue
		}
		g := uint32(0)
		if groups != nil {
			g = groups[i]
		}
		f(at, g)
	}
}
