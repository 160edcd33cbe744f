// Package kill holds the test that kills the server. Clients write as fast as they can and keep a
// ledger of what was acknowledged; the server is ended by SIGKILL while they do; then its data
// directory is checked and it is started again, and must hold what the ledger says: every
// acknowledged commit, none by half, and of those under way at the kill each wholly or not at all.
package kill
