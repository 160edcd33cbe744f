//go:build !invariants

package invariant

// Enabled guards assertions that are too dear for production builds.
const Enabled = false
