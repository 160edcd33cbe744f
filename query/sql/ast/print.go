package ast

import (
	"fmt"
	"reflect"
	"strings"
)

// Print writes a tree as indented text, one node or field a line: the type's
// name, @ and the offset, then the fields that are not zero. It is for tests and
// for people; two equal trees print alike.
func Print(n Node) string {
	var p printer
	p.value(reflect.ValueOf(n), 0)
	return p.String()
}

type printer struct{ strings.Builder }

func (p *printer) indent(depth int) {
	p.WriteByte('\n')
	for range depth {
		p.WriteString("  ")
	}
}

// value writes what v holds; a struct's fields follow on lines of their own.
func (p *printer) value(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			p.WriteString("nil")
			return
		}
		p.value(v.Elem(), depth)
	case reflect.Struct:
		p.structure(v, depth)
	case reflect.Slice:
		p.slice(v, depth)
	case reflect.String:
		fmt.Fprintf(p, "%q", v.String())
	default:
		fmt.Fprintf(p, "%v", v.Interface())
	}
}

func (p *printer) structure(v reflect.Value, depth int) {
	t := v.Type()
	switch x := v.Interface().(type) {
	case Ident:
		fmt.Fprintf(p, "%s@%d", x.Name, x.Offset)
		return
	case QualifiedName:
		fmt.Fprintf(p, "%s@%d", x.String(), x.Offset)
		return
	case Const:
		p.constant(x)
		return
	}
	p.WriteString(t.Name())
	for i := range t.NumField() {
		f, fv := t.Field(i), v.Field(i)
		if f.Name == "Offset" && f.Anonymous {
			fmt.Fprintf(p, "@%d", fv.Int())
			continue
		}
		if fv.IsZero() {
			continue
		}
		p.indent(depth + 1)
		p.WriteString(f.Name + ": ")
		p.value(fv, depth+1)
	}
}

func (p *printer) constant(c Const) {
	switch c.Kind {
	case Null:
		fmt.Fprintf(p, "NULL@%d", c.Offset)
	case Bool:
		fmt.Fprintf(p, "%v@%d", c.Int != 0, c.Offset)
	case Int:
		fmt.Fprintf(p, "%d@%d", c.Int, c.Offset)
	case Numeric:
		fmt.Fprintf(p, "%s@%d", c.Text, c.Offset)
	case BitString:
		fmt.Fprintf(p, "bits %s@%d", c.Text, c.Offset)
	default:
		fmt.Fprintf(p, "%q@%d", c.Text, c.Offset)
	}
}

// slice writes short lists of names on one line, others with an element a line.
func (p *printer) slice(v reflect.Value, depth int) {
	p.WriteByte('[')
	inline := v.Type().Elem().Kind() != reflect.Interface && v.Type().Elem().Kind() != reflect.Pointer &&
		v.Type().Elem() != reflect.TypeFor[Step]() && v.Type().Elem().Kind() != reflect.Slice
	for i := range v.Len() {
		switch {
		case !inline:
			p.indent(depth + 1)
		case i > 0:
			p.WriteByte(' ')
		}
		p.value(v.Index(i), depth+1)
	}
	p.WriteByte(']')
}
