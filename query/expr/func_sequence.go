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
	named := func(f func(c *Context, s Sequences, oid uint32, args []value.Value) (value.Value, error)) impl {
		return func(c *Context, args []value.Value) (value.Value, error) {
			s, err := c.sequences()
			if err != nil {
				return value.Value{}, err
			}
			oid, err := s.Find(args[0].Bytes())
			if err != nil {
				return value.Value{}, err
			}
			return f(c, s, oid, args[1:])
		}
	}
	set := named(func(c *Context, s Sequences, oid uint32, args []value.Value) (value.Value, error) {
		called := len(args) < 2 || args[1].Bool()
		return args[0], s.Set(c.ctx(), oid, args[0].Int(), called)
	})
	return []Func{
		{Name: "nextval", Args: kinds(value.Text), Ret: value.Int8, Volatility: Volatile, Strict: true,
			fn: named(func(c *Context, s Sequences, oid uint32, _ []value.Value) (value.Value, error) {
				v, err := s.Next(c.ctx(), oid)
				return value.NewInt(value.Int8, v), err
			})},
		{Name: "currval", Args: kinds(value.Text), Ret: value.Int8, Volatility: Volatile, Strict: true,
			fn: named(func(_ *Context, s Sequences, oid uint32, _ []value.Value) (value.Value, error) {
				v, err := s.Current(oid)
				return value.NewInt(value.Int8, v), err
			})},
		{Name: "lastval", Ret: value.Int8, Volatility: Volatile, Strict: true,
			fn: func(c *Context, _ []value.Value) (value.Value, error) {
				s, err := c.sequences()
				if err != nil {
					return value.Value{}, err
				}
				v, err := s.Last()
				return value.NewInt(value.Int8, v), err
			}},
		{Name: "setval", Args: kinds(value.Text, value.Int8), Ret: value.Int8, Volatility: Volatile, Strict: true, fn: set},
		{Name: "setval", Args: kinds(value.Text, value.Int8, value.Bool), Ret: value.Int8, Volatility: Volatile, Strict: true, fn: set},
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
}

// nextOfOID is nextval of a sequence that is known by its OID: of an identity column.
var nextOfOID = &Func{Name: "nextval", Args: kinds(value.Int8), Ret: value.Int8, Volatility: Volatile, Strict: true,
	fn: func(c *Context, args []value.Value) (value.Value, error) {
		s, err := c.sequences()
		if err != nil {
			return value.Value{}, err
		}
		v, err := s.Next(c.ctx(), uint32(args[0].Int()))
		return value.NewInt(value.Int8, v), err
	}}

// NewNextValue returns the expression that takes the next value of a sequence, as an integer type.
func NewNextValue(oid uint32, to value.Type) Expr {
	arg := NewConst(value.NewInt(value.Int8, int64(oid)), value.Of(value.Int8), -1)
	var e Expr = &Call{head: head{value.Of(value.Int8), -1}, Func: nextOfOID, Args: []Expr{arg}}
	if to.Kind != value.Int8 {
		e = &Cast{head: head{to, -1}, Arg: e, Context: value.CastAssignment}
	}
	return e
}
