package expr

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// The columns that generated expressions read. Texts come both plain and dictionary-encoded.
var twinColumns = []value.Kind{
	value.Bool, value.Int2, value.Int4, value.Int8, value.Float8, value.Numeric,
	value.Text, value.Varchar, value.Date, value.Timestamp, value.Int4.Array(), value.Text.Array(),
	value.Float4, value.Time, value.Timetz, value.Interval, value.Name, value.OID,
}

type twinScope struct{}

func (twinScope) Column(ref *ast.ColumnRef) (Expr, error) {
	var i int
	if _, err := fmt.Sscanf(ref.Parts[0].Name, "c%d", &i); err != nil {
		return nil, err
	}
	return NewColumn(i, value.Of(twinColumns[i]), ref.Parts[0].Name, ast.NoPos), nil
}

func columnOf(k value.Kind) *ast.ColumnRef {
	for i, c := range twinColumns {
		if c == k {
			return &ast.ColumnRef{Parts: []ast.Ident{{Name: fmt.Sprintf("c%d", i)}}}
		}
	}
	panic("no column of " + k.String())
}

// drawValue returns a value of a kind, from a small set so that values meet.
func drawValue(t *rapid.T, k value.Kind) value.Value {
	if rapid.IntRange(0, 5).Draw(t, "null") == 0 {
		return value.Null(k)
	}
	ints := []int64{0, 1, -1, 2, 3, 7, 100}
	switch k {
	case value.Bool:
		return value.NewBool(rapid.Bool().Draw(t, "bool"))
	case value.Int2:
		return value.NewInt(k, rapid.SampledFrom(append(ints, math.MaxInt16, math.MinInt16)).Draw(t, "int2"))
	case value.Int4:
		return value.NewInt(k, rapid.SampledFrom(append(ints, math.MaxInt32, math.MinInt32)).Draw(t, "int4"))
	case value.Int8:
		return value.NewInt(k, rapid.SampledFrom(append(ints, math.MaxInt64, math.MinInt64)).Draw(t, "int8"))
	case value.Float8:
		return value.NewFloat(rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, -1, 2.5, 1e308, 1e-308, math.Inf(1),
			math.Inf(-1), math.NaN()}).Draw(t, "float8"))
	case value.Numeric:
		s := rapid.SampledFrom([]string{"0", "1", "-1", "1.0", "1.00", "2.50", "-7.25", "100.00", "12345678901234567890.123456789", "NaN",
			"Infinity", "0.000001", "36028797018963967"}).Draw(t, "numeric")
		v, err := value.Parse(value.Of(k), s, defaultStyle)
		if err != nil {
			panic(err)
		}
		return v
	case value.Text, value.Varchar:
		return value.NewBytes(k, rapid.SampledFrom([]string{"", "a", "ab", "abc", "Paris", "paris", "éà", "x_y%z", `b\s`}).Draw(t, "text"))
	case value.Date:
		return value.NewInt(k, rapid.SampledFrom([]int64{0, 1, -1, 7000, math.MaxInt32}).Draw(t, "date"))
	case value.Timestamp:
		return value.NewInt(k, rapid.SampledFrom([]int64{0, 1, -1, 86400e6, 7e14}).Draw(t, "timestamp"))
	}
	drawText := func(texts ...string) value.Value {
		v, err := value.Parse(value.Of(k), rapid.SampledFrom(texts).Draw(t, k.CatalogName()), defaultStyle)
		if err != nil {
			panic(err)
		}
		return v
	}
	switch k {
	case value.Float4:
		return drawText("0", "-0", "1", "-1.5", "0.1", "3e38", "1e-40", "Infinity", "NaN")
	case value.Time:
		return drawText("00:00", "10:00", "23:59:59.999999", "24:00")
	case value.Timetz:
		return drawText("10:00+02", "08:00+00", "08:00-05", "24:00+15")
	case value.Interval:
		return drawText("0", "1 mon", "30 days", "720:00", "-1 day", "1 day -1:00", "1 year 2 mons 3 days 04:05:06.7", "178956970 years")
	case value.Name:
		return drawText("", "a", "Paris", "ab")
	case value.OID:
		return drawText("0", "1", "7", "4294967295")
	}
	elems := make([]value.Value, rapid.IntRange(0, 3).Draw(t, "len"))
	for i := range elems {
		elems[i] = drawValue(t, k.Elem())
	}
	return value.NewArray(k.Elem(), elems)
}

// drawExpr returns an expression of a kind.
func drawExpr(t *rapid.T, k value.Kind, depth int) ast.Expr {
	if depth == 0 || rapid.IntRange(0, 4).Draw(t, "leaf") == 0 {
		if rapid.IntRange(0, 2).Draw(t, "const") > 0 {
			return columnOf(k)
		}
		v := drawValue(t, k)
		if v.IsNull() {
			return typed(&ast.Const{Kind: ast.Null}, k)
		}
		return typed(&ast.Const{Kind: ast.String, Text: string(value.AppendText(nil, v, defaultStyle))}, k)
	}
	sub := func(k value.Kind) ast.Expr { return drawExpr(t, k, depth-1) }
	switch rapid.IntRange(0, 3).Draw(t, "any") {
	case 0:
		c := &ast.CaseExpr{Else: sub(k)}
		for range rapid.IntRange(1, 2).Draw(t, "whens") {
			c.Whens = append(c.Whens, &ast.CaseWhen{Cond: sub(value.Bool), Result: sub(k)})
		}
		return c
	case 1:
		switch rapid.IntRange(0, 2).Draw(t, "cond") {
		case 0:
			return &ast.CoalesceExpr{Args: []ast.Expr{sub(k), sub(k)}}
		case 1:
			return &ast.MinMaxExpr{Least: rapid.Bool().Draw(t, "least"), Args: []ast.Expr{sub(k), sub(k)}}
		}
		return &ast.NullIfExpr{Left: sub(k), Right: sub(k)}
	}
	op := func(name string, l, r ast.Expr) ast.Expr { return &ast.OpExpr{Op: name, Left: l, Right: r} }
	call := func(name string, args ...ast.Expr) ast.Expr {
		return &ast.FuncCall{Name: []ast.Ident{{Name: name}}, Args: args}
	}
	arith := func() string { return rapid.SampledFrom([]string{"+", "-", "*", "/"}).Draw(t, "arith") }
	switch k {
	case value.Bool:
		return drawBool(t, depth)
	case value.Int2, value.Int4, value.Int8, value.Float8, value.Numeric:
		if k == value.Int4 && rapid.Bool().Draw(t, "length") {
			return call("length", sub(value.Text))
		}
		if k == value.Numeric && rapid.Bool().Draw(t, "cast") {
			return typed(sub(value.Int4), k)
		}
		return op(arith(), sub(k), sub(k))
	case value.Text:
		switch rapid.IntRange(0, 3).Draw(t, "text") {
		case 0:
			return op("||", sub(k), sub(k))
		case 1:
			return call("upper", sub(k))
		case 2:
			return typed(sub(value.Int4), k)
		}
		return call("substr", sub(k), sub(value.Int4), sub(value.Int4))
	case value.Date:
		return op("+", sub(k), sub(value.Int4))
	case value.Float4:
		if rapid.Bool().Draw(t, "cast") {
			return typed(sub(value.Int4), k)
		}
		return op(arith(), sub(k), sub(k))
	case value.Time:
		return op(rapid.SampledFrom([]string{"+", "-"}).Draw(t, "sum"), sub(k), sub(value.Interval))
	case value.Timestamp:
		return op(rapid.SampledFrom([]string{"+", "-"}).Draw(t, "sum"), sub(k), sub(value.Interval))
	case value.Interval:
		if rapid.Bool().Draw(t, "sum") {
			return op(rapid.SampledFrom([]string{"+", "-"}).Draw(t, "sum"), sub(k), sub(k))
		}
		return op(rapid.SampledFrom([]string{"*", "/"}).Draw(t, "product"), sub(k), sub(value.Float8))
	}
	return columnOf(k)
}

func typed(e ast.Expr, k value.Kind) ast.Expr {
	name := &ast.TypeName{Names: []ast.Ident{{Name: k.Elem().CatalogName()}}}
	if k.IsArray() {
		name.ArrayDims = []int{-1}
	}
	return &ast.TypeCast{Arg: e, Type: name}
}

func drawBool(t *rapid.T, depth int) ast.Expr {
	k := rapid.SampledFrom(twinColumns).Draw(t, "of")
	sub := func(k value.Kind) ast.Expr { return drawExpr(t, k, depth-1) }
	switch rapid.IntRange(0, 10).Draw(t, "predicate") {
	case 0, 1:
		op := rapid.SampledFrom([]ast.BoolOp{ast.And, ast.Or}).Draw(t, "logic")
		return &ast.BoolExpr{Op: op, Args: []ast.Expr{sub(value.Bool), sub(value.Bool), sub(value.Bool)}}
	case 2:
		return &ast.BoolExpr{Op: ast.Not, Args: []ast.Expr{sub(value.Bool)}}
	case 3:
		return &ast.NullTest{Arg: sub(k), Not: rapid.Bool().Draw(t, "not")}
	case 4:
		return &ast.BooleanTest{Arg: sub(value.Bool), Kind: ast.BoolTestKind(rapid.IntRange(0, 5).Draw(t, "test"))}
	case 5:
		return &ast.IsDistinct{Left: sub(k), Right: sub(k), Not: rapid.Bool().Draw(t, "not")}
	case 6:
		in := &ast.InExpr{Arg: sub(k), Not: rapid.Bool().Draw(t, "not")}
		for range rapid.IntRange(1, 4).Draw(t, "items") {
			in.List = append(in.List, drawExpr(t, k, 0))
		}
		return in
	case 7:
		p := rapid.SampledFrom([]string{"%", "a%", "%a%", "_a%", "%s", "P_ris", "", "x\\_y%"}).Draw(t, "pattern")
		return &ast.LikeExpr{Kind: ast.LikeKind(rapid.IntRange(0, 1).Draw(t, "like")), Not: rapid.Bool().Draw(t, "not"),
			Arg: sub(value.Text), Pattern: &ast.Const{Kind: ast.String, Text: p}}
	case 8:
		return &ast.ContainsExpr{Arg: columnOf(value.Text.Array()), Value: sub(value.Text), Not: rapid.Bool().Draw(t, "not")}
	case 9:
		return &ast.AnyAllExpr{Op: rapid.SampledFrom([]string{"=", "<>", "<"}).Draw(t, "op"), All: rapid.Bool().Draw(t, "all"),
			Left: sub(value.Int4), Array: columnOf(value.Int4.Array())}
	}
	op := rapid.SampledFrom([]string{"=", "<>", "<", "<=", ">", ">="}).Draw(t, "op")
	return &ast.OpExpr{Op: op, Left: sub(k), Right: sub(k)}
}

// drawBatch returns a batch of the columns; texts are encoded or not.
func drawBatch(t *rapid.T) *column.Batch {
	b := &column.Batch{}
	b.Reset(twinColumns)
	rows := rapid.IntRange(0, 12).Draw(t, "rows")
	row := make([]value.Value, len(twinColumns))
	for range rows {
		for i, k := range twinColumns {
			row[i] = drawValue(t, k)
		}
		b.AppendRow(row)
	}
	for i, k := range twinColumns {
		if (k == value.Text || k == value.Varchar) && rapid.Bool().Draw(t, "encoded") {
			encodeVec(&b.Vecs[i])
		}
	}
	return b
}

// encodeVec makes a vec a dictionary vec.
func encodeVec(v *column.Vec) {
	d := column.NewDict(nil)
	codes := make([]uint32, len(v.S))
	for i, s := range v.S {
		if !v.IsNull(i) {
			codes[i], _ = d.Add(s)
		}
	}
	v.S, v.Codes, v.Dict = nil, codes, d
}

func drawSelection(t *rapid.T, n int) []int32 {
	if rapid.Bool().Draw(t, "all") {
		return nil
	}
	sel := []int32{}
	for i := range n {
		if rapid.Bool().Draw(t, "selected") {
			sel = append(sel, int32(i))
		}
	}
	return sel
}

// TestTwins compares vectorised evaluation and filtering with the interpretation
// of each row.
func TestTwins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(twinColumns).Draw(t, "kind")
		raw := drawExpr(t, k, rapid.IntRange(0, 4).Draw(t, "depth"))
		b := Binder{Scope: twinScope{}}
		e, err := b.BindText(raw)
		if err != nil {
			if code := sqlerr.Code(err); code == sqlerr.InternalError || code == sqlerr.SyntaxError {
				t.Fatalf("bind: %v", err)
			}
			t.Skip(err)
		}
		program := Compile(e)
		c := &Context{}
		for range 3 { // memory is reused from batch to batch
			batch := drawBatch(t)
			sel := drawSelection(t, batch.N)
			checkTwin(t, program, c, batch, sel)
		}
	})
}

func checkTwin(t *rapid.T, p *Program, c *Context, in *column.Batch, sel []int32) {
	want := map[int]value.Value{}
	var wantErr error
	for k := range selected(in.N, sel) {
		i := rowAt(sel, k)
		v, err := Eval(c, p.expr, in.Row(nil, i))
		if err != nil {
			wantErr = err
			break
		}
		want[i] = v
	}
	got, err := p.Eval(c, in, sel)
	if (err != nil) != (wantErr != nil) {
		t.Fatalf("%s:\nvector error %v\nrow error    %v", p.expr, err, wantErr)
	}
	if err != nil {
		return
	}
	var trues []int32
	for k := range selected(in.N, sel) {
		i := rowAt(sel, k)
		v := got.Value(i)
		if v.Kind() != kindOf(p.expr) {
			t.Fatalf("%s: kind %s, want %s", p.expr, v.Kind(), kindOf(p.expr))
		}
		if want[i].Bool() && kindOf(p.expr) == value.Bool {
			trues = append(trues, int32(i))
		}
		if w := want[i].WithKind(v.Kind()); v != w && !(v.IsNull() && w.IsNull()) {
			t.Fatalf("%s: row %d: vector %v, row %v", p.expr, i, show(v), show(w))
		}
	}
	if kindOf(p.expr) != value.Bool {
		return
	}
	kept, err := p.Filter(c, in, sel, nil)
	if err != nil || fmt.Sprint(kept) != fmt.Sprint(trues) {
		t.Fatalf("%s: filter keeps %v (%v), want %v", p.expr, kept, err, trues)
	}
	if sel != nil {
		if kept, err = p.Filter(c, in, sel, sel[:0]); err != nil || fmt.Sprint(kept) != fmt.Sprint(trues) {
			t.Fatalf("%s: filter in place keeps %v (%v), want %v", p.expr, kept, err, trues)
		}
	}
}

func show(v value.Value) string {
	if v.IsNull() {
		return "NULL"
	}
	return string(value.AppendText(nil, v, defaultStyle)) + "::" + v.Kind().String()
}
