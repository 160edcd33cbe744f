package parse

import (
	"slices"
	"testing"

	"github.com/cachalotdb/cachalot/query/sql/ast"
)

func TestParseSeveralStatements(t *testing.T) {
	text := " ; SELECT a; -- x\n  COMMIT ;;INSERT INTO t VALUES ($3, $1) "
	stmts, err := Parse(text, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range stmts {
		got = append(got, s.Text)
		if text[s.Start:s.Start+len(s.Text)] != s.Text {
			t.Errorf("%q is not at %d", s.Text, s.Start)
		}
	}
	if want := []string{"SELECT a", "COMMIT", "INSERT INTO t VALUES ($3, $1)"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := stmts[2].NumParams; n != 3 {
		t.Errorf("%d parameters", n)
	}
	if p := stmts[0].Stmt.(*ast.SelectStmt).Targets[0].Pos(); p != 10 {
		t.Errorf("target at %d", p)
	}
	for _, empty := range []string{"", " ", ";;", "-- x", "/* x */ ;"} {
		if stmts, err := Parse(empty, Options{}); err != nil || len(stmts) != 0 {
			t.Errorf("%q: %v %v", empty, stmts, err)
		}
	}
}

func TestParseNotices(t *testing.T) {
	long := "a123456789012345678901234567890123456789012345678901234567890123456789"
	stmts, err := Parse("SELECT 1; SELECT "+long, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(stmts[0].Notices) != 0 || len(stmts[1].Notices) != 1 {
		t.Fatalf("notices %v %v", stmts[0].Notices, stmts[1].Notices)
	}
	if got, want := stmts[1].Notices[0].Message, "identifier \""+long+"\" will be truncated to \""+long[:63]+"\""; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestPlainRowsShareABlock: rows of literals after the first come in order, with
// their positions, and the rest of the row after a call is as it was written.
func TestPlainRowsShareABlock(t *testing.T) {
	text := "INSERT INTO t VALUES (1, 'a')"
	for range 3000 {
		text += ", (2, 'b')"
	}
	text += ", (3, f(4)), (-5, DEFAULT), (NULL, $2), (true, B'1')"
	stmts, err := parse(text, Options{})
	if err != nil {
		t.Fatal(err)
	}
	v := stmts[0].Stmt.(*ast.InsertStmt).Query.Values
	if len(v.Rows) != 3005 || v.PlainFrom != 3002 {
		t.Fatalf("%d rows, plain from %d", len(v.Rows), v.PlainFrom)
	}
	for i, row := range v.Rows {
		if len(row) != 2 {
			t.Fatalf("row %d has %d cells", i, len(row))
		}
		for _, e := range row {
			if e.Pos() <= 0 || e.Pos() >= len(text) {
				t.Fatalf("row %d: cell at %d", i, e.Pos())
			}
		}
		if c, ok := row[0].(*ast.Const); i > 0 && i <= 3000 && (!ok || c.Int != 2 || text[c.Pos():c.Pos()+1] != "2" ||
			row[1].(*ast.Const).Text != "b") {
			t.Fatalf("row %d is %v", i, row)
		}
	}
	if f, ok := v.Rows[3001][1].(*ast.FuncCall); !ok || f.FuncName() != "f" {
		t.Errorf("row 3001 is %v", v.Rows[3001])
	}
	if c := v.Rows[3002][0].(*ast.Const); c.Int != -5 {
		t.Errorf("row 3002 is %v", c)
	}
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		text     string
		want     []string
		complete bool
	}{
		{"", nil, true},
		{"SELECT 1", []string{"SELECT 1"}, true},
		{" SELECT ';' ; -- ;\n DELETE FROM \"a;b\"; ", []string{"SELECT ';'", "DELETE FROM \"a;b\""}, true},
		{"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; SELECT 2",
			[]string{"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END", "SELECT 2"}, true},
		{"SELECT 1; SELECT 'x", []string{"SELECT 1", "SELECT 'x"}, false},
		{"SELECT 1; $$ x; y", []string{"SELECT 1", "$$ x; y"}, false},
	} {
		ranges, complete := Split(c.text)
		var got []string
		for _, r := range ranges {
			got = append(got, c.text[r.Start:r.End])
		}
		if !slices.Equal(got, c.want) || complete != c.complete {
			t.Errorf("%q: got %q %v, want %q %v", c.text, got, complete, c.want, c.complete)
		}
	}
}
