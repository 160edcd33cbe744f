// Package exec runs plans: it builds a tree of operators from the nodes of a
// plan.Plan and a store.View, and each operator pulls batches of column vectors
// from the ones below it.
//
// Operators of one partition (a scan with its conditions, a projection, a partial
// aggregation or sort) form a fragment. A large scan runs its fragments on
// goroutines of their own, a small one runs them one after another on
// the session's. Their results are put together in the order of the partitions,
// never in the order in which goroutines finish, so that a statement gives the same rows
// in the same order each time.
//
// A join reads its outer side batch by batch and looks for matches: in a hash table of its inner side that the fragments of
// the outer one share (hashJoin), in an index of the inner table (indexJoin), or by running the inner side
// again (lateralJoin); nestedLoop is the plain join by definition that the others are tested beside. Fragments of the outer
// side stay fragments, so that what is above a join works side by side too.
//
// Cancellation is looked for once a batch, where rows come from.
package exec
