// Package layers keeps the rooms of the house apart: Rules says which package may import which,
// and this package's test reads every import of the module and holds it against them.
//
// The form is that of Go's own go/build/deps_test.go. A line
//
//	a, b < c, d
//
// says that c and d may import a and b, and whatever a and b may import. Packages on one
// side of a line don't import each other because of it. A name that ends in /... stands for
// a package and all below it; what belongs to a room of its own is named by the more exact line.
// A package that no line names is an error, so that a new one is put in its place when it is made.
// Test files may import anything.
package layers

// Rules is the import order of the module, paths relative to it.
const Rules = `
	# Leaves: they know nothing of the product.
	NONE < internal/invariant, internal/sqlerr, internal/vfs, internal/human, internal/are;

	# What a value is, and what holds many of them.
	internal/sqlerr, internal/are < internal/jsonpath;
	internal/invariant, internal/jsonpath < internal/value;
	internal/invariant, internal/value < internal/column, internal/schema;
	internal/column < internal/vecform;
	internal/column, internal/schema < index;

	# The log carries bytes. It knows no collections.
	internal/invariant, internal/vfs < wal;

	# A node's data.
	index, wal < store;

	# SQL: text to tree, tree to plan, plan to batches. The tree and the expressions know no store.
	NONE < query/sql, query/sql/ast;
	internal/sqlerr < query/sql/lex;
	query/sql/ast, query/sql/lex < query/sql/rewrite;
	query/sql/rewrite < query/sql/tidb, query/sql/util;
	query/sql/tidb, query/sql/util < query/sql/parse;
	internal/value < query/jsonquery;
	query/sql/ast, internal/column, query/jsonquery < query/expr;
	internal/vecform < query/copyfmt;
	store, query/sql/parse, query/expr < query/plan;
	query/plan < query/exec;

	# The wire declares the engine that it serves; query satisfies it.
	internal/vecform < server;
	query/exec, query/copyfmt, server < query;

	# One node put together, for the binary, the benchmarks and the tests.
	query < internal/node;

	# What clients do: they know the wire only.
	NONE < bench/copywire, bench/draw, bench/tpch, internal/sqlgen;
	bench/copywire, bench/draw < bench/booking, bench/accounts, bench/homes;

	# For tests.
	NONE < internal/layers, internal/pgoracle;
	server < internal/sqltest;
	NONE < test/...;

	internal/node, internal/human, internal/pgoracle, bench/homes, bench/booking < bench/goals;
	internal/node, internal/pgoracle, bench/tpch < bench/tpch/compare;
	internal/node, internal/human, bench/booking, bench/accounts < cmd/...;
`

// Modules says which packages may import which modules of others. A module that is not named
// here is not imported outside test files.
const Modules = `
	github.com/pingcap/tidb/pkg/parser: query/sql/tidb;
	github.com/jackc/pgproto3/v2: server;
	github.com/zeebo/xxh3: internal/value;
	golang.org/x/text/unicode/norm: query/expr;
	github.com/RoaringBitmap/roaring/v2: index;
	github.com/google/btree: index, store;
	github.com/klauspost/compress: store;
	golang.org/x/sys: internal/vfs, server;

	# Clients.
	github.com/jackc/pgx/v5: bench/..., cmd/..., test/..., internal/sqltest;
	github.com/spf13/cobra: cmd/...;
	github.com/spf13/pflag: cmd/...;
`
