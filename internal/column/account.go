package column

import "sync/atomic"

// Account counts the bytes that a collection's vectors, arenas and indexes
// hold. Safe for concurrent use; a nil Account counts nothing.
type Account struct {
	parent *Account
	n      atomic.Int64
}

// NewAccount returns an account whose bytes count in parent too.
func NewAccount(parent *Account) *Account { return &Account{parent: parent} }

// Add counts n more bytes, fewer when n is negative.
func (a *Account) Add(n int64) {
	for ; a != nil; a = a.parent {
		a.n.Add(n)
	}
}

// Bytes returns the bytes held now.
func (a *Account) Bytes() int64 {
	if a == nil {
		return 0
	}
	return a.n.Load()
}
