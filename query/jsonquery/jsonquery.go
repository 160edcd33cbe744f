// Package jsonquery runs SQL/JSON paths (internal/jsonpath) over documents, as PostgreSQL 15's jsonb_path functions do.
//
// Documents are jsonb's normalised texts. The method .datetime() takes no template here.
package jsonquery

import (
	"github.com/cachalotdb/cachalot/internal/are"
	"github.com/cachalotdb/cachalot/internal/jsonpath"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Options are those of a run.
type Options struct {
	// Vars is a document with the values of $variables: 22023 when it is no object. With "" all are null.
	Vars string
	// Silent suppresses the errors that SQL/JSON allows to suppress: a path that does not fit the document, a failed calculation.
	Silent bool
	// Style has the time zone that dates and times without one are compared in; nil refuses such comparisons.
	Style *value.Style
	// Interrupted ends a long run with the error that it returns; nil means that nothing does.
	Interrupted func() error
}

// Query returns the items that a path finds, as documents. With Silent they end at a suppressed error, and failed says that there was one.
func Query(p *jsonpath.Path, doc string, o Options) (items []string, failed bool, err error) {
	r, err := newRun(p, doc, o)
	if err != nil {
		return nil, false, err
	}
	var found list
	st, err := r.item(p.Root, r.root, &found)
	if err != nil {
		return nil, false, err
	}
	for _, x := range found.items {
		items = append(items, x.text())
	}
	return items, st == failure, nil
}

// Exists says whether a path finds anything; failed that a suppressed error kept it from finding out.
func Exists(p *jsonpath.Path, doc string, o Options) (exists, failed bool, err error) {
	r, err := newRun(p, doc, o)
	if err != nil {
		return false, false, err
	}
	if !r.strict {
		st, err := r.item(p.Root, r.root, nil)
		return st == ok, st == failure, err
	}
	// In strict mode an error anywhere counts, so that all items are looked at.
	var found list
	st, err := r.item(p.Root, r.root, &found)
	return len(found.items) > 0, st == failure, err
}

// status is how a step went.
type status uint8

const (
	ok status = iota
	notFound
	failure // an error that is suppressed
)

// truth is a truth value.
type truth uint8

const (
	isFalse truth = iota
	isTrue
	unknown
)

// entry is an item of a sequence: a document, or a date or time.
type entry struct {
	doc  string
	when *moment // of .datetime()
	// An entry that is part of a document is the nth member of its parent. One that is not has an id in place of it.
	parent *entry
	nth    int
	id     int64
}

// text returns the entry as a document.
func (x *entry) text() string {
	if x.when != nil {
		return x.when.text()
	}
	return x.doc
}

// kind is what the entry is: '{', '[', '"', 't' for a boolean, 'n' for null, '0' for a number, 'd' for a date or time.
func (x *entry) kind() byte {
	if x.when != nil {
		return 'd'
	}
	switch c := x.doc[0]; c {
	case '{', '[', '"', 'n':
		return c
	case 't', 'f':
		return 't'
	}
	return '0'
}

// number returns the numeric of a number.
func (x *entry) number() (value.Value, bool) {
	if x.kind() != '0' {
		return value.Value{}, false
	}
	v, err := value.Parse(value.Of(value.Numeric), x.doc, plain)
	return v, err == nil
}

// plain is the style of numbers, which have but one.
var plain = value.DefaultStyle()

func numberEntry(v value.Value) *entry {
	return &entry{doc: string(value.AppendText(nil, v, plain))}
}

func stringEntry(s string) *entry { return &entry{doc: string(value.JSONQuote(nil, s))} }

// members calls f with the members of a container as entries, until it returns false.
func (x *entry) members(f func(key string, m *entry) bool) {
	w := value.JSONMembers(x.doc)
	for n := 0; ; n++ {
		key, doc, more := w.Next()
		if !more || !f(key, &entry{doc: doc, parent: x, nth: n}) {
			return
		}
	}
}

// list collects entries. A nil list does not: a run with one ends at the first that is found.
type list struct{ items []*entry }

// run is one run of a path. Not safe for concurrent use.
type run struct {
	strict bool
	// tolerant says that what a document lacks is no error: in lax mode, and below **.
	tolerant bool
	silent   bool
	style    *value.Style
	root     *entry
	vars     *entry
	current  *entry
	size     int   // of the array that last counts in, -1 outside of subscripts
	nextID   int64 // of a generated object
	depth    int
	steps    int
	stop     func() error                   // Options.Interrupted
	patterns map[*jsonpath.Item]*are.Regexp // compiled for this run
}

func newRun(p *jsonpath.Path, doc string, o Options) (*run, error) {
	r := &run{strict: p.Strict, tolerant: !p.Strict, silent: o.Silent, style: o.Style, stop: o.Interrupted,
		root: &entry{doc: doc}, size: -1, nextID: 1}
	if o.Vars != "" {
		if o.Vars[0] != '{' {
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, `"vars" argument is not an object`).
				WithDetail(`Jsonpath parameters should be encoded as key-value pairs of "vars" object.`)
		}
		r.vars, r.nextID = &entry{doc: o.Vars, id: 1}, 2
	}
	r.current = r.root
	return r, nil
}

// fail is an error that Silent suppresses.
func (r *run) fail(code, format string, args ...any) (status, error) {
	if r.silent {
		return failure, nil
	}
	return failure, sqlerr.New(code, format, args...)
}

// quietly runs f with errors suppressed.
func (r *run) quietly(f func() (status, error)) (status, error) {
	was := r.silent
	r.silent = true
	st, err := f()
	r.silent = was
	return st, err
}

// maxDepth bounds the recursion over documents and paths.
const maxDepth = 20000

// item applies a path from an item on to an entry; arrays are unwrapped where lax mode does that.
func (r *run) item(x *jsonpath.Item, e *entry, found *list) (status, error) {
	return r.step(x, e, found, !r.strict)
}

// next applies what follows x to an entry, which is found when nothing does.
func (r *run) next(x *jsonpath.Item, e *entry, found *list) (status, error) {
	if x != nil && x.Next != nil {
		return r.item(x.Next, e, found)
	}
	if found != nil {
		found.items = append(found.items, e)
	}
	return ok, nil
}

// step applies x to an entry. With unwrap an array stands for its elements in a step that wants none.
func (r *run) step(x *jsonpath.Item, e *entry, found *list, unwrap bool) (status, error) {
	if r.depth++; r.depth > maxDepth {
		return failure, sqlerr.New(sqlerr.StatementTooComplex, "stack depth limit exceeded")
	}
	defer func() { r.depth-- }()
	if r.steps++; r.steps%1024 == 0 && r.stop != nil {
		if err := r.stop(); err != nil {
			return failure, err
		}
	}
	if x.Op.Predicate() {
		t, err := r.predicate(x, e)
		if err != nil {
			return failure, err
		}
		return r.next(x, truthEntry(t), found)
	}
	switch x.Op {
	case jsonpath.Root:
		return r.next(x, r.root, found)
	case jsonpath.Current:
		return r.next(x, r.current, found)
	case jsonpath.Null, jsonpath.True, jsonpath.False, jsonpath.Number, jsonpath.String, jsonpath.Variable, jsonpath.Last:
		if x.Next == nil && found == nil && x.Op != jsonpath.Variable { // a variable that is missing is an error
			return ok, nil
		}
		lit, err := r.literal(x)
		if err != nil {
			return failure, err
		}
		return r.next(x, lit, found)
	case jsonpath.AnyItem:
		return r.anyItem(x, e, found)
	case jsonpath.Index:
		return r.index(x, e, found)
	case jsonpath.Any:
		return r.anyLevel(x, e, found)
	case jsonpath.Add, jsonpath.Sub, jsonpath.Mul, jsonpath.Div, jsonpath.Mod:
		return r.arithmetic(x, e, found)
	case jsonpath.Plus, jsonpath.Minus:
		return r.signed(x, e, found)
	case jsonpath.Type:
		return r.next(x, stringEntry(typeName(e)), found)
	case jsonpath.Size:
		return r.arraySize(x, e, found)
	}
	if unwrap && e.kind() == '[' {
		return r.unwrapped(x, e, found, false)
	}
	switch x.Op {
	case jsonpath.Key:
		return r.key(x, e, found)
	case jsonpath.AnyKey:
		return r.anyKey(x, e, found)
	case jsonpath.Filter:
		was := r.current
		r.current = e
		t, err := r.predicate(x.Left, e)
		if r.current = was; err != nil || t != isTrue {
			return notFound, err
		}
		return r.next(x, e, found)
	case jsonpath.KeyValue:
		return r.keyValue(x, e, found)
	case jsonpath.Datetime:
		return r.datetime(x, e, found)
	}
	return r.method(x, e, found)
}

func truthEntry(t truth) *entry {
	return &entry{doc: [...]string{isFalse: "false", isTrue: "true", unknown: "null"}[t]}
}

// literal returns the entry of a constant.
func (r *run) literal(x *jsonpath.Item) (*entry, error) {
	switch x.Op {
	case jsonpath.Null:
		return &entry{doc: "null"}, nil
	case jsonpath.True:
		return &entry{doc: "true"}, nil
	case jsonpath.False:
		return &entry{doc: "false"}, nil
	case jsonpath.Number:
		return &entry{doc: x.Text}, nil
	case jsonpath.String:
		return stringEntry(x.Text), nil
	case jsonpath.Last:
		return numberEntry(value.NumericFromInt(int64(r.size - 1))), nil
	}
	if r.vars == nil {
		return &entry{doc: "null"}, nil
	}
	var out *entry
	r.vars.members(func(key string, m *entry) bool {
		if key == x.Text {
			out = m
		}
		return out == nil
	})
	if out == nil {
		return nil, sqlerr.New(sqlerr.UndefinedObject, `could not find jsonpath variable "%s"`, x.Text)
	}
	return out, nil
}

func typeName(e *entry) string {
	if e.when != nil {
		return e.when.v.Kind().String()
	}
	return value.JSONTypeof(e.doc)
}
