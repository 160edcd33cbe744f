package vanish

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// scene is a way to get into the middle of something. The client then holds what lock(key) says.
type scene struct {
	name string
	// play brings a client there. The waiting scene waits for the row beside, which the caller holds.
	play func(ctx context.Context, d dialer, prelude string, key int) (*client, error)
	// event is the wait event in which the session then is, for as long as its client is there.
	event string
}

// The rows 2k and 2k+1 of the table belong to one pair of client and rivals.
const tableSQL = `CREATE TABLE vanish (id int PRIMARY KEY, n int NOT NULL, filler text)`

// lock takes the locks that all clients hold when they vanish.
func lock(key int) string {
	return fmt.Sprintf("BEGIN; UPDATE vanish SET n = n + 1 WHERE id = %d; SELECT pg_advisory_lock(%d)", 2*key, key)
}

// unending is a result that no socket buffer takes.
const unending = "SELECT g, repeat('x', 1000) FROM generate_series(1, 1000000000) g"

var scenes = []scene{
	{"idle in a transaction", func(ctx context.Context, d dialer, prelude string, key int) (*client, error) {
		return d.vanisher(ctx, prelude, lock(key))
	}, "ClientRead"},
	{"in a failed block", func(ctx context.Context, d dialer, prelude string, key int) (*client, error) {
		c, err := d.vanisher(ctx, prelude, lock(key))
		if err == nil {
			err = c.send(&pgproto3.Query{String: "SELECT 1/0"})
		}
		return c, err
	}, "ClientRead"},
	{"asleep", query("SELECT pg_sleep(1000)"), "PgSleep"},
	{"computing", query("SELECT count(*) FROM generate_series(1, 1000000000000) g WHERE g % 7 = 3"), ""},
	{"waiting for a row", func(ctx context.Context, d dialer, prelude string, key int) (*client, error) {
		return query(fmt.Sprintf("UPDATE vanish SET n = n + 1 WHERE id = %d", 2*key+1))(ctx, d, prelude, key)
	}, "tuple"},
	{"in COPY IN", func(ctx context.Context, d dialer, prelude string, key int) (*client, error) {
		c, err := d.vanisher(ctx, prelude, lock(key))
		if err != nil {
			return nil, err
		}
		if err := c.send(&pgproto3.Query{String: "COPY vanish FROM STDIN"}); err != nil {
			return c, err
		}
		if err := await[*pgproto3.CopyInResponse](c); err != nil {
			return c, err
		}
		var data strings.Builder
		for i := range 500 {
			fmt.Fprintf(&data, "%d\t%d\t%s\n", 1_000_000_000+key*1000+i, i, strings.Repeat("y", 100))
		}
		return c, c.send(&pgproto3.CopyData{Data: []byte(data.String())})
	}, "ClientRead"},
	{"in a CopyData message", func(ctx context.Context, d dialer, prelude string, key int) (*client, error) {
		c, err := d.vanisher(ctx, prelude, lock(key))
		if err != nil {
			return nil, err
		}
		if err := c.send(&pgproto3.Query{String: "COPY vanish FROM STDIN"}); err != nil {
			return c, err
		}
		if err := await[*pgproto3.CopyInResponse](c); err != nil {
			return c, err
		}
		return c, c.part('d', 100_000, []byte("17\t"))
	}, "ClientRead"},
	{"in COPY OUT", stopReading[*pgproto3.CopyData]("COPY (" + unending + ") TO STDOUT"), "ClientWrite"},
	{"in a result", stopReading[*pgproto3.DataRow](unending), "ClientWrite"},
	{"in a message", func(ctx context.Context, d dialer, prelude string, key int) (*client, error) {
		c, err := d.vanisher(ctx, prelude, lock(key))
		if err == nil {
			err = c.part('Q', 20_000, []byte("SELECT "))
		}
		return c, err
	}, "ClientRead"},
	{"before the Sync", func(ctx context.Context, d dialer, prelude string, key int) (*client, error) {
		c, err := d.vanisher(ctx, prelude, fmt.Sprintf("SELECT pg_advisory_lock(%d)", key))
		if err != nil {
			return nil, err
		}
		if err := c.send(&pgproto3.Parse{Query: fmt.Sprintf("UPDATE vanish SET n = n + 1 WHERE id = %d", 2*key)},
			&pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Flush{}); err != nil {
			return c, err
		}
		return c, await[*pgproto3.CommandComplete](c)
	}, ""},
	{"with a suspended portal", func(ctx context.Context, d dialer, prelude string, key int) (*client, error) {
		c, err := d.vanisher(ctx, prelude, lock(key))
		if err != nil {
			return nil, err
		}
		if err := c.send(&pgproto3.Parse{Query: unending}, &pgproto3.Bind{}, &pgproto3.Execute{MaxRows: 10}, &pgproto3.Flush{}); err != nil {
			return c, err
		}
		return c, await[*pgproto3.PortalSuspended](c)
	}, ""},
	{"with more statements under way", func(ctx context.Context, d dialer, prelude string, key int) (*client, error) {
		c, err := d.vanisher(ctx, prelude, lock(key))
		if err != nil {
			return nil, err
		}
		for range 20 {
			c.fe.Send(&pgproto3.Query{String: "SELECT pg_sleep(0.1)"})
		}
		return c, c.fe.Flush()
	}, "PgSleep"},
}

// query is a scene in which the server works at a statement.
func query(sql string) func(context.Context, dialer, string, int) (*client, error) {
	return func(ctx context.Context, d dialer, prelude string, key int) (*client, error) {
		c, err := d.vanisher(ctx, prelude, lock(key))
		if err == nil {
			err = c.send(&pgproto3.Query{String: sql})
		}
		return c, err
	}
}

// stopReading is a scene in which a client reads the first of many messages and then no more.
func stopReading[T pgproto3.BackendMessage](sql string) func(context.Context, dialer, string, int) (*client, error) {
	return func(ctx context.Context, d dialer, prelude string, key int) (*client, error) {
		c, err := query(sql)(ctx, d, prelude, key)
		if err == nil {
			err = await[T](c)
		}
		return c, err
	}
}

// part sends the beginning of a message.
func (c *client) part(typ byte, length int, begin []byte) error {
	b := binary.BigEndian.AppendUint32([]byte{typ}, uint32(length+4))
	_, err := c.conn.Write(append(b, begin...))
	return err
}

// rival is who wants the client's locks.
type rival struct{ conn, second *pgconn.PgConn }

func newRival(ctx context.Context, d dialer) (r rival, err error) {
	if r.conn, err = d.session(ctx); err == nil {
		r.second, err = d.session(ctx)
	}
	for _, c := range []*pgconn.PgConn{r.conn, r.second} {
		if err == nil {
			_, err = run(ctx, c, fmt.Sprintf("SET lock_timeout = %d", patience.Milliseconds()))
		}
	}
	return r, err
}

func (r rival) close(ctx context.Context) {
	r.conn.Close(ctx)   //nolint:errcheck // the tests look at the server's side
	r.second.Close(ctx) //nolint:errcheck // as above
}

// hold takes the row that a client is to wait for.
func (r rival) hold(ctx context.Context, key int) error {
	_, err := run(ctx, r.second, fmt.Sprintf("BEGIN; UPDATE vanish SET n = n + 1 WHERE id = %d", 2*key+1))
	return err
}

// take takes all that a client held, and gives up what hold has taken.
func (r rival) take(ctx context.Context, key int) error {
	_, err := run(ctx, r.conn, fmt.Sprintf(
		"UPDATE vanish SET n = n + 1 WHERE id = %d; SELECT pg_advisory_xact_lock(%d)", 2*key, key))
	if err != nil {
		return err
	}
	_, err = run(ctx, r.second, "COMMIT")
	return err
}

// until asks what the client's session waits for until it is the scene's event.
func (r rival) until(ctx context.Context, pid uint32, event string) error {
	for event != "" {
		got, err := run(ctx, r.conn, fmt.Sprintf("SELECT coalesce(wait_event, '') FROM pg_stat_activity WHERE pid = %d", pid))
		if err != nil || got == event {
			return err
		}
	}
	return nil
}
