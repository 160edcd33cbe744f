package plan

import (
	"slices"
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// maxKeys bounds the keys of one look-up: a longer list is better scanned.
const maxKeys = 10000

// finder finds look-ups for the conditions of one scan.
type finder struct {
	scan  *Scan
	table *store.TableView
	parts int
	rows  float64 // of the table, estimated
	avoid Avoid
	// partial are the partial indexes that hold all rows which meet the scan's condition.
	partial []*schema.Index
}

// candidates returns the look-ups that answer parts of a conjunction, and whether it
// can be met at all.
func (f *finder) candidates(conds []expr.Expr) (list []*Lookup, possible bool) {
	g := &constraints{byColumn: map[int16][]numbered{}}
	for i, e := range conds {
		if k, ok := e.(*expr.Const); ok && !k.Val.Bool() {
			return nil, false
		}
		if c, ok := constrain(e); ok {
			if c.kind == nothingMatch {
				return nil, false
			}
			g.add(f.scan.Cols[c.column], c, i)
			continue
		}
		if l := f.complex(e); l != nil {
			l.answers = []int{i}
			list = append(list, l)
		}
	}
	if !g.narrow() {
		return nil, false
	}
	if l := f.primary(g); l != nil {
		list = append(list, l)
	}
	for _, x := range f.scan.Table.Indexes {
		if x.Filter != 0 && !slices.Contains(f.partial, x) {
			continue
		}
		if x.Kind == schema.Dictionary {
			list = append(list, f.dictionary(x, g)...)
		} else {
			list = append(list, f.btree(x, g)...)
		}
	}
	for _, l := range list {
		if l.Cond == "" {
			l.Cond = f.text(conds, l.answers)
		}
	}
	return list, true
}

// text is the conditions that a look-up answers, as EXPLAIN shows them.
func (f *finder) text(conds []expr.Expr, which []int) string {
	parts := make([]string, len(which))
	for i, n := range which {
		parts[i] = Parenthesized(conds[n])
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, " AND ") + ")"
}

// complex finds a look-up for an OR or a NOT.
func (f *finder) complex(e expr.Expr) *Lookup {
	logic, ok := e.(*expr.Logic)
	if !ok {
		return nil
	}
	switch logic.Op {
	case ast.Or:
		return f.disjunction(logic.Args)
	case ast.Not:
		k := f.conjunction(expr.Conjuncts(logic.Args[0]))
		if k == nil || !k.Exact {
			return nil
		}
		return &Lookup{Kind: Not, Kids: []*Lookup{k}, Count: max(0, f.rows-k.Count), Cost: k.Cost + costPosting*f.rows/64}
	}
	return nil
}

// disjunction finds look-ups for all arms of an OR; without one arm the others help nothing.
func (f *finder) disjunction(arms []expr.Expr) *Lookup {
	l := &Lookup{Kind: Or, Exact: true}
	for _, a := range arms {
		k := f.conjunction(expr.Conjuncts(a))
		if k == nil {
			return nil
		}
		l.Kids = append(l.Kids, k)
		l.Exact = l.Exact && k.Exact
		l.Count += k.Count
		l.Cost += k.Cost + costPosting*k.Count
	}
	return l
}

// conjunction finds the best look-up for an AND that stands inside an OR or NOT.
func (f *finder) conjunction(conds []expr.Expr) *Lookup {
	list, possible := f.candidates(conds)
	if !possible {
		return &Lookup{Kind: AnyKey, Exact: true, Cond: "false"}
	}
	if len(list) == 0 {
		return nil
	}
	l, left := choose(list, conds, f.rows, costSetRow)
	l.Exact = len(left) == 0
	return l
}

// primary finds a look-up by primary key.
func (f *finder) primary(g *constraints) *Lookup {
	t := f.scan.Table
	if t.HiddenKey {
		return nil
	}
	l := &Lookup{Kind: Primary, Exact: true, Keys: [][]byte{nil}}
	for _, num := range t.Key {
		c, ok := g.equal(num)
		if !ok || len(l.Keys)*len(c.values) > maxKeys {
			return nil
		}
		l.Keys = product(l.Keys, c.values, func(dst []byte, v value.Value) []byte { return value.AppendKey(dst, v) })
		l.answers = append(l.answers, c.conjunct...)
	}
	l.Count = float64(len(l.Keys))
	l.Cost = costPoint * l.Count
	return l
}

// resolve finds the rows of a Primary look-up.
func (f *finder) resolve(l *Lookup) {
	for _, k := range l.Kids {
		f.resolve(k)
	}
	if l.Kind != Primary {
		return
	}
	l.rows = make([][]uint32, f.parts)
	for _, key := range l.Keys {
		if r, ok := f.table.Lookup(key); ok && !r.Own {
			l.rows[r.Part] = append(l.rows[r.Part], r.Row)
		}
	}
}

// product extends each key by each value.
func product(keys [][]byte, values []value.Value, enc func([]byte, value.Value) []byte) [][]byte {
	out := make([][]byte, 0, len(keys)*len(values))
	for _, k := range keys {
		for _, v := range values {
			out = append(out, enc(append([]byte(nil), k...), v))
		}
	}
	return out
}

// dictionary finds the look-ups that a dictionary index answers.
func (f *finder) dictionary(x *schema.Index, g *constraints) []*Lookup {
	if len(x.Columns) == 1 && f.scan.Table.ColumnByNum(x.Columns[0].Num).Type.Kind.IsArray() {
		return f.elements(x, g)
	}
	keys := [][]byte{nil}
	var answers []int
	for i, xc := range x.Columns {
		c, ok := g.equal(xc.Num)
		if !ok || len(keys)*len(c.values) > maxKeys {
			return f.differs(x, g)
		}
		part := &schema.Index{Columns: x.Columns[i : i+1]}
		keys = product(keys, c.values, func(dst []byte, v value.Value) []byte { return store.IndexKey(dst, part, v) })
		answers = append(answers, c.conjunct...)
	}
	return []*Lookup{f.byKeys(x, AnyKey, keys, answers)}
}

// elements finds the look-ups by elements of an array column.
func (f *finder) elements(x *schema.Index, g *constraints) []*Lookup {
	var list []*Lookup
	for _, c := range g.byColumn[x.Columns[0].Num] {
		kind := AnyKey
		switch c.kind {
		case hasAllOf:
			kind = AllKeys
		case hasAnyOf:
		default:
			continue
		}
		keys := product([][]byte{nil}, c.values, func(dst []byte, v value.Value) []byte { return store.IndexKey(dst, x, v) })
		list = append(list, f.byKeys(x, kind, keys, c.conjunct))
	}
	return list
}

// differs finds a look-up for column <> value: all rows but those that have it.
func (f *finder) differs(x *schema.Index, g *constraints) []*Lookup {
	var list []*Lookup
	if len(x.Columns) != 1 {
		return nil
	}
	for _, c := range g.byColumn[x.Columns[0].Num] {
		if c.kind != isNot {
			continue
		}
		k := f.byKeys(x, AnyKey, [][]byte{store.IndexKey(nil, x, c.values[0])}, nil)
		list = append(list, &Lookup{Kind: Not, Kids: []*Lookup{k}, Count: max(0, f.rows-k.Count),
			Cost: k.Cost + costPosting*f.rows/64, answers: c.conjunct})
	}
	return list
}

func (f *finder) byKeys(x *schema.Index, kind LookupKind, keys [][]byte, answers []int) *Lookup {
	l := &Lookup{Kind: kind, Index: x, Keys: keys, Exact: true, answers: answers}
	for i, k := range keys {
		n := 0.0
		for p := range f.parts {
			n += float64(f.table.Part(p).EqualCount(x, k))
		}
		switch {
		case kind == AnyKey:
			l.Count += n
		case i == 0 || n < l.Count:
			l.Count = n
		}
		l.Cost += costKey * float64(f.parts)
		if len(keys) > 1 {
			l.Cost += costPosting * n
		}
	}
	l.Count = min(l.Count, f.rows)
	return l
}

// btree finds the look-ups that a B-tree answers: equalities on leading columns, then a range or a prefix
// on the next.
func (f *finder) btree(x *schema.Index, g *constraints) []*Lookup {
	prefixes := [][]byte{nil}
	l := &Lookup{Kind: Ranges, Index: x, Exact: true}
	used := 0
	for i, xc := range x.Columns {
		c, ok := g.equal(xc.Num)
		if !ok || len(prefixes)*len(c.values) > maxKeys {
			break
		}
		part := &schema.Index{Columns: x.Columns[i : i+1]}
		prefixes = product(prefixes, c.values, func(dst []byte, v value.Value) []byte { return store.IndexKey(dst, part, v) })
		l.answers = append(l.answers, c.conjunct...)
		used++
	}
	ranged := false
	if used < len(x.Columns) {
		for _, c := range g.byColumn[x.Columns[used].Num] {
			if c.kind != isBetween && c.kind != startsWith {
				continue
			}
			for _, p := range prefixes {
				l.Ranges = append(l.Ranges, keyRange(x.Columns[used], p, &c.constraint))
			}
			l.answers = append(l.answers, c.conjunct...)
			l.Exact = !c.loose
			ranged = true
			break
		}
	}
	if !ranged {
		if used == 0 {
			return nil
		}
		for _, p := range prefixes {
			l.Ranges = append(l.Ranges, store.KeyRange{Lo: p, Hi: value.KeySuccessor(nil, p)})
		}
	}
	for _, r := range l.Ranges {
		for p := range f.parts {
			l.Count += float64(f.table.Part(p).RangeCount(x, r))
		}
	}
	l.Count = min(l.Count, f.rows)
	l.Cost = costKey*float64(f.parts*len(l.Ranges)) + costRangeRow*l.Count
	return []*Lookup{l}
}
