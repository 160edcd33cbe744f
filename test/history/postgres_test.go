package history

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/jackc/pgx/v5"

	"github.com/cachalotdb/cachalot/internal/pgoracle"
	"github.com/cachalotdb/cachalot/test/history/listappend"
)

// elsewhere is PostgreSQL, which the workloads must find sound too. It does not crash.
type elsewhere struct{ server *pgoracle.Server }

func (p elsewhere) dsn() string  { return p.server.DSN() }
func (p elsewhere) crash(func()) {}
func (p elsewhere) stop()        {}

// TestPostgresIsSound runs both kinds of histories on PostgreSQL 15: what is demanded of ours is what
// PostgreSQL keeps, and a workload that complains about it is wrong.
func TestPostgresIsSound(t *testing.T) {
	s := startElsewhere(t)
	for seed := range runs(t, 9) {
		random := rand.New(rand.NewPCG(seed, 2))
		p := drawPlan(random, 200, 0)
		empty(t, s)
		w := runLists(t, s, p, seed, listappend.Level(seed%3))
		for _, anomaly := range listappend.Check(w.history, w.level) {
			t.Errorf("seed %d, %v: %v", seed, w.level, anomaly)
		}
		r := &registers{keys: 4}
		perform(t, s, r, p, seed, &clock{begin: time.Now()})
		if !porcupine.CheckOperations(registerModel, r.history) {
			t.Errorf("seed %d: not linearizable", seed)
		}
		if t.Failed() {
			return
		}
	}
}

// TestWeakerLevelsAreFound runs each level, on PostgreSQL and on ours, and judges it by the next: the
// checker must find what the weaker one permits.
func TestWeakerLevelsAreFound(t *testing.T) {
	for _, level := range []listappend.Level{listappend.ReadCommitted, listappend.RepeatableRead} {
		t.Run("Cachalot "+level.String(), func(t *testing.T) {
			findsWeaker(t, level, func(t *testing.T, random *rand.Rand) (system, func()) {
				s := startPowered(t, random)
				return s, s.stop
			})
		})
		t.Run("PostgreSQL "+level.String(), func(t *testing.T) {
			s := startElsewhere(t)
			findsWeaker(t, level, func(*testing.T, *rand.Rand) (system, func()) { return s, func() { empty(t, s) } })
		})
	}
}

func findsWeaker(t *testing.T, level listappend.Level, start func(*testing.T, *rand.Rand) (system, func())) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 3))
		s, stop := start(t, random)
		w := runLists(t, s, drawPlan(random, 200, 0), seed, level)
		stop()
		if found := listappend.Check(w.history, level+1); len(found) > 0 {
			t.Logf("seed %d: %s", seed, found[0].Name)
			return
		}
	}
	t.Errorf("50 histories of %v look like %v", level, level+1)
}

func startElsewhere(t *testing.T) elsewhere {
	t.Helper()
	server, err := pgoracle.Start("fsync=off", "deadlock_timeout=10ms", "max_prepared_transactions=20")
	if errors.Is(err, exec.ErrNotFound) && os.Getenv("CI") != "true" {
		t.Skip("SKIPPED FOR WANT OF PostgreSQL 15: install postgresql-15, or set PG15_BIN to where its initdb is")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return elsewhere{server}
}

func empty(t *testing.T, s system) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.dsn())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "DROP SCHEMA public CASCADE; CREATE SCHEMA public"); err != nil {
		t.Fatal(err)
	}
}
