package isolation

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestScripts runs each script on PostgreSQL and on a node.
func TestScripts(t *testing.T) {
	pg := startPostgres(t)
	var reasons []string
	runs := 0
	for _, s := range scripts(t) {
		for _, r := range s.runs() {
			name := s.name
			if r.label != "" {
				name += "/" + r.label
			}
			t.Run(name, func(t *testing.T) {
				runs++
				compare(t, pg, r)
			})
			if reason := r.reason(); reason != "" {
				reasons = append(reasons, fmt.Sprintf("%s: %s", name, reason))
			}
		}
	}
	t.Logf("%d runs, %d of which differ on purpose:\n%s", runs, len(reasons), strings.Join(reasons, "\n"))
}

// compare runs a script on both servers and judges what ours did.
func compare(t *testing.T, pg *target, r run) {
	emptyPostgres(t)
	prepare(t, pg, r)
	want := play(t, pg, r)
	ours := startNode(t)
	prepare(t, ours, r)
	got := play(t, ours, r)
	if r.serializable() {
		judgeSerializable(t, pg, want, got)
		return
	}
	diff := cmp.Diff(strings.Split(want.String(), "\n"), strings.Split(got.String(), "\n"))
	switch {
	case diff != "" && r.reason() == "":
		t.Errorf("PostgreSQL (-), Cachalot (+):\n%s", diff)
	case diff == "" && r.reason() != "":
		t.Errorf("no difference, but the script says: %s", r.reason())
	}
}
