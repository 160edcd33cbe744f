// Package invariant holds the assertions of the engine. Cheap ones run
// always; dear ones are guarded by Enabled, which the build tag "invariants"
// switches on and which otherwise compiles to nothing.
package invariant

import "fmt"

// Violated panics: an invariant that the program's own logic guarantees does
// not hold. User input must never reach it.
func Violated(format string, args ...any) {
	panic("invariant violated: " + fmt.Sprintf(format, args...))
}

// Check panics with the message when ok is false.
func Check(ok bool, format string, args ...any) {
	if !ok {
		Violated(format, args...)
	}
}
