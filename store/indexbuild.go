package store

import (
	"context"
	"runtime"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
)

// indexBuild makes one index of a collection while its writers go on.
//
// The empty index is put beside the others of each part first. From then on
// every slot of the part is the business of one: those that were in use and that the
// build has not come to yet (partIndex.build) are the build's, which takes them as it finds
// them, and all others are kept by Apply and vacuum, as those of any index. So the
// index holds each version once (I4), whatever is written, unlinked, freed and
// used again meanwhile.
//
// No catalog names the index before the commit, so nobody reads it by then.
type indexBuild struct {
	db      *DB
	indexes []*partIndex // one a part
	done    int          // of these
	batch   indexBatch
}

// A step of a build takes at most so many slots, or about so many pairs or bytes of keys, under
// one hold of a part's mutex: well below a millisecond.
const (
	buildSlots = 256
	buildPairs = 512
	buildBytes = 64 << 10
)

// buildIndex begins to build an index of a collection. Nobody else changes the
// table's definition meanwhile.
func (db *DB) buildIndex(c *collection, def *schema.Table, x *schema.Index) *indexBuild {
	b := &indexBuild{db: db}
	for _, p := range c.parts {
		p.mu.Lock()
		pi := newPartIndex(p, def, x)
		pi.build.to = p.rows
		list := *p.indexes.Load()
		list = append(list[:len(list):len(list)], pi)
		p.indexes.Store(&list)
		p.mu.Unlock()
		b.indexes = append(b.indexes, pi)
	}
	return b
}

// run does all steps.
func (b *indexBuild) run(ctx context.Context) error {
	for b.step() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		runtime.Gosched() // an applier that waits for the part goes first
	}
	return nil
}

// step takes the next slots of a part, and says whether there is more to do.
func (b *indexBuild) step() (more bool) {
	if b.done == len(b.indexes) {
		return false
	}
	x := b.indexes[b.done]
	x.part.mu.Lock()
	more = b.fill(x, buildSlots, buildPairs, buildBytes)
	x.part.mu.Unlock()
	if more {
		return true
	}
	if x.tree != nil {
		// Vacuum removes pairs under the part's mutex, and would wait there for
		// the end of a long merge.
		b.db.vacuum.run.Lock()
		x.tree.Merge()
		b.db.vacuum.run.Unlock()
	}
	b.done++
	return b.done < len(b.indexes)
}

// fill puts the versions of the next slots in the index, and says whether
// there are more. The caller holds the part's mutex.
func (b *indexBuild) fill(x *partIndex, slots uint32, pairs, bytes int) (more bool) {
	p := x.part
	// Texts do not wait for flush: how long their keys are is seen at once.
	texts := !x.array && p.column(x.def.Columns[0].Num).Type().Kind.Rep() == value.RepBytes
	b.batch.begin(x)
	for end := min(x.build.from+slots, x.build.to); x.build.from < end && b.batch.pairs() < pairs && b.batch.encoded < bytes; x.build.from++ {
		row := x.build.from
		switch {
		case p.versions.Begin(row) == column.NotBegun || p.unlinked.has(row) || !x.covers(row):
		case texts:
			b.batch.addKey(x, row)
		default:
			b.batch.addRow(x, row)
		}
	}
	b.batch.flush(x)
	x.addBatch(&b.batch.Entries)
	return x.build.from < x.build.to
}

// drop takes the index away again.
func (b *indexBuild) drop() {
	for _, x := range b.indexes {
		x.part.mu.Lock()
		x.part.dropIndexes(func(o *partIndex) bool { return o == x })
		x.part.mu.Unlock()
	}
}

// recoveredIndex makes an index of a part that nobody else knows yet.
func (p *Part) recoveredIndex(def *schema.Table, x *schema.Index) *partIndex {
	pi := newPartIndex(p, def, x)
	pi.build.to = p.rows
	var b indexBuild
	for b.fill(pi, 1<<16, 1<<16, 1<<24) {
	}
	if pi.tree != nil {
		pi.tree.Merge()
	}
	return pi
}
