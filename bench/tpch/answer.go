package tpch

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Load makes the tables in an empty database, fills and indexes them, and runs ANALYZE.
func Load(ctx context.Context, conn *pgconn.PgConn, g *Generator) error {
	for _, t := range Tables {
		if err := exec(ctx, conn, t.Create); err != nil {
			return err
		}
		r, w := io.Pipe()
		go func() { w.CloseWithError(g.Write(t.Name, w)) }()
		_, err := conn.CopyFrom(ctx, r, "copy "+t.Name+" from stdin")
		r.Close() //nolint:errcheck // of a pipe, it never fails
		if err != nil {
			return fmt.Errorf("copy %s: %w", t.Name, err)
		}
	}
	for _, sql := range append(slices.Clone(Indexes), "analyze") {
		if err := exec(ctx, conn, sql); err != nil {
			return err
		}
	}
	return nil
}

func exec(ctx context.Context, conn *pgconn.PgConn, sql string) error {
	if _, err := conn.Exec(ctx, sql).ReadAll(); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

// Answer is a query's rows as text, columns separated by "|".
type Answer []string

// Ask runs a query.
func Ask(ctx context.Context, conn *pgconn.PgConn, q Query) (Answer, error) {
	res, err := conn.Exec(ctx, q.SQL).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("query %d: %w", q.Number, err)
	}
	var rows Answer
	for _, row := range res[len(res)-1].Rows {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = string(v)
			if v == nil {
				cells[i] = "NULL"
			}
		}
		rows = append(rows, strings.Join(cells, "|"))
	}
	return rows, nil
}

// Differs says how two answers to a query differ; "" if they don't.
func (q Query) Differs(a, b Answer) string {
	if len(a) != len(b) {
		return fmt.Sprintf("%d rows and %d rows", len(a), len(b))
	}
	for i := range a {
		if x, y := q.key(a[i]), q.key(b[i]); x != y {
			return fmt.Sprintf("row %d is %q and %q", i+1, a[i], b[i])
		}
	}
	x, y := slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	for i := range x {
		if x[i] != y[i] {
			return fmt.Sprintf("there is %q and %q", x[i], y[i])
		}
	}
	return ""
}

// key returns the columns of a row that ORDER BY names.
func (q Query) key(row string) string {
	cells := strings.Split(row, "|")
	var key []string
	for _, c := range q.Sorted {
		key = append(key, cells[c])
	}
	return strings.Join(key, "|")
}
