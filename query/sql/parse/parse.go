// Package parse is the door to the SQL front end: text in, trees out. It splits
// a query string into statements, chooses the hand parser or the rewriter and
// TiDB's grammar for each, and caches the result by exact text.
package parse

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// Options are the settings of a session that change what a text means. They are
// part of the cache's key.
type Options struct {
	// BareLiterals makes an unquoted date such as 2021-10-19 a string constant and
	// marks single unquoted names as possible text literals (ColumnRef.MaybeLiteral).
	// It is the setting cachalot.bare_literals.
	BareLiterals bool
}

// Statement is one statement of a query string. It is immutable and shared.
type Statement struct {
	ast.Stmt
	// Text is the statement's own text, without the semicolon and the blanks around
	// it; it begins at byte Start of the query string. Positions in the tree and in
	// errors count from the beginning of the query string.
	Text  string
	Start int
	// NumParams is the largest N of the $N in it.
	NumParams int
	// Notices are those of the parser, such as truncated identifiers.
	Notices []*sqlerr.Error
}

// Parse returns the statements of a query string; none for an empty one. As in
// PostgreSQL an error anywhere in the text means that nothing of it may be run.
// The error is always a *sqlerr.Error with a position where there is one; its
// position counts from the beginning of text. Safe for concurrent use.
func Parse(text string, opts Options) ([]Statement, error) {
	return nil, sqlerr.NotSupported("parser is being built")
}
