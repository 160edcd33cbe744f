// Package sessions tests what sessions see of each other and do to each other, and the timeouts that end
// statements and sessions. Each test plays the same scenes on a node of ours and, where there is one, on a real
// PostgreSQL 15, and wants the same to be seen.
package sessions
