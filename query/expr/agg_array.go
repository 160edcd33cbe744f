package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// listAggs is the aggregates whose result has every value of the input in it: array_agg and those of json and jsonb.
func listAggs() []AggFunc {
	j, b := value.JSON, value.JSONB
	return []AggFunc{
		{Name: "array_agg", Args: kinds(anyNonArray), Ret: anyArray, ordered: true, make: newArrayAgg},
		{Name: "array_agg", Args: kinds(anyArray), Ret: anyArray, ordered: true, make: newArraysAgg},
		{Name: "json_agg", Args: kinds(anyElement), Ret: j, ordered: true, make: newJSONAgg},
		{Name: "jsonb_agg", Args: kinds(anyElement), Ret: b, ordered: true, make: newJSONAgg},
		{Name: "json_object_agg", Args: kinds(anyKind, anyKind), Ret: j, ordered: true, make: newJSONObjectAgg},
		{Name: "jsonb_object_agg", Args: kinds(anyKind, anyKind), Ret: b, ordered: true, make: newJSONObjectAgg},
	}
}

// listAgg keeps the values of each group, of one or two arguments one after the other, and makes the result of them at the end.
type listAgg struct {
	kind value.Kind
	// check looks at the arguments of a row; nil takes all.
	check func(args []value.Value) error
	// finish makes the result of a group that has rows.
	finish func(c *Context, list []value.Value) (value.Value, error)
	cells  [][]value.Value
	bytes  int64
}

func newArrayAgg(call *AggCall) AggState {
	k := call.typ.Kind
	return &listAgg{kind: k, finish: func(_ *Context, list []value.Value) (value.Value, error) {
		return value.NewArray(k.Elem(), list), nil
	}}
}

func newArraysAgg(call *AggCall) AggState {
	k := call.typ.Kind
	return &listAgg{kind: k, finish: func(_ *Context, list []value.Value) (value.Value, error) {
		return accumulateArrays(k, list)
	}}
}

// newJSONAgg is json_agg and jsonb_agg. A json has a line for each array or row.
func newJSONAgg(call *AggCall) AggState {
	k, arg := call.typ.Kind, kindOf(call.Args[0])
	sep := ", "
	if arg.IsArray() || arg == value.Record {
		sep = ", \n "
	}
	return &listAgg{kind: k, finish: func(c *Context, list []value.Value) (value.Value, error) {
		w := jsonWriter{kind: k, c: c}
		w.text("[")
		for i, v := range list {
			if i > 0 {
				w.text(sep)
			}
			w.value(v)
		}
		w.text("]")
		return w.result()
	}}
}

// newJSONObjectAgg is json_object_agg and jsonb_object_agg: of keys and values by turns.
func newJSONObjectAgg(call *AggCall) AggState {
	k := call.typ.Kind
	check := func(args []value.Value) error {
		if args[0].IsNull() {
			return sqlerr.New(sqlerr.InvalidParameterValue, "field name must not be null")
		}
		return nil
	}
	return &listAgg{kind: k, check: check, finish: func(c *Context, list []value.Value) (value.Value, error) {
		w := jsonWriter{kind: k, c: c}
		w.text("{ ")
		for i := 0; i < len(list); i += 2 {
			if i > 0 {
				w.text(", ")
			}
			if err := w.key(list[i]); err != nil {
				return value.Value{}, err
			}
			w.text(" : ")
			w.value(list[i+1])
		}
		w.text(" }")
		return w.result()
	}}
}

func (s *listAgg) Grow(n int) { s.cells = grown(s.cells, n) }

func (s *listAgg) Add(_ *Context, args []*column.Vec, n int, sel []int32, groups []uint32) error {
	var err error
	row := make([]value.Value, len(args))
	eachRowGroup(n, sel, groups, func(i int, g uint32) {
		for a, v := range args {
			row[a] = v.Value(i)
			s.bytes += 40 + int64(len(row[a].Bytes()))
		}
		if s.check != nil && err == nil {
			err = s.check(row)
		}
		s.cells[g] = append(s.cells[g], row...)
	})
	return err
}

func (s *listAgg) Merge(other AggState, mapping []uint32) error {
	o := other.(*listAgg)
	for g, list := range o.cells {
		to := mapped(mapping, g)
		s.cells[to] = append(s.cells[to], list...)
	}
	s.bytes += o.bytes
	return nil
}

func (s *listAgg) Result(c *Context, g uint32) (value.Value, error) {
	if len(s.cells[g]) == 0 {
		return value.Null(s.kind), nil
	}
	return s.finish(c, s.cells[g])
}

func (s *listAgg) Bytes() int64 { return s.bytes + int64(cap(s.cells))*24 }
