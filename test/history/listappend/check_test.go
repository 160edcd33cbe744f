package listappend

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func a(key, elem int) Op         { return Op{Key: key, Elem: elem} }
func r(key int, elems ...int) Op { return Op{Key: key, Read: true, List: elems} }
func ok(sent, done int64, ops ...Op) *Txn {
	return &Txn{Sent: sent, Done: done, Ops: ops}
}

// with gives a transaction another end.
func (t *Txn) with(s Status) *Txn {
	t.Status = s
	return t
}

// TestCheckNamesAnomalies gives each anomaly to each level. An empty name means that the level
// permits what happened.
func TestCheckNamesAnomalies(t *testing.T) {
	const none = ""
	undone := ok(1, 2, a(1, 1))
	undone.Undone = []Op{a(1, 9)}
	for name, c := range map[string]struct {
		history []*Txn
		want    [3]string // by level
	}{
		"one after another": {[]*Txn{
			ok(1, 2, a(1, 1)), ok(3, 4, r(1, 1), a(1, 2)), ok(5, 6, r(1, 1, 2), r(1, 1, 2)),
		}, [3]string{}},
		"aborted": {[]*Txn{
			ok(1, 9, a(1, 1)).with(Aborted), ok(2, 3, r(1, 1)),
		}, [3]string{"G1a", "G1a", "G1a"}},
		"undone": {[]*Txn{undone, ok(3, 4, r(1, 1, 9))}, [3]string{"G1a", "G1a", "G1a"}},
		"intermediate": {[]*Txn{
			ok(1, 9, a(1, 1), a(1, 2)), ok(2, 8, r(1, 1)), ok(10, 11, r(1, 1, 2)),
		}, [3]string{"G1b", "G1b", "G1b"}},
		"own append unseen": {[]*Txn{ok(1, 2, a(1, 1), r(1))}, [3]string{"internal", "internal", "internal"}},
		"another in between own": {[]*Txn{
			ok(1, 9, a(1, 1), r(1, 1, 2)), ok(2, 8, a(1, 2)),
		}, [3]string{"internal", "internal", "internal"}},
		"read twice": {[]*Txn{
			ok(1, 9, r(1), r(1, 1)), ok(2, 3, a(1, 1)),
		}, [3]string{none, "internal", "internal"}},
		"lost update": {[]*Txn{
			ok(1, 9, r(1), a(1, 1)), ok(2, 8, r(1), a(1, 2)), ok(10, 11, r(1, 1, 2)),
		}, [3]string{none, "G-single", "G-single"}},
		"lists contradict": {[]*Txn{
			ok(1, 9, a(1, 1)), ok(2, 8, a(1, 2)), ok(3, 9, r(1, 1, 2)), ok(3, 9, r(1, 2, 1)),
		}, [3]string{"order", "order", "order"}},
		"twice in a list": {[]*Txn{ok(1, 2, a(1, 1)), ok(3, 4, r(1, 1, 1))}, [3]string{"order", "order", "order"}},
		"made up":         {[]*Txn{ok(3, 4, r(1, 7))}, [3]string{"made up", "made up", "made up"}},
		"lost":            {[]*Txn{ok(1, 2, a(1, 1)), ok(3, 4, r(1))}, [3]string{"lost", "lost", "lost"}},
		"not lost, under way": {[]*Txn{
			ok(1, 3, a(1, 1)), ok(2, 4, r(1)),
		}, [3]string{}},
		"not lost, unknown": {[]*Txn{
			ok(1, 2, a(1, 1)).with(Unknown), ok(3, 4, r(1)), ok(5, 6, r(1, 1)),
		}, [3]string{}},
		"dirty write": {[]*Txn{
			ok(1, 9, a(1, 1), a(2, 1)), ok(2, 8, a(1, 2), a(2, 2)), ok(10, 11, r(1, 1, 2), r(2, 2, 1)),
		}, [3]string{"G0", "G0", "G0"}},
		"circular information": {[]*Txn{
			ok(1, 9, a(1, 1), r(2, 2)), ok(2, 8, a(2, 2), r(1, 1)),
		}, [3]string{"G1c", "G1c", "G1c"}},
		"read skew": {[]*Txn{
			ok(1, 9, r(1), r(2, 2)), ok(2, 8, a(1, 1), a(2, 2)), ok(10, 11, r(1, 1), r(2, 2)),
		}, [3]string{none, "G-single", "G-single"}},
		"half of an unknown": {[]*Txn{
			ok(1, 2, a(1, 1), a(2, 2)).with(Unknown), ok(10, 11, r(1, 1), r(2)),
		}, [3]string{none, "G-single", "G-single"}},
		"write skew": {[]*Txn{
			ok(1, 9, r(1), a(2, 2)), ok(2, 8, r(2), a(1, 1)), ok(10, 11, r(1, 1), r(2, 2)),
		}, [3]string{none, none, "G2"}},
		"long fork": {[]*Txn{
			ok(1, 9, a(1, 1)), ok(1, 9, a(2, 2)), ok(1, 9, r(1, 1), r(2)), ok(1, 9, r(1), r(2, 2)), ok(10, 11, r(1, 1), r(2, 2)),
		}, [3]string{none, "G-nonadjacent", "G-nonadjacent"}},
		"stale": {[]*Txn{ // T2 is told of after T1's end, and T1 reads without it
			ok(1, 2, a(1, 1)), ok(3, 4, a(2, 2)), ok(3, 9, r(2, 2)), ok(10, 11, r(1), r(2, 2)), ok(12, 13, r(1, 1), r(2, 2)),
		}, [3]string{"lost", "lost", "lost"}},
		"backwards in time": {[]*Txn{ // what came first is seen, by its reader, after what came later
			ok(1, 9, a(1, 1)), ok(2, 3, r(1, 1), a(2, 2)), ok(4, 5, a(3, 3)), ok(6, 7, r(3, 3), r(2, 2), r(1, 1)),
		}, [3]string{}},
		"realtime skew": {[]*Txn{ // each reads before the other's write, and a third lies between
			ok(1, 9, r(1), a(2, 2)), ok(1, 4, r(3), a(1, 1)), ok(5, 6, a(3, 3)), ok(10, 11, r(1, 1), r(2, 2), r(3, 3)),
			ok(7, 9, r(2), r(3, 3)),
		}, [3]string{none, none, "G2"}},
	} {
		for level, want := range c.want {
			found := Check(c.history, Level(level))
			switch {
			case want == none && len(found) > 0:
				t.Errorf("%s at %v: %v", name, Level(level), found)
			case want != none && !slices.ContainsFunc(found, func(a Anomaly) bool { return strings.HasPrefix(a.Name, want) }):
				t.Errorf("%s at %v: want %s, found %v", name, Level(level), want, found)
			}
		}
	}
}

// TestCheckFindsNothingInSerialHistories makes histories by running transactions one after another,
// each at a moment between its two ends.
func TestCheckFindsNothingInSerialHistories(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		if found := Check(serialHistory(random, nil), Serializable); len(found) > 0 {
			t.Fatalf("seed %d: %v", seed, found)
		}
	}
}

// TestCheckFindsStaleSnapshots lets transactions read what was there some transactions ago: most
// histories show it.
func TestCheckFindsStaleSnapshots(t *testing.T) {
	shown := 0
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 2))
		if found := Check(serialHistory(random, func(list []int) []int { return list[:max(0, len(list)-1)] }), Serializable); len(found) > 0 {
			shown++
		}
	}
	if shown < 150 {
		t.Errorf("only %d of 200 stale histories were found", shown)
	}
}

// serialHistory draws a history; spoil changes a list that is read, one time in ten.
func serialHistory(random *rand.Rand, spoil func([]int) []int) []*Txn {
	lists := map[int][]int{}
	var history []*Txn
	for n := range 60 {
		at := int64(n) * 10
		x := ok(at-random.Int64N(40), at+random.Int64N(40))
		reads := map[int][]int{}
		for range 1 + random.IntN(4) {
			key := random.IntN(4)
			if random.IntN(2) == 0 {
				list := slices.Clone(lists[key])
				if spoil != nil && random.IntN(10) == 0 {
					list = spoil(list)
				}
				x.Ops = append(x.Ops, r(key, list...))
				reads[key] = list
				continue
			}
			elem := n*10 + len(x.Ops)
			lists[key] = append(lists[key], elem)
			x.Ops = append(x.Ops, a(key, elem))
		}
		if random.IntN(10) == 0 {
			x.Status = Unknown
		}
		history = append(history, x)
	}
	final := ok(10_000, 10_001)
	for key, list := range lists {
		final.Ops = append(final.Ops, r(key, list...))
	}
	return append(history, final)
}
