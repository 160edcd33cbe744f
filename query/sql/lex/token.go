// Package lex is PostgreSQL's lexer: text in, tokens out, with PostgreSQL 15's
// rules for comments, strings in all their forms, numbers, parameters,
// operators and the folding of names, and its wording of errors.
package lex

// Kind is the kind of a token.
type Kind uint8

// The kinds. A keyword is a Word with a Category other than NotKeyword.
const (
	EOF       Kind = iota
	Word           // unquoted name or keyword; Val is folded to lower case
	QuotedID       // "quoted" name; Val is its content
	String         // any form of string literal; Val is its value
	BitString      // B'..' or X'..'; Val is the letter b or x and the digits
	Int            // digits that fit int64; Val is the text
	Number         // any other numeric literal; Val is the text
	Param          // $n; Val is the digits
	Op             // operator of one or more characters; Val is its name, <> for !=
	Punct          // one of ( ) [ ] , ; : . and .. := :: =>
	Error          // the text cannot be read on from here; Tokens.Err says why
)

// Category is a keyword's category in PostgreSQL's grammar: it says where the
// word may be a name.
type Category uint8

// The categories.
const (
	NotKeyword   Category = iota
	Unreserved            // may be any name
	ColName               // may be a column or table, not a function or type
	TypeFuncName          // may be a function or type, not a column or table
	Reserved              // may only be a label after AS
)

// Token is one token and its place in the text.
type Token struct {
	Kind      Kind
	Cat       Category
	BareLabel bool // a keyword that may be a column label without AS
	Start     int32
	End       int32
	Val       string
}

type keyword struct {
	word      string
	cat       Category
	bareLabel bool
}

// Is reports whether t is the given keyword or unquoted word, operator or
// punctuation.
func (t *Token) Is(s string) bool {
	return t.Val == s && (t.Kind == Word || t.Kind == Punct || t.Kind == Op)
}

// Adjoins reports whether next follows t without a blank.
func (t *Token) Adjoins(next *Token) bool { return t.End == next.Start }
