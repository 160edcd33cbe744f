package query

import (
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// likeOptions are what LIKE includes beside names, types and NOT NULL.
type likeOptions map[string]bool

func readLikeOptions(list []string) likeOptions {
	all := []string{"comments", "compression", "constraints", "defaults", "generated", "identity", "indexes", "statistics", "storage"}
	o := likeOptions{}
	for _, text := range list {
		word, what, _ := strings.Cut(text, " ")
		which := []string{what}
		if what == "all" {
			which = all
		}
		for _, w := range which {
			o[w] = word == "including"
		}
	}
	return o
}

// like adds the columns of LIKE table, and what it includes.
func (d *tableDefiner) like(e *ast.LikeClause) error {
	s := d.session
	if err := s.checkDatabase(e.Table); err != nil {
		return err
	}
	r, ok := d.catalog.FindRelation(s.path(), e.Table.Schema, e.Table.Name)
	if !ok {
		return plan.UndefinedRelation(e.Table).At(e.Table.Pos())
	}
	if r.Object != nil && r.Object.View != nil {
		for _, c := range r.Object.View.Columns {
			if err := d.likeColumn(&schema.Column{Name: c.Name, Type: c.Type}, nil); err != nil {
				return err
			}
		}
		return nil
	}
	if !r.IsTable() {
		return sqlerr.New(sqlerr.WrongObjectType, "relation %q is invalid in LIKE clause", e.Table.Name).
			WithDetail("This operation is not supported for %s.", plural(kindOf(r))).At(e.Table.Pos())
	}
	include := readLikeOptions(e.Options)
	for i := range r.Table.Columns {
		if c := &r.Table.Columns[i]; !c.Hidden {
			if err := d.likeColumn(c, include); err != nil {
				return err
			}
		}
	}
	if include["constraints"] {
		for _, c := range r.Table.Checks {
			x, err := plan.ParseExpr(c.Expr)
			if err != nil {
				return err
			}
			d.pending = append(d.pending, pendingConstraint{Constraint: &ast.Constraint{Offset: ast.NoPos, Kind: ast.ConCheck, Name: c.Name,
				Expr: x, NoInherit: c.NoInherit}})
		}
	}
	if include["indexes"] {
		return d.likeIndexes(r.Table)
	}
	return nil
}

// likeColumn adds one column.
func (d *tableDefiner) likeColumn(from *schema.Column, include likeOptions) error {
	t := d.table
	if _, dup := t.Column(from.Name); dup {
		return sqlerr.New(sqlerr.DuplicateColumn, "column %q specified more than once", from.Name)
	}
	if len(t.Columns) >= maxColumns {
		return sqlerr.New(sqlerr.TooManyColumns, "tables can have at most %d columns", maxColumns)
	}
	t.Columns = append(t.Columns, schema.Column{Num: int16(len(t.Columns) + 1), Name: from.Name, Type: from.Type, NotNull: from.NotNull})
	c := &t.Columns[len(t.Columns)-1]
	if include["defaults"] {
		c.Default = from.Default
	}
	if include["generated"] && from.Generated != "" {
		x, err := plan.ParseExpr(from.Generated)
		if err != nil {
			return err
		}
		d.pending = append(d.pending, pendingConstraint{&ast.Constraint{Offset: ast.NoPos, Kind: ast.ConGenerated, Expr: x}, c.Name})
	}
	if include["identity"] && from.Identity != schema.NotIdentity {
		con := &ast.Constraint{Offset: ast.NoPos, Kind: ast.ConIdentity, Always: from.Identity == schema.IdentityAlways}
		if o, ok := d.catalog.Object(from.Sequence); ok {
			con.Sequence = sequenceOptions(o.Sequence)
		}
		return d.identity(c, con)
	}
	return nil
}

// sequenceOptions writes the definition of a sequence as options.
func sequenceOptions(q *schema.Sequence) []*ast.OptionDef {
	number := func(name string, n int64) *ast.OptionDef {
		return &ast.OptionDef{Offset: ast.NoPos, Name: name,
			Value: &ast.Const{Offset: ast.NoPos, Kind: ast.Int, Int: n, Text: strconv.FormatInt(n, 10)}}
	}
	list := []*ast.OptionDef{number("increment", q.Increment), number("minvalue", q.Min), number("maxvalue", q.Max),
		number("start", q.Start), number("cache", q.Cache)}
	if q.Cycle {
		list = append(list, &ast.OptionDef{Offset: ast.NoPos, Name: "cycle", Value: &ast.Const{Offset: ast.NoPos, Kind: ast.Bool, Int: 1}})
	}
	return list
}

// likeIndexes makes the indexes of a table those of the new one, under names of its own.
func (d *tableDefiner) likeIndexes(t *schema.Table) error {
	key := func(kind ast.ConstraintKind, nums []int16) *ast.Constraint {
		con := &ast.Constraint{Offset: ast.NoPos, Kind: kind}
		for _, num := range nums {
			con.Columns = append(con.Columns, ast.Ident{Offset: ast.NoPos, Name: t.ColumnByNum(num).Name})
		}
		return con
	}
	if !t.HiddenKey {
		d.pending = append(d.pending, pendingConstraint{Constraint: key(ast.ConPrimaryKey, t.Key)})
	}
	for _, x := range t.Indexes {
		if x.Constraint {
			con := key(ast.ConUnique, x.Nums())
			con.NullsNotDistinct = x.NullsNotDistinct
			d.pending = append(d.pending, pendingConstraint{Constraint: con})
			continue
		}
		st, err := d.indexStatement(t, x)
		if err != nil {
			return err
		}
		d.later = append(d.later, st)
	}
	return nil
}

// indexStatement returns the statement that makes an index like one of another table.
func (d *tableDefiner) indexStatement(t *schema.Table, x *schema.Index) (*ast.CreateIndexStmt, error) {
	st := &ast.CreateIndexStmt{Offset: ast.NoPos, Unique: x.Unique, NullsNotDistinct: x.NullsNotDistinct,
		Table: &ast.RangeVar{Offset: ast.NoPos, Table: ast.QualifiedName{Offset: ast.NoPos, Schema: d.table.Schema, Name: d.table.Name}}}
	if x.Kind == schema.Dictionary {
		st.Method = "dictionary"
	}
	for _, c := range x.Columns {
		e := &ast.IndexElem{Offset: ast.NoPos}
		if x.Kind == schema.BTree {
			if c.Desc {
				e.Dir = ast.SortDesc
			}
			if e.Nulls = ast.NullsLast; c.NullsFirst {
				e.Nulls = ast.NullsFirst
			}
		}
		if col := t.ColumnByNum(c.Num); col.Hidden {
			var err error
			if e.Expr, err = plan.ParseExpr(col.Generated); err != nil {
				return nil, err
			}
		} else {
			e.Column = col.Name
		}
		st.Elems = append(st.Elems, e)
	}
	if x.Filter != 0 {
		var err error
		if st.Where, err = plan.ParseExpr(t.ColumnByNum(x.Filter).Generated); err != nil {
			return nil, err
		}
	}
	return st, nil
}
