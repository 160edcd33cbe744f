// Package expr is bound (typed) scalar expressions: PostgreSQL's rules for
// operators, functions, casts and literals of unknown type, and three ways of
// evaluating the result.
//
// # Binding
//
// A Binder turns a tree of query/sql/ast into an Expr. Names come from its
// Scope, parameter types are inferred into its ParamTypes, and what belongs to
// the planner (subqueries, GROUPING, DEFAULT) is asked of its Special hook.
// Bind leaves an undecorated string literal with the type value.Unknown;
// the caller gives it its place's type with Coerce, Assign, Bool, or Text (the
// type of an output column).
//
// Aggregate calls become AggCall nodes. The planner takes them out with
// Rewrite, puts a Column of the aggregation's output in their place, and
// evaluates them with an Aggregator.
//
// An Expr is immutable and shared between sessions. Anything precomputed
// (the hash set of an IN list) is made when the node is.
//
// # Evaluation
//
//   - Eval(ctx, e, row) interprets the tree over one row of values: the short
//     path of INSERT values, defaults and point reads, and the twin that the
//     vectorised path is tested against.
//   - Program.Eval computes a vector for the selected rows of a batch.
//   - Program.Filter keeps the selected rows for which a predicate is true; it has
//     kernels for comparisons with constants, and computes a predicate over a
//     dictionary column once per code.
//
// A selection is an ascending list of row numbers of the batch, nil for all
// rows. Vectors are indexed by row number of the batch: only selected rows hold
// meaningful values. An error is raised only for a selected row, and the later
// operands of AND, OR, CASE and COALESCE are evaluated only for the rows that
// the earlier ones leave open.
//
// # Files
//
// bind_*.go turn syntax into nodes, resolve.go and polymorphic.go choose overloads. Nodes with their
// interpretation are in leaf.go, call.go, cast.go, logic.go, cond.go, in.go, array*.go and subscript*.go; their vectorised forms in
// node_*.go, chosen by compile.go. op_*.go, func_*.go and agg_*.go are the tables of operators, functions and
// aggregates by subject, a line an overload. template.go splits the templates of to_char and its kin: timeformat.go and
// numformat.go (numwrite.go) write by them, timeparse.go (timereader.go) and numparse.go read. regex.go keeps compiled
// expressions of internal/are, like.go is LIKE, similar.go SIMILAR TO; bind_args.go places named and VARIADIC
// arguments. The answers in testdata are PostgreSQL 15's: see golden_test.go.
package expr
