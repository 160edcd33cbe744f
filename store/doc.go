// Package store keeps collections in memory and on disk: columns, versions,
// indexes, transactions, the log of every change, checkpoints and recovery.
//
// # From a write to a reader
//
// A transaction (Txn) collects small writes in a private delta, each under the
// lock of its key (locks.go). Commit encodes them as one record of parts, one
// per partition (record.go), and proposes it to the log (log.go). The log stamps
// the record with its commit timestamp, appends it, syncs, applies the records
// of the group in log order (apply.go), publishes the last timestamp and wakes
// the committers:
//
//	I1 log before apply; I2 apply before acknowledge; I3 published versions only grow
//
// Bulk writes (Feed) are appended and applied as they come, their rows marked
// with a pending status (status.go) in place of a timestamp; the commit record
// ends the status, which makes a million rows visible by one store.
//
// A prepared transaction (prepared.go) is a record of its operations and its locks: nothing is applied
// until another record commits it. It outlives its session, restarts and checkpoints:
//
//	I5 it keeps its locks until it knows the decision; I6 a decision is durable before it is told
//
// # Readers
//
// A View is a snapshot at the published timestamp plus the transaction's own
// writes. It takes no lock. A row version is visible from its begin timestamp
// until its end timestamp. Rows never change once published; an update adds a
// row and ends the old one. Vacuum (vacuum.go) unlinks versions that no snapshot
// can see and reuses their slots after every reader that might have met them
// has gone:
//
//	I4 an index holds exactly the unvacuumed row versions of its collection,
//	   but for those that its build has yet to come to (indexbuild.go)
//	I7 a snapshot never changes
//	I8 what a serializable transaction has read is the same at its snapshot and at its place in the log
//
// # Apply is deterministic
//
// A record carries values and a closed set of operations and conditions, no
// SQL, and names rows by key. Row ids, codes and addresses are private to this
// process. Replaying the log gives the same rows at the same timestamps.
package store
