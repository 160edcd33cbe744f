// Package sqlerr is the one error type that reaches a client: a message with
// its SQLSTATE and, where they help, a position in the statement, a detail
// and a hint. Codes, severities and wordings are PostgreSQL 15's.
package sqlerr

import (
	"errors"
	"fmt"
)

// Error is one error or notice as PostgreSQL's ErrorResponse carries it.
// It is immutable once returned; the With methods copy.
type Error struct {
	Code    string // SQLSTATE, five characters
	Message string // the primary message, without a final full stop
	Detail  string
	Hint    string
	// Where is the context in which it happened ("COPY t, line 2, column a: ...").
	Where string
	// Pos is the byte offset in the statement's text plus one; 0 means unknown.
	// The server turns it into a character position.
	Pos        int
	Schema     string
	Table      string
	Column     string
	DataType   string
	Constraint string
}

// New returns an error with a code and a formatted message.
func New(code, format string, args ...any) *Error {
	if len(args) == 0 {
		return &Error{Code: code, Message: format}
	}
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Error returns the message and the code.
func (e *Error) Error() string { return e.Message + " (SQLSTATE " + e.Code + ")" }

// SQLState returns the five characters of the code.
func (e *Error) SQLState() string { return e.Code }

// At returns a copy that points at the byte offset (from 0) of the statement.
// An error that already has a position keeps it: the innermost place wins.
func (e *Error) At(offset int) *Error {
	if e.Pos != 0 || offset < 0 {
		return e
	}
	c := *e
	c.Pos = offset + 1
	return &c
}

// WithDetail returns a copy with a formatted detail.
func (e *Error) WithDetail(format string, args ...any) *Error {
	c := *e
	c.Detail = fmt.Sprintf(format, args...)
	return &c
}

// WithHint returns a copy with a formatted hint.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// WithWhere returns a copy with a formatted context.
func (e *Error) WithWhere(format string, args ...any) *Error {
	c := *e
	c.Where = fmt.Sprintf(format, args...)
	return &c
}

// WithConstraint returns a copy that names the table and the constraint.
func (e *Error) WithConstraint(schema, table, constraint string) *Error {
	c := *e
	c.Schema, c.Table, c.Constraint = schema, table, constraint
	return &c
}

// As returns the Error in err's chain, or nil.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// Code returns the SQLSTATE of err, XX000 for an error without one, and ""
// for nil.
func Code(err error) string {
	if err == nil {
		return ""
	}
	if e := As(err); e != nil {
		return e.Code
	}
	return InternalError
}

// NotSupported returns the 0A000 error for something not there yet.
func NotSupported(format string, args ...any) *Error {
	return New(FeatureNotSupported, format, args...)
}
