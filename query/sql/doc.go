// Package sql holds the SQL front end: PostgreSQL's text in, trees out. Nothing
// is in this package itself; its folders, in the order in which a text passes
// through them:
//
//	parse    the door: Parse, Split, the cache by exact text
//	lex      PostgreSQL's lexer
//	rewrite  checks the syntax of SELECT, INSERT, UPDATE, DELETE and of
//	         expressions, and rewrites them for TiDB's grammar
//	util     hand parsers of utility statements and DDL, on the same tokens
//	tidb     TiDB's parser and the way back from its tree; its only importer
//	ast      the tree that all others see, shaped after PostgreSQL's
//
// Why a MySQL grammar reads PostgreSQL's language, and what that costs, is told in
// docs/decisions/0002-sql-through-tidb.md; how each construct is carried through it in package rewrite.
package sql
