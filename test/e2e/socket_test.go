package e2e

import (
	"testing"

	"github.com/cachalotdb/cachalot/test/harness"
)

// TestPsqlThroughTheSocket: libpq takes a host with a slash for the directory of a Unix socket.
func TestPsqlThroughTheSocket(t *testing.T) {
	dir := t.TempDir()
	s := harness.Start(t, "", "--socket-dir", dir)
	out, errs, code := psql(t, dir, s.Port(),
		"SELECT client_addr IS NULL, client_port, application_name, state FROM pg_stat_activity WHERE pid = pg_backend_pid()", "-At")
	if out != "t|-1|psql|active\n" || errs != "" || code != 0 {
		t.Errorf("%q %q %d", out, errs, code)
	}
}
