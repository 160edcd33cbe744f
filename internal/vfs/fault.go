package vfs

// Op names an operation for a Fault's hook.
type Op string

// The operations of FS and File.
const (
	OpCreate        Op = "create"
	OpOpen          Op = "open"
	OpOpenReadWrite Op = "open-rw"
	OpRename        Op = "rename"
	OpRemove        Op = "remove"
	OpMkdirAll      Op = "mkdir"
	OpList          Op = "list"
	OpStat          Op = "stat"
	OpSyncDir       Op = "sync-dir"
	OpLock          Op = "lock"
	OpRead          Op = "read"
	OpWrite         Op = "write" // Write and WriteAt
	OpSync          Op = "sync"
	OpPreallocate   Op = "preallocate"
	OpTruncate      Op = "truncate"
)
