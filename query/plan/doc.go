// Package plan turns the syntax tree of a statement into a Plan: names
// resolved against the catalog, expressions typed, stars expanded, and a tree of
// relational nodes that query/exec builds its operators from.
//
// The work has three steps. Binding (select.go, insert.go, update.go) makes a
// tree that says what the statement means. Rules (rules.go) rewrite it: conditions
// move down to the scans, also those that follow from others, queries in FROM and joins melt
// into groups of relations (JoinGroup), outer joins become inner ones or go, columns that nobody reads go away.
// What it pays to do depends on numbers, and is chosen when the statement runs and its parameters and the counts in the
// indexes are known: which indexes answer a scan's conditions (access.go), in which order and by which methods
// the relations of a group are joined (joinorder.go). The form of a choice, with its compiled conditions, is
// kept with the plan (joinarrange.go). Numbers that are not at hand are learned from samples (stat.go).
//
// A Plan is immutable and shared between sessions. It is valid in every catalog
// in which the tables that it names are the same values (Plan.ValidIn).
package plan
