package expr

import (
	"fmt"
	"testing"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// benchBatch is a full batch: c0 int4, c1 numeric of scale 2, c2 a dictionary of 16
// texts, c3 float8, c4 int4[].
func benchBatch() *column.Batch {
	kinds := []value.Kind{value.Int4, value.Numeric, value.Text, value.Float8, value.Int4.Array()}
	b := &column.Batch{}
	b.Reset(kinds)
	for i := range column.BatchRows {
		w, _ := value.PackNumeric(int64(i*37%1000), 2)
		arr := value.NewArray(value.Int4, []value.Value{value.NewInt(value.Int4, int64(i%7)), value.NewInt(value.Int4, 50)})
		b.AppendRow([]value.Value{
			value.NewInt(value.Int4, int64(i*7919%1000)), value.NewNumericWord(w, ""),
			value.NewText(fmt.Sprintf("town%d", i*31%16)), value.NewFloat(float64(i)), arr,
		})
	}
	encodeVec(&b.Vecs[2])
	return b
}

func benchExpr(b *testing.B, text string, cols *column.Batch) Expr {
	b.Helper()
	e, err := bindText(text, vecScope{cols})
	if err != nil {
		b.Fatal(err)
	}
	return e
}

func BenchmarkFilter(b *testing.B) {
	for _, text := range []string{
		"c0 < 500", "c0 = 7", "c1 >= 5", "c2 = 'town3'", "c2 IN ('town3', 'town4')", "c2 LIKE 'town1%'", "c3 < 500",
		"c0 IN (1, 2, 3)", "c0 >= 100 AND c0 <= 200 AND c2 = 'town3'", "c4 CONTAINS 3", "c0 % 2 = 0", "upper(c2) = 'TOWN3'",
	} {
		b.Run(text, func(b *testing.B) {
			in := benchBatch()
			p := Compile(benchExpr(b, text, in))
			c := &Context{}
			var sel []int32
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if sel, err = p.Filter(c, in, nil, sel[:0]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/column.BatchRows, "ns/row")
		})
	}
}

func BenchmarkEval(b *testing.B) {
	for _, text := range []string{"c0 + 1", "c1 * c1", "c1 * c0", "c3 * 2", "upper(c2)", "c0::numeric",
		"CASE WHEN c0 < 500 THEN 1 ELSE 2 END", "c2 || 'x'"} {
		b.Run(text, func(b *testing.B) {
			in := benchBatch()
			p := Compile(benchExpr(b, text, in))
			c := &Context{}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Eval(c, in, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/column.BatchRows, "ns/row")
		})
	}
}

// BenchmarkAggregate adds full batches of 256 groups.
func BenchmarkAggregate(b *testing.B) {
	for _, text := range []string{"count(*)", "sum(c0)", "sum(c1)", "avg(c1)", "min(c0)", "max(c1)", "sum(c3)", "count(distinct c0)", "min(c2)"} {
		b.Run(text, func(b *testing.B) {
			in := benchBatch()
			a := NewAggregator(benchExpr(b, text, in).(*AggCall))
			groups := make([]uint32, in.N)
			for i := range groups {
				groups[i] = uint32(i * 2654435761 >> 8 & 255)
			}
			c := &Context{}
			b.ReportAllocs()
			for b.Loop() {
				if err := a.Add(c, in, nil, groups, 256); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/column.BatchRows, "ns/row")
		})
	}
}

// BenchmarkEvalRow is the short path: one row, interpreted.
func BenchmarkEvalRow(b *testing.B) {
	in := benchBatch()
	e := benchExpr(b, "c0 + 1 < 500 AND c2 = 'town3'", in)
	row := in.Row(nil, 5)
	c := &Context{}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Eval(c, e, row); err != nil {
			b.Fatal(err)
		}
	}
}
