package store

// WriteState says whether the database accepts writes: nil, or the error that the last writer got or the next
// will get. lasting tells a log that has failed, which only a restart mends, from a full disk, where the
// next write may succeed.
func (db *DB) WriteState() (problem error, lasting bool) {
	l := db.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed == nil && l.wal != nil { // a sync in the background may have met it first
		if err := l.wal.Err(); err != nil {
			l.failed = logError(err)
		}
	}
	if l.failed != nil {
		return l.failed, true
	}
	return l.full, false
}
