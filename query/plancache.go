package query

import (
	"sync"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/query/plan"
)

// planKey is what a plan is made from, the catalog aside.
type planKey struct {
	text     string
	start    int    // of the statement in its query string: positions count from there
	settings string // those that matter (vars.planKey)
	params   string // types that the client fixed
}

// planCache keeps the plans of statements by their text. A plan found is good only for a catalog in which
// its tables are the same. Safe for concurrent use.
type planCache struct {
	shards [16]planShard
	limit  int // bytes of text a shard
}

type planShard struct {
	mu    sync.RWMutex // guards below
	plans map[planKey]*plan.Plan
	order []planKey // in order of arrival; the oldest go first
	bytes int
}

// maxCachedText is the longest text whose plan is kept: longer ones are bulk inserts, seldom repeated.
const maxCachedText = 16 << 10

func newPlanCache(bytes int) *planCache {
	c := &planCache{limit: bytes / 16}
	for i := range c.shards {
		c.shards[i].plans = make(map[planKey]*plan.Plan)
	}
	return c
}

func (c *planCache) shard(k planKey) *planShard {
	h := uint32(2166136261)
	for i := 0; i < len(k.text); i++ {
		h = (h ^ uint32(k.text[i])) * 16777619
	}
	return &c.shards[h%uint32(len(c.shards))]
}

// lookup returns the plan of a key if it is good for a catalog.
func (c *planCache) lookup(k planKey, cat *schema.Catalog) *plan.Plan {
	if len(k.text) > maxCachedText {
		return nil
	}
	s := c.shard(k)
	s.mu.RLock()
	p := s.plans[k]
	s.mu.RUnlock()
	if p == nil || !p.ValidIn(cat) {
		return nil
	}
	return p
}

// add keeps a plan.
func (c *planCache) add(k planKey, p *plan.Plan) {
	if len(k.text) > maxCachedText {
		return
	}
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.plans[k]; !ok {
		s.order = append(s.order, k)
		s.bytes += k.size()
	}
	s.plans[k] = p
	for s.bytes > c.limit && len(s.order) > 1 {
		old := s.order[0]
		s.order = s.order[1:]
		delete(s.plans, old)
		s.bytes -= old.size()
	}
}

// size is about what an entry costs: a plan takes some ten times its text.
func (k planKey) size() int { return len(k.text) + len(k.settings) + len(k.params) + 256 }
