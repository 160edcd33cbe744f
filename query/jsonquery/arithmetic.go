package jsonquery

import (
	"github.com/cachalotdb/cachalot/internal/jsonpath"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// numericOps are the binary operators.
var numericOps = map[jsonpath.Op]func(a, b value.Value) (value.Value, error){
	jsonpath.Add: value.NumericAdd, jsonpath.Sub: value.NumericSub, jsonpath.Mul: value.NumericMul,
	jsonpath.Div: value.NumericDiv, jsonpath.Mod: value.NumericMod,
}

func (r *run) arithmetic(x *jsonpath.Item, e *entry, found *list) (status, error) {
	a, st, err := r.operand(x.Left, e, true)
	if err != nil || st == failure {
		return st, err
	}
	b, st, err := r.operand(x.Right, e, true)
	if err != nil || st == failure {
		return st, err
	}
	left, isNumber := singleNumber(a)
	if !isNumber {
		return r.fail(sqlerr.SingletonSQLJSONItemRequired, "left operand of jsonpath operator %s is not a single numeric value", x.Op)
	}
	right, isNumber := singleNumber(b)
	if !isNumber {
		return r.fail(sqlerr.SingletonSQLJSONItemRequired, "right operand of jsonpath operator %s is not a single numeric value", x.Op)
	}
	n, err := numericOps[x.Op](left, right)
	switch {
	case err != nil && r.silent:
		return failure, nil
	case err != nil:
		return failure, err
	}
	return r.next(x, numberEntry(n), found)
}

func singleNumber(items []*entry) (value.Value, bool) {
	if len(items) != 1 {
		return value.Value{}, false
	}
	return items[0].number()
}

func (r *run) signed(x *jsonpath.Item, e *entry, found *list) (status, error) {
	items, st, err := r.operand(x.Left, e, true)
	if err != nil || st == failure {
		return st, err
	}
	st = notFound
	for _, item := range items {
		n, isNumber := item.number()
		skips := found == nil && x.Next == nil
		switch {
		case isNumber && skips:
			return ok, nil
		case skips:
			continue
		case !isNumber:
			return r.fail(sqlerr.SQLJSONNumberNotFound, "operand of unary jsonpath operator %s is not a numeric value", x.Op)
		}
		if x.Op == jsonpath.Minus {
			n = value.NumericNeg(n)
		}
		res, err := r.next(x, numberEntry(n), found)
		if err != nil || res == failure {
			return res, err
		}
		if res == ok {
			if st = ok; found == nil {
				return ok, nil
			}
		}
	}
	return st, nil
}
