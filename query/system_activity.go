package query

import (
	"cmp"
	"slices"

	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/server"
)

var activityColumns = []relationColumn{
	{"datid", value.Int8},
	{"datname", value.Text},
	{"pid", value.Int4},
	{"leader_pid", value.Int4},
	{"usesysid", value.Int8},
	{"usename", value.Text},
	{"application_name", value.Text},
	{"client_addr", value.Text},
	{"client_hostname", value.Text},
	{"client_port", value.Int4},
	{"backend_start", value.Timestamptz},
	{"xact_start", value.Timestamptz},
	{"query_start", value.Timestamptz},
	{"state_change", value.Timestamptz},
	{"wait_event_type", value.Text},
	{"wait_event", value.Text},
	{"state", value.Text},
	{"backend_xid", value.Text},
	{"backend_xmin", value.Text},
	{"query_id", value.Int8},
	{"query", value.Text},
	{"backend_type", value.Text},
}

// activityRows is pg_stat_activity, in the order of the process ids.
func (e *Engine) activityRows(c *expr.Context) (int, func(int, []value.Value) []value.Value) {
	list := e.sessions.list()
	slices.SortFunc(list, func(a, b *activity) int { return cmp.Compare(a.pid, b.pid) })
	now := e.cfg.Clock()
	return len(list), func(i int, dst []value.Value) []value.Value { return list[i].row(dst, now) }
}

// row appends the values of a session's row.
func (a *activity) row(dst []value.Value, now int64) []value.Value {
	a.mu.Lock()
	state, query, application := a.state, a.query, a.application
	queryStart, stateChange, xactStart := a.queryStart, a.stateChange, a.xactStart
	a.mu.Unlock()
	if queryStart == noTime { // this moment
		queryStart, stateChange = now, now
	}
	waitType, waitEvent := a.waitEvent(state)
	return append(dst,
		value.NewInt(value.Int8, databaseOID),
		value.NewText(a.database),
		value.NewInt(value.Int4, int64(a.pid)),
		value.Null(value.Int4), // leader_pid: a session's helpers are not shown
		value.NewInt(value.Int8, roleOID),
		value.NewText(a.user),
		value.NewText(application),
		textOrNull(a.clientAddr),
		value.Null(value.Text), // client_hostname: log_hostname is off
		value.NewInt(value.Int4, int64(a.clientPort)),
		timeOrNull(a.start),
		timeOrNull(xactStart),
		timeOrNull(queryStart),
		timeOrNull(stateChange),
		textOrNull(waitType),
		textOrNull(waitEvent),
		value.NewText(stateNames[state]),
		transactionID(a.locker.Txn()),
		value.Null(value.Text), // backend_xmin: snapshots are not numbered by transactions
		value.Null(value.Int8), // query_id: compute_query_id is off
		value.NewText(query),
		value.NewText("client backend"),
	)
}

// waitEvent returns what a session waits for, "" for nothing.
func (a *activity) waitEvent(state activityState) (kind, event string) {
	if state != activeState {
		return "Client", "ClientRead"
	}
	if l, ok := a.locker.Waiting(); ok {
		return "Lock", lockTypes[l.Kind]
	}
	if a.sleeping.Load() {
		return "Timeout", "PgSleep"
	}
	if a.cfg.Waits != nil {
		switch a.cfg.Waits() {
		case server.WaitsRead:
			return "Client", "ClientRead"
		case server.WaitsWrite:
			return "Client", "ClientWrite"
		}
	}
	return "", ""
}
