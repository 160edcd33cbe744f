package store

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// claimOf is a claim of keys of one byte of table 1.
func claimOf(owner *Locker, keys ...byte) *claim {
	c := newClaim(owner, len(keys))
	for _, k := range keys {
		c.add(lockHash(1, value.HashKey([]byte{k})))
	}
	return c
}

func keyName(k byte) []byte { return lockName(nil, 1, []byte{k}) }

func TestClaim(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, Config{Partitions: 2, MaintenanceInterval: time.Hour})
	lt, a, b := &d.db.locks, d.db.NewLocker(1), d.db.NewLocker(2)
	request := lockRequest{mode: ForUpdate, what: func() string { return "key" }}
	var held []heldLock

	c := claimOf(a, 1, 2, 3)
	if !lt.claim(c) {
		t.Fatal("free keys could not be claimed")
	}
	if lt.entries() != 0 {
		t.Fatalf("a claim that nobody disputes has %d locks", lt.entries())
	}
	if lt.claim(claimOf(a, 9, 3)) || lt.claim(claimOf(b, 2)) {
		t.Fatal("a key was claimed twice")
	}
	if ok, mine := lt.tryLock(a, &held, keyName(2), ForShare); !ok || !mine || len(held) != 0 {
		t.Fatalf("its owner: %v, %v, %d locks", ok, mine, len(held))
	}
	if ok, _ := lt.tryLock(b, &held, keyName(4), ForUpdate); !ok {
		t.Fatal("a key beside the claim is locked")
	}
	if ok, _ := lt.tryLock(b, &held, keyName(2), ForKeyShare); ok {
		t.Fatal("another took a claimed key")
	}
	request.policy = WaitError
	if _, err := lt.lock(ctx, b, &held, keyName(2), request); !isCode(err, sqlerr.LockNotAvailable) {
		t.Fatalf("NOWAIT: %v", err)
	}
	request.policy = WaitBlock
	granted := make(chan error)
	go func() {
		_, err := lt.lock(ctx, b, &held, keyName(2), request)
		granted <- err
	}()
	for lt.waiters() == 0 {
		runtime.Gosched()
	}
	if got := b.Blocking(); len(got) != 1 || got[0] != 1 {
		t.Errorf("who waits for a claim is blocked by %v, want its owner 1", got)
	}
	lt.disclaim(c)
	if err := <-granted; err != nil {
		t.Fatal(err)
	}
	if lt.claim(claimOf(a, 7, 2)) {
		t.Fatal("a locked key was claimed")
	}
	if lt.claims.load() != nil {
		t.Fatal("a claim that failed is still there")
	}
	lt.unlockFrom(b, &held, 0)
	if n := lt.entries(); n != 0 {
		t.Fatalf("%d locks are left", n)
	}
}

// TestClaimsAndLocksExclude lets claims and single locks contend for a few keys: nobody may have one that another has.
func TestClaimsAndLocksExclude(t *testing.T) {
	const keys, workers, rounds = 24, 8, 3000
	d := openTest(t, Config{Partitions: 2, MaintenanceInterval: time.Hour})
	lt := &d.db.locks
	var has [keys]atomic.Int32
	own := func(me int32, list []byte) {
		for _, k := range list {
			if was := has[k].Swap(me); was != 0 {
				t.Errorf("%d took key %d, which %d has", me, k, was)
			}
		}
		runtime.Gosched()
		for _, k := range list {
			has[k].Store(0)
		}
	}
	var claimed, locked atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			me := int32(w + 1)
			locker := d.db.NewLocker(me)
			rng := rand.New(rand.NewPCG(1, uint64(w)))
			for range rounds {
				if rng.IntN(2) == 0 {
					k := byte(rng.IntN(keys))
					var held []heldLock
					r := lockRequest{mode: ForUpdate, what: func() string { return "key" }}
					if ok, err := lt.lock(context.Background(), locker, &held, keyName(k), r); !ok || err != nil {
						t.Errorf("lock: %v, %v", ok, err)
						return
					}
					own(me, []byte{k})
					locked.Add(1)
					lt.unlockFrom(locker, &held, 0)
					continue
				}
				var list []byte
				for k := range byte(keys) {
					if rng.IntN(keys) < 2 {
						list = append(list, k)
					}
				}
				if c := claimOf(locker, list...); lt.claim(c) {
					own(me, list)
					claimed.Add(1)
					lt.disclaim(c)
				}
			}
		})
	}
	wg.Wait()
	if claimed.Load() == 0 || locked.Load() == 0 {
		t.Errorf("%d claims and %d locks: one kind never had its turn", claimed.Load(), locked.Load())
	}
	if n := lt.entries(); n != 0 || lt.claims.load() != nil {
		t.Errorf("%d locks are left, claims: %v", n, lt.claims.load())
	}
}
