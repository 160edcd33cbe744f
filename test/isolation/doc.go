// Package isolation runs scripts of several sessions, each on a real PostgreSQL 15 and on a node of
// ours in the same test, and compares what happened at each step: rows, command tag, SQLSTATE and
// message, whether the step had to wait, at which later step it went on, and what the tables hold in
// the end.
//
// # Scripts
//
// A file of testdata is a case. It begins with what it is about, after #, and lines of these kinds:
//
//	each NAME: a | b | c    one run for each word, which stands for $NAME below; several lines multiply
//	setup: SQL              run before, by a session of its own
//	victim: T2              whom a deadlock kills, where the script makes one
//	serializable: fails     at SERIALIZABLE somebody must get 40001; "allowed": nobody may
//	differs: REASON         ours does something else on purpose; the test prints the reason, and fails when there is no difference
//	differs a | b: REASON   only in runs with these words
//
// Then come the steps, in their order:
//
//	T1: SQL                 session T1 sends a statement, after what it still waits for
//	T1 (name): SQL          and the first value of the answer is $name from here on
//	T1: \disconnect         closes T1's connection
//	wait T1                 waits until T1 has its answer, where something other than a step brings it
//
// A step is over when each session has its answer or waits for a lock; who waits, the servers say
// themselves. No time plays a part.
//
// # SERIALIZABLE
//
// PostgreSQL and we find different transactions to blame, at different steps. So runs in which $LEVEL is
// SERIALIZABLE are judged otherwise: 40001 where the script demands it and nowhere else, and whatever
// was committed must be explained by a serial order: all of its answers, and the tables in the end,
// are as PostgreSQL gives them when it runs the committed transactions one after another in some order.
package isolation
