package kill

import (
	"fmt"
	"sync"
)

// A ledger is what the clients know. Each commit is acknowledged, or unknown when the server
// was killed before it answered; after a restart the database settles what was unknown.
type ledger struct {
	mu sync.Mutex // guards below

	acknowledged int // commits in this round
	enough       int // acknowledged commits at which the round ends
	kill         func()

	inserts   map[int64]bool     // by id; false: unknown
	deleted   map[int64]bool     // inserts deleted again; false: unknown
	batches   map[int64]batch    // feeds, by id
	transfers map[int64]transfer // by id
	counters  map[int]counter    // by key
	prepared  map[int64]doubt    // batches of prepared transactions, by id
}

type batch struct {
	rows  int64
	known bool
}

type transfer struct {
	from, to, amount int
	known            bool
}

// counter is a row that a client counts up by one a commit.
type counter struct {
	value   int64
	unknown bool // one more was under way
}

func newLedger() *ledger {
	return &ledger{
		inserts:   map[int64]bool{},
		deleted:   map[int64]bool{},
		batches:   map[int64]batch{},
		transfers: map[int64]transfer{},
		counters:  map[int]counter{},
		prepared:  map[int64]doubt{},
	}
}

// begin starts a round that ends when so many commits were acknowledged.
func (l *ledger) begin(enough int, kill func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acknowledged, l.enough, l.kill = 0, enough, kill
}

// note changes the ledger: before a commit is asked for, as unknown, and after it was
// acknowledged.
func (l *ledger) note(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
}

// ack notes an acknowledged commit, and ends the round when there are enough.
func (l *ledger) ack(change func()) {
	l.mu.Lock()
	change()
	l.acknowledged++
	enough := l.acknowledged == l.enough
	l.mu.Unlock()
	if enough {
		l.kill()
	}
}

// unknown returns how many commits were under way.
func (l *ledger) unknown() int {
	n := 0
	for _, known := range l.inserts {
		if !known {
			n++
		}
	}
	for _, known := range l.deleted {
		if !known {
			n++
		}
	}
	for _, b := range l.batches {
		if !b.known {
			n++
		}
	}
	for _, t := range l.transfers {
		if !t.known {
			n++
		}
	}
	for _, c := range l.counters {
		if c.unknown {
			n++
		}
	}
	return n
}

// found is what the database holds.
type found struct {
	inserts   map[int64]bool
	batches   map[int64]int64 // rows, by id
	transfers map[int64]transfer
	balances  map[int]int64
	counters  map[int]int64
}

// settle compares the ledger with what was found and takes over what was unknown.
func (l *ledger) settle(f found) []error {
	var wrong []error
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	l.settleInserts(f, complain)
	l.settleBatches(f, complain)
	l.settleTransfers(f, complain)
	for key, c := range l.counters {
		value := f.counters[key]
		if value != c.value && !(c.unknown && value == c.value+1) {
			complain("counter %d is at %d, acknowledged %d, one more under way: %v", key, value, c.value, c.unknown)
		}
		l.counters[key] = counter{value: value}
	}
	return wrong
}

func (l *ledger) settleInserts(f found, complain func(string, ...any)) {
	for id := range f.inserts {
		if _, ours := l.inserts[id]; !ours {
			complain("row %d is there and was never sent", id)
		}
	}
	for id, known := range l.inserts {
		gone, removed := l.deleted[id]
		switch there := f.inserts[id]; {
		case there && removed && gone:
			complain("row %d is there, its deletion was acknowledged", id)
		case !there && known && !removed:
			complain("row %d is missing, it was acknowledged", id)
		case there:
			l.inserts[id] = true
			delete(l.deleted, id)
		default:
			delete(l.inserts, id)
			delete(l.deleted, id)
		}
	}
}

func (l *ledger) settleBatches(f found, complain func(string, ...any)) {
	for id, rows := range f.batches {
		if b, ours := l.batches[id]; !ours || rows != b.rows {
			complain("batch %d has %d rows, sent were %d", id, rows, b.rows)
		}
	}
	for id, b := range l.batches {
		_, there := f.batches[id]
		switch {
		case !there && b.known:
			complain("batch %d is missing, it was acknowledged", id)
		case there:
			b.known = true
			l.batches[id] = b
		default:
			delete(l.batches, id)
		}
	}
}

func (l *ledger) settleTransfers(f found, complain func(string, ...any)) {
	balances := map[int]int64{}
	for id, t := range f.transfers {
		ours, sent := l.transfers[id]
		if t.known, ours.known = true, true; !sent || t != ours {
			complain("transfer %d is %+v, sent was %+v", id, t, ours)
		}
		balances[t.from] -= int64(t.amount)
		balances[t.to] += int64(t.amount)
	}
	for id, t := range l.transfers {
		_, there := f.transfers[id]
		switch {
		case !there && t.known:
			complain("transfer %d is missing, it was acknowledged", id)
		case there:
			t.known = true
			l.transfers[id] = t
		default:
			delete(l.transfers, id)
		}
	}
	var total int64
	for account, balance := range f.balances {
		total += balance
		if want := initialBalance + balances[account]; balance != want {
			complain("account %d holds %d, its transfers make %d: a transaction is there by half", account, balance, want)
		}
	}
	if want := int64(accounts * initialBalance); total != want {
		complain("all accounts hold %d, not %d", total, want)
	}
}

// forget drops the batches before id, which were deleted.
func (l *ledger) forget(before int64) {
	for id := range l.batches {
		if id < before {
			delete(l.batches, id)
		}
	}
}
