package listappend

import (
	"fmt"
	"strings"
)

// Level is an isolation level.
type Level int

// The levels, weakest first.
const (
	ReadCommitted Level = iota
	RepeatableRead
	Serializable
)

// String returns the level's name in SQL.
func (l Level) String() string {
	return [...]string{"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"}[l]
}

// Status is what the client knows about a transaction's end.
type Status int

// What a client may know.
const (
	Committed Status = iota
	Aborted
	Unknown // the COMMIT was sent and not answered
)

// Op is an append or a read of one key.
type Op struct {
	Key  int
	Read bool
	// Elem is what is appended.
	Elem int
	// List is what was read.
	List []int
}

// Txn is a transaction as its client saw it.
type Txn struct {
	Process int
	// Sent and Done are when its first statement was sent and its last answer came, by any clock
	// that all share. Done means nothing when Status is Unknown.
	Sent, Done int64
	Status     Status
	Ops        []Op
	// Undone are appends that were rolled back to a savepoint. It never hurts to name them.
	Undone []Op
}

// String shows a transaction in explanations.
func (t *Txn) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "process %d [%d, %d]", t.Process, t.Sent, t.Done)
	if t.Status != Committed {
		fmt.Fprintf(&b, " %s", [...]string{"", "aborted", "unknown"}[t.Status])
	}
	b.WriteString(":")
	for _, o := range t.Ops {
		if o.Read {
			fmt.Fprintf(&b, " r(%d)=%v", o.Key, o.List)
		} else {
			fmt.Fprintf(&b, " a(%d,%d)", o.Key, o.Elem)
		}
	}
	for _, o := range t.Undone {
		fmt.Fprintf(&b, " undone(%d,%d)", o.Key, o.Elem)
	}
	return b.String()
}

// Anomaly is something that should not have been.
type Anomaly struct {
	Name string
	Text string // who and what
}

// String returns name and explanation.
func (a Anomaly) String() string { return a.Name + ": " + a.Text }
