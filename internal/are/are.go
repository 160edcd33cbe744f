// Package are is PostgreSQL's regular expressions: the "advanced" ones (AREs), POSIX extended ones, and literal
// strings, over the characters of a UTF-8 text, with the character classes and case pairs of the locale C.UTF-8.
//
// # Meaning
//
// A match begins as early as it can; where it ends, and how its groups divide it, is by the preference of the
// expression and of its parts for long or short matches, as chapter 9.7.3.5 of PostgreSQL's manual has it. That is
// neither Perl's meaning (the first alternative that works) nor POSIX's, so that no other engine can stand in.
//
// # Working
//
//  1. lex.go and parse.go make two trees of a pattern. A node is the language of a piece, its back references taken for
//     what they repeat. A subre is a piece that matters for where groups are: a concatenation whose parts have
//     different preferences, alternatives or an iteration with groups inside, a back reference. Pieces without such
//     innards are one subre, however big.
//  2. compile.go makes a program, a nondeterministic automaton, of each subre's language.
//  3. dfa.go runs a program as a deterministic automaton whose states are made as the text needs them, over the colors
//     of the text: a color is a class of characters that no set of the pattern tells apart.
//  4. find.go finds where a match begins and ends, dissect.go divides it between the subres from the top down and
//     checks back references, which may take exponential time: see maxSteps.
//
// The division into pieces and the order of trials are those of Henry Spencer's engine in PostgreSQL 15, which
// decides what a group holds where its manual does not.
package are

import (
	"errors"
	"strings"
)

// Flags are the options of a pattern, as the letters of PostgreSQL's functions and (?letters) set them.
type Flags struct {
	Literal    bool // q: the pattern is a string to find
	Extended   bool // e: a POSIX extended expression, not an advanced one
	FoldCase   bool // i
	Expanded   bool // x: white space and comments in the pattern do not count
	NewlineEnd bool // n, p: a dot and [^...] do not match a newline
	LineAnchor bool // n, w: ^ and $ match beside a newline
}

// Errors of Compile, in the words of PostgreSQL after "invalid regular expression: ".
var (
	ErrCollate    = errors.New("invalid collating element")
	ErrClass      = errors.New("invalid character class")
	ErrEscape     = errors.New(`invalid escape \ sequence`)
	ErrReference  = errors.New("invalid backreference number")
	ErrBracket    = errors.New("brackets [] not balanced")
	ErrParen      = errors.New("parentheses () not balanced")
	ErrBrace      = errors.New("braces {} not balanced")
	ErrBound      = errors.New("invalid repetition count(s)")
	ErrRange      = errors.New("invalid character range")
	ErrQuantifier = errors.New("quantifier operand invalid")
	ErrVersion    = errors.New("invalid regexp (reg version 0.8)")
	ErrOption     = errors.New("invalid embedded option")
	ErrArgument   = errors.New("invalid argument to regex function")
	ErrTooBig     = errors.New("regular expression is too complex")
)

// ErrBasic is returned by Compile for (?b), a POSIX basic expression, which is not supported.
var ErrBasic = errors.New("POSIX basic regular expressions are not supported")

// ErrSteps is returned by a match that takes more than maxSteps or maxVisited.
var ErrSteps = errors.New("regular expression match takes too many steps")

// Regexp is a compiled pattern. One goroutine at a time uses it: it keeps the automaton's states as it makes them.
type Regexp struct {
	flags  Flags
	sets   []set
	colors colorMap
	root   *subre
	groups int
	// hasRef says that there are back references, so that only dissecting tells whether a match is one.
	hasRef bool
	search *dfa // finds where the first match ends
	looks  []*look
	// literal is the pattern when it is only a string to find.
	literal   string
	isLiteral bool

	// Interrupted ends a long match with the error that it returns; nil means that nothing does.
	Interrupted func() error

	text  *Text // being matched
	spans []Span
	steps int
	// visited counts the instructions that the automata went through; failed is the error that ended it.
	visited int
	failed  error
}

// Span is a part of a text in characters, [From, To); From is -1 for a group that took no part.
type Span struct{ From, To int }

// Compile compiles a pattern.
func Compile(pattern string, flags Flags) (*Regexp, error) {
	if flags.Literal && (flags.Expanded || flags.NewlineEnd || flags.LineAnchor) {
		return nil, ErrArgument
	}
	re := &Regexp{flags: flags}
	p := &parser{re: re, lex: lexer{text: []rune(pattern), flags: &re.flags}}
	root, err := p.parsePattern()
	if err != nil {
		return nil, err
	}
	re.root = root
	re.groups = p.groups
	if err := re.compile(); err != nil {
		return nil, err
	}
	if lit, ok := literalOf(re); ok {
		re.literal, re.isLiteral = lit, true
	}
	return re, nil
}

// Groups returns the number of parenthesised groups.
func (re *Regexp) Groups() int { return re.groups }

// Match says whether the pattern matches anywhere in s. The error is ErrSteps or nil.
func (re *Regexp) Match(s string) (bool, error) {
	if re.isLiteral {
		return strings.Contains(s, re.literal), nil
	}
	re.begin(nil)
	if found, ok := re.search.searchASCII(s); ok && !(found && re.hasRef) {
		return found, re.failed
	}
	t := re.Text(s)
	if re.hasRef {
		return re.Find(t, 0, nil)
	}
	re.begin(t)
	return re.search.shortest(0, 0, t.Len()) >= 0, re.failed
}
