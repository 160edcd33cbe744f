package plan

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/cachalotdb/cachalot/index"
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/store"
)

// Statistics are learned from samples of the rows that are there when they are needed. Two kinds:
//
//   - What a column holds (ColumnStats) is kept with the table, and learned anew when a good part of the rows has
//     changed. Nothing runs in the background: the first statement that asks waits the millisecond or two. The sample
//     is the same for the same rows.
//   - What share of a large table meets a condition is found by testing the condition itself on some of the rows, each time
//     (sampledShare): that knows parameters, LIKE and columns that depend on one another.

// ColumnStats is what a sample tells of a column.
type ColumnStats struct {
	Nulls    float64 // share of NULLs
	Distinct float64 // number of different values, estimated for all rows
	Width    float64 // bytes of a value on average
	// Common are values that are much more frequent than others, with their shares, most frequent first.
	Common []value.Value
	Shares []float64
	// Bounds divide the other values into parts of equal numbers of rows; ascending.
	Bounds []value.Value
}

// tableStats are the statistics of a table. Safe for concurrent use.
type tableStats struct {
	mu      sync.Mutex
	columns map[int16]*learned
}

// learned is what was found, and when.
type learned struct {
	ColumnStats
	rows, changes int64
}

const (
	sampleRows      = 10_000 // to learn a column without being told to
	analyzeRows     = 30_000 // for ANALYZE, as PostgreSQL reads with its default target
	maxCommon       = 100
	maxBounds       = 101
	minChangedShare = 0.2 // of the rows, until a column is learned anew
)

func statsOf(tv *store.TableView) *tableStats {
	notes := tv.Notes()
	if s, ok := notes.Load().(*tableStats); ok {
		return s
	}
	notes.CompareAndSwap(nil, &tableStats{columns: map[int16]*learned{}})
	return notes.Load().(*tableStats)
}

// Learned returns the statistics of a column if there are any that still hold.
func Learned(tv *store.TableView, num int16) (*ColumnStats, bool) {
	s := statsOf(tv)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fresh(tv, num)
}

func (s *tableStats) fresh(tv *store.TableView, num int16) (*ColumnStats, bool) {
	l := s.columns[num]
	if l == nil {
		return nil, false
	}
	changed := float64(tv.Changes() - l.changes)
	if changed > minChangedShare*float64(l.rows)+100 {
		return nil, false
	}
	return &l.ColumnStats, true
}

// Learn returns the statistics of a column, of a sample of now unless there are some that still hold.
func Learn(tv *store.TableView, num int16) *ColumnStats {
	s := statsOf(tv)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.fresh(tv, num); ok {
		return c
	}
	return s.learn(tv, num, sampleRows)
}

// Analyze learns columns of a table, all of them when none is named.
func Analyze(tv *store.TableView, nums []int16) {
	if nums == nil {
		for i := range tv.Def().Columns {
			if c := &tv.Def().Columns[i]; !c.Dropped {
				nums = append(nums, c.Num)
			}
		}
	}
	s := statsOf(tv)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, num := range nums {
		s.learn(tv, num, analyzeRows)
	}
}

func (s *tableStats) learn(tv *store.TableView, num int16, most int) *ColumnStats {
	l := &learned{rows: tv.EstimateRows(), changes: tv.Changes()}
	v := sample(tv, num, most)
	l.ColumnStats = describe(v, float64(l.rows))
	for _, x := range tv.Def().Indexes {
		if x.Kind == schema.Dictionary && x.Filter == 0 && len(x.Columns) == 1 && x.Columns[0].Num == num &&
			!tv.Def().ColumnByNum(num).Type.Kind.IsArray() {
			l.Distinct = math.Max(1, math.Min(indexKeys(tv, x), float64(l.rows)))
		}
	}
	s.columns[num] = l
	return &l.ColumnStats
}

// indexKeys estimates the different keys of a dictionary index: each partition has some of them.
func indexKeys(tv *store.TableView, x *schema.Index) float64 {
	most, sum := 0.0, 0.0
	for p := range tv.Parts() {
		n := float64(tv.Part(p).DistinctKeys(x))
		most, sum = math.Max(most, n), sum+n
	}
	if rows := float64(tv.EstimateRows()); sum > rows/2 {
		return sum // most keys have a row or two: few are in several partitions
	}
	return most
}

// sample reads a column of about as many rows as wanted, spread evenly over the table.
func sample(tv *store.TableView, num int16, most int) *column.Vec {
	v := &column.Vec{}
	v.Reset(tv.Def().ColumnByNum(num).Type.Kind)
	eachSampled(tv, []int16{num}, most, func(b *column.Batch) {
		v.AppendVec(&b.Vecs[0], 0, b.N)
	})
	return v
}

// eachSampled calls f with batches of rows that lie evenly spread.
func eachSampled(tv *store.TableView, cols []int16, most int, f func(*column.Batch)) {
	slots := 0
	for p := range tv.Parts() {
		slots += int(tv.Part(p).Universe())
	}
	step := max(1, slots/max(1, most))
	for p := range tv.Parts() {
		part := tv.Part(p)
		var scan *store.Scan
		if step == 1 {
			scan = part.Sample(nil, cols)
		} else {
			var rows []uint32
			for row := step / 2; row < int(part.Universe()); row += step {
				rows = append(rows, uint32(row))
			}
			set := index.FromSorted(rows)
			scan = part.Sample(&set, cols)
		}
		var b column.Batch
		for scan.Next(&b) {
			f(&b)
		}
	}
}

// describe makes statistics of a sample of a table of some rows.
func describe(v *column.Vec, rows float64) ColumnStats {
	n := v.Len()
	list := make([]value.Value, 0, n)
	width := 0
	for i := range n {
		if x := v.Value(i); !x.IsNull() {
			list = append(list, x)
			width += max(int(v.Kind.Size()), len(x.Bytes()))
		}
	}
	c := ColumnStats{Distinct: 1}
	if n > 0 {
		c.Nulls = float64(n-len(list)) / float64(n)
	}
	if len(list) == 0 {
		return c
	}
	c.Width = float64(width) / float64(len(list))
	slices.SortFunc(list, value.Compare)
	runs := runsOf(list)
	once := 0
	for _, r := range runs {
		if r.count == 1 {
			once++
		}
	}
	c.Distinct = estimateDistinct(float64(len(list)), float64(len(runs)), float64(once), math.Max(1, rows*(1-c.Nulls)))
	c.describeValues(list, runs, n)
	return c
}

// run is a value of a sorted list and how often it stands there.
type run struct{ first, count int }

func runsOf(list []value.Value) []run {
	runs := []run{{0, 0}}
	for i, x := range list {
		if last := &runs[len(runs)-1]; value.Compare(list[last.first], x) == 0 {
			last.count++
		} else {
			runs = append(runs, run{i, 1})
		}
	}
	return runs
}

// estimateDistinct estimates the different values of a table of rows from a sample of n with d different ones of which
// once occur once: the estimator of Haas and Stokes that PostgreSQL uses.
func estimateDistinct(n, d, once, rows float64) float64 {
	if n >= rows || once == 0 {
		return d
	}
	if once == n {
		return rows
	}
	return math.Max(d, math.Min(rows, n*d/(n-once+once*n/rows)))
}

// describeValues finds the common values and divides the others.
func (c *ColumnStats) describeValues(list []value.Value, runs []run, n int) {
	average := float64(len(list)) / float64(len(runs))
	common := slices.Clone(runs)
	slices.SortStableFunc(common, func(a, b run) int { return cmp.Compare(b.count, a.count) })
	isCommon := map[int]bool{}
	for _, r := range common[:min(maxCommon, len(common))] {
		if len(runs) > maxCommon && float64(r.count) < 1.25*average || r.count < 2 {
			break
		}
		c.Common = append(c.Common, list[r.first])
		c.Shares = append(c.Shares, float64(r.count)/float64(n))
		isCommon[r.first] = true
	}
	var others []value.Value
	for _, r := range runs {
		if !isCommon[r.first] {
			others = append(others, list[r.first:r.first+r.count]...)
		}
	}
	if len(others) < 2 {
		c.Bounds = others
		return
	}
	k := min(maxBounds, len(others))
	for i := range k {
		c.Bounds = append(c.Bounds, others[i*(len(others)-1)/(k-1)])
	}
}

// DistinctValues estimates the number of different values of a column of a table.
func DistinctValues(tv *store.TableView, num int16) float64 {
	return Learn(tv, num).Distinct
}

const (
	shareRows  = 1000   // to test a condition on
	shareTable = 10_000 // rows of a table from which that is worth it
)

// sampledShare is the share of a table's rows that meet conditions, tested on a sample; ok is false when they cannot be
// tested without doing anything else.
func sampledShare(tv *store.TableView, cols []int16, conds []*Program, x *expr.Context) (share float64, ok bool) {
	for _, p := range conds {
		if p.Volatile || expr.HasSubquery(p.Expr) {
			return 0, false
		}
	}
	x = x.Clone()
	seen, met := 0, 0
	failed := false
	compiled := make([]*expr.Program, len(conds))
	for i, p := range conds {
		compiled[i] = p.Acquire()
	}
	var buf []int32
	eachSampled(tv, cols, shareRows, func(b *column.Batch) {
		seen += b.N
		var sel []int32
		for _, p := range compiled {
			out, err := p.Filter(x, b, sel, buf[:0])
			if err != nil {
				failed = true // it may be one of a row that nothing reads: the statement will see
				return
			}
			buf, sel = out, out
			if len(sel) == 0 {
				return
			}
		}
		met += len(sel)
	})
	for i, p := range conds {
		p.Release(compiled[i])
	}
	if failed || seen == 0 {
		return 0, false
	}
	return math.Max(float64(met), 0.3) / float64(seen), true
}

// Refine corrects the estimate of a scan that reads the whole table by testing its conditions on a sample of the rows.
func (a *Access) Refine(s *Scan, tv *store.TableView, x *expr.Context) {
	if a.Kind != FullScan || len(s.Where) == 0 {
		return
	}
	if share, ok := sampledShare(tv, s.Cols, s.Where, x); ok {
		a.Rows = a.TableRows * share
	}
}

// GroupRows estimates the groups of an aggregation of some rows.
func GroupRows(n *Aggregate, rows float64, d Distincts) float64 {
	if len(n.Keys) == 0 {
		return float64(len(n.Sets))
	}
	total := 0.0
	for _, set := range n.Sets {
		groups := 1.0
		for _, k := range set {
			groups *= keyValues(n, k, rows, d)
		}
		total += math.Min(groups, rows)
	}
	return math.Max(1, total)
}

// keyValues estimates the different values of a grouping key.
func keyValues(n *Aggregate, key int, rows float64, d Distincts) float64 {
	if c, ok := n.Keys[key].Expr.(*expr.Column); ok {
		if scan, num := origin(n.In, c.Index); scan != nil {
			return math.Max(1, math.Min(rows, d.Distinct(scan, num)))
		}
	}
	return math.Max(1, math.Min(rows/10, 200))
}
