package expr

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Sequences is what the functions about sequences call. A sequence is named as in SQL, or by its OID.
type Sequences interface {
	// Find returns the OID of the sequence of a name: 42P01 when there is none, 42809 when it is something else.
	Find(name string) (uint32, error)
	// Next is nextval.
	Next(ctx context.Context, oid uint32) (int64, error)
	// Current is currval: 55000 when the session has taken no value yet; Last is lastval.
	Current(oid uint32) (int64, error)
	Last() (int64, error)
	// Set is setval.
	Set(ctx context.Context, oid uint32, v int64, called bool) error
	// State is what SELECT from a sequence shows.
	State(oid uint32) (last, logCnt int64, called bool, err error)
	// Owned is pg_get_serial_sequence: the qualified name of the sequence of a column, "" for none.
	Owned(table, column string) (string, error)
}

func (c *Context) sequences() (Sequences, error) {
	if s := c.session().Sequences; s != nil {
		return s, nil
	}
	return nil, sqlerr.NotSupported("sequences are not supported here")
}

// sequenceFuncs is the functions about sequences.
func sequenceFuncs() []Func {
	list := []Func{
		{Name: "lastval", Ret: value.Int8, Volatility: Volatile, Strict: true,
			fn: func(c *Context, _ []value.Value) (value.Value, error) {
				s, err := c.sequences()
				if err != nil {
					return value.Value{}, err
				}
				v, err := s.Last()
				return value.NewInt(value.Int8, v), err
			}},
		{Name: "pg_get_serial_sequence", Args: kinds(value.Text, value.Text), Ret: value.Text, Volatility: Stable, Strict: true,
			fn: func(c *Context, args []value.Value) (value.Value, error) {
				s, err := c.sequences()
				if err != nil {
					return value.Value{}, err
				}
				name, err := s.Owned(args[0].Bytes(), args[1].Bytes())
				if err != nil || name == "" {
					return value.Null(value.Text), err
				}
				return value.NewText(name), nil
			}},
	}
	// A sequence is given by a name, which is looked for at each call, or as what a name stood for once.
	for _, by := range []value.Kind{value.Text, value.Regclass} {
		set := ofSequence(func(c *Context, s Sequences, oid uint32, args []value.Value) (int64, error) {
			called := len(args) < 2 || args[1].Bool()
			return args[0].Int(), s.Set(c.ctx(), oid, args[0].Int(), called)
		})
		add := func(name string, fn impl, args ...value.Kind) {
			list = append(list, Func{Name: name, Args: append(kinds(by), args...), Ret: value.Int8, Volatility: Volatile, Strict: true, fn: fn})
		}
		add("nextval", nextValue)
		add("currval", ofSequence(func(_ *Context, s Sequences, oid uint32, _ []value.Value) (int64, error) { return s.Current(oid) }))
		add("setval", set, value.Int8)
		add("setval", set, value.Int8, value.Bool)
	}
	return list
}

var nextValue = ofSequence(func(c *Context, s Sequences, oid uint32, _ []value.Value) (int64, error) { return s.Next(c.ctx(), oid) })

// ofSequence makes a function of f whose first argument is a sequence, by name or by OID.
func ofSequence(f func(c *Context, s Sequences, oid uint32, args []value.Value) (int64, error)) impl {
	return func(c *Context, args []value.Value) (value.Value, error) {
		s, err := c.sequences()
		if err != nil {
			return value.Value{}, err
		}
		oid := uint32(0)
		if args[0].Kind() == value.Regclass {
			oid = uint32(args[0].Int())
		} else if oid, err = s.Find(args[0].Bytes()); err != nil {
			return value.Value{}, err
		}
		n, err := f(c, s, oid, args[1:])
		return value.NewInt(value.Int8, n), err
	}
}

// nextOfOID is the nextval of identity columns.
var nextOfOID = &Func{Name: "nextval", Args: kinds(value.Regclass), Ret: value.Int8, Volatility: Volatile, Strict: true, fn: nextValue}

// NewNextValue returns the expression that takes the next value of a sequence, as an integer type.
func NewNextValue(oid uint32, to value.Type) Expr {
	arg := NewConst(value.NewInt(value.Regclass, int64(oid)), value.Of(value.Regclass), -1)
	var e Expr = &Call{head: head{value.Of(value.Int8), -1}, Func: nextOfOID, Args: []Expr{arg}}
	if to.Kind != value.Int8 {
		e = &Cast{head: head{to, -1}, Arg: e, Context: value.CastAssignment}
	}
	return e
}
