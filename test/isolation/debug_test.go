package isolation

import (
	"os"
	"testing"
)

func TestDebugPostgres(t *testing.T) {
	pg := startPostgres(t)
	for _, s := range scripts(t) {
		for _, r := range s.runs() {
			t.Run(s.name+"/"+r.label, func(t *testing.T) {
				emptyPostgres(t)
				prepare(t, pg, r)
				tr := play(t, pg, r)
				if os.Getenv("SHOW") != "" {
					t.Logf("\n%s", tr)
				}
				if r.serializable() {
					if r.demand == "" {
						t.Logf("refused %v", tr.refused())
					} else if tr.refused() != (r.demand == fails) {
						t.Errorf("demand %s:\n%s", r.demand, tr)
					}
					if n, ok := explained(t, pg, tr); !ok {
						t.Errorf("no order of %d %v\n%s", n, tr.committed(), tr)
					}
				}
			})
		}
	}
}
