package expr

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// InList is Arg [NOT] IN (List) over a list that all have Arg's kind. A list of
// constants is looked up in a hash set.
type InList struct {
	head
	Arg  Expr
	List []Expr
	Not  bool

	set *valueSet // nil unless List is all constants
}

// NewInList returns e IN (list), or NOT IN. All have one kind.
func NewInList(e Expr, list []Expr, not bool, pos int) *InList {
	n := &InList{head: head{boolType, pos}, Arg: e, List: list, Not: not}
	n.set = newValueSet(list)
	return n
}

// Constants returns the values of a list that is all constants, without NULLs
// and without repeats, and false when it is not.
func (e *InList) Constants() ([]value.Value, bool) {
	if e.set == nil {
		return nil, false
	}
	return e.set.values, true
}

func (e *InList) children(f func(Expr)) { f(e.Arg); each(e.List, f) }

func (e *InList) rebuild(f func(Expr) Expr) Expr {
	a := f(e.Arg)
	list, changed := rebuildList(e.List, f)
	if a == e.Arg && !changed {
		return e
	}
	if !changed {
		c := *e
		c.Arg = a
		return &c
	}
	return NewInList(a, list, e.Not, e.pos)
}

func (e *InList) same(o Expr) bool {
	x, ok := o.(*InList)
	return ok && x.Not == e.Not
}

func (e *InList) eval(c *Context, row []value.Value) (value.Value, error) {
	v, err := e.Arg.eval(c, row)
	if err != nil || v.IsNull() {
		return value.Null(value.Bool), err
	}
	found, null := false, false
	if e.set != nil {
		found, null = e.set.has(v), e.set.null
	} else {
		for _, x := range e.List {
			w, err := x.eval(c, row)
			if err != nil {
				return w, err
			}
			if w.IsNull() {
				null = true
			} else if value.Equal(v, w) {
				found = true
				break
			}
		}
	}
	if !found && null {
		return value.Null(value.Bool), nil
	}
	return value.NewBool(found != e.Not), nil
}

// valueSet is an immutable set of constants of one kind.
type valueSet struct {
	values []value.Value // not NULL, without repeats, in the list's order
	null   bool          // the list had a NULL
	ints   map[int64]struct{}
	few    []int64             // the same, while they are few
	texts  map[string]struct{} // RepBytes kinds whose bytes are the value, else keys
	keyed  bool                // texts holds key encodings
}

func newValueSet(list []Expr) *valueSet {
	s := &valueSet{}
	var buf []byte
	for _, e := range list {
		k, ok := e.(*Const)
		if !ok {
			return nil
		}
		buf = s.put(k.Val, buf)
	}
	return s
}

// put adds a value or a NULL; buf is memory for its key, which it returns.
func (s *valueSet) put(v value.Value, buf []byte) []byte {
	if v.IsNull() {
		s.null = true
		return buf
	}
	return s.add(v, buf)
}

func (s *valueSet) add(v value.Value, buf []byte) []byte {
	switch {
	case v.Kind().Rep() == value.RepInt:
		if s.ints == nil {
			s.ints = make(map[int64]struct{})
		}
		if _, dup := s.ints[v.Int()]; dup {
			return buf
		}
		s.ints[v.Int()] = struct{}{}
		if s.few = append(s.few, v.Int()); len(s.ints) > maxScan {
			s.few = nil
		}
	default:
		if s.texts == nil {
			s.texts = make(map[string]struct{})
			s.keyed = !bytesAreValue(v.Kind())
		}
		key := v.Bytes()
		if s.keyed {
			buf = value.AppendKey(buf[:0], v)
			key = string(buf)
		}
		if _, dup := s.texts[key]; dup {
			return buf
		}
		s.texts[key] = struct{}{}
	}
	s.values = append(s.values, v)
	return buf
}

// bytesAreValue says whether equal values of the kind have equal stored bytes.
func bytesAreValue(k value.Kind) bool {
	switch k {
	case value.Text, value.Varchar, value.Name, value.Bytea, value.UUID:
		return true
	}
	return false
}

// maxScan is the size up to which integers are compared one by one.
const maxScan = 8

func (s *valueSet) hasInt(n int64) bool {
	if len(s.few) > 0 {
		for _, x := range s.few {
			if x == n {
				return true
			}
		}
		return false
	}
	_, ok := s.ints[n]
	return ok
}

func (s *valueSet) has(v value.Value) bool {
	if v.Kind().Rep() == value.RepInt {
		return s.hasInt(v.Int())
	}
	if !s.keyed {
		_, ok := s.texts[v.Bytes()]
		return ok
	}
	var buf [64]byte
	_, ok := s.texts[string(value.AppendKey(buf[:0], v))]
	return ok
}
