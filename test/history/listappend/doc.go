// Package listappend finds anomalies in histories of transactions that append to lists and read them.
//
// The idea is Elle's (Kyle Kingsbury and Peter Alvaro, "Elle: Inferring Isolation Anomalies from
// Experimental Observations", VLDB 2020). Each element is appended once. So a list that was read tells
// the order of all writes of its key up to there, whose writes they were, and which came next; no
// search over possible orders is needed. From the lists come the dependencies between transactions,
// as Adya defines them ("Weak Consistency", 1999):
//
//	ww  T1 wrote a version and T2 the next one
//	wr  T1 wrote the version that T2 read
//	rw  T1 read a version and T2 wrote the next one
//	rt  T1 was acknowledged before T2 was sent
//
// A cycle of dependencies is an anomaly, named after what it is made of:
//
//	G0             only ww
//	G1c            ww and wr
//	G-single       one rw: read skew, lost update
//	G-nonadjacent  several rw, no two in a row
//	G2             rw in a row somewhere: write skew
//
// and "realtime" follows the name when rt is needed. Anomalies without a cycle are
//
//	G1a            an element was read whose transaction was rolled back, wholly or to a savepoint
//	G1b            an element was read without the next one, which the same transaction appended
//	internal       a transaction did not read its own appends, or did not read the same twice
//	order          two lists of a key contradict each other, or hold an element twice: a lost update
//	lost           a list lacks an element that was acknowledged before the reader began
//	made up        an element was read that nobody appended
//
// READ COMMITTED forbids all of them but those with rw edges. REPEATABLE READ, which is snapshot
// isolation, permits G2 alone: a cycle without two rw in a row cannot be when each transaction reads
// a snapshot and the first of two writers wins (Fekete et al., "Making Snapshot Isolation
// Serializable", TODS 2005), with rt too, since snapshots are as new as what was acknowledged.
// SERIALIZABLE, strict as ours is, permits nothing.
//
// An acknowledgement that did not come leaves it open whether the transaction was committed. It was, if
// somebody read one of its elements.
package listappend
