package column

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func (a *Arena) text(r Ref) (string, bool) {
	if r.isInline() {
		var b [8]byte
		return strings.Clone(r.Inline(&b)), true
	}
	return a.Get(r)
}

// TestArenaKeepsStrings puts, releases and compacts strings of all sizes, and
// holds on to strings of dropped chunks.
func TestArenaKeepsStrings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		acct := &Account{}
		a := NewArena(acct)
		type kept struct {
			ref  Ref
			want string
		}
		var live []kept
		var old []struct{ got, want string }
		sizes := rapid.SampledFrom([]int{0, 1, 6, 7, 8, 9, 100, 254, 255, 256, 1000, 20_000, 300_000})
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "op") {
			case 0, 1, 2:
				s := strings.Repeat(string(rune('a'+rapid.IntRange(0, 25).Draw(t, "c"))), sizes.Draw(t, "n"))
				put := a.Put
				if rapid.Bool().Draw(t, "address") {
					put = a.PutAddress
				}
				live = append(live, kept{put(s), s})
			case 3, 4:
				if len(live) > 0 {
					i := rapid.IntRange(0, len(live)-1).Draw(t, "i")
					got, _ := a.text(live[i].ref)
					old = append(old, struct{ got, want string }{got, live[i].want})
					a.Release(live[i].ref)
					live[i] = live[len(live)-1]
					live = live[:len(live)-1]
				}
			case 5:
				if a.StartCompaction() {
					for i := range live {
						live[i].ref, _ = a.Move(live[i].ref)
					}
					a.EndCompaction()
				}
			}
			var want, held int64
			for _, k := range live {
				if got, ok := a.text(k.ref); !ok || got != k.want {
					t.Fatalf("a string of %d bytes reads as one of %d, %v", len(k.want), len(got), ok)
				}
				if !k.ref.isInline() {
					want += int64(storedSize(len(k.want)))
				}
			}
			var counted int64
			for _, m := range a.meta {
				counted += int64(m.live)
				held += int64(m.size)
			}
			if counted != want {
				t.Fatalf("chunks count %d live bytes, want %d", counted, want)
			}
			if held != a.held || held != acct.Bytes() || a.dead < 0 || a.dead > a.held {
				t.Fatalf("held %d, chunks have %d, account %d, dead %d", a.held, held, acct.Bytes(), a.dead)
			}
		}
		for _, o := range old {
			if o.got != o.want {
				t.Fatalf("a string held by a reader has changed")
			}
		}
	})
}

// TestArenaCompactionGivesBack releases most strings all over an arena.
func TestArenaCompactionGivesBack(t *testing.T) {
	acct := &Account{}
	a := NewArena(acct)
	s := strings.Repeat("x", 100)
	var refs []Ref
	for range 100_000 {
		refs = append(refs, a.Put(s))
	}
	full := acct.Bytes()
	if full > 10_700_000 {
		t.Errorf("%d bytes for 10,000,000", full)
	}
	live := refs[:0]
	for i, r := range refs {
		if i%10 == 0 {
			live = append(live, r)
		} else {
			a.Release(r)
		}
	}
	if !a.StartCompaction() {
		t.Fatal("nothing to compact")
	}
	for i := range live {
		live[i], _ = a.Move(live[i])
	}
	a.EndCompaction()
	if acct.Bytes() > 1_200_000 {
		t.Errorf("%d bytes for 1,000,000 after compaction", acct.Bytes())
	}
	if a.StartCompaction() {
		t.Error("a second compaction finds something")
	}
}

// TestArenaOfAFewHotStrings replaces ten strings a million times: the numbers of the chunks
// that come and go take hardly any memory.
func TestArenaOfAFewHotStrings(t *testing.T) {
	a := NewArena(&Account{})
	var live [10]Ref
	text := strings.Repeat("x", 200)
	const puts = 1_000_000
	for i := range puts {
		r := &live[i%len(live)]
		if i >= len(live) {
			a.Release(*r)
		}
		*r = a.Put(text)
	}
	if n := len(a.meta); n > 6000 { // of 1 KiB each it would be 200,000
		t.Errorf("%d chunks for %d strings", n, puts)
	}
	if a.held > 1<<20 {
		t.Errorf("%d bytes held for %d strings", a.held, len(live))
	}
}
