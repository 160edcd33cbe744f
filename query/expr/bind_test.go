package expr

import (
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/parse"
)

// parseExpr returns the tree of an expression.
func parseExpr(t testing.TB, text string, opts parse.Options) ast.Expr {
	t.Helper()
	list, err := parse.Parse(goldenPrefix+text, opts)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return list[0].Stmt.(*ast.SelectStmt).Targets[0].Expr
}

func TestBindErrors(t *testing.T) {
	in := aggBatch(t)
	for _, test := range []struct{ text, clause, code, message, hint string }{
		{"c4 = 1", "WHERE", sqlerr.UndefinedFunction, "operator does not exist: text = integer",
			"No operator matches the given name and argument types. You might need to add explicit type casts."},
		{"nosuch(c0)", "WHERE", sqlerr.UndefinedFunction, "function nosuch(integer) does not exist",
			"No function matches the given name and argument types. You might need to add explicit type casts."},
		{"sum(c0) > 1", "WHERE", sqlerr.GroupingError, "aggregate functions are not allowed in WHERE", ""},
		{"- c4", "WHERE", sqlerr.UndefinedFunction, "operator does not exist: - text",
			"No operator matches the given name and argument type. You might need to add an explicit type cast."},
		{"c0", "WHERE", sqlerr.DatatypeMismatch, "argument of WHERE must be type boolean, not type integer", ""},
		{"c0 = 1 AND c4", "WHERE", sqlerr.DatatypeMismatch, "argument of AND must be type boolean, not type text", ""},
		{"$1", "WHERE", sqlerr.UndefinedParameter, "there is no parameter $1", ""},
		{"c9 = 1", "WHERE", sqlerr.UndefinedColumn, `column "c9" does not exist`, ""},
		{"DEFAULT", "WHERE", sqlerr.SyntaxError, "", ""},
		{"c4 CONTAINS 'a'", "WHERE", sqlerr.DatatypeMismatch, "the left operand of CONTAINS must be an array, not type text", ""},
		{"ARRAY[c0] CONTAINS 'x'", "WHERE", sqlerr.InvalidTextRepresentation, `invalid input syntax for type integer: "x"`, ""},
		{"c4 COLLATE \"de_DE\" = 'a'", "WHERE", sqlerr.FeatureNotSupported, `collation "de_DE" is not supported`,
			`The collations are "C", "POSIX" and "default", which are all C.`},
	} {
		list, err := parse.Parse(goldenPrefix+test.text, parse.Options{})
		if err == nil {
			b := &Binder{Scope: vecScope{in}, Clause: test.clause}
			_, err = b.BindBool(list[0].Stmt.(*ast.SelectStmt).Targets[0].Expr, test.clause)
		}
		e := sqlerr.As(err)
		switch {
		case e == nil:
			t.Errorf("%s: %v", test.text, err)
		case e.Code != test.code || test.message != "" && e.Message != test.message || e.Hint != test.hint:
			t.Errorf("%s:\n got %s %s, hint %q\nwant %s %s, hint %q", test.text, e.Code, e.Message, e.Hint, test.code, test.message, test.hint)
		case e.Pos == 0:
			t.Errorf("%s: no position", test.text)
		}
	}
}

func TestAssign(t *testing.T) {
	b := &Binder{}
	for _, test := range []struct {
		text string
		to   value.Type
		want string // the value, or the SQLSTATE
	}{
		{"1", value.Of(value.Int8), "1"},
		{"1.6", value.Of(value.Int4), "2"},
		{"'7'", value.Of(value.Int4), "7"},
		{"'x'", value.Of(value.Int4), "22P02"},
		{"'abc'::text", value.Of(value.Int4), "42804"},
		{"5", value.Of(value.Text), "5"},
		{"true", value.Of(value.Int4), "42804"},
		{"'abcd'", value.Type{Kind: value.Varchar, Mod: value.CharTypmod(3)}, "22001"},
		{"'abc  '", value.Type{Kind: value.Varchar, Mod: value.CharTypmod(3)}, "abc"},
		{"1.256", value.Type{Kind: value.Numeric, Mod: value.NumericTypmod(4, 2)}, "1.26"},
		{"1000", value.Type{Kind: value.Numeric, Mod: value.NumericTypmod(4, 2)}, "22003"},
		{"NULL", value.Of(value.Date), "NULL"},
		{"'2020-01-01'", value.Of(value.Date), "2020-01-01"},
		{"99999", value.Of(value.Int2), "22003"},
	} {
		e, err := b.Bind(parseExpr(t, test.text, parse.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		e, err = b.Assign(e, test.to, "c")
		var v value.Value
		if err == nil {
			v, err = EvalConst(&Context{}, e)
		}
		got := sqlerr.Code(err)
		switch {
		case err != nil:
		case v.IsNull():
			got = "NULL"
		default:
			got = string(value.AppendText(nil, v, defaultStyle))
			if v.Kind() != test.to.Kind {
				t.Errorf("%s: a %s", test.text, v.Kind())
			}
		}
		if got != test.want {
			t.Errorf("%s as %s: %s (%v), want %s", test.text, value.FormatType(test.to), got, err, test.want)
		}
	}
}

func TestBareLiterals(t *testing.T) {
	in := aggBatch(t)
	tree := parseExpr(t, "c4 = Paris", parse.Options{BareLiterals: true})
	b := &Binder{Scope: vecScope{in}}
	e, err := b.Bind(tree)
	if err != nil {
		t.Fatal(err)
	}
	if want := "(c4 = 'Paris'::text)"; e.String() != want {
		t.Errorf("got %s, want %s", e, want)
	}
}

func TestContains(t *testing.T) {
	for text, want := range map[string]string{
		"ARRAY[1,2] CONTAINS 2":                        "t",
		"ARRAY[1,2] CONTAINS 3":                        "f",
		"ARRAY[1,NULL] CONTAINS 3":                     "f", // = ANY would be NULL
		"ARRAY[1,NULL] NOT CONTAINS 3":                 "t",
		"NULL::int[] CONTAINS 3":                       "NULL",
		"NULL::int[] NOT CONTAINS 3":                   "NULL",
		"ARRAY[1] CONTAINS NULL":                       "NULL",
		"ARRAY[1,2] CONTAINS '2'":                      "t",
		"ARRAY[1,2] CONTAINS 1.5":                      "f",
		"ARRAY['a','b'] CONTAINS 'b'":                  "t",
		"'{2020-01-01}'::date[] CONTAINS '2020-01-01'": "t",
	} {
		e, err := bindText(text, nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		v, err := EvalConst(&Context{}, e)
		got := "NULL"
		if !v.IsNull() {
			got = string(value.AppendText(nil, v, defaultStyle))
		}
		if err != nil || got != want {
			t.Errorf("%s is %s (%v), want %s", text, got, err, want)
		}
	}
}

func TestFold(t *testing.T) {
	in := aggBatch(t)
	for text, want := range map[string]string{
		"c0 = 1 + 2":                        "(c0 = 3)",
		"c0 = 1 / 0":                        "(c0 = (1 / 0))",
		"c0 = 1 AND true":                   "(c0 = 1)",
		"c0 = 1 AND false":                  "false",
		"c0 = 1 OR true":                    "true",
		"NOT (c0 = 1 OR c0 = 2)":            "((c0 <> 1) AND (c0 <> 2))",
		"CASE WHEN true THEN c0 ELSE 1 END": "c0",
		"COALESCE(NULL, c0)":                "c0",
		"COALESCE(c0, 1, c1)":               "COALESCE((c0)::bigint, '1'::bigint)",
		"random() = 1 AND false":            "((random() = '1'::double precision) AND false)",
		"now() = now()":                     "(now() = now())",
		"c0 = ANY('{1,2}')":                 "(c0 = ANY ('{1,2}'::integer[]))",
		"c0 <> ALL('{1,2}')":                "(c0 <> ALL ('{1,2}'::integer[]))",
		"c5 > 'today'":                      "(c5 > 'today'::date)",
		"lower('ABC') = c4":                 "('abc'::text = c4)",
	} {
		e, err := bindText(text, vecScope{in})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if e.String() != want {
			t.Errorf("%s is %s, want %s", text, e, want)
		}
	}
}

func TestFoldStable(t *testing.T) {
	in := aggBatch(t)
	b := &Binder{Scope: vecScope{in}, Params: NewParamTypes(nil)}
	e, err := b.Bind(parseExpr(t, "c0 IN ($1, $2 + 1) AND c5 > current_date", parse.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	c := goldenContext()
	c.Params = []value.Value{value.NewInt(value.Int4, 5), value.NewInt(value.Int4, 6)}
	want := "((c0 = ANY ('{5,7}'::integer[])) AND (c5 > '2025-09-28'::date))"
	if got := FoldStable(e, c).String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := e.String(); strings.Contains(got, "5") && strings.Contains(got, "2025") {
		t.Errorf("the expression changed: %s", got)
	}
}

// TestInParams checks that a list of parameters follows the context.
func TestInParams(t *testing.T) {
	in := aggBatch(t) // c0: 1 2 NULL 2 -5 7
	b := &Binder{Scope: vecScope{in}, Params: NewParamTypes(nil)}
	e, err := b.Bind(parseExpr(t, "c0 IN ($1, $2)", parse.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	p := Compile(e)
	for _, test := range []struct {
		a, b value.Value
		want int
	}{
		{value.NewInt(value.Int4, 2), value.NewInt(value.Int4, 7), 3},
		{value.NewInt(value.Int4, 2), value.Null(value.Int4), 2},
		{value.NewInt(value.Int4, 99), value.NewInt(value.Int4, 98), 0},
	} {
		c := &Context{Params: []value.Value{test.a, test.b}}
		got, err := p.Filter(c, in, nil, nil)
		if err != nil || len(got) != test.want {
			t.Errorf("IN (%s, %s) keeps %v (%v), want %d rows", show(test.a), show(test.b), got, err, test.want)
		}
	}
}

func TestLikePrefix(t *testing.T) {
	in := aggBatch(t)
	for _, test := range []struct {
		text, prefix     string
		exact, whole, ok bool
	}{
		{"c4 LIKE 'abc%'", "abc", false, true, true},
		{"c4 LIKE 'abc'", "abc", true, false, true},
		{"c4 LIKE 'ab_d%'", "ab", false, false, true},
		{"c4 LIKE 'ab%d'", "ab", false, false, true},
		{`c4 LIKE 'a\%b%'`, "a%b", false, true, true},
		{"c4 LIKE '%a'", "", false, false, false},
		{"c4 LIKE '_a'", "", false, false, false},
		{"c4 LIKE ''", "", true, false, true},
		{"c4 ILIKE 'a%'", "", false, false, false},
		{"c4 NOT LIKE 'a%'", "", false, false, false},
		{"c4 = 'a'", "", false, false, false},
	} {
		e, err := bindText(test.text, vecScope{in})
		if err != nil {
			t.Fatal(err)
		}
		_, prefix, exact, whole, ok := LikePrefix(e)
		if ok != test.ok || ok && (prefix != test.prefix || exact != test.exact || whole != test.whole) {
			t.Errorf("%s: %q exact=%v whole=%v ok=%v", test.text, prefix, exact, whole, ok)
		}
	}
}

func TestEqualAndRewrite(t *testing.T) {
	in := aggBatch(t)
	bind := func(text string) Expr {
		t.Helper()
		e, err := bindText(text, vecScope{in})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	for _, pair := range [][2]string{
		{"c0 + 1", "c0  +  1"}, {"lower(c4)", "LOWER(c4)"}, {"sum(c0) FILTER (WHERE c6)", "sum(c0) FILTER (WHERE c6)"},
		{"c0 IN (1,2)", "c0 IN (1, 2)"}, {"CASE WHEN c6 THEN 1 END", "CASE WHEN c6 THEN 1 END"},
	} {
		if !Equal(bind(pair[0]), bind(pair[1])) {
			t.Errorf("%s and %s differ", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{
		{"c0 + 1", "c0 + 2"}, {"c0 + 1", "c0 - 1"}, {"c0", "c1"}, {"sum(c0)", "sum(DISTINCT c0)"}, {"c4::varchar(3)", "c4::varchar(4)"},
		{"c0 IN (1,2)", "c0 IN (1,3)"}, {"c0 IN (1,2)", "c0 NOT IN (1,2)"}, {"1", "1::bigint"},
		{"string_agg(c4, ',' ORDER BY c0)", "string_agg(c4, ',' ORDER BY c0 DESC)"},
	} {
		if Equal(bind(pair[0]), bind(pair[1])) {
			t.Errorf("%s and %s are equal", pair[0], pair[1])
		}
	}
	e := bind("c0 + sum(c1) > 1 AND c6")
	r := Rewrite(e, func(x Expr) Expr {
		if a, ok := x.(*AggCall); ok {
			return NewColumn(0, a.Type(), "sum", ast.NoPos)
		}
		return x
	})
	if want := "((((c0)::numeric + sum) > '1'::numeric) AND c6)"; r.String() != want || HasAggregate(r) || !HasAggregate(e) {
		t.Errorf("rewritten %s, want %s", r, want)
	}
}

// TestNoAllocations checks that steady evaluation reuses its memory.
func TestNoAllocations(t *testing.T) {
	in := benchBatch()
	for _, text := range []string{
		"c0 < 500 AND c2 = 'town3'", "c2 LIKE 'town1%'", "c1 >= 5 OR c0 IN (1, 2)", "c0 + 1 > 5", "c4 CONTAINS 3",
		"CASE WHEN c0 < 500 THEN 1 ELSE 2 END = 1", "c3 * 2 < 100", "NOT (c1 * c0 > 3)", "coalesce(c0, 1) = 2",
	} {
		p := Compile(mustBind(t, text, in))
		c := &Context{}
		sel := make([]int32, 0, column.BatchRows+1)
		run := func() {
			if _, err := p.Filter(c, in, nil, sel[:0]); err != nil {
				t.Fatal(err)
			}
		}
		run()
		if n := testing.AllocsPerRun(20, run); n > 0 {
			t.Errorf("%s: %v allocations a batch", text, n)
		}
	}
}

func mustBind(t testing.TB, text string, in *column.Batch) Expr {
	t.Helper()
	e, err := bindText(text, vecScope{in})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}
