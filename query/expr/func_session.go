package expr

import (
	"crypto/rand"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// sessionFuncs is the functions about the session and the system.
func sessionFuncs() []Func {
	t, b := value.Text, value.Bool
	return []Func{
		{Name: "version", Ret: t, Volatility: Stable, Strict: true, fn: sessionText(func(s *Session) string { return s.Version })},
		{Name: "current_database", Ret: value.Name, Volatility: Stable, Strict: true, fn: sessionName(func(s *Session) string { return s.Database })},
		{Name: "current_user", Ret: value.Name, Volatility: Stable, Strict: true, fn: sessionName(func(s *Session) string { return s.User })},
		{Name: "session_user", Ret: value.Name, Volatility: Stable, Strict: true, fn: sessionName(func(s *Session) string {
			if s.SessionUser == "" {
				return s.User
			}
			return s.SessionUser
		})},
		{Name: "current_schema", Ret: value.Name, Volatility: Stable, Strict: true, fn: currentSchema},
		{Name: "current_schemas", Args: kinds(b), Ret: value.Name.Array(), Volatility: Stable, Strict: true, fn: currentSchemas},
		{Name: "pg_backend_pid", Ret: value.Int4, Volatility: Stable, Strict: true, fn: backendPID},
		{Name: "txid_current", Ret: value.Int8, Volatility: Stable, Strict: true, fn: txnID},
		{Name: "pg_export_snapshot", Ret: t, Volatility: Volatile, Strict: true, fn: exportSnapshot},
		{Name: "current_setting", Args: kinds(t), Ret: t, Volatility: Stable, Strict: true, fn: currentSetting},
		{Name: "current_setting", Args: kinds(t, b), Ret: t, Volatility: Stable, Strict: true, fn: currentSetting},
		{Name: "set_config", Args: kinds(t, t, b), Ret: t, Volatility: Volatile, fn: setConfig},
		{Name: "pg_sleep", Args: kinds(value.Float8), Ret: t, Volatility: Volatile, Strict: true, fn: sleep},
		{Name: "pg_sleep_for", Args: kinds(value.Interval), Ret: t, Volatility: Volatile, Strict: true, fn: sleepFor},
		{Name: "pg_sleep_until", Args: kinds(value.Timestamptz), Ret: t, Volatility: Volatile, Strict: true, fn: sleepUntil},
		{Name: "pg_typeof", Args: kinds(anyKind), Ret: value.Regtype, Volatility: Stable, fn: typeOf},
		{Name: "gen_random_uuid", Ret: value.UUID, Volatility: Volatile, Strict: true, fn: randomUUID},
		{Name: "pg_client_encoding", Ret: value.Name, Volatility: Stable, Strict: true, fn: func(*Context, []value.Value) (value.Value, error) {
			return value.NewBytes(value.Name, "UTF8"), nil
		}},
		{Name: "pg_is_in_recovery", Ret: b, Volatility: Volatile, Strict: true, fn: func(*Context, []value.Value) (value.Value, error) {
			return value.NewBool(false), nil
		}},
		{Name: "num_nulls", Args: kinds(anyKind), Variadic: true, Ret: value.Int4, fn: countNulls(true)},
		{Name: "num_nonnulls", Args: kinds(anyKind), Variadic: true, Ret: value.Int4, fn: countNulls(false)},
	}
}

func (c *Context) session() *Session {
	if c.Session == nil {
		return &Session{}
	}
	return c.Session
}

func sessionText(f func(*Session) string) impl {
	return func(c *Context, _ []value.Value) (value.Value, error) { return value.NewText(f(c.session())), nil }
}

// sessionName is sessionText of type name.
func sessionName(f func(*Session) string) impl {
	return func(c *Context, _ []value.Value) (value.Value, error) {
		return value.NewBytes(value.Name, f(c.session())), nil
	}
}

func currentSchema(c *Context, _ []value.Value) (value.Value, error) {
	path := c.searchPath(false)
	if len(path) == 0 {
		return value.Null(value.Name), nil
	}
	return value.NewBytes(value.Name, path[0]), nil
}

func (c *Context) searchPath(implicit bool) []string {
	if f := c.session().SearchPath; f != nil {
		return f(implicit)
	}
	return nil
}

func currentSchemas(c *Context, a []value.Value) (value.Value, error) {
	var names []value.Value
	for _, s := range c.searchPath(a[0].Bool()) {
		names = append(names, value.NewBytes(value.Name, s))
	}
	return value.NewArray(value.Name, names), nil
}

func exportSnapshot(c *Context, _ []value.Value) (value.Value, error) {
	f := c.session().ExportSnapshot
	if f == nil {
		return value.Value{}, sqlerr.NotSupported("there are no snapshots to export here")
	}
	id, err := f()
	return value.NewText(id), err
}

func backendPID(c *Context, _ []value.Value) (value.Value, error) {
	return value.NewInt(value.Int4, int64(c.session().BackendPID)), nil
}

func txnID(c *Context, _ []value.Value) (value.Value, error) {
	f := c.session().TxnID
	if f == nil {
		return value.Value{}, sqlerr.NotSupported("txid_current() is not supported here")
	}
	id, err := f()
	return value.NewInt(value.Int8, id), err
}

func currentSetting(c *Context, a []value.Value) (value.Value, error) {
	if f := c.session().Setting; f != nil {
		if v, ok := f(a[0].Bytes()); ok {
			return value.NewText(v), nil
		}
	}
	if len(a) == 2 && a[1].Bool() {
		return value.Null(value.Text), nil
	}
	return value.Value{}, sqlerr.New(sqlerr.UndefinedObject, "unrecognized configuration parameter %q", a[0].Bytes())
}

func setConfig(c *Context, a []value.Value) (value.Value, error) {
	if a[0].IsNull() {
		return value.Value{}, sqlerr.New(sqlerr.NullValueNotAllowed, "SET requires parameter name")
	}
	f := c.session().SetConfig
	if f == nil {
		return value.Value{}, sqlerr.NotSupported("set_config() is not supported here")
	}
	s, err := f(a[0].Bytes(), a[1].Bytes(), a[2].Bool())
	return value.NewText(s), err
}

// maxSleep keeps a count of seconds in a Duration.
const maxSleep = 1e9

// sleep waits until its time is over or the statement is cancelled. PostgreSQL's returns void,
// which shows as an empty text.
func sleep(c *Context, a []value.Value) (value.Value, error) {
	if !(a[0].Float() > 0) {
		return void, nil
	}
	if f := c.session().Sleeping; f != nil {
		f(true)
		defer f(false)
	}
	_, err := c.wait(nil, a[0].Float())
	return void, err
}

// sleepFor is pg_sleep of an interval, its days and months counted from now.
func sleepFor(c *Context, a []value.Value) (value.Value, error) {
	until, err := value.TimestampAdd(value.NewInt(value.Timestamptz, c.clock()), a[0], c.location())
	if err != nil {
		return until, err
	}
	return sleepUntil(c, []value.Value{until})
}

func sleepUntil(c *Context, a []value.Value) (value.Value, error) {
	return sleep(c, []value.Value{value.NewFloat((float64(a[0].Int()) - float64(c.clock())) / 1e6)})
}

// wait waits until done, for at most so many seconds: over says that they are.
func (c *Context) wait(done <-chan struct{}, seconds float64) (over bool, err error) {
	timer := time.NewTimer(time.Duration(min(seconds, maxSleep) * float64(time.Second)))
	defer timer.Stop()
	ctx := c.ctx()
	select {
	case <-done:
		return false, nil
	case <-timer.C:
		return true, nil
	case <-ctx.Done():
		return false, canceled(ctx)
	}
}

func typeOf(_ *Context, a []value.Value) (value.Value, error) {
	return value.NewInt(value.Regtype, int64(a[0].Kind().OID())), nil
}

func randomUUID(c *Context, _ []value.Value) (value.Value, error) {
	var b [16]byte
	if f := c.session().Entropy; f != nil {
		f(b[:])
	} else {
		_, _ = rand.Read(b[:]) // never fails: it ends the process instead
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return value.NewBytes(value.UUID, string(b[:])), nil
}

func countNulls(null bool) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		n := int64(0)
		for _, v := range a {
			if v.IsNull() == null {
				n++
			}
		}
		return value.NewInt(value.Int4, n), nil
	}
}
