package plan

import (
	"strings"

	"github.com/cachalotdb/cachalot/query/expr"
)

// Parenthesized is a condition in parentheses, as EXPLAIN shows it.
func Parenthesized(e expr.Expr) string {
	s := e.String()
	if strings.HasPrefix(s, "(") && matching(s) {
		return s
	}
	return "(" + s + ")"
}

// matching says whether the first parenthesis is closed by the last character.
func matching(s string) bool {
	depth := 0
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\'':
			quoted = !quoted
		case quoted:
		case s[i] == '(':
			depth++
		case s[i] == ')':
			depth--
			if depth == 0 {
				return i == len(s)-1
			}
		}
	}
	return false
}
