package sqltest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/jackc/pgx/v5/pgconn"
)

// Wire runs blocks over connections to a server.
type Wire struct {
	dsn   string
	conns map[string]*pgconn.PgConn
	out   *output
}

// NewWire returns a runner over connections to dsn.
func NewWire(dsn string) *Wire {
	return &Wire{dsn: dsn, conns: map[string]*pgconn.PgConn{}}
}

// Close implements Runner.
func (w *Wire) Close() {
	for _, c := range w.conns {
		_ = c.Close(context.Background()) // nothing is lost with it
	}
}

func (w *Wire) conn(name string) (*pgconn.PgConn, error) {
	if c, ok := w.conns[name]; ok {
		return c, nil
	}
	cfg, err := pgconn.ParseConfig(w.dsn)
	if err != nil {
		return nil, err
	}
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		w.out.message(n.Severity, fromWire((*pgconn.PgError)(n)))
	}
	c, err := pgconn.ConnectConfig(context.Background(), cfg)
	if err == nil {
		w.conns[name] = c
	}
	return c, err
}

func fromWire(e *pgconn.PgError) *sqlerr.Error {
	return &sqlerr.Error{Code: e.Code, Message: e.Message, Detail: e.Detail, Hint: e.Hint, Where: e.Where, Pos: int(e.Position)}
}

// typeName is a type as format_type names it, or its OID when it is none of ours.
func typeName(oid uint32, mod int32) string {
	k, ok := value.KindOfOID(oid)
	if !ok {
		return fmt.Sprint(oid)
	}
	return value.FormatType(value.Type{Kind: k, Mod: mod})
}

// Run implements Runner.
func (w *Wire) Run(b *Block) string {
	w.out = &output{block: b}
	c, err := w.conn(b.Session)
	if err == nil {
		err = w.run(c, b.SQL)
	}
	if err != nil {
		var pe *pgconn.PgError
		if errors.As(err, &pe) {
			w.out.message("ERROR", fromWire(pe))
		} else {
			w.out.message("ERROR", asError(err))
		}
	}
	return w.out.text.String()
}

func (w *Wire) run(c *pgconn.PgConn, sql string) error {
	ctx := context.Background()
	sql, data, isCopy := strings.Cut(sql, "\n<<<\n")
	if isCopy {
		tag, err := c.CopyFrom(ctx, strings.NewReader(data), sql)
		if err == nil {
			w.out.tag(tag.String())
		}
		return err
	}
	if strings.HasPrefix(strings.ToLower(sql), "copy") {
		tag, err := c.CopyTo(ctx, copyLines{w.out}, sql)
		if err == nil {
			w.out.tag(tag.String())
		}
		return err
	}
	mrr := c.Exec(ctx, sql)
	for mrr.NextResult() {
		rr := mrr.ResultReader()
		if fields := rr.FieldDescriptions(); len(fields) > 0 {
			names, types := make([]string, len(fields)), make([]string, len(fields))
			for i, f := range fields {
				names[i] = f.Name
				types[i] = typeName(f.DataTypeOID, f.TypeModifier)
			}
			w.out.columns(names, types)
		}
		for rr.NextRow() {
			var cells []string
			for _, v := range rr.Values() {
				if v == nil {
					cells = append(cells, "NULL")
				} else {
					cells = append(cells, cell(string(v)))
				}
			}
			w.out.row(cells)
		}
		tag, err := rr.Close()
		if err != nil {
			_ = mrr.Close() // the same error
			return err
		}
		w.out.tag(tag.String())
	}
	return mrr.Close()
}
