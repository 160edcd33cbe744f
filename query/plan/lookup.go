package plan

import (
	"fmt"
	"strings"

	"github.com/cachalotdb/cachalot/index"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// LookupKind is the kind of a Lookup.
type LookupKind uint8

// The kinds. AnyKey to Ranges ask one index; And, Or and Not combine.
const (
	AnyKey  LookupKind = iota // rows with any of Keys
	AllKeys                   // rows with all of Keys (arrays)
	Ranges                    // rows in any of Ranges
	Primary                   // rows by primary key
	And
	Or
	Not
)

// Lookup is a condition as indexes answer it: a tree of questions to indexes whose
// answers are sets of row ids, combined by set algebra. A set holds all rows for
// which the condition is true and, unless Exact, others; and rows that a snapshot
// does not see. Immutable during one execution.
type Lookup struct {
	Kind   LookupKind
	Index  *schema.Index // nil for Primary and combinations
	Keys   [][]byte
	Ranges []store.KeyRange
	Kids   []*Lookup
	// Exact says that the condition is true for every row of the set.
	Exact bool
	// Count is an upper bound of the rows, or, for ranges and NOT, an estimate.
	Count float64
	// Cost is about how many nanoseconds it takes to make the set.
	Cost float64
	// Cond is the condition as text.
	Cond string

	rows [][]uint32 // Primary: row ids by partition
	// answers are the conjuncts that it answers, those exactly where exact says so.
	answers []int
}

// What it costs to use an index, in nanoseconds. From BenchmarkAccess of query/exec on 1M rows.
const (
	costKey      = 250.0 // to find one key in one partition
	costPosting  = 0.5   // a row of a posting, when postings are combined
	costRangeRow = 55.0  // a row of a B-tree range made into a set
	costWalkRow  = 160.0 // a row of a walk in index order
	costPoint    = 700.0 // a row by primary key
)

// Set returns the row ids of one partition.
func (l *Lookup) Set(p *store.PartView, part int) index.Set {
	switch l.Kind {
	case AnyKey, AllKeys:
		return l.keySet(p)
	case Ranges:
		sets := make([]index.Set, len(l.Ranges))
		for i, r := range l.Ranges {
			sets[i] = p.Range(l.Index, r)
		}
		return index.Union(sets...)
	case Primary:
		return index.FromUnsorted(l.rows[part])
	case Or:
		sets := make([]index.Set, len(l.Kids))
		for i, k := range l.Kids {
			sets[i] = k.Set(p, part)
		}
		return index.Union(sets...)
	case Not:
		return l.Kids[0].Set(p, part).Not(p.Universe())
	}
	s := l.Kids[0].Set(p, part)
	for _, k := range l.Kids[1:] {
		if s.Empty() {
			break
		}
		if k.Kind == Not {
			s = s.AndNot(k.Kids[0].Set(p, part))
		} else {
			s = s.And(k.Set(p, part))
		}
	}
	return s
}

func (l *Lookup) keySet(p *store.PartView) index.Set {
	if len(l.Keys) == 1 {
		return p.Equal(l.Index, l.Keys[0])
	}
	if l.Kind == AllKeys {
		s := p.Equal(l.Index, l.Keys[0])
		for _, k := range l.Keys[1:] {
			s = s.And(p.Equal(l.Index, k))
		}
		return s
	}
	sets := make([]index.Set, len(l.Keys))
	for i, k := range l.Keys {
		sets[i] = p.Equal(l.Index, k)
	}
	return index.Union(sets...)
}

// maxKeys bounds the keys of one look-up: a longer list is better scanned.
const maxKeys = 10000

// finder finds look-ups for the conditions of one scan.
type finder struct {
	scan  *Scan
	table *store.TableView
	parts int
	rows  float64 // of the table, estimated
	avoid Avoid
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

// Parenthesized is a condition in parentheses, as EXPLAIN shows it.
func Parenthesized(e expr.Expr) string {
	s := e.String()
	if strings.HasPrefix(s, "(") && matching(s) {
		return s
	}
	return "(" + s + ")"
}

// matching says whether the first parenthesis is closed by the last character.
func matching(s string) bool {
	depth := 0
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\'':
			quoted = !quoted
		case quoted:
		case s[i] == '(':
			depth++
		case s[i] == ')':
			depth--
			if depth == 0 {
				return i == len(s)-1
			}
		}
	}
	return false
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

// numbered is a constraint with the number of its conjunct.
type numbered struct {
	constraint
	conjunct []int
}

// constraints are the constraints of a conjunction by column.
type constraints struct {
	byColumn map[int16][]numbered
}

func (g *constraints) add(num int16, c constraint, conjunct int) {
	g.byColumn[num] = append(g.byColumn[num], numbered{c, []int{conjunct}})
}

// narrow merges what several conjuncts say about one column: two ends make one range. It says whether any
// value is left.
func (g *constraints) narrow() bool {
	for num, list := range g.byColumn {
		var out []numbered
		between := -1
		for _, c := range list {
			if c.kind != isBetween {
				out = append(out, c)
				continue
			}
			if between < 0 {
				between = len(out)
				out = append(out, c)
				continue
			}
			r := &out[between]
			r.lo, r.hi = tighter(r.lo, c.lo, 1), tighter(r.hi, c.hi, -1)
			r.conjunct = append(r.conjunct, c.conjunct...)
		}
		if between >= 0 && out[between].empty() {
			return false
		}
		g.byColumn[num] = out
	}
	return true
}

// tighter returns the narrower of two bounds; sign is 1 for lower ends.
func tighter(a, b bound, sign int) bound {
	if !a.set || !b.set {
		if a.set {
			return a
		}
		return b
	}
	switch c := value.Compare(a.value, b.value) * sign; {
	case c > 0, c == 0 && !a.inclusive:
		return a
	}
	return b
}

func (c *constraint) empty() bool {
	if !c.lo.set || !c.hi.set {
		return false
	}
	d := value.Compare(c.lo.value, c.hi.value)
	return d > 0 || d == 0 && !(c.lo.inclusive && c.hi.inclusive)
}

// equal returns the constraint that fixes a column to one of some values.
func (g *constraints) equal(num int16) (numbered, bool) {
	best := -1
	for i, c := range g.byColumn[num] {
		if c.kind == isOneOf && (best < 0 || len(c.values) < len(g.byColumn[num][best].values)) {
			best = i
		}
	}
	if best < 0 {
		return numbered{}, false
	}
	return g.byColumn[num][best], true
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

// keyRange is the interval of index keys that begin with prefix and whose next column meets c. NULLs
// meet nothing and stay outside.
func keyRange(xc schema.IndexColumn, prefix []byte, c *constraint) store.KeyRange {
	col := &schema.Index{Columns: []schema.IndexColumn{xc}}
	enc := func(v value.Value) []byte { return store.IndexKey(append([]byte(nil), prefix...), col, v) }
	after := func(key []byte) []byte { return value.KeySuccessor(nil, key) }
	if c.kind == startsWith {
		lo, hi := prefixBounds(c.values[0].Bytes())
		c = &constraint{lo: bound{value.NewText(lo), true, true}}
		if hi != "" {
			c.hi = bound{value.NewText(hi), true, false}
		}
	}
	// In a descending column the ends change places.
	first, last := c.lo, c.hi
	if xc.Desc {
		first, last = last, first
	}
	var r store.KeyRange
	null := value.Null(c.kindOf())
	switch {
	case first.set && first.inclusive:
		r.Lo = enc(first.value)
	case first.set:
		r.Lo = after(enc(first.value))
	case xc.NullsFirst:
		r.Lo = after(enc(null))
	default:
		r.Lo = prefix
	}
	switch {
	case last.set && last.inclusive:
		r.Hi = after(enc(last.value))
	case last.set:
		r.Hi = enc(last.value)
	case !xc.NullsFirst:
		r.Hi = enc(null)
	default:
		r.Hi = after(prefix)
	}
	if len(r.Lo) == 0 {
		r.Lo = nil
	}
	return r
}

func (c *constraint) kindOf() value.Kind {
	if c.lo.set {
		return c.lo.value.Kind()
	}
	return c.hi.value.Kind()
}

// prefixBounds returns the texts that begin with a prefix as an interval [lo, hi); hi is "" when
// it has no end. Bytes compare as unsigned.
func prefixBounds(prefix string) (lo, hi string) {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xFF {
			b[i]++
			return prefix, string(b[:i+1])
		}
	}
	return prefix, ""
}

// String describes a look-up for EXPLAIN.
func (l *Lookup) String() string {
	name := "primary key"
	if l.Index != nil {
		name = l.Index.Name
	}
	return fmt.Sprintf("%s %s", name, l.Cond)
}
