package query

import (
	"hash/maphash"
	"sync"
)

// shapeCache keeps the templates of statements by their shapes, within a limit of bytes. A shape gets its first
// template when it comes for the second time. Safe for concurrent use.
type shapeCache struct {
	seed   maphash.Seed
	shards [16]shapeShard
	limit  int // bytes a shard
}

type shapeShard struct {
	mu     sync.RWMutex // guards below
	shapes map[string]*shapeEntry
	order  []string // in order of arrival; the oldest go first
	bytes  int
}

// shapeEntry is what is known of a shape. It is replaced, not changed.
type shapeEntry struct {
	templates []*template // they differ in fixed literals and in types
	refused   int         // how often a text could have none
}

// maxTemplates is how many templates a shape has at most, and how many texts without one are looked at.
const maxTemplates = 4

func (e *shapeEntry) wantsTemplate() bool {
	n := 0
	for _, t := range e.templates {
		if t.plan.Load() != nil {
			n++
		}
	}
	return n < maxTemplates && e.refused < maxTemplates
}

func newShapeCache(bytes int) *shapeCache {
	c := &shapeCache{seed: maphash.MakeSeed(), limit: bytes / 16}
	for i := range c.shards {
		c.shards[i].shapes = make(map[string]*shapeEntry)
	}
	return c
}

func (c *shapeCache) shard(key []byte) *shapeShard {
	return &c.shards[maphash.Bytes(c.seed, key)%uint64(len(c.shards))]
}

// lookup returns what is known of a shape, nil when it has not been seen.
func (c *shapeCache) lookup(key []byte) *shapeEntry {
	s := c.shard(key)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.shapes[string(key)]
}

// note remembers that a shape was seen, and its new template if it is not nil.
func (c *shapeCache) note(key []byte, t *template) {
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.shapes[string(key)]
	if old == nil {
		k := string(key)
		s.order = append(s.order, k)
		s.bytes += shapeBytes(k)
		s.shapes[k] = &shapeEntry{}
	} else {
		e := &shapeEntry{refused: old.refused}
		for _, o := range old.templates {
			if o.plan.Load() != nil {
				e.templates = append(e.templates, o)
			}
		}
		if t != nil {
			e.templates = append(e.templates, t)
		} else {
			e.refused++
		}
		s.shapes[string(key)] = e
	}
	for s.bytes > c.limit && len(s.order) > 1 {
		k := s.order[0]
		s.order = s.order[1:]
		delete(s.shapes, k)
		s.bytes -= shapeBytes(k)
	}
}

// shapeBytes is about what a shape costs with its template.
func shapeBytes(key string) int { return 8*len(key) + 512 }
