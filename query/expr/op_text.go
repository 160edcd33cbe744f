package expr

import (
	"strconv"

	"github.com/cachalotdb/cachalot/internal/are"
	"github.com/cachalotdb/cachalot/internal/value"
)

// textOps is concatenation and pattern matching.
func textOps() []Func {
	op := func(name string, l, r, ret value.Kind, v Volatility, k kernel, fn impl) Func {
		return Func{Name: name, Op: name, Args: kinds(l, r), Ret: ret, Volatility: v, Strict: true, kernel: k, fn: fn}
	}
	t := value.Text
	table := []Func{
		op("||", t, t, t, Immutable, noKernel, concatBytes),
		op("||", t, anyNonArray, t, Stable, noKernel, concatText),
		op("||", anyNonArray, t, t, Stable, noKernel, concatText),
		op("||", value.Bytea, value.Bytea, value.Bytea, Immutable, noKernel, concatBytes),
	}
	for _, m := range matchOps {
		// A bpchar is matched with its padding.
		table = append(table, op(m.op, t, t, value.Bool, Immutable, likeKernel, matchImpl(m)),
			op(m.op, value.Bpchar, t, value.Bool, Immutable, likeKernel, matchImpl(m)),
			op(m.op, value.Name, t, value.Bool, Immutable, likeKernel, matchImpl(m)))
		if !m.regex && !m.fold {
			table = append(table, op(m.op, value.Bytea, value.Bytea, value.Bool, Immutable, noKernel, likeBytes(m.negate)))
		}
	}
	return append(table, op("^@", t, t, value.Bool, Immutable, noKernel, startsWith))
}

func concatBytes(_ *Context, a []value.Value) (value.Value, error) {
	return value.NewBytes(a[0].Kind(), a[0].Bytes()+a[1].Bytes()), nil
}

func concatText(c *Context, a []value.Value) (value.Value, error) {
	return value.NewText(textOf(c, a[0]) + textOf(c, a[1])), nil
}

// textOf returns a value that is not NULL cast to text.
func textOf(c *Context, v value.Value) string {
	switch v.Kind() {
	case value.Bool:
		return strconv.FormatBool(v.Bool())
	case value.Bpchar:
		return value.TrimPad(v.Bytes())
	}
	return outputOf(c, v)
}

// outputOf returns a value that is not NULL as its type's output function writes it. It
// differs from the cast for boolean, which is t or f, and for bpchar, which keeps its padding.
func outputOf(c *Context, v value.Value) string {
	switch v.Kind() {
	case value.Text, value.Varchar, value.Bpchar, value.Unknown:
		return v.Bytes()
	}
	return string(value.AppendText(nil, v, c.style()))
}

// matchOp is an operator that matches a pattern.
type matchOp struct {
	op     string
	regex  bool // a regular expression, else LIKE
	fold   bool // without regard to case
	negate bool
}

var matchOps = []matchOp{
	{"~~", false, false, false}, {"!~~", false, false, true},
	{"~~*", false, true, false}, {"!~~*", false, true, true},
	{"~", true, false, false}, {"!~", true, false, true},
	{"~*", true, true, false}, {"!~*", true, true, true},
}

// likeBytes is LIKE of byteas, each byte a character.
func likeBytes(negate bool) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		ok, err := compileLike(latin1(a[1].Bytes()), false).match(latin1(a[0].Bytes()))
		return value.NewBool(ok != negate), err
	}
}

// latin1 returns bytes as characters of their numbers.
func latin1(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

func matchImpl(m matchOp) impl {
	return func(c *Context, a []value.Value) (value.Value, error) {
		var ok bool
		var err error
		if m.regex {
			var re *are.Regexp
			if re, err = c.regexp(a[1].Bytes(), are.Flags{FoldCase: m.fold}); err == nil {
				ok, err = matchRegexp(re, a[0].Bytes())
			}
		} else {
			ok, err = compileLike(a[1].Bytes(), m.fold).match(a[0].Bytes())
		}
		return value.NewBool(ok != m.negate), err
	}
}
