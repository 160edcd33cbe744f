package differential

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// kind is in what way two answers differ.
type kind string

const (
	same         kind = ""
	refused      kind = "refused"        // 0A000 here
	otherCode    kind = "other SQLSTATE" // both fail
	onlyHere     kind = "fails here"
	onlyThere    kind = "fails on PostgreSQL"
	otherColumns kind = "columns"
	otherRows    kind = "rows"
	otherOrder   kind = "order"
	otherTag     kind = "tag"
	unrepeatable kind = "not repeatable"
	noExplain    kind = "EXPLAIN fails"
	crashed      kind = "internal error" // XX000 or a lost connection here
	skipped      kind = "skipped"        // PostgreSQL ran out of time, say
)

// traits say how to compare.
type traits struct {
	ordered bool // the order of rows counts
	loose   bool // 1.0 is 1.00
}

// tolerance is how far floats may differ, relatively, and nothing how far they always may: the variance of equal numbers is
// 0 or 1e-17, as they come, and what is left of a regression's 128 - 128 is 3e-15.
const (
	tolerance = 1e-12
	nothing   = 1e-13
)

// compare says in what way our answer differs from PostgreSQL's.
func compare(ours, theirs *answer, tr traits) kind {
	switch {
	case theirs.code == "57014" || theirs.code == codeLost:
		return skipped
	case ours.code == codeLost || strings.HasPrefix(ours.code, "XX"):
		return crashed
	case ours.code == "0A000" && theirs.code != "0A000":
		return refused
	case ours.code != "" && theirs.code == "":
		return onlyHere
	case ours.code == "" && theirs.code != "":
		return onlyThere
	case ours.code != theirs.code:
		return otherCode
	case ours.code != "":
		return same
	case !sameTypes(ours.oids, theirs.oids) || !slices.Equal(ours.names, theirs.names):
		return otherColumns
	case ours.tag != theirs.tag:
		if len(ours.rows) != len(theirs.rows) {
			return otherRows
		}
		return otherTag
	}
	return compareRows(ours, theirs, tr)
}

// firstUserOID is where the OIDs begin that each server gives out by itself: of an enum, say.
const firstUserOID = 16384

func sameTypes(x, y []uint32) bool {
	return slices.EqualFunc(x, y, func(a, b uint32) bool { return a == b || a >= firstUserOID && b >= firstUserOID })
}

func compareRows(ours, theirs *answer, tr traits) kind {
	if len(ours.rows) != len(theirs.rows) {
		return otherRows
	}
	eq := func(x, y []*string) bool { return rowsEqual(x, y, theirs.oids, tr) }
	if slices.EqualFunc(ours.rows, theirs.rows, eq) {
		return same
	}
	a, b := sorted(ours, tr), sorted(theirs, tr)
	if slices.EqualFunc(a, b, eq) || sameMultiset(a, b, eq) {
		if tr.ordered {
			return otherOrder
		}
		return same
	}
	return otherRows
}

// sameMultiset is for floats that are equal and sort apart.
func sameMultiset(a, b [][]*string, eq func(x, y []*string) bool) bool {
	if len(a) > 2000 {
		return false
	}
	rest := slices.Clone(b)
	for _, x := range a {
		i := slices.IndexFunc(rest, func(y []*string) bool { return eq(x, y) })
		if i < 0 {
			return false
		}
		rest = slices.Delete(rest, i, i+1)
	}
	return true
}

func sorted(a *answer, tr traits) [][]*string {
	type keyed struct {
		key string
		row []*string
	}
	rows := make([]keyed, len(a.rows))
	for i, r := range a.rows {
		rows[i] = keyed{sortKey(r, a.oids, tr), r}
	}
	slices.SortFunc(rows, func(x, y keyed) int { return strings.Compare(x.key, y.key) })
	out := make([][]*string, len(rows))
	for i, r := range rows {
		out[i] = r.row
	}
	return out
}

func sortKey(row []*string, oids []uint32, tr traits) string {
	var b strings.Builder
	for i, v := range row {
		switch {
		case v == nil:
			b.WriteString("\x00")
		case isFloat(oids[i]):
			f, _ := strconv.ParseFloat(*v, 64)
			b.WriteString(strconv.FormatFloat(f+0, 'e', 8, 64))
		case tr.loose:
			b.WriteString(trimmed(*v))
		default:
			b.WriteString(*v)
		}
		b.WriteByte(1)
	}
	return b.String()
}

func isFloat(oid uint32) bool { return oid == 700 || oid == 701 }

func rowsEqual(x, y []*string, oids []uint32, tr traits) bool {
	for i := range x {
		if !cellsEqual(x[i], y[i], oids[i], tr) {
			return false
		}
	}
	return true
}

func cellsEqual(x, y *string, oid uint32, tr traits) bool {
	switch {
	case x == nil || y == nil:
		return x == y
	case *x == *y:
		return true
	case isFloat(oid):
		return closeFloats(*x, *y, oid)
	case tr.loose:
		return trimmed(*x) == trimmed(*y)
	}
	return false
}

// closeFloats says whether two floats are equal but for the last bits.
func closeFloats(x, y string, oid uint32) bool {
	a, err1 := strconv.ParseFloat(x, 64)
	b, err2 := strconv.ParseFloat(y, 64)
	if err1 != nil || err2 != nil {
		return false
	}
	within := tolerance
	if oid == 700 {
		within = 1e-6
	}
	return a == b || math.Abs(a-b) <= max(within*max(math.Abs(a), math.Abs(b)), nothing) || math.IsNaN(a) && math.IsNaN(b)
}

var zeros = regexp.MustCompile(`\.0+\b|(\.\d*?[1-9])0+\b`)

// trimmed takes the zeros off the ends of decimals.
func trimmed(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return zeros.ReplaceAllString(s, "$1")
}

// identical says whether two answers have the same bytes in the same order.
func identical(x, y *answer) bool {
	return fmt.Sprint(x.code, x.text, x) == fmt.Sprint(y.code, y.text, y)
}

func TestTrimmed(t *testing.T) {
	for in, want := range map[string]string{"3.000": "3", "3": "3", "1.50": "1.5", "1.05": "1.05", "100": "100", "{1.0,2.20}": "{1,2.2}", "-0.00": "-0"} {
		if got := trimmed(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
