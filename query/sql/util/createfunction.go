package util

import (
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// createFunction reads CREATE FUNCTION and CREATE PROCEDURE from that word on. One
// with TRANSFORM, or with a body of several statements in SQL (BEGIN ATOMIC), is
// recognised only.
func (r reader) createFunction(at ast.Offset, replace bool) ast.Stmt {
	s := &ast.CreateFunctionStmt{Offset: at, OrReplace: replace}
	word := r.Advance().Val
	s.Procedure = word == "procedure"
	s.Name = r.functionName()
	s.Params = r.functionParams()
	if !s.Procedure && !r.IsSeq("returns", "null") && r.Accept("returns") {
		if r.Accept("table") {
			s.Columns = r.tableColumns()
		} else {
			s.Returns = r.TypeName()
		}
	}
	for !r.AtEnd() && !r.IsAny("return", "begin", "transform") {
		r.functionOption(s)
	}
	switch {
	case r.Accept("return"):
		r.ExprInto(&s.Return)
	case r.IsSeq("begin", "atomic"), r.IsSeq("transform", "for", "type"):
		return r.skip("CREATE " + strings.ToUpper(word))
	case r.Accept("begin"), r.Accept("transform", "for"), r.Accept("transform"):
		r.Fail()
	}
	r.checkTableFunction(s)
	return s
}

// functionName reads func_name: a qualified name, or one word that may name a function.
func (r reader) functionName() ast.QualifiedName {
	if !r.IsColID(0) && !r.namesFunction() {
		r.Fail()
	}
	if r.IsAt(1, ".") && r.IsColID(0) {
		return r.Qualified(r.AnyName())
	}
	ok := r.namesFunction()
	id := r.Label()
	if !ok {
		r.Fail() // only here can PostgreSQL know: a dot could have followed
	}
	return ast.QualifiedName{Offset: id.Offset, Name: id.Name}
}

// namesFunction reports whether the current token is a type_function_name, which
// names functions, types and parameters.
func (r reader) namesFunction() bool {
	t := r.Tok()
	return t.Kind == lex.QuotedID || t.Kind == lex.Word && t.Cat != lex.ColName && t.Cat != lex.Reserved
}

// functionParams reads (parameter [DEFAULT x], ..).
func (r reader) functionParams() []*ast.FuncParam {
	r.Expect("(")
	if r.Accept(")") {
		return nil
	}
	var list []*ast.FuncParam
	for {
		p := r.functionParam()
		if r.Accept("default") || r.Accept("=") {
			r.ExprInto(&p.Default)
		}
		list = append(list, p)
		if !r.Accept(",") {
			break
		}
	}
	r.Expect(")")
	return list
}

// functionParam reads [mode] [name] type, or name mode type.
func (r reader) functionParam() *ast.FuncParam {
	p := &ast.FuncParam{Offset: r.Here()}
	r.paramMode(p)
	if r.namesFunction() && r.nameThenType() {
		p.Name = r.Label().Name
		if p.Mode == ast.ParamDefault {
			r.paramMode(p)
		}
	}
	p.Type = r.TypeName()
	return p
}

// nameThenType reports whether the word here is a parameter's name and no type: a
// type or a mode follows.
func (r reader) nameThenType() bool {
	if r.IsSeq("double", "precision") {
		return false
	}
	t := r.Peek(1)
	return t.Kind == lex.QuotedID || t.Kind == lex.Word && (t.Cat != lex.Reserved || t.Is("in") || t.Is("variadic"))
}

func (r reader) paramMode(p *ast.FuncParam) {
	switch {
	case r.Accept("in", "out"), r.Accept("inout"):
		p.Mode = ast.ParamInOut
	case r.Accept("in"):
		p.Mode = ast.ParamIn
	case r.Accept("out"):
		p.Mode = ast.ParamOut
	case r.Accept("variadic"):
		p.Mode = ast.ParamVariadic
	}
}

// tableColumns reads (name type, ..) of RETURNS TABLE.
func (r reader) tableColumns() []*ast.FuncParam {
	r.Expect("(")
	var list []*ast.FuncParam
	for {
		if !r.namesFunction() {
			r.Fail()
		}
		id := r.Label()
		list = append(list, &ast.FuncParam{Offset: id.Offset, Mode: ast.ParamTable, Name: id.Name, Type: r.TypeName()})
		if !r.Accept(",") {
			break
		}
	}
	r.Expect(")")
	return list
}

// functionOption reads one option (createfunc_opt_item).
func (r reader) functionOption(s *ast.CreateFunctionStmt) {
	o := &ast.OptionDef{Offset: r.Here()}
	set := func(name string, v ast.Expr) { o.Name, o.Value = name, v }
	boolean := func(name string, v int64) { set(name, &ast.Const{Offset: o.Offset, Kind: ast.Bool, Int: v}) }
	switch {
	case r.Accept("as"):
		set("as", r.functionSource())
	case r.Accept("language"):
		set("language", r.wordOrString())
	case r.IsAny("immutable", "stable", "volatile"):
		set("volatility", str(o.Offset, r.Advance().Val))
	case r.Accept("strict"):
		boolean("strict", 1)
	case r.Accept("returns"):
		r.Expect("null", "on", "null", "input")
		boolean("strict", 1)
	case r.Accept("called"):
		r.Expect("on", "null", "input")
		boolean("strict", 0)
	case r.IsAny("external", "security"):
		r.Accept("external")
		r.Expect("security")
		if r.Accept("definer") {
			boolean("security", 1)
		} else {
			r.Expect("invoker")
			boolean("security", 0)
		}
	case r.Accept("leakproof"):
		boolean("leakproof", 1)
	case r.Accept("not"):
		r.Expect("leakproof")
		boolean("leakproof", 0)
	case r.Accept("window"):
		boolean("window", 1)
	case r.IsAny("cost", "rows"):
		name := r.Advance().Val
		set(name, r.SignedNumber())
	case r.Accept("parallel"):
		id := r.ColID()
		set("parallel", str(id.Offset, id.Name))
	case r.Accept("support"):
		set("support", r.nameParts())
	case r.Is("set"):
		o.Name = "set"
		s.Settings = append(s.Settings, r.functionSetting())
	case r.Is("reset"):
		o.Name = "set"
		s.Settings = append(s.Settings, r.reset())
	default:
		r.Fail()
	}
	s.Options = append(s.Options, o)
}

// functionSource reads 'source', or 'file', 'symbol'.
func (r reader) functionSource() ast.Expr {
	list := &ast.ArrayExpr{Offset: r.Here(), Elems: []ast.Expr{r.stringValue()}}
	if r.Accept(",") {
		list.Elems = append(list.Elems, r.stringValue())
	}
	return list
}

// nameParts reads a qualified name as a list of strings.
func (r reader) nameParts() ast.Expr {
	list := &ast.ArrayExpr{Offset: r.Here()}
	for _, id := range r.AnyName() {
		list.Elems = append(list.Elems, str(id.Offset, id.Name))
	}
	return list
}

// functionSetting reads SET name .. as a function has it: without SESSION or LOCAL.
func (r reader) functionSetting() ast.Stmt {
	at := r.Here()
	r.Expect("set")
	if r.IsSeq("transaction", "snapshot") {
		return r.setTransaction(at)
	}
	return r.setVariable(&ast.SetStmt{Offset: at})
}

// checkTableFunction refuses RETURNS TABLE beside parameters that return something.
func (r reader) checkTableFunction(s *ast.CreateFunctionStmt) {
	if s.Columns == nil {
		return
	}
	for _, p := range s.Params {
		if p.Mode == ast.ParamOut || p.Mode == ast.ParamInOut {
			r.Bail(sqlerr.New(sqlerr.SyntaxError, "OUT and INOUT arguments aren't allowed in TABLE functions"))
		}
	}
}
