package jsonquery

import (
	"strings"

	"github.com/cachalotdb/cachalot/internal/are"
	"github.com/cachalotdb/cachalot/internal/jsonpath"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// predicate computes a predicate over an entry. Errors of SQL/JSON within make it unknown.
func (r *run) predicate(x *jsonpath.Item, e *entry) (truth, error) {
	switch x.Op {
	case jsonpath.And, jsonpath.Or:
		deciding := isFalse
		if x.Op == jsonpath.Or {
			deciding = isTrue
		}
		left, err := r.predicate(x.Left, e)
		if err != nil || left == deciding {
			return left, err
		}
		right, err := r.predicate(x.Right, e)
		if err != nil || right == deciding || right == unknown {
			return right, err
		}
		return left, nil
	case jsonpath.Not:
		t, err := r.predicate(x.Left, e)
		if t != unknown {
			t = isTrue - t
		}
		return t, err
	case jsonpath.IsUnknown:
		t, err := r.predicate(x.Left, e)
		return truthOf(t == unknown), err
	case jsonpath.Exists:
		return r.exists(x.Left, e)
	case jsonpath.StartsWith:
		return r.compareAll(x, e, false, startsWith)
	case jsonpath.LikeRegex:
		return r.likeRegex(x, e)
	}
	return r.compareAll(x, e, true, func(a, b *entry) (truth, error) { return r.compare(x.Op, a, b) })
}

func truthOf(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

func (r *run) exists(x *jsonpath.Item, e *entry) (truth, error) {
	var found *list
	if r.strict { // all of them, so that an error is seen
		found = &list{}
	}
	st, err := r.quietly(func() (status, error) { return r.item(x, e, found) })
	switch {
	case err != nil || st == failure:
		return unknown, err
	case found != nil:
		return truthOf(len(found.items) > 0), nil
	}
	return truthOf(st == ok), nil
}

// operand returns the entries of an operand; with unwrap the elements of arrays in their place in lax mode.
func (r *run) operand(x *jsonpath.Item, e *entry, unwrap bool) ([]*entry, status, error) {
	var found list
	st, err := r.item(x, e, &found)
	if err != nil || st == failure || !unwrap || r.strict {
		return found.items, st, err
	}
	var flat list
	for _, v := range found.items {
		if v.kind() != '[' {
			flat.items = append(flat.items, v)
		} else if _, err := r.unwrapped(nil, v, &flat, false); err != nil {
			return nil, failure, err
		}
	}
	return flat.items, ok, nil
}

// compareAll tests the pairs of left and right entries: true when one is, unknown when one is before that; in strict mode one that is unknown decides.
func (r *run) compareAll(x *jsonpath.Item, e *entry, unwrapRight bool, test func(a, b *entry) (truth, error)) (truth, error) {
	var left, right []*entry
	st, err := r.quietly(func() (st status, err error) {
		left, st, err = r.operand(x.Left, e, true)
		return st, err
	})
	if err != nil || st == failure {
		return unknown, err
	}
	right = []*entry{nil}
	if x.Right != nil {
		st, err = r.quietly(func() (st status, err error) {
			right, st, err = r.operand(x.Right, e, unwrapRight)
			return st, err
		})
		if err != nil || st == failure {
			return unknown, err
		}
	}
	result := isFalse
	for _, a := range left {
		for _, b := range right {
			t, err := test(a, b)
			switch {
			case err != nil:
				return unknown, err
			case t == unknown && r.strict, t == isTrue && !r.strict:
				return t, nil
			case t != isFalse:
				result = t
			}
		}
	}
	return result, nil
}

// likeRegex compiles the pattern once a run.
func (r *run) likeRegex(x *jsonpath.Item, e *entry) (truth, error) {
	re := r.patterns[x]
	if re == nil {
		var err error
		if re, err = x.Regexp(); err != nil {
			return unknown, err
		}
		re.Interrupted = r.stop
		if r.patterns == nil {
			r.patterns = make(map[*jsonpath.Item]*are.Regexp)
		}
		r.patterns[x] = re
	}
	return r.compareAll(x, e, false, func(s, _ *entry) (truth, error) {
		text, isString := stringOf(s)
		if !isString {
			return unknown, nil
		}
		matches, err := re.Match(text)
		if err != nil {
			return unknown, sqlerr.New(sqlerr.StatementTooComplex, "%s", err)
		}
		return truthOf(matches), nil
	})
}

func stringOf(e *entry) (string, bool) {
	if e.kind() != '"' {
		return "", false
	}
	return value.JSONText(e.doc)
}

func startsWith(a, b *entry) (truth, error) {
	whole, isString := stringOf(a)
	initial, isToo := stringOf(b)
	if !isString || !isToo {
		return unknown, nil
	}
	return truthOf(strings.HasPrefix(whole, initial)), nil
}

// compare compares two entries. Null is different from all else; other things of different kinds, and containers, do not compare.
func (r *run) compare(op jsonpath.Op, a, b *entry) (truth, error) {
	ka, kb := a.kind(), b.kind()
	if ka == '[' {
		ka = '{'
	}
	if kb == '[' {
		kb = '{'
	}
	if ka != kb {
		if ka == 'n' || kb == 'n' {
			return truthOf(op == jsonpath.NotEqual), nil
		}
		return unknown, nil
	}
	c := 0
	switch ka {
	case 'n':
	case 't':
		c = strings.Compare(a.doc, b.doc) // false before true
	case '0':
		x, _ := a.number()
		y, _ := b.number()
		c = value.Compare(x, y)
	case '"':
		x, _ := stringOf(a)
		y, _ := stringOf(b)
		c = strings.Compare(x, y)
	case 'd':
		var comparable bool
		var err error
		if c, comparable, err = r.compareMoments(a.when, b.when); err != nil || !comparable {
			return unknown, err
		}
	default:
		return unknown, nil
	}
	switch op {
	case jsonpath.Equal:
		return truthOf(c == 0), nil
	case jsonpath.NotEqual:
		return truthOf(c != 0), nil
	case jsonpath.Less:
		return truthOf(c < 0), nil
	case jsonpath.LessOrEqual:
		return truthOf(c <= 0), nil
	case jsonpath.Greater:
		return truthOf(c > 0), nil
	}
	return truthOf(c >= 0), nil
}
