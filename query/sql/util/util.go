// Package util reads utility statements and DDL by hand, on the tokens of
// package rewrite's parser; expressions and queries inside them become fragments
// and so go through TiDB. It follows PostgreSQL 15's gram.y.
package util

import (
	"strings"

	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
	"github.com/cachalotdb/cachalot/query/sql/rewrite"
)

// reader reads one statement, which begins at the offset.
type reader struct {
	*rewrite.Parser
	start ast.Offset
}

// Statement reads the utility or DDL statement at the current token. Fields that
// hold expressions or queries are set when the fragments are built.
func Statement(p *rewrite.Parser) ast.Stmt {
	r := reader{p, p.Here()}
	t := p.Tok()
	if t.Kind != lex.Word {
		p.Fail()
	}
	read, ok := statements[t.Val]
	if !ok {
		p.Fail()
	}
	return read(r)
}

// statements are the readers by first word. It is filled in init, since EXPLAIN
// and PREPARE lead back to it.
var statements map[string]func(reader) ast.Stmt

func init() {
	statements = map[string]func(reader) ast.Stmt{
		"abort":      reader.transaction,
		"alter":      reader.alter,
		"analyse":    reader.analyze,
		"analyze":    reader.analyze,
		"backup":     reader.backup,
		"begin":      reader.transaction,
		"call":       reader.call,
		"checkpoint": reader.checkpoint,
		"close":      reader.closeCursor,
		"cluster":    reader.unsupported,
		"comment":    reader.comment,
		"commit":     reader.transaction,
		"copy":       reader.copy,
		"create":     reader.create,
		"deallocate": reader.deallocate,
		"declare":    reader.declare,
		"discard":    reader.discard,
		"do":         reader.do,
		"drop":       reader.drop,
		"end":        reader.transaction,
		"execute":    reader.execute,
		"explain":    reader.explain,
		"fetch":      reader.fetch,
		"grant":      reader.unsupported,
		"import":     reader.unsupported,
		"listen":     reader.listen,
		"load":       reader.unsupported,
		"lock":       reader.lock,
		"move":       reader.fetch,
		"notify":     reader.notify,
		"prepare":    reader.prepare,
		"reassign":   reader.unsupported,
		"refresh":    reader.refresh,
		"reindex":    reader.reindex,
		"release":    reader.transaction,
		"reset":      reader.reset,
		"revoke":     reader.unsupported,
		"rollback":   reader.transaction,
		"savepoint":  reader.transaction,
		"security":   reader.unsupported,
		"set":        reader.set,
		"show":       reader.show,
		"start":      reader.transaction,
		"truncate":   reader.truncate,
		"unlisten":   reader.unlisten,
		"vacuum":     reader.vacuum,
	}
}

// unsupported recognises a statement by its first words and passes over it.
func (r reader) unsupported() ast.Stmt {
	word := r.Tok().Val
	switch word {
	case "import":
		return r.skip("IMPORT FOREIGN SCHEMA")
	case "reassign":
		return r.skip("REASSIGN OWNED")
	case "security":
		return r.skip("SECURITY LABEL")
	}
	return r.skip(strings.ToUpper(word))
}

// skip passes over the rest of a statement that has no tree. Parentheses must
// match; the body of a function in SQL (BEGIN ATOMIC) may have semicolons.
func (r reader) skip(command string) ast.Stmt {
	s := &ast.UnsupportedStmt{Offset: r.start, Command: command}
	depth, body := 0, 0
	for {
		t := r.Tok()
		switch {
		case t.Kind == lex.EOF:
			if depth > 0 || body > 0 {
				r.Fail()
			}
			return s
		case r.AtEnd() && body == 0:
			if depth > 0 {
				r.Fail()
			}
			return s
		case t.Is("("):
			depth++
		case t.Is(")"):
			if depth--; depth < 0 {
				r.Fail()
			}
		case r.IsSeq("begin", "atomic"), body > 0 && t.Is("case"):
			body++
		case body > 0 && t.Is("end"):
			body--
		}
		r.Advance()
	}
}

// checkpoint reads CHECKPOINT.
func (r reader) checkpoint() ast.Stmt {
	s := &ast.CheckpointStmt{Offset: r.Here()}
	r.Expect("checkpoint")
	return s
}

// backup reads BACKUP TO STDOUT.
func (r reader) backup() ast.Stmt {
	s := &ast.BackupStmt{Offset: r.Here()}
	r.Expect("backup", "to", "stdout")
	return s
}

// str is a String constant.
func str(at ast.Offset, text string) *ast.Const {
	return &ast.Const{Offset: at, Kind: ast.String, Text: text}
}

// flag is an option without a value.
func flag(at ast.Offset, name string) *ast.OptionDef {
	return &ast.OptionDef{Offset: at, Name: name}
}

// cascade reads CASCADE or RESTRICT, if one of them stands here.
func (r reader) cascade() bool {
	if r.Accept("cascade") {
		return true
	}
	r.Accept("restrict")
	return false
}

func (r reader) ifExists() bool { return r.Accept("if", "exists") }

func (r reader) ifNotExists() bool {
	if !r.IsSeq("if", "not") {
		return false
	}
	r.Expect("if", "not", "exists")
	return true
}
