package expr

import (
	"math"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Moving is an aggregate over a frame of rows both ends of which only move forward. Rows are added at the end and
// removed from the start, each once, so that a partition costs time in proportion to its rows and not to its
// frames. The result is exactly that of the aggregate computed anew: there is none for floats, of which the sum
// depends on what was added before.
//
// Not safe for concurrent use.
type Moving interface {
	// Begin forgets all rows and names the argument's values of the next ones, by row; nil for count(*).
	Begin(arg *column.Vec)
	// Add adds a row after those that were added.
	Add(row int)
	// Remove removes the first row that is still there.
	Remove(row int)
	Result() (value.Value, error)
}

// NewMoving returns an empty moving form of an aggregate, nil when it has none.
func NewMoving(call *AggCall) Moving {
	if len(call.Args) == 0 {
		if call.Func.Name == "count" {
			return &movingCount{}
		}
		return nil
	}
	k := kindOf(call.Args[0])
	exact := k == value.Int2 || k == value.Int4 || k == value.Int8 || k == value.Numeric
	if len(call.Args) != 1 {
		return nil
	}
	switch call.Func.Name {
	case "count":
		return &movingCount{}
	case "sum", "avg":
		if exact {
			return &movingSum{ret: call.typ.Kind, avg: call.Func.Name == "avg"}
		}
	case "min", "max":
		return &movingExtreme{kind: call.typ.Kind, least: call.Func.Name == "min"}
	case "bool_and", "every", "bool_or":
		return &movingBool{all: call.Func.Name != "bool_or"}
	}
	return nil
}

// movingCount is count.
type movingCount struct {
	arg *column.Vec
	n   int64
}

func (m *movingCount) Begin(arg *column.Vec) { m.arg, m.n = arg, 0 }

func (m *movingCount) Add(row int) {
	if m.arg == nil || !m.arg.IsNull(row) {
		m.n++
	}
}

func (m *movingCount) Remove(row int) {
	if m.arg == nil || !m.arg.IsNull(row) {
		m.n--
	}
}

func (m *movingCount) Result() (value.Value, error) { return value.NewInt(value.Int8, m.n), nil }

// movingSum is sum and avg of integers and numerics. Values of each scale have a sum of their own, so that the
// scale of the result goes down again when the values that raised it have left.
type movingSum struct {
	ret value.Kind
	avg bool
	arg *column.Vec

	n                      int64
	nans, posInfs, negInfs int64
	small                  int64 // of integers that are summed to bigint
	sums                   []scaleSum
}

// scaleSum is the sum of the values of one scale.
type scaleSum struct {
	scale int
	n     int64
	sum   value.NumericSum
}

func (m *movingSum) Begin(arg *column.Vec) {
	*m = movingSum{ret: m.ret, avg: m.avg, arg: arg, sums: m.sums[:0]}
}

func (m *movingSum) Add(row int) { m.change(row, 1) }

func (m *movingSum) Remove(row int) { m.change(row, -1) }

// change adds the value of a row, or takes it out with sign -1.
func (m *movingSum) change(row int, sign int64) {
	if m.arg.IsNull(row) {
		return
	}
	m.n += sign
	v := m.arg.Value(row)
	if m.arg.Kind != value.Numeric {
		if m.ret == value.Int8 {
			m.small += sign * v.Int()
			return
		}
		if sign > 0 || v.Int() != math.MinInt64 {
			s := m.of(0)
			s.n += sign
			s.sum.AddInt(sign * v.Int())
			return
		}
		v = value.NumericFromInt(v.Int())
	}
	scale, finite := value.NumericScale(v)
	if !finite {
		m.wild(v, sign)
		return
	}
	if sign < 0 {
		v = value.NumericNeg(v)
	}
	s := m.of(scale)
	s.n += sign
	s.sum.Add(v)
}

// wild counts a NaN or an infinity.
func (m *movingSum) wild(v value.Value, sign int64) {
	switch {
	case isNaN(v):
		m.nans += sign
	case value.Compare(v, value.NumericFromInt(0)) > 0:
		m.posInfs += sign
	default:
		m.negInfs += sign
	}
}

func (m *movingSum) of(scale int) *scaleSum {
	for i := range m.sums {
		if m.sums[i].scale == scale {
			return &m.sums[i]
		}
	}
	m.sums = append(m.sums, scaleSum{scale: scale})
	return &m.sums[len(m.sums)-1]
}

func (m *movingSum) Result() (value.Value, error) {
	switch {
	case m.n == 0:
		return value.Null(m.ret), nil
	case m.ret == value.Int8:
		return value.NewInt(value.Int8, m.small), nil
	}
	sum, err := m.total()
	if err != nil || !m.avg {
		return sum, err
	}
	return value.NumericDiv(sum, value.NumericFromInt(m.n))
}

func (m *movingSum) total() (value.Value, error) {
	switch {
	case m.nans > 0 || m.posInfs > 0 && m.negInfs > 0:
		return value.Parse(value.Of(value.Numeric), "NaN", defaultStyle)
	case m.posInfs > 0:
		return value.Parse(value.Of(value.Numeric), "Infinity", defaultStyle)
	case m.negInfs > 0:
		return value.Parse(value.Of(value.Numeric), "-Infinity", defaultStyle)
	}
	var total value.NumericSum
	for i := range m.sums {
		if m.sums[i].n > 0 {
			total.Merge(&m.sums[i].sum)
		}
	}
	return total.Sum()
}

// movingExtreme is min and max. It keeps the rows that can still become the extreme: each is better than all after
// it, so the first is the one. Of equal values the last counts, as PostgreSQL has it (1.00 after 1.0), but the first
// of char(n).
type movingExtreme struct {
	kind  value.Kind
	least bool
	arg   *column.Vec
	rows  []int
	head  int
}

func (m *movingExtreme) Begin(arg *column.Vec) { m.arg, m.rows, m.head = arg, m.rows[:0], 0 }

func (m *movingExtreme) Add(row int) {
	if m.arg.IsNull(row) {
		return
	}
	v := m.arg.Value(row)
	for len(m.rows) > m.head {
		c := value.Compare(v, m.arg.Value(m.rows[len(m.rows)-1]))
		if c == 0 && m.kind == value.Bpchar || c != 0 && (c < 0) != m.least {
			break
		}
		m.rows = m.rows[:len(m.rows)-1]
	}
	m.rows = append(m.rows, row)
}

func (m *movingExtreme) Remove(row int) {
	if m.head < len(m.rows) && m.rows[m.head] == row {
		m.head++
	}
}

func (m *movingExtreme) Result() (value.Value, error) {
	if m.head == len(m.rows) {
		return value.Null(m.kind), nil
	}
	return m.arg.Value(m.rows[m.head]).WithKind(m.kind), nil
}

// movingBool is bool_and, every and bool_or: it counts.
type movingBool struct {
	all         bool
	arg         *column.Vec
	trues, rows int
}

func (m *movingBool) Begin(arg *column.Vec) { m.arg, m.trues, m.rows = arg, 0, 0 }

func (m *movingBool) Add(row int) { m.change(row, 1) }

func (m *movingBool) Remove(row int) { m.change(row, -1) }

func (m *movingBool) change(row, by int) {
	if m.arg.IsNull(row) {
		return
	}
	m.rows += by
	if m.arg.Value(row).Bool() {
		m.trues += by
	}
}

func (m *movingBool) Result() (value.Value, error) {
	switch {
	case m.rows == 0:
		return value.Null(value.Bool), nil
	case m.all:
		return value.NewBool(m.trues == m.rows), nil
	}
	return value.NewBool(m.trues > 0), nil
}
