package query

import (
	"fmt"
	"strconv"

	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/store"
)

var lockColumns = []relationColumn{
	{"locktype", value.Text},
	{"database", value.Int8},
	{"relation", value.Int8},
	{"page", value.Int4},
	{"tuple", value.Int2},
	{"virtualxid", value.Text},
	{"transactionid", value.Text},
	{"classid", value.Int8},
	{"objid", value.Int8},
	{"objsubid", value.Int2},
	{"virtualtransaction", value.Text},
	{"pid", value.Int4},
	{"mode", value.Text},
	{"granted", value.Bool},
	{"fastpath", value.Bool},
	{"waitstart", value.Timestamptz},
}

// lockRows is pg_locks. Unlike PostgreSQL's it has the locks of rows, since here they are locks like
// others; they lock keys, so page and tuple are NULL.
func (e *Engine) lockRows(*expr.Context) (int, func(int, []value.Value) []value.Value) {
	locks := e.db.Locks()
	return len(locks), func(i int, dst []value.Value) []value.Value { return lockRow(dst, &locks[i]) }
}

// lockTypes are pg_locks.locktype and the wait events of the type Lock. A bulk load's rows have no
// locks: who meets one waits for the transaction.
var lockTypes = [...]string{
	store.LockRelation: "relation",
	store.LockTuple:    "tuple",
	store.LockAdvisory: "advisory",
	store.LockFeed:     "transactionid",
}

func lockRow(dst []value.Value, l *store.LockInfo) []value.Value {
	relation, class, object, sub := value.Null(value.Int8), value.Null(value.Int8), value.Null(value.Int8), value.Null(value.Int2)
	switch l.Kind {
	case store.LockRelation, store.LockTuple:
		relation = value.NewInt(value.Int8, int64(l.Table))
	case store.LockAdvisory:
		class = value.NewInt(value.Int8, int64(l.Advisory.Key>>32))
		object = value.NewInt(value.Int8, int64(uint32(l.Advisory.Key)))
		sub = value.NewInt(value.Int2, 1)
		if l.Advisory.Pair {
			sub = value.NewInt(value.Int2, 2)
		}
	}
	pid, waits := value.Null(value.Int4), value.Null(value.Timestamptz)
	if l.PID != 0 {
		pid = value.NewInt(value.Int4, int64(l.PID))
	}
	if !l.Granted {
		waits = value.NewInt(value.Timestamptz, l.Since.UnixMicro()-epoch)
	}
	return append(dst,
		value.NewText(lockTypes[l.Kind]),
		value.NewInt(value.Int8, databaseOID),
		relation,
		value.Null(value.Int4), // page
		value.Null(value.Int2), // tuple
		value.Null(value.Text), // virtualxid
		value.Null(value.Text), // transactionid
		class,
		object,
		sub,
		value.NewText(virtualTransaction(l)),
		pid,
		value.NewText(l.Mode.String()),
		value.NewBool(l.Granted),
		value.NewBool(false), // fastpath
		waits,
	)
}

// virtualTransaction names who holds or waits: session and transaction, -1 for a prepared one's session.
func virtualTransaction(l *store.LockInfo) string {
	session := int32(-1)
	if l.PID != 0 {
		session = l.PID
	}
	return fmt.Sprintf("%d/%d", session, l.Txn)
}

// transactionID is a transaction's number as a value, NULL for none.
func transactionID(n uint64) value.Value {
	if n == 0 {
		return value.Null(value.Text)
	}
	return value.NewText(strconv.FormatUint(n, 10))
}
