package query

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/server"
	"github.com/cachalotdb/cachalot/store"
)

// Config says how an Engine works. The zero value is good for a server.
type Config struct {
	// Workers is the most goroutines that one statement works with; 0: as many as there
	// are processors.
	Workers int
	// StatementMemory is the default of work_mem, in bytes: what the operators of one statement may keep in memory; 0: 2 GiB.
	StatementMemory int64
	// PlanCacheBytes bounds the texts of the cached plans; 0: 16 MiB.
	PlanCacheBytes int
	// System gives the relations that are not tables; nil: those of pg_catalog that show what the node does.
	System plan.SystemRelations
	// Clock returns the time of day in microseconds since 2000-01-01 UTC; nil: the system's.
	Clock func() int64
}

func (c Config) withDefaults() Config {
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	if c.StatementMemory <= 0 {
		c.StatementMemory = 2 << 30
	}
	if c.PlanCacheBytes <= 0 {
		c.PlanCacheBytes = 16 << 20
	}
	if c.Clock == nil {
		c.Clock = systemClock
	}
	return c
}

// epoch is 2000-01-01 UTC in microseconds since 1970.
const epoch = 946684800 * 1_000_000

func systemClock() int64 { return time.Now().UnixMicro() - epoch }

// Engine serves one database. It is safe for concurrent use.
type Engine struct {
	db       *store.DB
	cfg      Config
	plans    *planCache
	shapes   *shapeCache
	sessions activities
	channels channels
	temps    atomic.Uint64 // numbers the schemas of temporary objects
}

var _ server.Engine = (*Engine)(nil)

// New returns the engine of a database. The caller closes the database after the last session.
func New(db *store.DB, cfg Config) *Engine {
	cfg = cfg.withDefaults()
	e := &Engine{db: db, cfg: cfg, plans: newPlanCache(cfg.PlanCacheBytes), shapes: newShapeCache(cfg.PlanCacheBytes)}
	if cfg.System == nil {
		e.cfg.System = newSystemRelations(e)
	}
	e.dropLeftTemp()
	return e
}

// DB returns the database.
func (e *Engine) DB() *store.DB { return e.db }

// NewSession implements server.Engine.
func (e *Engine) NewSession(_ context.Context, cfg server.SessionConfig) (server.Session, error) {
	return newSession(e, cfg)
}
