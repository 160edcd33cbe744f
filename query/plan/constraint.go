package plan

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
)

// constraintKind is what a condition says about one column.
type constraintKind uint8

const (
	isOneOf      constraintKind = iota // the column equals one of values
	isNot                              // the column differs from values[0]
	isBetween                          // the column lies between lo and hi
	hasAnyOf                           // the array has one of values as element
	hasAllOf                           // the array has all of values as elements
	startsWith                         // the text begins with values[0]
	nothingMatch                       // no row can meet it
)

// constraint is a condition on one column in a form that an index understands. Exactly the rows that
// meet it are those for which the condition is true, unless it is loose: then they are more.
type constraint struct {
	kind   constraintKind
	column int // index in the scan's row
	values []value.Value
	lo, hi bound
	loose  bool
}

// sameKind says whether all values of the constraint are of a kind.
func (c *constraint) sameKind(k value.Kind) bool {
	for _, v := range c.values {
		if v.Kind() != k {
			return false
		}
	}
	return (!c.lo.set || c.lo.value.Kind() == k) && (!c.hi.set || c.hi.value.Kind() == k)
}

// bound is one end of a range; unset when there is none.
type bound struct {
	value     value.Value
	set       bool
	inclusive bool
}

// constrain reads a condition whose constants have been folded. ok is false when it says nothing
// that an index understands.
func constrain(e expr.Expr) (c constraint, ok bool) {
	switch e := e.(type) {
	case *expr.Column:
		return constraint{column: e.Index, values: []value.Value{value.NewBool(true)}}, true
	case *expr.Logic:
		if col, is := e.Args[0].(*expr.Column); is && len(e.Args) == 1 { // NOT column
			return constraint{column: col.Index, values: []value.Value{value.NewBool(false)}}, true
		}
	case *expr.Call:
		if e.Func.Op == "~~" {
			return constrainLike(e)
		}
		if len(e.Args) == 2 {
			return constrainOperator(e)
		}
	case *expr.InList:
		col, is := expr.Unrelabel(e.Arg).(*expr.Column)
		list, all := e.Constants()
		if is && all && !e.Not && expr.SameKeys(col.Type().Kind, e.Arg.Type().Kind) {
			return oneOf(col.Index, list), true
		}
	case *expr.AnyAll:
		return constrainAny(e)
	case *expr.Contains:
		col, is := e.Arg.(*expr.Column)
		k, isConst := e.Elem.(*expr.Const)
		if is && isConst && !e.Not {
			return hasAny(col.Index, []value.Value{k.Val}), true
		}
	}
	return constraint{}, false
}

// oneOf is column IN (values), without NULLs and repeats.
func oneOf(column int, values []value.Value) constraint {
	values = distinctValues(values)
	if len(values) == 0 {
		return constraint{kind: nothingMatch}
	}
	return constraint{kind: isOneOf, column: column, values: values}
}

func hasAny(column int, values []value.Value) constraint {
	c := oneOf(column, values)
	if c.kind == isOneOf {
		c.kind = hasAnyOf
	}
	return c
}

// distinctValues drops NULLs and repeats and sorts.
func distinctValues(values []value.Value) []value.Value {
	out := make([]value.Value, 0, len(values))
	for _, v := range values {
		if !v.IsNull() {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, value.Compare)
	return slices.CompactFunc(out, value.Equal)
}

func constrainOperator(e *expr.Call) (constraint, bool) {
	op := e.Func.Op
	arg, other := e.Args[0], e.Args[1]
	col, isCol := expr.Unrelabel(arg).(*expr.Column)
	k, isConst := other.(*expr.Const)
	if !isCol || !isConst {
		arg, other = other, arg
		op = e.Func.Commuted()
		col, isCol = expr.Unrelabel(arg).(*expr.Column)
		k, isConst = other.(*expr.Const)
	}
	if !isCol || !isConst || op == "" || !expr.SameKeys(col.Type().Kind, other.Type().Kind) {
		return constraint{}, false
	}
	c := constraint{column: col.Index}
	v := k.Val
	switch op {
	case "=", "<>", "<", "<=", ">", ">=", "@>", "&&":
		if v.IsNull() {
			return constraint{kind: nothingMatch}, true
		}
	default:
		return c, false
	}
	switch op {
	case "=":
		c.values = []value.Value{v}
	case "<>":
		// Rows that are NULL are among those that an index would give.
		c.kind, c.values, c.loose = isNot, []value.Value{v}, true
	case "<", "<=":
		c.kind, c.hi = isBetween, bound{v, true, op == "<="}
	case ">", ">=":
		c.kind, c.lo = isBetween, bound{v, true, op == ">="}
	default:
		return constrainArray(c, op, v)
	}
	return c, true
}

// constrainArray is column @> array and column && array.
func constrainArray(c constraint, op string, v value.Value) (constraint, bool) {
	if !v.Kind().IsArray() {
		return c, false
	}
	null := value.ArrayHasNull(v.Bytes())
	c.values = distinctValues(elements(v))
	switch {
	case op == "&&":
		c.kind = hasAnyOf
		if len(c.values) == 0 {
			c.kind = nothingMatch
		}
	case null:
		c.kind = nothingMatch // no array contains NULL
	default:
		c.kind = hasAllOf
		if len(c.values) == 0 {
			return c, false // contained in every array
		}
	}
	return c, true
}

func elements(v value.Value) []value.Value {
	var out []value.Value
	value.ArrayEach(v.Kind().Elem(), v.Bytes(), func(_ int, x value.Value) bool {
		out = append(out, x)
		return true
	})
	return out
}

// constrainAny is column = ANY (array constant) and constant = ANY (array column).
func constrainAny(e *expr.AnyAll) (constraint, bool) {
	if e.All || e.Op.Op != "=" {
		return constraint{}, false
	}
	if col, ok := expr.Unrelabel(e.Left).(*expr.Column); ok {
		k, isConst := e.Array.(*expr.Const)
		if !isConst || !expr.SameKeys(col.Type().Kind, e.Array.Type().Kind.Elem()) {
			return constraint{}, false
		}
		if k.Val.IsNull() {
			return constraint{kind: nothingMatch}, true
		}
		return oneOf(col.Index, elements(k.Val)), true
	}
	col, ok := expr.Unrelabel(e.Array).(*expr.Column)
	k, isConst := e.Left.(*expr.Const)
	if !ok || !isConst || !expr.SameKeys(col.Type().Kind.Elem(), k.Val.Kind()) {
		return constraint{}, false
	}
	return hasAny(col.Index, []value.Value{k.Val}), true
}

// constrainLike is column LIKE 'prefix%'.
func constrainLike(e *expr.Call) (constraint, bool) {
	operand, prefix, exact, whole, ok := expr.LikePrefix(e)
	if !ok {
		return constraint{}, false
	}
	col, isCol := expr.Unrelabel(operand).(*expr.Column)
	if !isCol || !expr.SameKeys(col.Type().Kind, value.Text) {
		return constraint{}, false
	}
	c := constraint{column: col.Index, values: []value.Value{value.NewText(prefix)}}
	if !exact {
		c.kind, c.loose = startsWith, !whole
	}
	return c, true
}
