package exec

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
)

// ranking is row_number, rank and its kin: functions of a row's place in the order.
type ranking expr.WindowKind

func (f ranking) prepare(*expr.Context) error { return nil }

func (f ranking) partition(p *partition, out *column.Vec) error {
	if kind := expr.WindowKind(f); kind.ReadsPeers() {
		p.peers()
	}
	for row := range p.n {
		out.Append(f.value(p, row))
	}
	return nil
}

func (f ranking) value(p *partition, row int) value.Value {
	switch kind := expr.WindowKind(f); kind {
	case expr.RowNumber:
		return value.NewInt(value.Int8, int64(row)+1)
	case expr.DenseRank:
		return value.NewInt(value.Int8, int64(p.group[row])+1)
	case expr.CumeDist:
		_, end := p.peersOf(row)
		return value.NewFloat(float64(end) / float64(p.n))
	default:
		first, _ := p.peersOf(row)
		switch {
		case kind == expr.Rank:
			return value.NewInt(value.Int8, int64(first)+1)
		case p.n == 1:
			return value.NewFloat(0)
		}
		return value.NewFloat(float64(first) / float64(p.n-1))
	}
}

// ntile deals the rows of a partition out to buckets of nearly one size, the larger ones first.
type ntile struct{ arg int }

func (f *ntile) prepare(*expr.Context) error { return nil }

// partition is PostgreSQL's window_ntile: the number of buckets is that of the first row where it is not NULL.
func (f *ntile) partition(p *partition, out *column.Vec) error {
	bucket, size, boundary, remainder := int64(0), int64(0), int64(0), int64(0)
	for row := range p.n {
		if bucket == 0 {
			v := p.arg(f.arg, row)
			if v.IsNull() {
				out.Append(value.Null(value.Int4))
				continue
			}
			buckets := v.Int()
			if buckets <= 0 {
				return sqlerr.New(sqlerr.InvalidArgumentForNtile, "argument of ntile must be greater than zero")
			}
			bucket, boundary = 1, int64(p.n)/buckets
			if boundary <= 0 {
				boundary = 1
			} else if remainder = int64(p.n) % buckets; remainder != 0 {
				boundary++
			}
		}
		size++
		if size > boundary {
			if remainder != 0 && bucket == remainder {
				remainder = 0
				boundary--
			}
			bucket++
			size = 1
		}
		out.Append(value.NewInt(value.Int4, bucket))
	}
	return nil
}

// neighbour is lag and lead: the value of a row at a distance.
type neighbour struct {
	ahead     bool
	arg, args int // value, distance, default
}

func (f *neighbour) prepare(*expr.Context) error { return nil }

func (f *neighbour) partition(p *partition, out *column.Vec) error {
	for row := range p.n {
		out.Append(f.value(p, row).WithKind(out.Kind))
	}
	return nil
}

func (f *neighbour) value(p *partition, row int) value.Value {
	distance := int64(1)
	if f.args > 1 {
		v := p.arg(f.arg+1, row)
		if v.IsNull() {
			return value.Value{}
		}
		distance = v.Int()
	}
	if !f.ahead {
		distance = -distance
	}
	at := int64(row) + distance // an int4: no overflow
	switch {
	case at >= 0 && at < int64(p.n):
		return p.arg(f.arg, int(at))
	case f.args > 2:
		return p.arg(f.arg+2, row)
	}
	return value.Value{}
}

// frameValue is first_value, last_value and nth_value.
type frameValue struct {
	kind   expr.WindowKind
	arg    int
	frames frames
}

func (f *frameValue) prepare(c *expr.Context) error { return f.frames.evaluate(c) }

func (f *frameValue) partition(p *partition, out *column.Vec) error {
	f.frames.begin(p)
	for row := range p.n {
		spans, err := f.frames.of(row)
		if err != nil {
			return err
		}
		at := -1
		switch f.kind {
		case expr.FirstValue:
			at = spans.nth(0)
		case expr.LastValue:
			at = spans.last()
		default:
			n := p.arg(f.arg+1, row)
			if n.IsNull() {
				break
			}
			if n.Int() <= 0 {
				return sqlerr.New(sqlerr.InvalidArgumentForNthValue, "argument of nth_value must be greater than zero")
			}
			at = spans.nth(int(n.Int()) - 1)
		}
		if at < 0 {
			out.Append(value.Null(out.Kind))
			continue
		}
		out.Append(p.arg(f.arg, at).WithKind(out.Kind))
	}
	return nil
}
