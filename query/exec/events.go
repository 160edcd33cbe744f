package exec

import (
	"context"
	"slices"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Events are what foreign keys have to look at when a statement has changed its rows: PostgreSQL's queue of triggers. They come in
// waves: what the actions of one wave change is looked at in the next. A nil *Events takes nothing.
//
// A foreign key holds because of locks: who writes a referencing row locks the referenced key FOR KEY SHARE, and who takes
// a key away has it locked FOR UPDATE; both look at the newest rows under their lock.
type Events struct {
	env     *Env
	refs    []*references // to be found
	gone    []*departures // to be looked for
	writers map[uint32]*writer
	trust   bool // nobody else writes the referenced tables: no row of them is locked
}

// references are the distinct values that rows written have in a foreign key.
type references struct {
	table *schema.Table
	key   *schema.ForeignKey
	seen  map[string]struct{}
	vals  [][]value.Value
}

// departures are rows of a referenced table that have gone, or changed a column that is referenced.
type departures struct {
	table *schema.Table
	key   *schema.ForeignKey // the one that is to look; nil: all
	rows  []departure
}

type departure struct {
	old, row []value.Value // row is nil when the row has gone
}

// NewEvents returns a queue for one statement.
func NewEvents(env *Env) *Events { return &Events{env: env} }

// Added notes a row that was written: old is the one before, nil for a new one.
func (e *Events) Added(t *schema.Table, old, row []value.Value) {
	if e == nil {
		return
	}
	for _, k := range t.ForeignKeys {
		if old == nil || !sameColumns(k.Columns, old, row) {
			e.refer(t, k, row)
		}
	}
}

// refer notes the values of a row in one foreign key.
func (e *Events) refer(t *schema.Table, k *schema.ForeignKey, row []value.Value) {
	vals := make([]value.Value, len(k.Columns))
	var key []byte
	nulls := 0
	for i, num := range k.Columns {
		vals[i] = row[num-1]
		if vals[i].IsNull() {
			nulls++
		}
		key = value.AppendKey(key, vals[i])
	}
	if nulls == len(vals) || nulls > 0 && !k.MatchFull {
		return
	}
	if q := e.env.Deferred.takes(k); q != nil {
		e = q
	}
	i := slices.IndexFunc(e.refs, func(r *references) bool { return r.key.OID == k.OID })
	if i < 0 {
		i = len(e.refs)
		e.refs = append(e.refs, &references{table: t, key: k, seen: map[string]struct{}{}})
	}
	r := e.refs[i]
	if _, seen := r.seen[string(key)]; !seen {
		r.seen[string(key)] = struct{}{}
		r.vals = append(r.vals, vals)
	}
}

// left notes a row of a table that others may refer to: row is the one that takes its place, nil when it was deleted.
func (e *Events) left(t *schema.Table, old, row []value.Value) {
	if e == nil || len(t.ReferencedBy) == 0 {
		return
	}
	e.departed(t, nil, departure{slices.Clone(old), slices.Clone(row)})
}

// departed notes a row for one foreign key, or for all.
func (e *Events) departed(t *schema.Table, k *schema.ForeignKey, row departure) {
	i := slices.IndexFunc(e.gone, func(d *departures) bool { return d.table.OID == t.OID && d.key == k })
	if i < 0 {
		i = len(e.gone)
		e.gone = append(e.gone, &departures{table: t, key: k})
	}
	e.gone[i].rows = append(e.gone[i].rows, row)
}

func sameColumns(nums []int16, a, b []value.Value) bool {
	for _, num := range nums {
		if x, y := a[num-1], b[num-1]; x.IsNull() != y.IsNull() || !x.IsNull() && !value.Equal(x, y) {
			return false
		}
	}
	return true
}

// Run looks at everything noted, and at what that makes it note.
func (e *Events) Run(ctx context.Context) error {
	for e != nil && len(e.refs)+len(e.gone) > 0 {
		refs, gone := e.refs, e.gone
		e.refs, e.gone = nil, nil
		for _, d := range gone {
			if err := e.depart(ctx, d); err != nil {
				return err
			}
		}
		for _, r := range refs {
			if err := e.find(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}
