package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/schema"
)

// Deferred is what deferred foreign keys have to look at when a transaction ends, and which those are. One transaction uses it; a
// nil one defers nothing.
//
// What a ROLLBACK TO takes back stays noted: rows that are not there break nothing.
type Deferred struct {
	queue Events
	all   *bool           // SET CONSTRAINTS ALL
	set   map[uint32]bool // by OID, of those named since
}

// Set is SET CONSTRAINTS for one foreign key.
func (d *Deferred) Set(k *schema.ForeignKey, deferred bool) {
	if d.set == nil {
		d.set = map[uint32]bool{}
	}
	d.set[k.OID] = deferred
}

// SetAll is SET CONSTRAINTS ALL.
func (d *Deferred) SetAll(deferred bool) { d.all, d.set = &deferred, nil }

// takes returns the queue of a foreign key that is deferred now, nil for another.
func (d *Deferred) takes(k *schema.ForeignKey) *Events {
	if d == nil || !k.Deferrable {
		return nil
	}
	deferred := k.Deferred
	if d.all != nil {
		deferred = *d.all
	}
	if set, ok := d.set[k.OID]; ok {
		deferred = set
	}
	if !deferred {
		return nil
	}
	return &d.queue
}

// Empty says whether nothing is left to be looked at.
func (d *Deferred) Empty() bool { return d == nil || len(d.queue.refs)+len(d.queue.gone) == 0 }

// Run looks at what was put off for the foreign keys for which which is true. env has no Deferred: it puts off nothing more.
func (d *Deferred) Run(ctx context.Context, env *Env, which func(*schema.ForeignKey) bool) error {
	now := NewEvents(env)
	left := &d.queue
	refs, gone := left.refs, left.gone
	left.refs, left.gone = nil, nil
	for _, r := range refs {
		if which(r.key) {
			now.refs = append(now.refs, r)
		} else {
			left.refs = append(left.refs, r)
		}
	}
	for _, g := range gone {
		if which(g.key) {
			now.gone = append(now.gone, g)
		} else {
			left.gone = append(left.gone, g)
		}
	}
	return now.Run(ctx)
}
