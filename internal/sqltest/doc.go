// Package sqltest runs scripts of SQL with their expected output against an
// engine in this process, or against any server of the Postgres wire.
//
// A script is a list of blocks:
//
//	sql [session NAME] [sorted] [names] [cachalot]
//	statements, to be sent as one simple Query
//	----
//	output
//
// and ends with a blank line. The output has a line for each row, values
// separated by "|" and NULL written as NULL; a line for each command tag that is not
// SELECT's; notices and errors with their SQLSTATE, and position, detail, hint and
// context when there are any. sorted sorts the rows, for a query without ORDER
// BY; names prints the column names and types first; cachalot marks what is not
// Postgres' and is skipped when the script runs against one. Lines that begin with # between blocks
// are comments.
package sqltest
