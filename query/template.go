package query

import (
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/parse"
)

// template is a statement with parameters in the place of some of its literals, so that texts that differ in
// those alone, as clients that write values into their statements send them, share one tree and one plan.
//
// A text is answered through a template only where nothing but time tells it from being parsed and
// planned by itself:
//
//   - its shape is the template's (shaper), and so is every literal that is no parameter;
//   - a literal that is one has the type of the template's: 1 is integer, 3000000000 is bigint;
//   - literals became parameters only where they meet a column (lifter): compared with it, added to it, or stored in it
//     by a conversion that never fails. There a parameter of the same type resolves to the same operators,
//     and no error could have come earlier, from folding the constant.
//
// Access paths are chosen when a plan is run, from the parameters' values. Immutable and safe for concurrent use.
type template struct {
	stmt  ast.Stmt
	start int // of the statement in its query string
	tail  int // bytes of the query string after the statement
	slots []slot
	kinds []value.Kind // of the parameters
	// settings are those of the plan (vars.planKey).
	settings string
	// plan is good for catalogs in which its tables are the same; nil once it was found that they are not.
	plan atomic.Pointer[plan.Plan]
}

// slot is a literal of a template.
type slot struct {
	fixed string // its text, when it is no parameter
	kind  value.Kind
	// negative: the parameter is the integer with the minus in front of it, which lead bytes before the
	// integer's first digit.
	negative bool
	lead     int
	start    int // of the parameter, in the template's text
}

// use is one text that is run through a template. It is the Parsed of its server.Source.
type use struct {
	*template
	values []value.Value
	places []int // of what became parameters: start and end in the text
}

// match returns the use of a template for a text of its shape, nil when it has other fixed literals or types.
func (t *template) match(text string, list []literal) *use {
	u := &use{template: t, values: make([]value.Value, 0, len(t.kinds)), places: make([]int, 0, 2*len(t.kinds))}
	for i := range t.slots {
		s, l := &t.slots[i], &list[i]
		if s.kind == value.Unknown {
			if text[l.start:l.end] != s.fixed {
				return nil
			}
			continue
		}
		v, ok := s.value(l)
		if !ok {
			return nil
		}
		u.values = append(u.values, v)
		u.places = append(u.places, l.start-s.lead, l.end)
	}
	return u
}

// value returns a literal as the slot's parameter; false when it is of another type.
func (s *slot) value(l *literal) (value.Value, bool) {
	if l.isString {
		return value.NewText(l.s), true
	}
	n := l.n
	if s.negative {
		n = -n
	}
	return value.NewInt(s.kind, n), intKind(n) == s.kind
}

// intKind is the type of an integer literal.
func intKind(n int64) value.Kind {
	if n == int64(int32(n)) {
		return value.Int4
	}
	return value.Int8
}

// position returns where byte pos of the template's text is in the text of the use.
func (u *use) position(pos int) int {
	shift, n := 0, 0
	for i := range u.slots {
		s := &u.slots[i]
		if s.kind == value.Unknown {
			continue
		}
		n++
		from, to := u.places[2*n-2], u.places[2*n-1]
		end := s.start + len(paramText(n))
		switch {
		case pos < s.start:
			return pos + shift
		case pos < end:
			return from
		}
		shift = to - end
	}
	return pos + shift
}

func paramText(n int) string { return "$" + strconv.Itoa(n) }

// relocate gives an error of a template's tree or plan its place in the text of the use.
func (u *use) relocate(err error) error {
	e := sqlerr.As(err)
	if e == nil || e.Pos == 0 {
		return err
	}
	c := *e
	c.Pos = u.position(e.Pos-1) + 1
	return &c
}

// newTemplate makes the template of a text that was parsed and planned; nil when it can have none.
func newTemplate(text string, list []literal, st *parse.Statement, like *plan.Plan, settings string, opts plan.Options) *template {
	if st.NumParams > 0 || len(st.Notices) > 0 {
		return nil
	}
	consts := liftable(st.Stmt, opts)
	t := &template{settings: settings, slots: make([]slot, len(list)), tail: len(text) - st.Start - len(st.Text)}
	var b strings.Builder
	at := 0
	for i := range list {
		l, s := &list[i], &t.slots[i]
		if !s.lift(text, l, consts) {
			s.fixed = strings.Clone(text[l.start:l.end])
			continue
		}
		t.kinds = append(t.kinds, s.kind)
		b.WriteString(text[at : l.start-s.lead])
		s.start = b.Len()
		b.WriteString(paramText(len(t.kinds)))
		at = l.end
	}
	if len(t.kinds) == 0 {
		return nil
	}
	b.WriteString(text[at:])
	parsed, err := parse.Parse(b.String(), parse.Options{})
	if err != nil || len(parsed) != 1 || parsed[0].NumParams != len(t.kinds) || parsed[0].Start != st.Start {
		return nil
	}
	t.stmt, t.start = parsed[0].Stmt, parsed[0].Start
	opts.Params = t.kinds
	pl, err := plan.Make(t.stmt, opts)
	if err != nil || !slices.Equal(pl.Columns, like.Columns) || (pl.Columns == nil) != (like.Columns == nil) {
		return nil
	}
	t.plan.Store(pl)
	return t
}

// lift makes the slot a parameter when its literal is one of the constants that may be, by their place.
func (s *slot) lift(text string, l *literal, consts map[int]*ast.Const) bool {
	if c, ok := consts[l.start]; ok && l.isString && c.Kind == ast.String && c.Text == l.s {
		s.kind = value.Text
		return true
	}
	if l.isString {
		return false
	}
	if c, ok := consts[l.start]; ok && c.Kind == ast.Int && c.Int == l.n {
		s.kind = intKind(c.Int)
		return true
	}
	minus := strings.LastIndexByte(text[:l.start], '-')
	if minus < 0 || strings.TrimSpace(text[minus+1:l.start]) != "" {
		return false
	}
	c, ok := consts[minus]
	if !ok || c.Kind != ast.Int || c.Int != -l.n {
		return false
	}
	s.kind, s.negative, s.lead = intKind(c.Int), true, l.start-minus
	return true
}

// liftable returns the literals of a statement that may become parameters, by their places.
func liftable(stmt ast.Stmt, opts plan.Options) map[int]*ast.Const {
	l := &lifter{catalog: opts.Catalog, path: opts.Path, system: opts.System, found: map[int]*ast.Const{}}
	switch s := stmt.(type) {
	case *ast.SelectStmt:
		if len(s.From) == 1 {
			if r, ok := s.From[0].(*ast.RangeVar); ok {
				l.useTable(r)
			}
		}
		l.condition(s.Where)
	case *ast.UpdateStmt:
		l.useTable(s.Table)
		l.assignments(s.Set)
		l.condition(s.Where)
	case *ast.DeleteStmt:
		l.useTable(s.Table)
		l.condition(s.Where)
	case *ast.InsertStmt:
		l.useTable(s.Table)
		l.insert(s)
	}
	return l.found
}

// lifter collects the literals that meet a column.
type lifter struct {
	catalog *schema.Catalog
	path    schema.Path
	system  plan.SystemRelations
	table   *schema.Table // the only one of the statement; nil when there are others or it is not known
	found   map[int]*ast.Const
}

func (l *lifter) useTable(r *ast.RangeVar) {
	if l.system != nil {
		if _, ok := l.system.Relation(r.Table.Schema, r.Table.Name); ok {
			return // comes before a table of that name
		}
	}
	if t, err := plan.Table(l.catalog, l.path, r.Table); err == nil {
		l.table = t
	}
}

// condition takes the comparisons of a column with a literal that WHERE is made of, or that it ANDs.
func (l *lifter) condition(e ast.Expr) {
	switch e := e.(type) {
	case *ast.BoolExpr:
		if e.Op == ast.And {
			for _, a := range e.Args {
				l.condition(a)
			}
		}
	case *ast.OpExpr:
		switch e.Op {
		case "=", "<>", "<", "<=", ">", ">=":
			l.operands(e, true)
		}
	}
}

// operands takes the literal that is an operator's one operand when the other is a column.
func (l *lifter) operands(e *ast.OpExpr, strings bool) {
	if len(e.Schema) > 0 || e.Left == nil {
		return
	}
	col, isCol := e.Left.(*ast.ColumnRef)
	c, isConst := e.Right.(*ast.Const)
	if !isCol || !isConst {
		col, isCol = e.Right.(*ast.ColumnRef)
		c, isConst = e.Left.(*ast.Const)
	}
	switch {
	case !isCol || !isConst || col.Star:
	case c.Kind == ast.Int, c.Kind == ast.String && strings && l.isText(col):
		l.found[c.Pos()] = c
	}
}

// isText says whether a name is that of a column of texts. A literal of unknown type beside it is a text.
func (l *lifter) isText(ref *ast.ColumnRef) bool {
	if l.table == nil {
		return false
	}
	c, ok := l.table.Column(ref.Parts[len(ref.Parts)-1].Name)
	return ok && (c.Type.Kind == value.Text || c.Type.Kind == value.Varchar)
}

// assignments takes column = literal and column = column + literal of SET.
func (l *lifter) assignments(list []*ast.Assignment) {
	for _, a := range list {
		if a.Multi || len(a.Targets) != 1 || len(a.Targets[0].Path) > 0 {
			continue
		}
		switch e := a.Value.(type) {
		case *ast.Const:
			l.stored(e, a.Targets[0].Name)
		case *ast.OpExpr:
			switch e.Op {
			case "+", "-", "*":
				l.operands(e, false)
			}
		}
	}
}

// insert takes the literals of an INSERT of one row.
func (l *lifter) insert(s *ast.InsertStmt) {
	q := s.Query
	if l.table == nil || q == nil || q.Values == nil || len(q.Values.Rows) != 1 ||
		q.With != nil || q.OrderBy != nil || q.Limit != nil || q.LimitOffset != nil {
		return
	}
	var names []string
	for _, c := range s.Columns {
		if len(c.Path) > 0 {
			return
		}
		names = append(names, c.Name)
	}
	if s.Columns == nil {
		for i := range l.table.Columns {
			if !l.table.Columns[i].Hidden {
				names = append(names, l.table.Columns[i].Name)
			}
		}
	}
	for i, e := range q.Values.Rows[0] {
		if c, ok := e.(*ast.Const); ok && i < len(names) {
			l.stored(c, names[i])
		}
	}
}

// stored takes a literal that is stored in a column as it is, or converted so that no value is refused.
func (l *lifter) stored(c *ast.Const, column string) {
	if l.table == nil {
		return
	}
	def, ok := l.table.Column(column)
	if !ok || def.Type.Mod != -1 || def.Type.User != 0 {
		return
	}
	switch k := def.Type.Kind; {
	case c.Kind == ast.String:
		ok = k == value.Text || k == value.Varchar
	case c.Kind == ast.Int && intKind(c.Int) == value.Int4:
		ok = k == value.Int4 || k == value.Int8 || k == value.Numeric || k == value.Float8
	case c.Kind == ast.Int:
		ok = k == value.Int8 || k == value.Numeric || k == value.Float8
	default:
		ok = false
	}
	if ok {
		l.found[c.Pos()] = c
	}
}
