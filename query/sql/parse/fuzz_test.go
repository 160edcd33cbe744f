package parse

import (
	"errors"
	"testing"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// FuzzParse: no text panics; what we accept TiDB accepts; errors are of the
// classes a parser may give and point into the text; trees can be walked and
// printed and their positions lie within their statement.
func FuzzParse(f *testing.F) {
	for _, list := range corpus(f) {
		for i, text := range list {
			if i%7 == 0 {
				f.Add(text, false)
			}
		}
	}
	for _, file := range goldenFiles(f) {
		for _, c := range readGolden(f, file) {
			f.Add(c.text, len(c.text)%2 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, text string, bare bool) {
		before := Rejected()
		stmts, err := parse(text, Options{BareLiterals: bare})
		if Rejected() != before {
			t.Fatalf("TiDB refused what we accept: %v\n%q", err, text)
		}
		if err != nil {
			checkError(t, text, err)
			return
		}
		for _, s := range stmts {
			checkTree(t, text, s)
			ast.Print(s.Stmt)
		}
	})
}

// checkError checks that an error is one that a client may see.
func checkError(t testing.TB, text string, err error) {
	t.Helper()
	var e *sqlerr.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v", err, err)
	}
	switch e.Code {
	case sqlerr.SyntaxError, sqlerr.FeatureNotSupported, sqlerr.StatementTooComplex, sqlerr.UndefinedParameter,
		sqlerr.CharacterNotInRepertoire, sqlerr.InvalidEscapeSequence, sqlerr.InvalidParameterValue,
		sqlerr.InvalidName, "42P20":
	default:
		t.Fatalf("unexpected %v for %q", e, text)
	}
	if e.Pos < 0 || e.Pos > len(text)+1 {
		t.Fatalf("%v at %d of %d in %q", e, e.Pos, len(text), text)
	}
}
