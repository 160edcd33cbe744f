package parse

import (
	"reflect"
	"testing"

	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// reachable collects the nodes that are held by pointer anywhere below v.
func reachable(v reflect.Value, nodes map[any]bool) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			reachable(v.Elem(), nodes)
		}
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		if n, ok := v.Interface().(ast.Node); ok {
			switch n.(type) {
			case *ast.Ident, *ast.QualifiedName: // values, which Inspect does not visit
			default:
				nodes[n] = true
			}
		}
		reachable(v.Elem(), nodes)
	case reflect.Struct:
		for i := range v.NumField() {
			reachable(v.Field(i), nodes)
		}
	case reflect.Slice:
		for i := range v.Len() {
			reachable(v.Index(i), nodes)
		}
	}
}

// TestInspectVisitsEveryNode: Inspect misses no node that the golden statements have.
func TestInspectVisitsEveryNode(t *testing.T) {
	for _, file := range goldenFiles(t) {
		for _, c := range readGolden(t, file) {
			stmts, err := parse(c.text, Options{})
			if err != nil {
				continue
			}
			for _, s := range stmts {
				want := map[any]bool{}
				reachable(reflect.ValueOf(s.Stmt), want)
				ast.Inspect(s.Stmt, func(n ast.Node) bool {
					if !want[n] {
						t.Errorf("%s: Inspect visits %T twice or from nowhere", c.text, n)
					}
					delete(want, n)
					return true
				})
				for n := range want {
					t.Errorf("%s: Inspect misses %T", c.text, n)
				}
			}
		}
	}
}
