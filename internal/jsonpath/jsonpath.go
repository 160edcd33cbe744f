// Package jsonpath is the syntax of SQL/JSON paths, PostgreSQL's type jsonpath: text to tree, tree to canonical text.
//
// Evaluation is in query/jsonpath. What is accepted, how it is written back and the errors are those of PostgreSQL 15.
package jsonpath

// Path is a parsed path. Immutable; safe for concurrent use.
type Path struct {
	Strict bool // not lax
	Root   *Item
}

// Item is a step of a path, an operator, a predicate or a literal, with the steps that are applied to its result.
type Item struct {
	Op   Op
	Next *Item
	// Left and Right are the operands of an operator; Left is also the argument of a filter, exists, a sign and .datetime(),
	// nil where there is none.
	Left, Right *Item
	// Text is a key, a string, a variable's name, a number in numeric's own form, or the pattern of like_regex.
	Text string
	// Subscripts are those of [..].
	Subscripts []Subscript
	// First and Last are the levels of **, Leaves for last.
	First, Last uint32
	// Flags are those of like_regex.
	Flags Flags
}

// Subscript is an index or a range of an array accessor; To is nil for an index.
type Subscript struct{ From, To *Item }

// Leaves is the level of ** that is written last.
const Leaves = 1<<32 - 1

// Flags are the letters of like_regex.
type Flags uint8

// The flags.
const (
	FoldCase Flags = 1 << iota // i
	DotAll                     // s
	Lines                      // m
	Expanded                   // x, refused
	Quote                      // q
)

// Op is what an item is.
type Op uint8

// The operations.
const (
	Null Op = iota
	True
	False
	Number
	String
	Variable // $name
	Root     // $
	Current  // @
	Last     // last
	Key      // .key
	AnyKey   // .*
	AnyItem  // [*]
	Index    // [subscripts]
	Any      // .**
	Filter   // ?(Left)
	Exists   // exists(Left)
	And
	Or
	Not
	IsUnknown
	Equal
	NotEqual
	Less
	LessOrEqual
	Greater
	GreaterOrEqual
	StartsWith
	LikeRegex
	Add
	Sub
	Mul
	Div
	Mod
	Plus  // +Left
	Minus // -Left
	Type
	Size
	Abs
	Floor
	Ceiling
	Double
	Datetime
	KeyValue
)

// opNames are the operators and methods as they are written.
var opNames = map[Op]string{
	And: "&&", Or: "||", Equal: "==", NotEqual: "!=", Less: "<", LessOrEqual: "<=", Greater: ">", GreaterOrEqual: ">=",
	Add: "+", Sub: "-", Mul: "*", Div: "/", Mod: "%", Plus: "+", Minus: "-", StartsWith: "starts with", LikeRegex: "like_regex",
	Type: "type", Size: "size", Abs: "abs", Floor: "floor", Ceiling: "ceiling", Double: "double", Datetime: "datetime", KeyValue: "keyvalue",
}

// String returns an operator or a method as it is written.
func (o Op) String() string { return opNames[o] }

// Predicate says whether the operation has a truth value.
func (o Op) Predicate() bool {
	switch o {
	case And, Or, Not, IsUnknown, Exists, Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, StartsWith, LikeRegex:
		return true
	}
	return false
}
