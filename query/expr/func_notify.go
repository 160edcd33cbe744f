package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Channels are those of LISTEN and NOTIFY, for the functions that use them.
type Channels interface {
	// Notify is pg_notify: it takes effect at COMMIT.
	Notify(channel, payload string) error
	// Listening returns the channels that the session listens to.
	Listening() []string
}

func notifyFuncs() []Func {
	return []Func{
		{Name: "pg_notify", Args: kinds(value.Text, value.Text), Ret: value.Text, Volatility: Volatile, fn: pgNotify},
		{Name: "pg_notification_queue_usage", Ret: value.Float8, Volatility: Volatile, Strict: true,
			fn: func(*Context, []value.Value) (value.Value, error) { return value.NewFloat(0), nil }},
	}
}

// pgNotify is pg_notify, which returns void: an empty text.
func pgNotify(c *Context, args []value.Value) (value.Value, error) {
	if c.Session == nil || c.Session.Channels == nil {
		return value.Value{}, sqlerr.NotSupported("pg_notify is not supported in this place")
	}
	text := func(v value.Value) string {
		if v.IsNull() {
			return ""
		}
		return v.Bytes()
	}
	return value.NewText(""), c.Session.Channels.Notify(text(args[0]), text(args[1]))
}

func notifySets() []SetFunc {
	return []SetFunc{{Name: "pg_listening_channels", Columns: []SetColumn{{Kind: value.Text}}, Volatility: Stable,
		Rows: func(c *Context, _ []value.Value) (func([]value.Value) (bool, error), error) {
			var list []string
			if c.Session != nil && c.Session.Channels != nil {
				list = c.Session.Channels.Listening()
			}
			return func(row []value.Value) (bool, error) {
				if len(list) == 0 {
					return false, nil
				}
				row[0], list = value.NewText(list[0]), list[1:]
				return true, nil
			}, nil
		}}}
}
