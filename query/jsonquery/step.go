package jsonquery

import (
	"github.com/cachalotdb/cachalot/internal/jsonpath"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// each applies x, or with nil nothing, to the members of a container from level first to last below it. It is PostgreSQL's executeAnyItem.
func (r *run) each(x *jsonpath.Item, e *entry, found *list, level, first, last uint32, tolerant, unwrap bool) (st status, err error) {
	st = notFound
	if level > last {
		return st, nil
	}
	e.members(func(_ string, m *entry) bool {
		inner := m.kind() == '{' || m.kind() == '['
		if level >= first || first == jsonpath.Leaves && last == jsonpath.Leaves && !inner {
			switch {
			case x != nil:
				was := r.tolerant
				r.tolerant = was || tolerant
				st, err = r.step(x, m, found, unwrap)
				r.tolerant = was
			case found != nil:
				found.items = append(found.items, m)
				st = ok
			default:
				st = ok
				return false
			}
			if err != nil || st == failure || st == ok && found == nil {
				return false
			}
		}
		if level < last && inner {
			st, err = r.each(x, m, found, level+1, first, last, tolerant, unwrap)
		}
		return err == nil && st != failure && !(st == ok && found == nil)
	})
	return st, err
}

// unwrapped applies x to the elements of an array.
func (r *run) unwrapped(x *jsonpath.Item, e *entry, found *list, unwrap bool) (status, error) {
	return r.each(x, e, found, 1, 1, 1, false, unwrap)
}

func (r *run) key(x *jsonpath.Item, e *entry, found *list) (status, error) {
	if e.kind() != '{' {
		if r.tolerant {
			return notFound, nil
		}
		return r.fail(sqlerr.SQLJSONMemberNotFound, "jsonpath member accessor can only be applied to an object")
	}
	var m *entry
	e.members(func(key string, v *entry) bool {
		if key == x.Text {
			m = v
		}
		return m == nil
	})
	switch {
	case m != nil:
		return r.next(x, m, found)
	case r.tolerant:
		return notFound, nil
	}
	return r.fail(sqlerr.SQLJSONMemberNotFound, `JSON object does not contain key "%s"`, x.Text)
}

func (r *run) anyKey(x *jsonpath.Item, e *entry, found *list) (status, error) {
	switch {
	case e.kind() == '{':
		return r.each(x.Next, e, found, 1, 1, 1, false, !r.strict)
	case r.tolerant:
		return notFound, nil
	}
	return r.fail(sqlerr.SQLJSONObjectNotFound, "jsonpath wildcard member accessor can only be applied to an object")
}

func (r *run) anyItem(x *jsonpath.Item, e *entry, found *list) (status, error) {
	switch {
	case e.kind() == '[':
		return r.each(x.Next, e, found, 1, 1, 1, false, !r.strict)
	case !r.strict:
		return r.next(x, e, found)
	case r.tolerant:
		return notFound, nil
	}
	return r.fail(sqlerr.SQLJSONArrayNotFound, "jsonpath wildcard array accessor can only be applied to an array")
}

func (r *run) anyLevel(x *jsonpath.Item, e *entry, found *list) (status, error) {
	st := notFound
	if x.First == 0 {
		was := r.tolerant
		r.tolerant = true
		var err error
		st, err = r.next(x, e, found)
		if r.tolerant = was; err != nil || st == ok && found == nil {
			return st, err
		}
	}
	if k := e.kind(); k != '{' && k != '[' {
		return st, nil
	}
	return r.each(x.Next, e, found, 1, x.First, x.Last, true, !r.strict)
}

// index applies an array accessor. What is no array counts as one of one element in lax mode.
func (r *run) index(x *jsonpath.Item, e *entry, found *list) (status, error) {
	array := e.kind() == '['
	if !array && r.strict {
		if r.tolerant {
			return notFound, nil
		}
		return r.fail(sqlerr.SQLJSONArrayNotFound, "jsonpath array accessor can only be applied to an array")
	}
	elems := []*entry{e}
	if array {
		elems = elems[:0]
		e.members(func(_ string, m *entry) bool {
			elems = append(elems, m)
			return true
		})
	}
	was := r.size
	r.size = len(elems)
	defer func() { r.size = was }()
	st := notFound
	for _, s := range x.Subscripts {
		from, res, err := r.subscript(s.From, e)
		if err != nil || res == failure {
			return res, err
		}
		to := from
		if s.To != nil {
			if to, res, err = r.subscript(s.To, e); err != nil || res == failure {
				return res, err
			}
		}
		if !r.tolerant && (from < 0 || from > to || to >= len(elems)) {
			return r.fail(sqlerr.InvalidSQLJSONSubscript, "jsonpath array subscript is out of bounds")
		}
		st = notFound
		for i := max(from, 0); i <= min(to, len(elems)-1); i++ {
			if x.Next == nil && found == nil {
				return ok, nil
			}
			if st, err = r.next(x, elems[i], found); err != nil || st == failure || st == ok && found == nil {
				return st, err
			}
		}
	}
	return st, nil
}

// subscript returns the value of an index.
func (r *run) subscript(x *jsonpath.Item, e *entry) (int, status, error) {
	var found list
	if st, err := r.item(x, e, &found); err != nil || st == failure {
		return 0, st, err
	}
	var n value.Value
	single := len(found.items) == 1
	if single {
		n, single = found.items[0].number()
	}
	if !single {
		st, err := r.fail(sqlerr.InvalidSQLJSONSubscript, "jsonpath array subscript is not a single numeric value")
		return 0, st, err
	}
	n, err := value.NumericTrunc(n, 0)
	if err != nil {
		return 0, failure, err
	}
	i, err := value.NumericToInt(n, value.Int4)
	if err != nil || i != int64(int32(i)) {
		st, err := r.fail(sqlerr.InvalidSQLJSONSubscript, "jsonpath array subscript is out of integer range")
		return 0, st, err
	}
	return int(i), ok, nil
}

func (r *run) arraySize(x *jsonpath.Item, e *entry, found *list) (status, error) {
	n := 1
	switch {
	case e.kind() == '[':
		n = 0
		e.members(func(string, *entry) bool { n++; return true })
	case !r.strict:
	case r.tolerant:
		return notFound, nil
	default:
		return r.fail(sqlerr.SQLJSONArrayNotFound, "jsonpath item method .size() can only be applied to an array")
	}
	return r.next(x, numberEntry(value.NumericFromInt(int64(n))), found)
}

// method applies a method on numbers.
func (r *run) method(x *jsonpath.Item, e *entry, found *list) (status, error) {
	if x.Op == jsonpath.Double {
		return r.double(x, e, found)
	}
	n, isNumber := e.number()
	if !isNumber {
		return r.fail(sqlerr.NonNumericSQLJSONItem, "jsonpath item method .%s() can only be applied to a numeric value", x.Op)
	}
	switch x.Op {
	case jsonpath.Abs:
		n = value.NumericAbs(n)
	case jsonpath.Floor:
		n = value.NumericFloor(n)
	default:
		n = value.NumericCeil(n)
	}
	return r.next(x, numberEntry(n), found)
}

// double checks that a number fits a float8, and makes one of a string.
func (r *run) double(x *jsonpath.Item, e *entry, found *list) (status, error) {
	switch e.kind() {
	case '0':
		if _, bad := parseDouble(e.doc); bad {
			return r.fail(sqlerr.NonNumericSQLJSONItem,
				"numeric argument of jsonpath item method .double() is out of range for type double precision")
		}
		return r.next(x, e, found)
	case '"':
		text, _ := value.JSONText(e.doc)
		f, bad := parseDouble(text)
		if bad {
			return r.fail(sqlerr.NonNumericSQLJSONItem,
				"string argument of jsonpath item method .double() is not a valid representation of a double precision number")
		}
		return r.next(x, numberEntry(value.NumericFromFloat(f)), found)
	}
	return r.fail(sqlerr.NonNumericSQLJSONItem, "jsonpath item method .double() can only be applied to a string or numeric value")
}

// parseDouble reads a float8 that is finite.
func parseDouble(s string) (float64, bool) {
	v, err := value.Parse(value.Of(value.Float8), s, plain)
	f := v.Float()
	return f, err != nil || f != f || f-f != 0
}
