package expr

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Row is ROW(..), (a, b), or the whole row of a relation, as a value: a record. Comparisons and null tests of rows that
// are written out are over their fields, and make no record.
type Row struct {
	head
	Fields []Expr
	// Names are those of a relation's columns; nil for a row that is written out.
	Names []string
	// Present is a column of the relation that is never NULL where it has a row: a row that an outer join adds is NULL.
	// nil when there is none.
	Present Expr
	// Relation is the name of the relation, for deparsing.
	Relation string
}

// NewWholeRow returns the row of a relation.
func NewWholeRow(relation string, fields []Expr, names []string, present Expr, pos int) *Row {
	return &Row{head: head{value.Of(value.Record), pos}, Fields: fields, Names: names, Present: present, Relation: relation}
}

func (e *Row) children(f func(Expr)) {
	each(e.Fields, f)
	if e.Present != nil {
		f(e.Present)
	}
}

func (e *Row) rebuild(f func(Expr) Expr) Expr {
	fields, changed := rebuildList(e.Fields, f)
	present := e.Present
	if present != nil {
		present = f(present)
	}
	if !changed && present == e.Present {
		return e
	}
	c := *e
	c.Fields, c.Present = fields, present
	return &c
}

func (e *Row) same(o Expr) bool {
	x, ok := o.(*Row)
	return ok && len(x.Fields) == len(e.Fields) && slices.Equal(x.Names, e.Names)
}

// operands are the fields, and then Present.
func (e *Row) operands() []Expr {
	if e.Present == nil {
		return e.Fields
	}
	return append(e.Fields[:len(e.Fields):len(e.Fields)], e.Present)
}

func (e *Row) eval(c *Context, row []value.Value) (value.Value, error) {
	list := e.operands()
	args := make([]value.Value, len(list))
	for i, x := range list {
		v, err := x.eval(c, row)
		if err != nil {
			return v, err
		}
		args[i] = v
	}
	return e.apply(c, args)
}

func (e *Row) apply(_ *Context, a []value.Value) (value.Value, error) {
	n := len(e.Fields)
	if n < len(a) && a[n].IsNull() {
		return value.Null(value.Record), nil
	}
	return value.NewRecord(e.Names, a[:n]), nil
}

func (e *Row) String() string { return deparse(e) }

func (e *Row) deparse(d *deparser) {
	if e.Relation != "" {
		d.WriteString(e.Relation + ".*")
		return
	}
	d.WriteString("ROW(")
	d.list(e.Fields, ", ")
	d.WriteString(")")
}

// field returns the field with a name, nil when there is none.
func (e *Row) field(name string) Expr {
	for i, x := range e.Fields {
		if e.name(i) == name {
			return x
		}
	}
	return nil
}

// name is the name of a field; those of a row that is written out are f1, f2, ...
func (e *Row) name(i int) string {
	if e.Names == nil {
		return value.FieldName(i)
	}
	return e.Names[i]
}

// Expanded returns the fields of a row with their names: (x).*.
func (e *Row) Expanded() (fields []Expr, names []string) {
	for i := range e.Fields {
		names = append(names, e.name(i))
	}
	return e.Fields, names
}

// RowField is a field of a record that is not written out.
type RowField struct {
	head
	Arg   Expr
	Index int
}

// NewRowField returns field index of a record, which has the type t.
func NewRowField(arg Expr, index int, t value.Type, pos int) *RowField {
	return &RowField{head: head{t, pos}, Arg: arg, Index: index}
}

func (e *RowField) children(f func(Expr)) { f(e.Arg) }

func (e *RowField) rebuild(f func(Expr) Expr) Expr {
	x := f(e.Arg)
	if x == e.Arg {
		return e
	}
	c := *e
	c.Arg = x
	return &c
}

func (e *RowField) same(o Expr) bool {
	x, ok := o.(*RowField)
	return ok && x.Index == e.Index
}

func (e *RowField) eval(c *Context, row []value.Value) (value.Value, error) {
	v, err := e.Arg.eval(c, row)
	if err != nil {
		return v, err
	}
	return e.apply(c, []value.Value{v})
}

func (e *RowField) apply(_ *Context, a []value.Value) (value.Value, error) {
	if a[0].IsNull() {
		return value.Null(e.typ.Kind), nil
	}
	return value.RecordField(a[0], e.Index).WithKind(e.typ.Kind), nil
}

func (e *RowField) String() string { return deparse(e) }

func (e *RowField) deparse(d *deparser) {
	d.WriteString("(")
	d.expr(e.Arg)
	d.WriteString(")." + value.FieldName(e.Index))
}

// RowNullTest is IS [NOT] NULL of a record: that all of its fields are NULL, or that none is.
type RowNullTest struct {
	head
	Arg Expr
	Not bool
}

func (e *RowNullTest) children(f func(Expr)) { f(e.Arg) }

func (e *RowNullTest) rebuild(f func(Expr) Expr) Expr {
	x := f(e.Arg)
	if x == e.Arg {
		return e
	}
	c := *e
	c.Arg = x
	return &c
}

func (e *RowNullTest) same(o Expr) bool {
	x, ok := o.(*RowNullTest)
	return ok && x.Not == e.Not
}

func (e *RowNullTest) eval(c *Context, row []value.Value) (value.Value, error) {
	v, err := e.Arg.eval(c, row)
	if err != nil {
		return v, err
	}
	return e.apply(c, []value.Value{v})
}

func (e *RowNullTest) apply(_ *Context, a []value.Value) (value.Value, error) {
	if a[0].IsNull() {
		return value.NewBool(!e.Not), nil
	}
	all := true
	value.RecordEach(a[0], func(_ int, _ string, x value.Value) bool {
		all = x.IsNull() != e.Not
		return all
	})
	return value.NewBool(all), nil
}

func (e *RowNullTest) String() string { return deparse(e) }

func (e *RowNullTest) deparse(d *deparser) {
	d.WriteString("(")
	d.expr(e.Arg)
	if e.Not {
		d.WriteString(" IS NOT NULL)")
	} else {
		d.WriteString(" IS NULL)")
	}
}

// recordOps is the comparisons of records: NULL fields are equal to one another, and after the others.
func recordOps() []Func {
	var table []Func
	for op, test := range comparisons {
		table = append(table, Func{Name: "record_compare", Op: op, Args: kinds(value.Record, value.Record), Ret: value.Bool, Strict: true,
			fn: func(_ *Context, a []value.Value) (value.Value, error) {
				c, err := compareRecords(a[0], a[1])
				return value.NewBool(test(c)), err
			}})
	}
	return table
}

// compareRecords orders two records by the first fields that differ. 42804 when it comes to fields of different types, or
// to the end of one record only.
func compareRecords(a, b value.Value) (int, error) {
	var fields []value.Value
	value.RecordEach(a, func(_ int, _ string, x value.Value) bool {
		fields = append(fields, x)
		return true
	})
	c := 0
	var err error
	value.RecordEach(b, func(i int, _ string, y value.Value) bool {
		if i >= len(fields) {
			return false
		}
		if x := fields[i]; x.Kind() != y.Kind() {
			err = sqlerr.New(sqlerr.DatatypeMismatch, "cannot compare dissimilar column types %s and %s at record column %d",
				x.Kind(), y.Kind(), i+1)
		} else {
			c = value.Compare(x, y)
		}
		return c == 0 && err == nil
	})
	if c == 0 && err == nil && len(fields) != value.RecordLen(b) {
		err = sqlerr.New(sqlerr.DatatypeMismatch, "cannot compare record types with different numbers of columns")
	}
	return c, err
}
