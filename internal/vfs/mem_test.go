package vfs

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

// outcomes crashes a Mem with many seeds and counts what look returns.
func outcomes(m *Mem, look func(*Mem) string) map[string]int {
	seen := map[string]int{}
	for seed := range uint64(500) {
		seen[look(m.CrashClone(seeded(seed)))]++
	}
	return seen
}

// wantOutcomes fails unless exactly these outcomes were seen.
func wantOutcomes(t *testing.T, seen map[string]int, want ...string) {
	t.Helper()
	for _, w := range want {
		if seen[w] == 0 {
			t.Errorf("never saw %.60q", w)
		}
		delete(seen, w)
	}
	for s, n := range seen {
		t.Errorf("saw %.60q %d times", s, n)
	}
}

func TestCrashKeepsWhatWasSynced(t *testing.T) {
	m := NewMem()
	must(t, m.MkdirAll("/d"))
	put(t, m, "/d/f", "synced", true)
	wantOutcomes(t, outcomes(m, func(c *Mem) string { return get(t, c, "/d/f") }), "synced")
}

func TestCrashLosesNameOrContentAlone(t *testing.T) {
	m := NewMem()
	f, err := m.Create("f")
	must(t, err)
	_, err = f.Write([]byte("abc"))
	must(t, err)
	look := func(c *Mem) string { return get(t, c, "f") }
	wantOutcomes(t, outcomes(m, look), "-", "", "abc", "\x00\x00\x00")
	named := m.Clone()
	must(t, named.SyncDir("/"))
	wantOutcomes(t, outcomes(named, look), "", "abc", "\x00\x00\x00")
	must(t, f.Sync())
	wantOutcomes(t, outcomes(m, look), "-", "abc")
}

// TestCrashTearsBySector: sectors are lost independently, and none is torn.
func TestCrashTearsBySector(t *testing.T) {
	m := NewMem()
	put(t, m, "f", strings.Repeat("o", 4*SectorBytes), true)
	f, err := m.OpenReadWrite("f")
	must(t, err)
	_, err = f.WriteAt(bytes.Repeat([]byte("n"), 3*SectorBytes), 100)
	must(t, err)
	seen := outcomes(m, func(c *Mem) string {
		got := get(t, c, "f")
		shape := ""
		for i := range 4 {
			from, to := max(100, i*SectorBytes), min(100+3*SectorBytes, (i+1)*SectorBytes)
			s := got[from:to]
			if strings.Trim(s, s[:1]) != "" {
				return "torn within a sector"
			}
			shape += s[:1]
		}
		return shape
	})
	if len(seen) != 16 || seen["torn within a sector"] != 0 {
		t.Errorf("saw %v, want all 16 combinations", seen)
	}
}

// TestCrashSectorShowsAPastState: a sector has a state that it had since the last
// sync, so of two writes to it never the second alone.
func TestCrashSectorShowsAPastState(t *testing.T) {
	m := NewMem()
	put(t, m, "f", "..", true)
	f, err := m.OpenReadWrite("f")
	must(t, err)
	for i, s := range []string{"1", "2"} {
		_, err = f.WriteAt([]byte(s), int64(i))
		must(t, err)
	}
	wantOutcomes(t, outcomes(m, func(c *Mem) string { return get(t, c, "f") }), "..", "1.", "12")
}

func TestCrashOfTruncation(t *testing.T) {
	m := NewMem()
	put(t, m, "f", "secret", true)
	f, err := m.OpenReadWrite("f")
	must(t, err)
	must(t, f.Truncate(2))
	look := func(c *Mem) string { return get(t, c, "f") }
	wantOutcomes(t, outcomes(m, look), "secret", "se", "se\x00\x00\x00\x00")
	must(t, f.Truncate(4))
	seen := outcomes(m, look)
	if seen["secr"] != 0 {
		t.Error("bytes that were cut came back when the file grew again")
	}
	must(t, f.Sync())
	wantOutcomes(t, outcomes(m, look), "se\x00\x00")
}

// TestCrashKeepsDirectoryOrder: changes of a directory survive in their order.
func TestCrashKeepsDirectoryOrder(t *testing.T) {
	m := NewMem()
	put(t, m, "a", "A", true)
	put(t, m, "tmp", "B", false)
	must(t, m.Rename("tmp", "b"))
	must(t, m.Remove("a"))
	seen := outcomes(m, func(c *Mem) string {
		names, err := c.List("/")
		must(t, err)
		return strings.Join(names, " ")
	})
	wantOutcomes(t, seen, "a", "a tmp", "a b", "b")
}

// TestCrashKeepsReplacedFile: a rename over a file leaves the old or the new one.
func TestCrashKeepsReplacedFile(t *testing.T) {
	m := NewMem()
	put(t, m, "f", "old", true)
	put(t, m, "f.tmp", "new", true)
	must(t, m.Rename("f.tmp", "f"))
	look := func(c *Mem) string { return get(t, c, "f") + " " + get(t, c, "f.tmp") }
	wantOutcomes(t, outcomes(m, look), "old new", "new -")
	must(t, m.SyncDir("/"))
	wantOutcomes(t, outcomes(m, look), "new -")
}

// TestCrashOfRenameBetweenDirectories: the file is in both or in one of them.
func TestCrashOfRenameBetweenDirectories(t *testing.T) {
	build := func() *Mem {
		m := NewMem()
		must(t, m.MkdirAll("/a"))
		must(t, m.MkdirAll("/b"))
		put(t, m, "/a/f", "x", true)
		must(t, m.Rename("/a/f", "/b/f"))
		return m
	}
	look := func(c *Mem) string { return get(t, c, "/a/f") + get(t, c, "/b/f") }
	wantOutcomes(t, outcomes(build(), look), "x-", "xx", "-x")
	wantOutcomes(t, outcomes(build().Clone(), look), "x-", "xx", "-x")
	m := build()
	must(t, m.SyncDir("/b"))
	wantOutcomes(t, outcomes(m, look), "xx", "-x")
	m = build()
	must(t, m.SyncDir("/a"))
	wantOutcomes(t, outcomes(m, look), "-x")
}

func TestCloneIsAKilledProcess(t *testing.T) {
	m := NewMem()
	put(t, m, "f", "synced", true)
	put(t, m, "g", "unsynced", false)
	_, err := m.Lock("lock")
	must(t, err)
	c := m.Clone()
	if f, g := get(t, c, "f"), get(t, c, "g"); f != "synced" || g != "unsynced" {
		t.Errorf("%q, %q", f, g)
	}
	if _, err := c.Lock("lock"); err != nil {
		t.Errorf("the dead process still has its lock: %v", err)
	}
	put(t, c, "f", "changed in the clone", true)
	if got := get(t, m, "f"); got != "synced" {
		t.Errorf("the original has %q", got)
	}
	wantOutcomes(t, outcomes(c, func(c *Mem) string { return get(t, c, "f") }), "changed in the clone")
	if seen := outcomes(m.Clone(), func(c *Mem) string { return get(t, c, "g") }); seen["-"] == 0 {
		t.Error("Clone made unsynced things durable")
	}
}

func TestLieAboutSync(t *testing.T) {
	m := NewMem()
	m.LieAboutSync()
	put(t, m, "f", "x", true)
	if seen := outcomes(m, func(c *Mem) string { return get(t, c, "f") }); seen["-"] == 0 {
		t.Error("SyncDir told the truth")
	}
}

// TestCrashCloneIsDeterministic: equal histories and seeds give equal results.
func TestCrashCloneIsDeterministic(t *testing.T) {
	history := func() *Mem {
		m, rng := NewMem(), seeded(1)
		for i := range 200 {
			name := fmt.Sprintf("f%d", rng.IntN(8))
			switch rng.IntN(6) {
			case 0:
				_ = m.Rename(name, fmt.Sprintf("f%d", rng.IntN(8)))
			case 1:
				_ = m.Remove(name)
			default:
				put(t, m, name, strings.Repeat(fmt.Sprint(i), rng.IntN(2000)), rng.IntN(3) == 0)
			}
		}
		return m
	}
	dump := func(m *Mem) string {
		names, err := m.List("/")
		must(t, err)
		var b strings.Builder
		for _, n := range names {
			fmt.Fprintf(&b, "%s=%s;", n, get(t, m, n))
		}
		return b.String()
	}
	a, b := history(), history()
	if dump(a) != dump(b) {
		t.Fatal("the histories differ")
	}
	for seed := range uint64(50) {
		if dump(a.CrashClone(seeded(seed))) != dump(b.CrashClone(seeded(seed))) {
			t.Fatalf("seed %d: two crashes of the same history differ", seed)
		}
	}
}

// TestContentAgainstBytes compares an inode with a plain byte slice over random
// writes, truncations, syncs and clones.
func TestContentAgainstBytes(t *testing.T) {
	for seed := range uint64(200) {
		rng := seeded(seed)
		n := newInode()
		var now, synced []byte
		resize := func(b []byte, size int) []byte {
			if size <= len(b) {
				return slices.Clone(b[:size])
			}
			return append(slices.Clone(b), make([]byte, size-len(b))...)
		}
		for range 60 {
			switch rng.IntN(8) {
			case 0:
				size := rng.IntN(20000)
				n.setSize(int64(size))
				now = resize(now, size)
			case 1:
				n.sync()
				synced = slices.Clone(now)
			case 2:
				n = n.clone()
			default:
				off, data := rng.IntN(15000), make([]byte, 1+rng.IntN(6000))
				for i := range data {
					data[i] = byte(rng.Uint32())
				}
				n.writeAt(data, int64(off))
				now = resize(now, max(len(now), off+len(data)))
				copy(now[off:], data)
			}
			for what, pair := range map[string][2][]byte{"now": {readAll(&n.now), now}, "synced": {readAll(&n.synced), synced}} {
				if !bytes.Equal(pair[0], pair[1]) {
					t.Fatalf("seed %d: %s differs, %d and %d bytes", seed, what, len(pair[0]), len(pair[1]))
				}
			}
			for _, style := range []fateStyle{fateNothing, fateAll} {
				want := synced
				if style == fateAll {
					want = now
				}
				c := n.synced.share()
				if len(n.changes) > 0 {
					f := newFate(n.synced.size, n.changes, rng)
					if f.style != style {
						continue
					}
					f.apply(&c)
				}
				if got := readAll(&c); len(n.changes) > 0 && !bytes.Equal(got, want) {
					t.Fatalf("seed %d: crash of style %d gives neither all nor nothing", seed, style)
				}
			}
		}
	}
}

func readAll(c *content) []byte {
	b := make([]byte, c.size)
	c.readAt(b, 0)
	return b
}
