package e2e

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/cachalotdb/cachalot/test/harness"
)

// pgError returns the server's error, which there must be.
func pgError(t *testing.T, err error) *pgconn.PgError {
	t.Helper()
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		t.Fatalf("error %v is not the server's", err)
	}
	return pg
}

var execModes = []pgx.QueryExecMode{
	pgx.QueryExecModeCacheStatement,
	pgx.QueryExecModeCacheDescribe,
	pgx.QueryExecModeDescribeExec,
	pgx.QueryExecModeExec,
	pgx.QueryExecModeSimpleProtocol,
}

// values is one of each type.
type values struct {
	Small   int16
	Int     int32
	Big     int64
	Float   float64
	Numeric pgtype.Numeric
	Text    string
	Bytes   []byte
	Yes     bool
	Day     time.Time
	At      time.Time
	AtZone  time.Time
	UUID    pgtype.UUID
	Doc     map[string]any
	Ints    []int32
	Texts   []string
	Days    []time.Time
	Null    *string
}

// TestPgxInEveryMode sends one of each type there and back, in each way that pgx can.
func TestPgxInEveryMode(t *testing.T) {
	s := harness.Start(t, "")
	setup := s.Connect()
	harness.Exec(t, setup, `CREATE TABLE v (id int PRIMARY KEY, small smallint, "int" int, big bigint, "float" float8, "numeric" numeric, "text" text,
		bytes bytea, yes bool, "day" date, "at" timestamp, atzone timestamptz, "uuid" uuid, doc jsonb, ints int[], texts text[], days date[], "null" text)`)
	day := time.Date(2021, 10, 19, 0, 0, 0, 0, time.UTC)
	want := values{
		Small: -3, Int: 1 << 30, Big: -1 << 60, Float: 0.1, Text: "Évian 'les' \\ Bains", Bytes: []byte{0, 1, 255},
		Yes: true, Day: day, At: day.Add(time.Microsecond), AtZone: day.Add(time.Hour),
		UUID: pgtype.UUID{Bytes: [16]byte{1, 2, 15: 9}, Valid: true}, Doc: map[string]any{"a": []any{1.5, nil, "x"}},
		Ints: []int32{1, -2}, Texts: []string{"a,b", `"`, "", "NULL"}, Days: []time.Time{day, day.AddDate(0, 0, 1)},
	}
	if err := want.Numeric.Scan("12345678901234567890.5000"); err != nil {
		t.Fatal(err)
	}
	for i, mode := range execModes {
		t.Run(mode.String(), func(t *testing.T) {
			conn := s.Connect(func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode })
			// Twice: some modes prepare the first time.
			for n := range 2 {
				roundTrip(t, conn, int32(10*i+n), want)
			}
			var count int64
			if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM v WHERE id >= $1 AND id < $2", 10*i, 10*i+10).Scan(&count); err != nil || count != 2 {
				t.Errorf("count %d, %v", count, err)
			}
			_, err := conn.Exec(t.Context(), "INSERT INTO v (id) VALUES ($1)", 10*i)
			if pg := pgError(t, err); pg.Code != "23505" {
				t.Errorf("a second row of a key: %s %s", pg.Code, pg.Message)
			}
			pipeline(t, conn, 10*i+5)
		})
	}
}

func roundTrip(t *testing.T, conn *pgx.Conn, id int32, want values) {
	t.Helper()
	tag, err := conn.Exec(t.Context(), "INSERT INTO v VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
		id, want.Small, want.Int, want.Big, want.Float, want.Numeric, want.Text, want.Bytes, want.Yes, pgtype.Date{Time: want.Day, Valid: true}, want.At, want.AtZone,
		want.UUID, `{"a": [1.5, null, "x"]}`, want.Ints, want.Texts, dates(want.Days), want.Null)
	if err != nil || tag.RowsAffected() != 1 {
		t.Fatalf("insert: %v %v", tag, err)
	}
	rows, err := conn.Query(t.Context(), "SELECT * FROM v WHERE id = $1", id)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		ID int32
		values
	}
	got, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[row])
	if err != nil {
		t.Fatal(err)
	}
	got.AtZone = got.AtZone.UTC()
	same := cmp.Comparer(func(a, b pgtype.Numeric) bool {
		av, _ := a.Value()
		bv, _ := b.Value()
		return av == bv
	})
	if diff := cmp.Diff(want, got.values, same); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func dates(days []time.Time) []pgtype.Date {
	var all []pgtype.Date
	for _, d := range days {
		all = append(all, pgtype.Date{Time: d, Valid: true})
	}
	return all
}

// pipeline sends a batch in which a transaction is rolled back and another is not.
func pipeline(t *testing.T, conn *pgx.Conn, id int) {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	harness.Exec(t, conn, fmt.Sprintf("INSERT INTO v (id, big) VALUES (%d, 1)", id))
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	var b pgx.Batch
	b.Queue("INSERT INTO v (id, big) VALUES ($1, $2)", id, 5)
	b.Queue("UPDATE v SET big = big + $2 WHERE id = $1", id, 2)
	var big int64
	b.Queue("SELECT big FROM v WHERE id = $1", id).QueryRow(func(row pgx.Row) error { return row.Scan(&big) })
	b.Queue("DELETE FROM v WHERE id = $1", id)
	if err := conn.SendBatch(t.Context(), &b).Close(); err != nil || big != 7 {
		t.Errorf("batch: %d, %v", big, err)
	}
}

// TestErrorInTransaction: a failed block refuses everything until it ends, and leaves nothing.
func TestErrorInTransaction(t *testing.T) {
	conn := harness.Start(t, "").Connect()
	harness.Exec(t, conn, "CREATE TABLE a (id int PRIMARY KEY)", "BEGIN", "INSERT INTO a VALUES (1)")
	if _, err := conn.Exec(t.Context(), "INSERT INTO a VALUES (1)"); pgError(t, err).Code != "23505" {
		t.Error(err)
	}
	if _, err := conn.Exec(t.Context(), "SELECT 1"); pgError(t, err).Code != "25P02" {
		t.Error(err)
	}
	tag, err := conn.Exec(t.Context(), "COMMIT")
	if err != nil || tag.String() != "ROLLBACK" {
		t.Errorf("COMMIT of a failed block: %s, %v", tag, err)
	}
	var n int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM a").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows, %v", n, err)
	}
}
