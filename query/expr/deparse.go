package expr

import (
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// deparser writes expressions as PostgreSQL's ruleutils.c does for EXPLAIN:
// operators in parentheses, constants with their type where it would be lost.
type deparser struct{ strings.Builder }

func deparse(e Expr) string {
	var d deparser
	e.deparse(&d)
	return d.String()
}

func (d *deparser) expr(e Expr) { e.deparse(d) }

func (d *deparser) list(list []Expr, sep string) {
	for i, e := range list {
		if i > 0 {
			d.WriteString(sep)
		}
		e.deparse(d)
	}
}

func (e *Const) String() string     { return deparse(e) }
func (e *Column) String() string    { return deparse(e) }
func (e *Param) String() string     { return deparse(e) }
func (e *Call) String() string      { return deparse(e) }
func (e *Cast) String() string      { return deparse(e) }
func (e *Logic) String() string     { return deparse(e) }
func (e *NullTest) String() string  { return deparse(e) }
func (e *BoolTest) String() string  { return deparse(e) }
func (e *Distinct) String() string  { return deparse(e) }
func (e *InList) String() string    { return deparse(e) }
func (e *AnyAll) String() string    { return deparse(e) }
func (e *Contains) String() string  { return deparse(e) }
func (e *ArrayCtor) String() string { return deparse(e) }
func (e *Case) String() string      { return deparse(e) }
func (e *Coalesce) String() string  { return deparse(e) }
func (e *MinMax) String() string    { return deparse(e) }
func (e *AggCall) String() string   { return deparse(e) }

// literalOf returns s as an SQL string literal under standard_conforming_strings.
func literalOf(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (e *Const) deparse(d *deparser) { d.constant(e.Val, e.typ) }

func (d *deparser) constant(v value.Value, t value.Type) {
	if v.IsNull() {
		d.WriteString("NULL")
		if t.Kind != value.Unknown {
			d.WriteString("::" + typeText(t))
		}
		return
	}
	if t.Kind == value.Unknown {
		d.WriteString(literalOf(v.Bytes()))
		return
	}
	text := string(value.AppendText(nil, v, defaultStyle))
	label := true
	switch t.Kind {
	case value.Bool:
		text, label = strconv.FormatBool(v.Bool()), false
	case value.Int4:
		if label = text[0] == '-'; label {
			text = literalOf(text)
		}
	case value.Numeric:
		if text[0] >= '0' && text[0] <= '9' && strings.ContainsAny(text, "eE.") {
			label = t.Mod >= 0
		} else {
			text = literalOf(text)
		}
	default:
		text = literalOf(text)
	}
	d.WriteString(text)
	if label {
		d.WriteString("::" + typeText(t))
	}
}

func (e *Column) deparse(d *deparser) { d.WriteString(e.Name) }

func (e *Param) deparse(d *deparser) { d.WriteString("$" + strconv.Itoa(e.Index+1)) }

func (e *Call) deparse(d *deparser) {
	switch {
	case e.Func.Op != "" && len(e.Args) == 1:
		d.WriteString("(" + e.Func.Op + " ")
		d.expr(e.Args[0])
		d.WriteString(")")
	case e.Func.Op != "":
		d.WriteString("(")
		d.list(e.Args, " "+e.Func.Op+" ")
		d.WriteString(")")
	case e.form == formSQL && len(e.Args) == 0:
		name := strings.ToUpper(e.Func.Name)
		switch e.Func.Name {
		case "now":
			name = "CURRENT_TIMESTAMP"
		case "current_database":
			name = "CURRENT_CATALOG"
		}
		d.WriteString(name)
	case e.form == formSQL && e.Func.Name == "extract":
		d.WriteString("EXTRACT(")
		if k, ok := e.Args[0].(*Const); ok {
			d.WriteString(k.Val.Bytes())
		} else {
			d.expr(e.Args[0])
		}
		d.WriteString(" FROM ")
		d.expr(e.Args[1])
		d.WriteString(")")
	case e.form == formSQL && e.Func.Name == "timezone" && len(e.Args) == 2:
		d.WriteString("(")
		d.expr(e.Args[1])
		d.WriteString(" AT TIME ZONE ")
		d.expr(e.Args[0])
		d.WriteString(")")
	case e.form == formSQL && trimWords[e.Func.Name] != "":
		d.WriteString("TRIM(" + trimWords[e.Func.Name] + " ")
		if len(e.Args) == 2 {
			d.expr(e.Args[1])
			d.WriteString(" ")
		}
		d.WriteString("FROM ")
		d.expr(e.Args[0])
		d.WriteString(")")
	case e.form == formSQL && e.Func.Name == "substring":
		d.WriteString("SUBSTRING(")
		d.expr(e.Args[0])
		d.WriteString(" FROM ")
		d.list(e.Args[1:], " FOR ")
		d.WriteString(")")
	case e.form == formSQL && e.Func.Name == "position":
		d.WriteString("POSITION((")
		d.expr(e.Args[1])
		d.WriteString(") IN (")
		d.expr(e.Args[0])
		d.WriteString("))")
	case e.Func.expands:
		last := len(e.Args) - 1
		d.WriteString(e.Func.Name + "(")
		d.list(e.Args[:last], ", ")
		if last > 0 {
			d.WriteString(", ")
		}
		d.WriteString("VARIADIC ")
		d.expr(e.Args[last])
		d.WriteString(")")
	default:
		d.WriteString(e.Func.Name + "(")
		d.list(e.Args, ", ")
		d.WriteString(")")
	}
}

var trimWords = map[string]string{"btrim": "BOTH", "ltrim": "LEADING", "rtrim": "TRAILING"}

func (e *Cast) deparse(d *deparser) {
	if k, ok := e.Arg.(*Const); ok && kindOf(k) == value.Unknown && !k.Val.IsNull() {
		d.WriteString(literalOf(k.Val.Bytes()) + "::" + typeText(e.typ))
		return
	}
	// Implicit casts are shown too, as EXPLAIN does.
	d.WriteString("(")
	d.expr(e.Arg)
	d.WriteString(")::" + typeText(e.typ))
}

func (e *Logic) deparse(d *deparser) {
	d.WriteString("(")
	switch e.Op {
	case ast.Not:
		d.WriteString("NOT ")
		d.expr(e.Args[0])
	case ast.And:
		d.list(e.Args, " AND ")
	default:
		d.list(e.Args, " OR ")
	}
	d.WriteString(")")
}

func (e *NullTest) deparse(d *deparser) {
	d.WriteString("(")
	d.expr(e.Arg)
	if e.Not {
		d.WriteString(" IS NOT NULL)")
	} else {
		d.WriteString(" IS NULL)")
	}
}

func (e *BoolTest) deparse(d *deparser) {
	d.WriteString("(")
	d.expr(e.Arg)
	d.WriteString([...]string{" IS TRUE)", " IS NOT TRUE)", " IS FALSE)", " IS NOT FALSE)", " IS UNKNOWN)", " IS NOT UNKNOWN)"}[e.Kind])
}

func (e *Distinct) deparse(d *deparser) {
	// PostgreSQL knows IS NOT DISTINCT FROM only as a negation.
	if e.Not {
		d.WriteString("(NOT ")
	}
	d.WriteString("(")
	d.expr(e.Left)
	d.WriteString(" IS DISTINCT FROM ")
	d.expr(e.Right)
	d.WriteString(")")
	if e.Not {
		d.WriteString(")")
	}
}

func (e *InList) deparse(d *deparser) {
	d.WriteString("(")
	d.expr(e.Arg)
	if e.Not {
		d.WriteString(" <> ALL (")
	} else {
		d.WriteString(" = ANY (")
	}
	if k := kindOf(e.List[0]); e.set != nil && !k.IsArray() {
		elems := make([]value.Value, len(e.List))
		for i, x := range e.List {
			elems[i] = x.(*Const).Val
		}
		d.constant(value.NewArray(k, elems), value.Of(k.Array()))
	} else {
		d.WriteString("ARRAY[")
		d.list(e.List, ", ")
		d.WriteString("]")
	}
	d.WriteString("))")
}

func (e *AnyAll) deparse(d *deparser) {
	d.WriteString("(")
	d.expr(e.Left)
	d.WriteString(" " + e.Op.Op)
	if e.All {
		d.WriteString(" ALL (")
	} else {
		d.WriteString(" ANY (")
	}
	d.expr(e.Array)
	d.WriteString("))")
}

func (e *Contains) deparse(d *deparser) {
	d.WriteString("(")
	d.expr(e.Arg)
	if e.Not {
		d.WriteString(" NOT")
	}
	d.WriteString(" CONTAINS ")
	d.expr(e.Elem)
	d.WriteString(")")
}

func (e *ArrayCtor) deparse(d *deparser) {
	d.WriteString("ARRAY[")
	d.list(e.Elems, ", ")
	d.WriteString("]")
	if len(e.Elems) == 0 {
		d.WriteString("::" + typeText(e.typ))
	}
}

func (e *Case) deparse(d *deparser) {
	if e.form == caseNullIf {
		if c, ok := e.Conds[0].(*Call); ok && c.Func.Op == "=" && Equal(c.Args[0], e.Else) {
			d.WriteString("NULLIF(")
			d.list(c.Args, ", ")
			d.WriteString(")")
			return
		}
	}
	d.WriteString("CASE")
	operand := e.operand()
	simple := operand != nil
	if simple {
		d.WriteString(" ")
		d.expr(operand)
	}
	for i, cond := range e.Conds {
		d.WriteString(" WHEN ")
		if simple {
			cond = cond.(*Call).Args[1]
		}
		d.expr(cond)
		d.WriteString(" THEN ")
		d.expr(e.Results[i])
	}
	d.WriteString(" ELSE ")
	d.expr(e.Else)
	d.WriteString(" END")
}

// operand returns x of CASE x WHEN y, nil when folding has changed the conditions.
func (e *Case) operand() Expr {
	if e.form != caseSimple {
		return nil
	}
	var operand Expr
	for _, cond := range e.Conds {
		c, ok := cond.(*Call)
		if !ok || c.Func.Op != "=" || operand != nil && !Equal(c.Args[0], operand) {
			return nil
		}
		operand = c.Args[0]
	}
	return operand
}

func (e *Coalesce) deparse(d *deparser) {
	d.WriteString("COALESCE(")
	d.list(e.Args, ", ")
	d.WriteString(")")
}

func (e *MinMax) deparse(d *deparser) {
	if e.Least {
		d.WriteString("LEAST(")
	} else {
		d.WriteString("GREATEST(")
	}
	d.list(e.Args, ", ")
	d.WriteString(")")
}

func (e *AggCall) deparse(d *deparser) {
	d.WriteString(e.Func.Name + "(")
	if e.Func.OrderedSet {
		d.list(e.Direct, ", ")
		d.WriteString(") WITHIN GROUP (ORDER BY ")
		d.sortKeys(e.OrderBy)
	} else {
		if e.Distinct {
			d.WriteString("DISTINCT ")
		}
		if len(e.Args) == 0 {
			d.WriteString("*")
		}
		d.list(e.Args, ", ")
		if len(e.OrderBy) > 0 {
			d.WriteString(" ORDER BY ")
			d.sortKeys(e.OrderBy)
		}
	}
	d.WriteString(")")
	if e.Filter != nil {
		d.WriteString(" FILTER (WHERE ")
		d.expr(e.Filter)
		d.WriteString(")")
	}
}

func (d *deparser) sortKeys(keys []SortKey) {
	for i, k := range keys {
		if i > 0 {
			d.WriteString(", ")
		}
		d.sortKey(k)
	}
}

func (d *deparser) sortKey(k SortKey) {
	d.expr(k.Expr)
	if k.Desc {
		d.WriteString(" DESC")
	}
	switch {
	case k.Desc && !k.NullsFirst:
		d.WriteString(" NULLS LAST")
	case !k.Desc && k.NullsFirst:
		d.WriteString(" NULLS FIRST")
	}
}

// typeText is the name of a type in an expression that is kept: a user's type goes by its OID, so that it may be renamed.
func typeText(t value.Type) string {
	if t.User == 0 {
		return value.FormatType(t)
	}
	text := `"#` + strconv.FormatUint(uint64(t.User), 10) + `"`
	if t.Kind.IsArray() {
		text += "[]"
	}
	return text
}
