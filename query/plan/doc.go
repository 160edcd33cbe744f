// Package plan turns the syntax tree of a statement into a Plan: names
// resolved against the catalog, expressions typed, stars expanded, and a tree of
// relational nodes that query/exec builds its operators from.
//
// The work has three steps. Binding (select.go, insert.go, update.go) makes a
// tree that says what the statement means. Rules (rules.go) rewrite it: conditions
// move to the scans, columns that nobody reads go away. Access (access.go) says
// which of a scan's conditions its indexes could answer; which of them it pays to
// ask is chosen when the statement runs and its parameters and the counts in the
// indexes are known (choose.go).
//
// A Plan is immutable and shared between sessions. It is valid in every catalog
// in which the tables that it names are the same values (Plan.ValidIn).
package plan
