package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/cachalotdb/cachalot/internal/pgoracle"
	"github.com/cachalotdb/cachalot/test/harness"
)

// TestCharOverTheWire compares char(n) in parameters and results, in both forms, and what is said of its columns,
// with PostgreSQL.
func TestCharOverTheWire(t *testing.T) {
	setup := "DROP TABLE IF EXISTS padded; CREATE TABLE padded (id int PRIMARY KEY, a char(4), b bpchar, c char);" +
		"INSERT INTO padded VALUES (1, 'ab', 'b ', 'x'), (2, NULL, '', NULL), (3, 'é', ' ', ' ')"
	var said [2]string
	for i, dsn := range []string{pgoracle.Shared(t).DSN(), harness.Start(t, "").DSN()} {
		conn := connect(t, dsn)
		mustExec(t, conn, setup)
		for _, q := range []struct{ sql, param string }{
			{"SELECT * FROM padded WHERE a = $1 OR a IS NULL ORDER BY id", "ab"},
			{"SELECT * FROM padded WHERE a = $1 ORDER BY id", "ab  "},
			{"SELECT a, a::text, a::varchar, length(a) FROM padded WHERE b = $1 ORDER BY id", " "},
			{"INSERT INTO padded (id, a) VALUES (4, $1) RETURNING a", "too long"},
			{"INSERT INTO padded (id, a) VALUES (5, $1) RETURNING a", "cut     "},
			{"SELECT $1::char(3), $1, $1 || '|', min(a) FROM padded", "x"},
		} {
			for _, oid := range []uint32{0, pgtype.BPCharOID} {
				for _, form := range []int16{0, 1} {
					r := conn.ExecParams(t.Context(), q.sql, [][]byte{[]byte(q.param)}, []uint32{oid}, []int16{form}, []int16{form}).Read()
					said[i] += fmt.Sprintf("%s with OID %d in form %d: %s\n", q.sql, oid, form, spoken(r))
					mustExec(t, conn, "DELETE FROM padded WHERE id > 3")
				}
			}
		}
	}
	theirs, ours := strings.Split(said[0], "\n"), strings.Split(said[1], "\n")
	for i := range theirs {
		if theirs[i] != ours[i] {
			t.Errorf("PostgreSQL: %s\nhere:       %s", theirs[i], ours[i])
		}
	}
}

// spoken is a result with its columns' names, types and modifiers, or its error.
func spoken(r *pgconn.Result) string {
	if e, ok := r.Err.(*pgconn.PgError); ok {
		return e.Code + " " + e.Message
	}
	var b strings.Builder
	fmt.Fprint(&b, r.CommandTag, r.Err)
	for _, f := range r.FieldDescriptions {
		fmt.Fprintf(&b, " %s:%d:%d:%d", f.Name, f.DataTypeOID, f.TypeModifier, f.DataTypeSize)
	}
	for _, row := range r.Rows {
		fmt.Fprintf(&b, " %q", row)
	}
	return b.String()
}
