package plan

import (
	"math"
	"slices"

	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/store"
)

// AccessKind is a way to reach the rows of a table.
type AccessKind uint8

// The ways.
const (
	FullScan  AccessKind = iota // all rows, tested
	KeyLookup                   // a few rows by primary key
	IndexSets                   // the rows that look-ups in indexes give
	IndexWalk                   // rows in the order of an index
	NoRows                      // the condition cannot be met
)

// Access is how one execution of a scan reaches its rows, chosen when the parameters and the counts in the
// indexes are known. A way is chosen by its cost in nanoseconds, which is estimated
// from counts: exact ones of dictionary entries, sampled ones of ranges.
type Access struct {
	Kind AccessKind
	// Keys are the keys of a KeyLookup, ascending and without repeats.
	Keys   [][]byte
	Lookup *Lookup // of IndexSets
	// Walk and WalkRange are the order and the part of its index of an IndexWalk.
	Walk      *ScanOrder
	WalkRange store.KeyRange
	// Left are the conditions that the look-ups do not answer exactly: they are tested
	// on the rows of the table. The transaction's own rows are tested with all.
	Left []*Program
	// Rows estimates the rows that come out, TableRows those that there are, Touched those that are read.
	Rows, TableRows, Touched float64
	// Weighed are the look-ups that were possible, chosen or not, for EXPLAIN.
	Weighed []Weighed
}

// Weighed is a look-up that was considered.
type Weighed struct {
	Lookup *Lookup
	Used   bool
}

// What it costs to read rows, in nanoseconds a row.
const (
	costScanRow   = 4.0  // to scan a row, without its columns
	costScanValue = 3.0  // a column of a scanned row
	costSetRow    = 25.0 // to fetch a row by its id, without its columns
	costSetValue  = 8.0  // a column of a fetched row
	costSortRow   = 40.0 // to keep a row for sorting
)

// Avoid lists ways that are taken only when there is no other, as PostgreSQL's settings enable_seqscan and so on say.
type Avoid struct {
	SeqScan   bool
	IndexSets bool // enable_bitmapscan
	IndexWalk bool // enable_indexscan
	Sort      bool
	HashJoin  bool
	NestLoop  bool
	JoinOrder bool // other orders of joins than the written one: join_collapse_limit = 1
}

// penalty is the cost of what is to be avoided.
const penalty = 1e15

// Choose chooses the access of a scan. want is the number of rows that will be asked for at most, in the
// scan's Order if it has one; negative for all.
func Choose(s *Scan, tv *store.TableView, c *expr.Context, want float64, avoid Avoid) (*Access, error) {
	f := &finder{scan: s, table: tv, parts: tv.Parts(), rows: max(1, float64(tv.EstimateRows())), avoid: avoid}
	a := &Access{TableRows: f.rows}
	conds := make([]expr.Expr, len(s.Where))
	for i, p := range s.Where {
		conds[i] = expr.FoldStable(p.Expr, c)
		if err := constantError(conds[i], c); err != nil {
			return nil, err
		}
	}
	for i := range s.partial {
		if s.partial[i].impliedBy(conds) {
			f.partial = append(f.partial, s.partial[i].index)
		}
	}
	list, possible := f.candidates(conds)
	if !possible {
		a.Kind = NoRows
		return a, nil
	}
	a.choose(f, conds, list)
	a.considerWalk(f, conds, want)
	return a, nil
}

// constantError evaluates a condition that reads no column: an error in it is the statement's, whether there
// are rows or not.
func constantError(e expr.Expr, c *expr.Context) error {
	reads := false
	expr.Columns(e, func(int) { reads = true })
	unset := false // where nothing is run, in EXPLAIN, nobody has set them
	expr.Slots(e, func(i int) { unset = unset || i >= len(c.Slots) })
	if reads || unset || !expr.IsConst(e) || c.Queries == nil && expr.HasSubquery(e) {
		return nil
	}
	_, err := expr.EvalConst(c, e)
	return err
}

// choose picks between a scan, a look-up by primary key and sets from indexes.
func (a *Access) choose(f *finder, conds []expr.Expr, list []*Lookup) {
	width := float64(len(f.scan.Cols))
	scan := f.rows * (costScanRow + costScanValue*width)
	if f.avoid.SeqScan {
		scan += penalty
	}
	a.Kind, a.Left, a.Touched = FullScan, f.scan.Where, f.rows
	a.Rows = f.rows * f.share(conds)
	if len(list) == 0 {
		return
	}
	for _, l := range list {
		a.Weighed = append(a.Weighed, Weighed{Lookup: l})
	}
	if i := slices.IndexFunc(list, func(l *Lookup) bool { return l.Kind == Primary }); i >= 0 {
		l := list[i]
		if l.Cost < scan || len(l.Keys) == 1 {
			a.Kind, a.Keys = KeyLookup, sortedKeys(l.Keys)
			a.Weighed[i].Used = true
			a.Left = f.left(conds, l.answers)
			a.Touched, a.Rows = l.Count, l.Count
			return
		}
	}
	perRow := costSetRow + costSetValue*width
	best, left := choose(list, conds, f.rows, perRow)
	if best.Cost+best.Count*perRow >= scan || f.avoid.IndexSets {
		return
	}
	a.Kind, a.Lookup, a.Touched = IndexSets, best, best.Count
	a.Left = nil
	rest := make([]expr.Expr, 0, len(left))
	for _, i := range left {
		a.Left = append(a.Left, f.scan.Where[i])
		rest = append(rest, conds[i])
	}
	a.Rows = max(1, best.Count*f.share(rest))
	for i := range a.Weighed {
		l := a.Weighed[i].Lookup
		a.Weighed[i].Used = l == best || best.Kind == And && slices.Contains(best.Kids, l)
	}
	f.resolve(best)
}

// left returns the conditions but for those answered.
func (f *finder) left(conds []expr.Expr, answered []int) []*Program {
	var out []*Program
	for i := range conds {
		if !slices.Contains(answered, i) {
			out = append(out, f.scan.Where[i])
		}
	}
	return out
}

// choose combines look-ups for a conjunction, cheapest rows first, as long as another one saves
// more in rows than it costs. It returns the conjuncts that remain to be tested.
func choose(list []*Lookup, conds []expr.Expr, rows, perRow float64) (best *Lookup, left []int) {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b *Lookup) int {
		switch {
		case a.Count*perRow+a.Cost < b.Count*perRow+b.Cost:
			return -1
		case a.Count*perRow+a.Cost > b.Count*perRow+b.Cost:
			return 1
		}
		return 0
	})
	chosen := list[:1:1]
	count, cost := list[0].Count, list[0].Cost
	for _, l := range list[1:] {
		if !adds(chosen, l) {
			continue
		}
		share := min(1, l.Count/max(1, rows))
		extra := l.Cost + costPosting*(count+l.Count)
		if l.Kind != Ranges && l.Kind != Or {
			extra = l.Cost + costPosting*min(count, l.Count)
		}
		if count*(1-share)*perRow > extra {
			chosen = append(chosen, l)
			count *= share
			cost += extra
		}
	}
	answered := map[int]bool{}
	for _, l := range chosen {
		if l.Exact {
			for _, i := range l.answers {
				answered[i] = true
			}
		}
	}
	for i := range conds {
		if !answered[i] {
			left = append(left, i)
		}
	}
	if len(chosen) == 1 {
		return chosen[0], left
	}
	return &Lookup{Kind: And, Kids: chosen, Count: count, Cost: cost}, left
}

// adds says whether a look-up answers anything that the chosen ones do not.
func adds(chosen []*Lookup, l *Lookup) bool {
	for _, i := range l.answers {
		known := slices.ContainsFunc(chosen, func(c *Lookup) bool { return slices.Contains(c.answers, i) })
		if !known {
			return true
		}
	}
	return false
}

// considerWalk turns to a walk in the index's order when that is cheaper than finding all
// rows and sorting them.
func (a *Access) considerWalk(f *finder, conds []expr.Expr, want float64) {
	o := f.scan.Order
	if o == nil || a.Kind == KeyLookup || f.avoid.IndexWalk {
		return
	}
	r, inRange := f.walkRange(o, conds)
	if inRange < 0 {
		return
	}
	width := float64(len(f.scan.Cols))
	find := a.Touched * (costSetRow + costSetValue*width)
	if a.Kind == FullScan {
		find = a.Touched * (costScanRow + costScanValue*width)
	} else if a.Lookup != nil {
		find += a.Lookup.Cost
	}
	find += a.Rows * costSortRow
	if f.avoid.Sort || f.avoid.SeqScan && a.Kind == FullScan {
		find += penalty
	}
	visited := inRange
	if want >= 0 && a.Rows > 0 {
		visited = min(inRange, (want+float64(f.parts))*max(1, inRange/a.Rows))
	}
	if want < 0 {
		find += a.Rows * math.Log2(a.Rows+2) * 10
	}
	if visited*(costWalkRow+costSetValue*width) >= find {
		return
	}
	a.Kind, a.Walk, a.WalkRange, a.Lookup, a.Touched = IndexWalk, o, r, nil, visited
	a.Left = f.scan.Where
	for i := range a.Weighed {
		a.Weighed[i].Used = false
	}
}

// walkRange returns the part of the index that a walk has to visit and about how many rows are in it, negative
// when a walk cannot give the order.
func (f *finder) walkRange(o *ScanOrder, conds []expr.Expr) (r store.KeyRange, rows float64) {
	if o.Bound == 0 && len(conds) == 0 {
		return r, f.rows
	}
	x := *o.Index
	x.Columns = x.Columns[:o.Bound+1]
	g := &constraints{byColumn: map[int16][]numbered{}}
	for i, e := range conds {
		if c, ok := constrain(e); ok && c.kind != nothingMatch {
			g.add(f.scan.Cols[c.column], c, i)
		}
	}
	g.narrow()
	for _, xc := range x.Columns[:o.Bound] {
		if c, ok := g.equal(xc.Num); !ok || len(c.values) != 1 {
			return r, -1
		}
	}
	// Only one range keeps the order.
	if c, ok := g.equal(x.Columns[o.Bound].Num); ok && len(c.values) > 1 {
		delete(g.byColumn, x.Columns[o.Bound].Num)
	}
	list := f.btree(&x, g)
	if len(list) == 0 || len(list[0].Ranges) != 1 {
		return r, f.rows
	}
	return list[0].Ranges[0], max(1, list[0].Count)
}

func sortedKeys(keys [][]byte) [][]byte {
	slices.SortFunc(keys, slices.Compare)
	return slices.CompactFunc(keys, slices.Equal)
}

// guessedShare guesses the share of rows that meet a condition of which nothing is known; ok says that it is a constraint.
func guessedShare(c *constraint, ok bool) float64 {
	switch {
	case !ok:
		return 0.5
	case c.kind == isOneOf:
		return min(1, 0.005*float64(len(c.values)))
	case c.kind == isNot:
		return 0.995
	case c.kind == isBetween && c.lo.set && c.hi.set:
		return 0.05
	}
	return 1.0 / 3
}
