package vfs

import "math/rand/v2"

// fate decides which of a file's unsynced changes reach the disk. Each sector
// shows the state after some number of the changes, at least those before a cut
// of the file that is itself kept: a file system does not give back cut bytes.
type fate struct {
	rng     *rand.Rand
	changes []change
	style   fateStyle
	upTo    int           // for fateMoment: changes before this one are kept
	size    int64         // the size found
	cuts    []cut         // those kept
	kept    map[int64]int // sector -> number of changes it shows
}

type cut struct {
	index int
	size  int64
}

// fateStyle varies the shape of a loss: independent sectors alone would hardly
// ever keep or lose a whole write.
type fateStyle int

const (
	fateNothing fateStyle = iota // no change is kept
	fateAll                      // all are
	fateMoment                   // those up to a moment, the last one torn
	fateSectors                  // each sector on its own
	fateStyles
)

func newFate(syncedSize int64, changes []change, rng *rand.Rand) *fate {
	f := &fate{rng: rng, changes: changes, kept: map[int64]int{}, style: fateStyle(rng.IntN(int(fateStyles)))}
	f.upTo = rng.IntN(len(changes) + 1)
	sizes := 0 // number of changes that the size shows
	switch f.style {
	case fateAll:
		sizes = len(changes)
	case fateMoment:
		sizes = min(len(changes), f.upTo+rng.IntN(2))
	case fateSectors:
		sizes = rng.IntN(len(changes) + 1)
	}
	f.size = syncedSize
	for i, c := range changes[:sizes] {
		if c.size < f.size {
			f.cuts = append(f.cuts, cut{i, c.size})
		}
		f.size = c.size
	}
	return f
}

// shows returns how many of the changes the sector shows.
func (f *fate) shows(sector int64) int {
	if n, ok := f.kept[sector]; ok {
		return n
	}
	n := 0
	switch f.style {
	case fateAll:
		n = len(f.changes)
	case fateMoment:
		n = min(len(f.changes), f.upTo+f.rng.IntN(2))
	case fateSectors:
		n = f.rng.IntN(len(f.changes) + 1)
	}
	for _, c := range f.cuts {
		if (sector+1)*SectorBytes > c.size {
			n = max(n, c.index+1)
		}
	}
	f.kept[sector] = n
	return n
}

// apply brings the changes that are kept into the synced content.
func (f *fate) apply(c *content) {
	own := map[int]bool{}
	ownPage := func(i int) *page {
		if own[i] {
			return c.page(i)
		}
		fresh := new(page)
		if p := c.page(i); p != nil {
			*fresh = *p
		}
		c.setPage(i, fresh)
		own[i] = true
		return fresh
	}
	before := c.size
	var zero [SectorBytes]byte
	for i, ch := range f.changes {
		if ch.data != nil {
			f.eachSector(i, ch.off, ch.off+int64(len(ch.data)), func(from, to int64) {
				c.writeAt(ch.data[from-ch.off:to-ch.off], from, ownPage)
			})
		} else if ch.size < before {
			end := min(before, int64(len(c.pages))*pageBytes)
			f.eachSector(i, ch.size, end, func(from, to int64) {
				c.writeAt(zero[:to-from], from, ownPage)
			})
		}
		before = ch.size
	}
	// What lies above the size that was found is gone.
	for i := int(f.size / pageBytes); i < len(c.pages); i++ {
		if c.pages[i] != nil {
			clear(ownPage(i)[max(0, f.size-int64(i)*pageBytes):])
		}
	}
	c.size = f.size
}

// eachSector calls fn for the part of [from, to) in each sector that shows
// change i.
func (f *fate) eachSector(i int, from, to int64, fn func(from, to int64)) {
	for from < to {
		sector := from / SectorBytes
		end := min(to, (sector+1)*SectorBytes)
		if f.shows(sector) > i {
			fn(from, end)
		}
		from = end
	}
}
