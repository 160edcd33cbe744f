package plan

import (
	"reflect"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// windows are the windows of a query by number: those of its WINDOW clause and then those of OVER (..), without
// repeats. They are bound after the rest of the query, as in PostgreSQL.
type windows struct {
	defs  []*ast.WindowDef
	named int // how many of the first are the WINDOW clause's
	bound []window
	// order is that of the rows after the window functions, over the row that they yield.
	order []SortKey
}

// window is a bound window. Its expressions are over the query's input.
type window struct {
	partition []expr.Expr
	order     []sortKey
	frame     Frame
}

// windowNumber returns the number of the window of an OVER clause.
func (q *query) windowNumber(def *ast.WindowDef) (int, error) {
	w := &q.windows
	if def.NameOnly {
		for i, d := range w.defs[:w.named] {
			if d.Name == def.Name {
				return i, nil
			}
		}
		return 0, noWindow(def.Name, def)
	}
	for i, d := range w.defs {
		if d.Ref == def.Ref && sameSyntax(d.PartitionBy, def.PartitionBy) && sameSyntax(d.OrderBy, def.OrderBy) && sameSyntax(d.Frame, def.Frame) {
			return i, nil
		}
	}
	w.defs = append(w.defs, def)
	return len(w.defs) - 1, nil
}

func noWindow(name string, def *ast.WindowDef) error {
	return sqlerr.New(sqlerr.UndefinedObject, "window %q does not exist", name).At(def.Pos())
}

// sameSyntax says whether two trees are equal but for the places in the text.
func sameSyntax(a, b any) bool { return sameTree(reflect.ValueOf(a), reflect.ValueOf(b)) }

func sameTree(a, b reflect.Value) bool {
	if !a.IsValid() || !b.IsValid() || a.Type() != b.Type() {
		return a.IsValid() == b.IsValid() && !a.IsValid()
	}
	switch a.Kind() {
	case reflect.Interface, reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return sameTree(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !sameTree(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		for i := range a.NumField() {
			if a.Type().Field(i).Type != reflect.TypeFor[ast.Offset]() && !sameTree(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	}
	return a.Equal(b)
}

// bindWindows binds the definitions of the windows, also of those that nothing uses.
func (q *query) bindWindows() error {
	w := &q.windows
	for i, def := range w.defs {
		if i < w.named {
			for _, d := range w.defs[:i] {
				if d.Name == def.Name {
					return sqlerr.New(sqlerr.WindowingError, "window %q is already defined", def.Name).At(def.Pos())
				}
			}
		}
		b, err := q.bindWindow(i, def)
		if err != nil {
			return err
		}
		w.bound = append(w.bound, b)
	}
	return nil
}

// bindWindow binds one definition. One that refers to another window takes its partition, and its order unless that
// has none; a window with a frame cannot be referred to.
func (q *query) bindWindow(number int, def *ast.WindowDef) (window, error) {
	var w window
	var ref *window
	refuse := func(format string) error {
		return sqlerr.New(sqlerr.WindowingError, format, def.Ref).At(def.Pos())
	}
	if def.Ref != "" {
		at := -1
		for i, d := range q.windows.defs[:min(number, q.windows.named)] {
			if d.Name == def.Ref {
				at = i
			}
		}
		if at < 0 {
			return w, noWindow(def.Ref, def)
		}
		ref = &q.windows.bound[at]
	}
	var err error
	if w.order, err = q.windowOrder(def); err != nil {
		return w, err
	}
	if w.partition, err = q.windowPartition(def); err != nil {
		return w, err
	}
	if ref != nil {
		switch {
		case len(w.partition) > 0:
			return w, refuse("cannot override PARTITION BY clause of window %q")
		case len(w.order) > 0 && len(ref.order) > 0:
			return w, refuse("cannot override ORDER BY clause of window %q")
		}
		if at := q.windows.defs; ref.frameWritten(at, def.Ref) {
			err := sqlerr.New(sqlerr.WindowingError, "cannot copy window %q because it has a frame clause", def.Ref).At(def.Pos())
			if number >= q.windows.named && len(w.order) == 0 && def.Frame == nil {
				err = err.WithHint("Omit the parentheses in this OVER clause.")
			}
			return w, err
		}
		w.partition = ref.partition
		if len(w.order) == 0 {
			w.order = ref.order
		}
	}
	w.frame, err = q.bindFrame(def, &w)
	return w, err
}

// frameWritten says whether the definition of a named window has a frame.
func (w *window) frameWritten(defs []*ast.WindowDef, name string) bool {
	for _, d := range defs {
		if d.Name == name {
			return d.Frame != nil
		}
	}
	return false
}

// windowBinder binds the expressions of a window's definition.
func (q *query) windowBinder() *expr.Binder {
	b := q.aggregateBinder("window definitions")
	b.Window = nil
	return b
}

func (q *query) windowPartition(def *ast.WindowDef) ([]expr.Expr, error) {
	var list []expr.Expr
	b := q.windowBinder()
	for _, e := range def.PartitionBy {
		x, err := b.BindText(e)
		if err == nil {
			err = noSets(x, "window definitions")
		}
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

func (q *query) windowOrder(def *ast.WindowDef) ([]sortKey, error) {
	var list []sortKey
	b := q.windowBinder()
	for _, item := range def.OrderBy {
		k, err := sortDirection(item)
		if err != nil {
			return nil, err
		}
		if k.expr, err = b.BindText(item.Expr); err != nil {
			return nil, err
		}
		if err := noSets(k.expr, "window definitions"); err != nil {
			return nil, err
		}
		if !keyBefore(list, k.expr) {
			list = append(list, k)
		}
	}
	return list, nil
}

// bindFrame binds the frame of a window that has its order.
func (q *query) bindFrame(def *ast.WindowDef, w *window) (Frame, error) {
	f := defaultFrame
	if d := def.Frame; d != nil {
		f = Frame{Mode: d.Mode, Start: d.Start, End: d.End, Exclude: d.Exclude}
		if err := q.frameOffsets(&f, def, w); err != nil {
			return f, err
		}
	}
	if f.Mode == ast.FrameRange && len(w.order) == 0 {
		// All rows are peers.
		if f.Start == ast.CurrentRow {
			f.Start = ast.UnboundedPreceding
		}
		if f.End == ast.CurrentRow {
			f.End = ast.UnboundedFollowing
		}
	}
	return f, nil
}

func (q *query) frameOffsets(f *Frame, def *ast.WindowDef, w *window) error {
	d := def.Frame
	refuse := func(msg string) error { return sqlerr.New(sqlerr.WindowingError, "%s", msg).At(def.Pos()) }
	offsets := d.StartOffset != nil || d.EndOffset != nil
	switch {
	case f.Mode == ast.FrameRange && offsets && len(w.order) != 1:
		return refuse("RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column")
	case f.Mode == ast.FrameGroups && len(w.order) == 0:
		return refuse("GROUPS mode requires an ORDER BY clause")
	}
	var err error
	if f.StartOffset, err = q.frameOffset(f, d.StartOffset, w); err != nil {
		return err
	}
	f.EndOffset, err = q.frameOffset(f, d.EndOffset, w)
	return err
}

var frameWords = [...]string{ast.FrameRange: "RANGE", ast.FrameRows: "ROWS", ast.FrameGroups: "GROUPS"}

// frameOffset binds the offset of a bound. It reads no column of the query.
func (q *query) frameOffset(f *Frame, e ast.Expr, w *window) (expr.Expr, error) {
	if e == nil {
		return nil, nil
	}
	word := frameWords[f.Mode]
	b := q.binder(q.scope, "window "+word)
	x, err := b.Bind(e)
	if err != nil {
		return nil, err
	}
	if f.Mode == ast.FrameRange {
		x, f.Bound, err = b.BindRangeOffset(x, w.order[0].expr.Type().Kind)
	} else {
		x, err = b.Int8(x, word)
	}
	if err == nil {
		err = noSets(x, "window "+word)
	}
	if err != nil {
		return nil, err
	}
	expr.Walk(x, func(x expr.Expr) bool {
		if c, ok := x.(*expr.Column); ok && err == nil {
			err = sqlerr.New(sqlerr.InvalidColumnReference, "argument of %s must not contain variables", word).At(c.Pos())
		}
		return err == nil
	})
	return x, err
}

// windowExprs returns the expressions of the windows' partitions and orders, to be replaced in place.
func (w *windows) exprs() []*expr.Expr {
	var list []*expr.Expr
	for i := range w.bound {
		b := &w.bound[i]
		for k := range b.partition {
			list = append(list, &b.partition[k])
		}
		for k := range b.order {
			list = append(list, &b.order[k].expr)
		}
	}
	return list
}
