package store

// LockMode is a lock's mode: one of Postgres' eight for tables, of which advisory locks use ShareLock and
// ExclusiveLock, or one of its four strengths for rows.
type LockMode uint8

// The modes, each class from weak to strong. Writers of rows take RowExclusiveLock of the table; readers take
// nothing (but see Txn.ExcludeReaders).
const (
	AccessShareLock LockMode = iota
	RowShareLock
	RowExclusiveLock
	ShareUpdateExclusiveLock
	ShareLock
	ShareRowExclusiveLock
	ExclusiveLock
	AccessExclusiveLock

	ForKeyShare
	ForShare
	ForNoKeyUpdate // UPDATE that leaves the key alone
	ForUpdate      // DELETE, INSERT, UPDATE of the key
)

// modeSet is a set of modes, a bit each.
type modeSet uint16

func modes(list ...LockMode) (s modeSet) {
	for _, m := range list {
		s |= 1 << m
	}
	return s
}

func (s modeSet) has(m LockMode) bool { return s&(1<<m) != 0 }

// lockConflicts are the modes that exclude each mode: Postgres' tables 13.2 and 13.3.
var lockConflicts = [...]modeSet{
	AccessShareLock: modes(AccessExclusiveLock),
	RowShareLock:    modes(ExclusiveLock, AccessExclusiveLock),
	RowExclusiveLock: modes(ShareLock, ShareRowExclusiveLock, ExclusiveLock,
		AccessExclusiveLock),
	ShareUpdateExclusiveLock: modes(ShareUpdateExclusiveLock, ShareLock, ShareRowExclusiveLock, ExclusiveLock,
		AccessExclusiveLock),
	ShareLock: modes(RowExclusiveLock, ShareUpdateExclusiveLock, ShareRowExclusiveLock, ExclusiveLock,
		AccessExclusiveLock),
	ShareRowExclusiveLock: modes(RowExclusiveLock, ShareUpdateExclusiveLock, ShareLock, ShareRowExclusiveLock,
		ExclusiveLock, AccessExclusiveLock),
	ExclusiveLock: modes(RowShareLock, RowExclusiveLock, ShareUpdateExclusiveLock, ShareLock,
		ShareRowExclusiveLock, ExclusiveLock, AccessExclusiveLock),
	AccessExclusiveLock: modes(AccessShareLock, RowShareLock, RowExclusiveLock, ShareUpdateExclusiveLock, ShareLock,
		ShareRowExclusiveLock, ExclusiveLock, AccessExclusiveLock),

	ForKeyShare:    modes(ForUpdate),
	ForShare:       modes(ForNoKeyUpdate, ForUpdate),
	ForNoKeyUpdate: modes(ForShare, ForNoKeyUpdate, ForUpdate),
	ForUpdate:      modes(ForKeyShare, ForShare, ForNoKeyUpdate, ForUpdate),
}

// covers says whether who holds m needs no other of the class to be as safe as with want.
func (m LockMode) covers(want LockMode) bool {
	return m == want || lockConflicts[want]&^lockConflicts[m] == 0
}

var lockModeNames = [...]string{
	"AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
	"ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
	// A row's lock is shown as the table mode that Postgres takes for its tuple locks.
	"AccessShareLock", "RowShareLock", "ExclusiveLock", "AccessExclusiveLock",
}

// String returns Postgres' name of the mode, as in pg_locks.
func (m LockMode) String() string { return lockModeNames[m] }

// WaitPolicy says what to do when a lock is not free.
type WaitPolicy uint8

// The policies: wait in the queue, fail with 55P03, or leave the row out.
const (
	WaitBlock WaitPolicy = iota
	WaitError
	WaitSkip
)
