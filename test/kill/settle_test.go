package kill

import (
	"strings"
	"testing"
)

// TestLedgerFindsWhatIsWrong shows the ledger databases that lost or made something up.
func TestLedgerFindsWhatIsWrong(t *testing.T) {
	build := func() (*ledger, found) {
		l := newLedger()
		l.inserts = map[int64]bool{1: true, 2: false, 3: true, 4: true}
		l.deleted = map[int64]bool{3: true, 4: false}
		l.batches = map[int64]batch{7: {10, true}, 8: {5, false}}
		l.transfers = map[int64]transfer{9: {1, 2, 30, true}, 10: {2, 1, 5, false}}
		l.counters = map[int]counter{1: {value: 4, unknown: true}, 2: {value: 2}}
		f := found{
			inserts:   map[int64]bool{1: true, 4: true},
			batches:   map[int64]int64{7: 10},
			transfers: map[int64]transfer{9: {from: 1, to: 2, amount: 30}},
			balances:  map[int]int64{},
			counters:  map[int]int64{1: 5, 2: 2},
		}
		for a := 1; a <= accounts; a++ {
			f.balances[a] = initialBalance
		}
		f.balances[1], f.balances[2] = initialBalance-30, initialBalance+30
		return l, f
	}
	l, f := build()
	if wrong := l.settle(f); len(wrong) > 0 {
		t.Fatalf("a right database: %v", wrong)
	}
	if n := l.unknown(); n != 0 {
		t.Errorf("%d commits are unknown after settling", n)
	}
	for want, spoil := range map[string]func(*found){
		"row 1 is missing":            func(f *found) { delete(f.inserts, 1) },
		"row 3 is there, its del":     func(f *found) { f.inserts[3] = true },
		"row 99 is there and was":     func(f *found) { f.inserts[99] = true },
		"batch 7 is missing":          func(f *found) { delete(f.batches, 7) },
		"batch 8 has 3 rows, sent":    func(f *found) { f.batches[8] = 3 },
		"transfer 9 is missing":       func(f *found) { delete(f.transfers, 9) },
		"account 1 holds 1000":        func(f *found) { f.balances[1] = initialBalance },
		"all accounts hold":           func(f *found) { f.balances[50]-- },
		"counter 1 is at 3":           func(f *found) { f.counters[1] = 3 },
		"counter 2 is at 3":           func(f *found) { f.counters[2] = 3 },
		"transfer 10 is":              func(f *found) { f.transfers[10] = transfer{from: 2, to: 1, amount: 6} },
		"account 2 holds 1030, its t": func(f *found) { f.transfers[10] = transfer{from: 2, to: 1, amount: 5} },
	} {
		l, f := build()
		spoil(&f)
		wrong := ""
		for _, err := range l.settle(f) {
			wrong += err.Error() + "\n"
		}
		if !strings.Contains(wrong, want) {
			t.Errorf("want %q, found\n%s", want, wrong)
		}
	}
}
