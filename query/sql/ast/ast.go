// Package ast is the syntax tree of one SQL statement, shaped after
// PostgreSQL's raw parse tree: what the user wrote, before any name is looked
// up. It has no behaviour beyond Walk, Inspect and Print.
//
// # Positions
//
// Every node embeds Offset, the byte offset from 0 in the text given to
// parse.Parse (not in the single statement). It is the place PostgreSQL's
// caret would show: an operator for OpExpr, BoolExpr, LikeExpr and their kin,
// the first token for names, constants, calls and clauses, the "::" or CAST
// for TypeCast. NoPos means unknown. Nodes are immutable once parsed: trees are
// shared by all sessions through the statement cache.
//
// # Names
//
// Names are already folded and truncated as PostgreSQL does (lower case unless
// quoted, at most 63 bytes). A qualified name is a slice of Ident from the
// outermost qualifier to the name itself.
//
// # How each construct is represented
//
//   - x::t, CAST(x AS t), t 'literal', interval '1' day: TypeCast. true and false
//     are Const of kind Bool.
//   - any operator, OPERATOR(s.op), unary minus and plus: OpExpr. A minus before
//     a numeric constant is folded into the Const, as in PostgreSQL.
//   - x op ANY|SOME|ALL (array): AnyAllExpr; over a subquery: SubLink.
//   - x IN (list): InExpr; x IN (subquery): SubLink of kind AnySubLink, Op "="
//     (NOT IN is a BoolExpr NOT around it).
//   - [NOT] LIKE, ILIKE, SIMILAR TO, with ESCAPE: LikeExpr; LIKE ANY (..):
//     AnyAllExpr with Op "~~", "!~~", "~~*" or "!~~*".
//   - x BETWEEN: BetweenExpr. IS [NOT] DISTINCT FROM: IsDistinct.
//     IS [NOT] NULL, ISNULL, NOTNULL: NullTest (NOTNULL is Not). IS TRUE and so
//     on: BooleanTest.
//   - x AT TIME ZONE z: FuncCall pg_catalog.timezone(z, x). EXTRACT(f FROM x):
//     pg_catalog.extract('f', x). POSITION(a IN b): pg_catalog.position(b, a).
//     SUBSTRING(x FROM a FOR b): pg_catalog.substring(x, a, b); SUBSTRING(x
//     SIMILAR a ESCAPE b) the same. OVERLAY(x PLACING y FROM a FOR b):
//     pg_catalog.overlay(x, y, a, b). TRIM([BOTH|LEADING|TRAILING] a FROM b):
//     pg_catalog.btrim|ltrim|rtrim(b, a). (a,b) OVERLAPS (c,d):
//     pg_catalog.overlaps(a, b, c, d). NORMALIZE, IS NORMALIZED:
//     pg_catalog.normalize, pg_catalog.is_normalized. COLLATION FOR (x):
//     pg_catalog.pg_collation_for(x). All these have FuncCall.SQLSyntax set.
//   - COALESCE, GREATEST/LEAST, NULLIF: CoalesceExpr, MinMaxExpr, NullIfExpr.
//   - CURRENT_DATE, CURRENT_USER ...: SQLValueFunc.
//   - ARRAY[..]: ArrayExpr; ARRAY(subquery): SubLink of kind ArraySubLink.
//   - ROW(..) and (a, b): RowExpr. x[1], x[1:2], (x).f, (x).*: Indirection.
//   - DEFAULT as a value: SetToDefault. WHERE CURRENT OF c: CurrentOf.
//   - col CONTAINS v (a word of Cachalot's): ContainsExpr.
//   - COUNT FROM t (Cachalot's): a SelectStmt with one target, count(*).
//   - SELECT FROM t: a star target with SelectStmt.AllColumns set. Here it means
//     all columns; in PostgreSQL it selects zero columns.
//   - TAKE n is SelectStmt.Limit; DESCENDING is SortDesc.
//   - VALUES (..),(..): SelectStmt.Values. TABLE t: SELECT * FROM t.
//   - UNION, INTERSECT, EXCEPT: SelectStmt with SetOp, Left and Right.
//   - CREATE PROCEDURE: CreateFunctionStmt with Procedure set.
package ast

// NoPos is the position of a node that has no place in the text.
const NoPos = -1

// Offset is a node's place in the source text, in bytes from 0, or NoPos.
// It is embedded in every node and gives it its Pos method.
type Offset int

// Pos returns the byte offset from 0.
func (o Offset) Pos() int { return int(o) }

// Node is any part of the tree.
type Node interface {
	// Pos is the byte offset in the source text, from 0, or NoPos.
	Pos() int
}

// Expr is a scalar expression, or what stands in the place of one.
type Expr interface {
	Node
	exprNode()
}

// Stmt is a whole statement.
type Stmt interface {
	Node
	stmtNode()
}

// FromItem is one entry of a FROM list.
type FromItem interface {
	Node
	fromNode()
}

// Ident is one name, folded and truncated.
type Ident struct {
	Offset
	Name string
}

// QualifiedName is the name of a relation or other object of a schema.
// Empty Catalog and Schema mean that they were not written.
type QualifiedName struct {
	Offset
	Catalog string
	Schema  string
	Name    string
}

// String returns the name with its qualifiers and without quotes, for messages.
func (q QualifiedName) String() string {
	s := q.Name
	if q.Schema != "" {
		s = q.Schema + "." + s
	}
	if q.Catalog != "" {
		s = q.Catalog + "." + s
	}
	return s
}

// TypeName is a type as written. Types spelled with keywords have PostgreSQL's
// internal name in schema pg_catalog ("int" is pg_catalog.int4, "character
// varying(3)" is pg_catalog.varchar with one modifier, "decimal" is
// pg_catalog.numeric, "timestamp with time zone" is pg_catalog.timestamptz);
// others keep their name. "char" without a length is pg_catalog.bpchar with
// modifier 1.
type TypeName struct {
	Offset
	Names   []Ident
	Typmods []Expr // modifiers in parentheses; for interval see IntervalMask
	// Interval fields ("interval day to second") as PostgreSQL's bit mask, which
	// is then also the first of Typmods; 0 when none were written.
	IntervalMask int
	// ArrayDims has an entry for each dimension written: its size, or -1.
	ArrayDims []int
	SetOf     bool
	PctType   bool // name%TYPE
}

// Name returns the last part of the name.
func (t *TypeName) Name() string { return t.Names[len(t.Names)-1].Name }

// Schema returns the qualifier before the name, or "".
func (t *TypeName) Schema() string {
	if len(t.Names) < 2 {
		return ""
	}
	return t.Names[len(t.Names)-2].Name
}
