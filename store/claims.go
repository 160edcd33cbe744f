package store

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// A claim stands for the ForUpdate locks of all keys of one chunk of a bulk load, while the chunk is on its way
// to memory. From then on its pending rows keep others away.
//
// A million entries made in the lock table and taken out again cost a seventh of a COPY. A claim is one small table of
// hashes, which everybody who wants a lock looks at; only a key that somebody else wants meanwhile gets its entry in
// the lock table, with the claim's owner as the holder and the other one in its queue. So waiting,
// circles and pg_locks see what they always see. Two keys of one hash are one key to a claim: somebody waits for
// a chunk that does not concern him.
//
// A claim costs 16 bytes a key, and for each key of a chunk a look at every other chunk on its way.
type claim struct {
	owner *Locker
	slots []uint64 // open addressing with linear probing; 0 is empty
	shift uint8    // a hash's leading bits are its first slot
	n     int

	mu    sync.Mutex // guards below; order: a shard, then mu
	given bool       // given up
	held  []heldLock // keys that others want
}

// newClaim returns an empty claim with room for n keys.
func newClaim(owner *Locker, n int) *claim {
	size := uint(bits.Len(uint(2*n + 2)))
	return &claim{owner: owner, slots: make([]uint64, 1<<size), shift: uint8(64 - size)}
}

// stored returns a hash as the slots hold it.
func stored(hash uint64) uint64 { return max(hash, 1) }

// add adds the lockHash of a key; false when it is there already.
func (c *claim) add(hash uint64) bool {
	hash = stored(hash)
	i := c.find(hash)
	if c.slots[i] != 0 {
		return false
	}
	c.slots[i] = hash
	c.n++
	return true
}

// has says whether a lockHash is in the claim.
func (c *claim) has(hash uint64) bool { return c.slots[c.find(stored(hash))] != 0 }

// find returns the slot of a hash, or the empty one where it would be.
func (c *claim) find(hash uint64) int {
	i := int(hash >> c.shift)
	for c.slots[i] != 0 && c.slots[i] != hash {
		i = (i + 1) & (len(c.slots) - 1)
	}
	return i
}

func (c *claim) overlaps(o *claim) bool {
	for _, hash := range c.slots {
		if hash != 0 && o.has(hash) {
			return true
		}
	}
	return false
}

// claims are the claims of a lock table. Who takes a lock reads all under the lock's shard; a claim is
// added before its owner looks into the shards. So of the two who want one key the second sees the first.
type claims struct {
	all atomic.Pointer[[]*claim]
	mu  sync.Mutex // held while all is replaced
}

// maxLooked is how many locks of a shard are compared with a claim.
const maxLooked = 64

// claim takes the locks of all keys of a claim, or of none: false when one of them is not free, or when
// there are so many locks that the keys had better be looked up one by one.
func (lt *lockTable) claim(c *claim) bool {
	if !lt.claims.add(c) {
		return false
	}
	for i := range lt.shards {
		if !lt.shards[i].freeFor(c) {
			lt.disclaim(c)
			return false
		}
	}
	return true
}

// add adds a claim unless it shares a key with another.
func (cs *claims) add(c *claim) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	all := cs.load()
	for _, o := range all {
		if c.overlaps(o) {
			return false
		}
	}
	now := append(all[:len(all):len(all)], c)
	cs.all.Store(&now)
	return true
}

func (cs *claims) load() []*claim {
	if p := cs.all.Load(); p != nil {
		return *p
	}
	return nil
}

// freeFor says whether nobody has a lock of the shard that is among the claim's keys.
func (s *lockShard) freeFor(c *claim) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.locks) > maxLooked {
		return false
	}
	for name, l := range s.locks {
		if c.has(nameHash(name)) && !c.alone(l) {
			return false
		}
	}
	return true
}

// alone says whether a lock is there because somebody waits for the claim.
func (c *claim) alone(l *lock) bool {
	return len(l.holders) == 1 && l.holders[0].times == 1 && l.holder(c.owner, ForUpdate) == 0
}

// disclaim gives up the locks of a claim.
func (lt *lockTable) disclaim(c *claim) {
	lt.claims.remove(c)
	c.mu.Lock()
	c.given = true
	held := c.held
	c.held = nil
	c.mu.Unlock()
	lt.unlockFrom(c.owner, &held, 0)
}

func (cs *claims) remove(c *claim) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	var rest []*claim
	for _, o := range cs.load() {
		if o != c {
			rest = append(rest, o)
		}
	}
	if rest == nil {
		cs.all.Store(nil)
		return
	}
	cs.all.Store(&rest)
}

// claimed looks for a claim of a lock that an owner wants. It says whether the owner has it himself; another's
// it makes an entry of the shard, whose mu is held.
func (s *lockShard) claimed(claims []*claim, owner *Locker, name []byte) (mine bool) {
	hash := nameHash(name)
	for _, c := range claims {
		if !c.has(hash) {
			continue
		}
		if c.owner == owner {
			return true
		}
		c.enter(s, name)
	}
	return false
}

// enter makes an entry of the claim's lock in its shard, if the claim still stands and its owner has none.
func (c *claim) enter(s *lockShard, name []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.given {
		return
	}
	l := s.locks[string(name)]
	if l == nil {
		l = s.put(string(name))
	}
	if l.holder(c.owner, ForUpdate) < 0 {
		l.grant(c.owner, &c.held, heldLock{s, string(name), ForUpdate})
	}
}
