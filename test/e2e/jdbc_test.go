package e2e

import (
	"os"
	"os/exec"
	"testing"

	"github.com/cachalotdb/cachalot/test/harness"
)

// jdbcDriver is where Debian's libpostgresql-jdbc-java puts it.
const jdbcDriver = "/usr/share/java/postgresql.jar"

// TestJDBC runs testdata/Smoke.java, which uses the driver of PostgreSQL in each of its modes.
func TestJDBC(t *testing.T) {
	needs(t, "javac")
	if _, err := os.Stat(jdbcDriver); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("SKIPPED FOR WANT OF " + jdbcDriver + ": run test/install-tools")
	}
	s := harness.Start(t, "")
	cmd := exec.CommandContext(t.Context(), "java", "-Duser.timezone=Europe/Paris", "-cp", jdbcDriver, "testdata/Smoke.java", s.Host(), s.Port())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
