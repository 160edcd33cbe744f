package parse

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// Cache holds parsed texts, keyed by text and options, within a limit of bytes.
//
// It is a table of buckets of a few slots. A hit takes no lock: it reads the
// slots of one bucket. Inserts lock the bucket's stripe. When the limit is
// passed, a hand goes around and evicts entries not used since it last came by.
// A text enters on its second miss only, so that a stream of unique texts (a
// client that writes literals into its statements) costs no memory and evicts
// nothing. Safe for concurrent use.
type Cache struct {
	seed    maphash.Seed
	buckets []bucket
	limit   int64

	bytes   atomic.Int64
	hand    atomic.Uint64
	misses  atomic.Int64
	stripes [64]stripe
}

// ways is the number of slots of a bucket: one cache line of pointers.
const ways = 8

type bucket [ways]atomic.Pointer[entry]

type stripe struct {
	mu   sync.Mutex
	seen [256]uint64 // hashes of texts that missed once lately
}

type entry struct {
	hash       uint64
	text       string
	opts       Options
	statements []Statement
	size       int64
	used       atomic.Bool
}

// Bounds of the cache: the default limit, and the longest text that enters.
const (
	defaultLimitBytes = 32 << 20
	maxCachedText     = 16 << 10
)

var shared = NewCache(defaultLimitBytes)

// NewCache returns a cache that holds at most about limitBytes of trees.
func NewCache(limitBytes int64) *Cache {
	n := 64
	for int64(n)*ways*4096 < limitBytes { // an entry is a few KB
		n *= 2
	}
	return &Cache{seed: maphash.MakeSeed(), buckets: make([]bucket, n), limit: limitBytes}
}

// Parse is the package's Parse through this cache.
func (c *Cache) Parse(text string, opts Options) ([]Statement, error) {
	if len(text) > maxCachedText {
		return parse(text, opts)
	}
	hash := maphash.String(c.seed, text)
	b := &c.buckets[hash&uint64(len(c.buckets)-1)]
	for i := range b {
		if e := b[i].Load(); e != nil && e.hash == hash && e.opts == opts && e.text == text {
			if !e.used.Load() {
				e.used.Store(true)
			}
			return e.statements, nil
		}
	}
	c.misses.Add(1)
	list, err := parse(text, opts)
	if err == nil {
		c.offer(hash, text, opts, list)
	}
	return list, err
}

// CacheStats says how a cache is doing.
type CacheStats struct {
	Misses  int64
	Entries int64
	Bytes   int64
}

// Stats counts the entries, so it is for reports and not for each statement.
func (c *Cache) Stats() CacheStats {
	s := CacheStats{Misses: c.misses.Load(), Bytes: c.bytes.Load()}
	for i := range c.buckets {
		for j := range c.buckets[i] {
			if c.buckets[i][j].Load() != nil {
				s.Entries++
			}
		}
	}
	return s
}

// SharedStats is Stats of the cache behind Parse.
func SharedStats() CacheStats { return shared.Stats() }

// sizeOf estimates the bytes that a text's trees keep alive: nodes take a small
// multiple of their text.
func sizeOf(text string) int64 { return 512 + 24*int64(len(text)) }

// offer inserts a parsed text that has missed before, and remembers one that has not.
func (c *Cache) offer(hash uint64, text string, opts Options, list []Statement) {
	n := hash & uint64(len(c.buckets)-1)
	s := &c.stripes[n%uint64(len(c.stripes))]
	s.mu.Lock()
	if seen := &s.seen[hash>>56]; *seen != hash {
		*seen = hash
		s.mu.Unlock()
		return
	}
	e := &entry{hash: hash, text: text, opts: opts, statements: list, size: sizeOf(text)}
	e.used.Store(true)
	c.place(&c.buckets[n], e)
	s.mu.Unlock()
	for c.bytes.Load() > c.limit && c.evictNext() {
	}
}

// place puts the entry into a free slot of its bucket, or into that of an entry
// not lately used, or into the first. The bucket's stripe is locked.
func (c *Cache) place(b *bucket, e *entry) {
	slot := -1
	for i := range b {
		old := b[i].Load()
		if old == nil {
			slot = i
			break
		}
		if old.hash == e.hash && old.opts == e.opts && old.text == e.text {
			return // another session was faster
		}
		if slot < 0 && !old.used.Load() {
			slot = i
		}
	}
	if slot < 0 {
		slot = int(c.hand.Load() % ways)
	}
	c.bytes.Add(e.size)
	if old := b[slot].Swap(e); old != nil {
		c.bytes.Add(-old.size)
	}
}

// evictNext moves the hand by one bucket. It returns false when there is nothing
// left to evict.
func (c *Cache) evictNext() bool {
	n := c.hand.Add(1) & uint64(len(c.buckets)-1)
	s := &c.stripes[n%uint64(len(c.stripes))]
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &c.buckets[n]
	for i := range b {
		e := b[i].Load()
		if e == nil || e.used.Swap(false) {
			continue
		}
		b[i].Store(nil)
		c.bytes.Add(-e.size)
	}
	return c.bytes.Load() > 0
}
