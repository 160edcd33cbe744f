// Package index answers which rows of a partition have a key: Primary by
// hash, Dictionary by equal keys, BTree by ranges and order. Their answers
// are Sets of row ids, with the set algebra that combines predicates.
//
// Keys are the canonical encodings of value.AppendKey; row ids are the
// partition's. An index holds exactly the unvacuumed row versions of its
// collection (I4), whoever may see them: visibility is the caller's.
package index
