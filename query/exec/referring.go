package exec

import (
	"context"
	"slices"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/store"
)

// exists says whether a row of the referencing table has values in a foreign key.
func (e *Events) exists(ctx context.Context, t *schema.Table, k *schema.ForeignKey, vals []value.Value) (bool, error) {
	found := false
	err := e.referring(ctx, t, k, [][]value.Value{vals}, func(int, []byte) (bool, error) {
		found = true
		return false, nil
	})
	return found, err
}

// referring calls f with the primary key of every row of a table, committed now or the transaction's own, that has one of
// the values in a foreign key, until f returns false. An index on the key's columns makes it cheap.
func (e *Events) referring(ctx context.Context, t *schema.Table, k *schema.ForeignKey, vals [][]value.Value, f func(at int, key []byte) (bool, error)) error {
	view := e.env.Txn.LatestView()
	defer view.Close()
	s := &referringScan{table: t, key: k, view: view.Table(t.OID), wanted: map[string]int{}}
	var lookups [][]value.Value
	for i, v := range vals {
		conv := make([]value.Value, len(v))
		all := true
		for j := range v {
			var ok bool
			conv[j], ok = asKind(v[j], t.ColumnByNum(k.Columns[j]).Type.Kind)
			all = all && ok
		}
		if all {
			s.wanted[string(encodeAll(conv))] = i
			lookups = append(lookups, conv)
		}
	}
	if len(lookups) == 0 {
		return nil
	}
	s.cols = append(slices.Clone(k.Columns), t.Key...)
	if x, order := foreignKeyIndex(t, k); x != nil && len(lookups) <= maxForeignLookups {
		return s.byIndex(ctx, x, order, lookups, f)
	}
	return s.whole(ctx, f)
}

// maxForeignLookups is from how many values on the whole table is scanned instead of an index.
const maxForeignLookups = 10000

func encodeAll(vals []value.Value) []byte {
	var key []byte
	for _, v := range vals {
		key = value.AppendKey(key, v)
	}
	return key
}

// foreignKeyIndex returns an index whose first columns are those of a foreign key, and their places in it.
func foreignKeyIndex(t *schema.Table, k *schema.ForeignKey) (*schema.Index, []int) {
	for _, x := range t.Indexes {
		n := len(k.Columns)
		if x.Filter != 0 || len(x.Columns) < n || x.Kind == schema.Dictionary && len(x.Columns) != n {
			continue
		}
		order := make([]int, 0, n)
		for _, c := range x.Columns[:n] {
			if at := slices.Index(k.Columns, c.Num); at >= 0 && !slices.Contains(order, at) {
				order = append(order, at)
			}
		}
		if len(order) == n {
			return x, order
		}
	}
	return nil, nil
}

// referringScan looks for the rows of a table that have given values in a foreign key.
type referringScan struct {
	table  *schema.Table
	key    *schema.ForeignKey
	view   *store.TableView
	wanted map[string]int
	cols   []int16 // those of the foreign key, then the primary key's
}

// rows calls f for the rows of a scan that have wanted values.
func (s *referringScan) rows(ctx context.Context, scan *store.Scan, f func(at int, key []byte) (bool, error)) (more bool, err error) {
	var b column.Batch
	var vals, key []byte
	n := len(s.key.Columns)
	for scan.Next(&b) {
		if ctx.Err() != nil {
			return false, Canceled(ctx)
		}
		for row := range b.N {
			vals = vals[:0]
			for i := range n {
				vals = value.AppendKey(vals, b.Vecs[i].Value(row))
			}
			at, ok := s.wanted[string(vals)]
			if !ok {
				continue
			}
			key = key[:0]
			for i := n; i < len(s.cols); i++ {
				key = value.AppendKey(key, b.Vecs[i].Value(row))
			}
			if more, err := f(at, key); err != nil || !more {
				return false, err
			}
		}
	}
	return true, nil
}

func (s *referringScan) whole(ctx context.Context, f func(at int, key []byte) (bool, error)) error {
	for i := range s.view.Parts() {
		if more, err := s.rows(ctx, s.view.Part(i).Scan(nil, s.cols), f); err != nil || !more {
			return err
		}
	}
	return nil
}

// byIndex looks each of the values up. The transaction's own rows come with every look-up, so those are taken once.
func (s *referringScan) byIndex(ctx context.Context, x *schema.Index, order []int, vals [][]value.Value, f func(at int, key []byte) (bool, error)) error {
	seen := map[string]struct{}{}
	once := func(at int, key []byte) (bool, error) {
		if s.view.Part(0).OwnRows() > 0 {
			if _, again := seen[string(key)]; again {
				return true, nil
			}
			seen[string(key)] = struct{}{}
		}
		return f(at, key)
	}
	ordered := make([]value.Value, len(order))
	for _, v := range vals {
		for i, at := range order {
			ordered[i] = v[at]
		}
		key := store.IndexKey(nil, x, ordered...)
		for i := range s.view.Parts() {
			p := s.view.Part(i)
			set := p.Equal(x, key)
			if more, err := s.rows(ctx, p.Scan(&set, s.cols), once); err != nil || !more {
				return err
			}
		}
	}
	return nil
}
