package expr

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// aggRows are the rows that testdata/aggregates.txt aggregates, as PostgreSQL is given
// them too.
const aggRows = `
1|10|1.50|1.5|b|2020-01-03|t
2|20|2.25|2.5|a|2020-01-01|f
NULL|NULL|NULL|NULL|NULL|NULL|NULL
2|9223372036854775807|2.250|-1|c|2020-01-02|t
-5|9223372036854775807|1000000000000000000000.1|0.1|a|2020-01-01|NULL
7|-3|-1.50|1e10|éb||t
`

const aggColumns = "c0 int, c1 bigint, c2 numeric, c3 float8, c4 text, c5 date, c6 bool"

var aggKinds = []value.Kind{value.Int4, value.Int8, value.Numeric, value.Float8, value.Text, value.Date, value.Bool}

func aggBatch(t *testing.T) *column.Batch {
	b := &column.Batch{}
	b.Reset(aggKinds)
	for line := range strings.Lines(strings.TrimSpace(aggRows)) {
		row := make([]value.Value, len(aggKinds))
		for i, s := range strings.Split(strings.TrimSpace(line), "|") {
			row[i] = value.Null(aggKinds[i])
			if s == "NULL" || s == "" {
				continue
			}
			v, err := value.Parse(value.Of(aggKinds[i]), s, defaultStyle)
			if err != nil {
				t.Fatal(err)
			}
			row[i] = v
		}
		b.AppendRow(row)
	}
	return b
}

const aggGoldenFile = "testdata/aggregates.txt"

// TestAggregateGolden checks each aggregate in one pass, and merged from partitions.
func TestAggregateGolden(t *testing.T) {
	if *postgresDSN != "" {
		writeAggGolden(t)
	}
	data, err := os.ReadFile(aggGoldenFile)
	if err != nil {
		t.Fatal(err)
	}
	in := aggBatch(t)
	for line := range strings.Lines(string(data)) {
		text, want, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if text == "" || text[0] == '#' {
			continue
		}
		if !ok {
			t.Errorf("%s: no answer", text)
			continue
		}
		for parts := 1; parts <= 3; parts++ {
			if got := aggAnswer(text, in, parts); got != want && !(parts > 1 && nearFloat(got, want)) {
				t.Errorf("%s in %d parts\n got %q\nwant %q", text, parts, got, want)
			}
		}
	}
}

// nearFloat says whether two answers are float8s that differ by rounding only, as the
// order of addition makes them.
func nearFloat(got, want string) bool {
	const kind = "double precision\t"
	a, err1 := strconv.ParseFloat(strings.TrimPrefix(got, kind), 64)
	b, err2 := strconv.ParseFloat(strings.TrimPrefix(want, kind), 64)
	return err1 == nil && err2 == nil && math.Abs(a-b) <= 1e-14*math.Abs(b)
}

func aggAnswer(text string, in *column.Batch, parts int) string {
	e, err := bindText(text, vecScope{in})
	if err != nil {
		return goldenError(err)
	}
	call, ok := e.(*AggCall)
	if !ok {
		return fmt.Sprintf("%T", e)
	}
	c := goldenContext()
	var whole *Aggregator
	for p := range parts {
		part := NewAggregator(call)
		// Rows one by one: states must not depend on the size of batches.
		for i := p * in.N / parts; i < (p+1)*in.N/parts; i++ {
			if err := part.Add(c, in, []int32{int32(i)}, nil, 1); err != nil {
				return goldenError(err)
			}
		}
		part.Grow(1)
		if whole == nil {
			whole = part
		} else if err := whole.Merge(part, nil, 1); err != nil {
			return goldenError(err)
		}
	}
	v, err := whole.Result(c, 0)
	if err != nil {
		return goldenError(err)
	}
	if v.Kind() != e.Type().Kind {
		return "result of kind " + v.Kind().String()
	}
	if v.IsNull() {
		return e.Type().Kind.String() + "\t" + `\N`
	}
	return e.Type().Kind.String() + "\t" + escapeGolden(string(value.AppendText(nil, v, c.style())))
}

func writeAggGolden(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, *postgresDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE TEMP TABLE t ("+aggColumns+")"); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(strings.TrimSpace(aggRows)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		for i, s := range cells {
			if cells[i] = "'" + s + "'"; s == "NULL" || s == "" {
				cells[i] = "NULL"
			}
		}
		if _, err := conn.Exec(ctx, "INSERT INTO t VALUES ("+strings.Join(cells, ",")+")"); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(aggGoldenFile)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(data)) {
		text, answer, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if text == "" || text[0] == '#' || answer == "0A000" {
			out.WriteString(line)
			continue
		}
		out.WriteString(text + "\t" + askPostgresAbout(ctx, t, conn, text, " FROM t") + "\n")
	}
	if err := os.WriteFile(aggGoldenFile, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestGroupsAggregateAlone checks that the groups of one aggregator are what each group's rows
// give alone, for any groups, selections, batches and merges.
func TestGroupsAggregateAlone(t *testing.T) {
	aggregates := []string{"count", "sum", "avg", "min", "max", "array_agg", "stddev", "bool_and", "bit_or"}
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom([]value.Kind{value.Bool, value.Int2, value.Int4, value.Int8, value.Numeric, value.Text, value.Date}).Draw(t, "kind")
		call := &ast.FuncCall{Name: []ast.Ident{{Name: rapid.SampledFrom(aggregates).Draw(t, "aggregate")}},
			Args: []ast.Expr{columnOf(k)}, Distinct: rapid.IntRange(0, 4).Draw(t, "distinct") == 0}
		if rapid.IntRange(0, 4).Draw(t, "filtered") == 0 {
			call.Filter = columnOf(value.Bool)
		}
		b := Binder{Scope: twinScope{}, Aggregates: true}
		e, err := b.Bind(call)
		if err != nil {
			t.Skip(err)
		}
		const groups = 3
		c := &Context{}
		grouped := [2]*Aggregator{NewAggregator(e.(*AggCall)), NewAggregator(e.(*AggCall))}
		var alone [groups]*Aggregator
		for g := range alone {
			alone[g] = NewAggregator(e.(*AggCall))
			alone[g].Grow(1)
		}
		mapping := []uint32{2, 0, 1}
		for part, a := range grouped {
			for range 2 {
				in := drawBatch(t)
				sel := drawSelection(t, in.N)
				of := make([]uint32, in.N)
				for i := range of {
					of[i] = uint32(rapid.IntRange(0, groups-1).Draw(t, "group"))
				}
				if err := a.Add(c, in, sel, of, groups); err != nil {
					t.Skip(err)
				}
				for k := range selected(in.N, sel) {
					i := rowAt(sel, k)
					to := of[i]
					if part == 1 {
						to = mapping[to]
					}
					if err := alone[to].Add(c, in, []int32{int32(i)}, nil, 1); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		if err := grouped[0].Merge(grouped[1], mapping, groups); err != nil {
			t.Fatal(err)
		}
		for g := range groups {
			want, wantErr := alone[g].Result(c, 0)
			got, err := grouped[0].Result(c, uint32(g))
			if (err != nil) != (wantErr != nil) || err == nil && show(got) != show(want) {
				t.Fatalf("%s: group %d: %s (%v), want %s (%v)", e, g, show(got), err, show(want), wantErr)
			}
		}
	})
}
