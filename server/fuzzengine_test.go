package server

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// fuzzEngine understands every statement a little: from its first word it knows how to answer, and a
// statement with parameters gives them back as its one row. Recordings so go all the way
// through the server. It depends on nothing but what it is given.
type fuzzEngine struct{}

func (fuzzEngine) NewSession(_ context.Context, cfg SessionConfig) (Session, error) {
	cfg.ParameterStatus("client_encoding", "UTF8")
	return &fuzzSession{cfg: cfg, status: TxIdle}, nil
}

type fuzzSession struct {
	cfg    SessionConfig
	status TxStatus
}

func (s *fuzzSession) TxStatus() TxStatus { return s.status }
func (s *fuzzSession) Close()             {}

func (s *fuzzSession) Split(text string) ([]Source, error) {
	var list []Source
	at := 0
	for part := range strings.SplitAfterSeq(text, ";") {
		if stmt := strings.TrimSuffix(part, ";"); strings.TrimSpace(stmt) != "" {
			list = append(list, Source{Text: stmt, Offset: at})
		}
		at += len(part)
	}
	return list, nil
}

var reParamNumber = regexp.MustCompile(`\$(\d{1,2})`)

func (s *fuzzSession) Prepare(_ context.Context, src Source, types []uint32) (Prepared, error) {
	p := &fuzzStmt{src: src}
	lower := strings.ToLower(strings.TrimSpace(src.Text))
	p.verb, _, _ = strings.Cut(lower, " ")
	if s.status == TxFailed && p.verb != "rollback" && p.verb != "commit" {
		return nil, sqlerr.New(sqlerr.InFailedSQLTransaction, "current transaction is aborted")
	}
	if strings.Contains(lower, "nowhere") {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "no such relation").At(strings.Index(src.Text, " "))
	}
	switch {
	case lower == "":
		p.kind = KindEmpty
	case p.verb == "select", p.verb == "show", strings.Contains(lower, "returning"):
		p.kind = KindRows
	case p.verb == "copy" && strings.Contains(lower, "from stdin"):
		p.kind = KindCopyIn
	case p.verb == "copy":
		p.kind = KindCopyOut
	}
	for _, m := range reParamNumber.FindAllStringSubmatch(src.Text, -1) {
		n, _ := strconv.Atoi(m[1])
		for len(p.params) < n {
			oid := value.Text.OID()
			if i := len(p.params); i < len(types) && types[i] != 0 {
				oid = types[i]
			}
			if _, ok := value.KindOfOID(oid); !ok {
				return nil, sqlerr.New(sqlerr.UndefinedObject, "no type has OID %d", oid)
			}
			p.params = append(p.params, oid)
		}
	}
	return p, nil
}

// fuzzStmt is a prepared statement.
type fuzzStmt struct {
	src    Source
	verb   string
	kind   Kind
	params []uint32
}

func (p *fuzzStmt) Kind() Kind           { return p.kind }
func (p *fuzzStmt) ParamTypes() []uint32 { return p.params }
func (p *fuzzStmt) Source() Source       { return p.src }

// Columns are the parameters, and one that says how many there are.
func (p *fuzzStmt) Columns() []Column {
	if p.kind != KindRows {
		return nil
	}
	list := []Column{{Name: "n", Type: value.Of(value.Int4)}}
	for i, oid := range p.params {
		k, _ := value.KindOfOID(oid)
		list = append(list, Column{Name: fmt.Sprint("p", i+1), Type: value.Of(k)})
	}
	return list
}

func (s *fuzzSession) Bind(_ context.Context, p Prepared, args Args) (Portal, error) {
	stmt := p.(*fuzzStmt)
	portal := &fuzzPortal{s: s, stmt: stmt, row: []value.Value{value.NewInt(value.Int4, int64(len(args.Values)))}}
	for i := range args.Values {
		k, _ := value.KindOfOID(stmt.params[i])
		v, err := args.Decode(i, value.Of(k), value.DefaultStyle())
		if err != nil {
			return nil, err
		}
		portal.row = append(portal.row, v)
	}
	return portal, nil
}

func (s *fuzzSession) EndImplicit(_ context.Context, failed bool) error {
	if failed && s.status == TxInBlock {
		s.status = TxFailed
	}
	return nil
}

// fuzzPortal gives its row three times.
type fuzzPortal struct {
	s    *fuzzSession
	stmt *fuzzStmt
	row  []value.Value
	sent int
}

func (p *fuzzPortal) Columns() []Column       { return p.stmt.Columns() }
func (p *fuzzPortal) TextStyle() *value.Style { return value.DefaultStyle() }
func (p *fuzzPortal) Close()                  {}

func (p *fuzzPortal) Run(_ context.Context, sink Sink, maxRows int) (Result, error) {
	switch p.stmt.kind {
	case KindEmpty:
		return Result{Empty: true}, nil
	case KindRows:
		return p.rows(sink, maxRows)
	case KindCopyIn:
		r, err := sink.CopyIn(CopyHeader{Columns: 2})
		if err != nil {
			return Result{}, err
		}
		data, err := io.ReadAll(r)
		return Result{Tag: fmt.Sprintf("COPY %d", len(data))}, err
	case KindCopyOut:
		w, err := sink.CopyOut(CopyHeader{Columns: 1, Binary: true})
		if err != nil {
			return Result{}, err
		}
		_, err = io.WriteString(w, p.stmt.src.Text)
		return Result{Tag: "COPY 1"}, err
	}
	switch p.stmt.verb {
	case "begin":
		p.s.status = TxInBlock
	case "commit", "rollback":
		p.s.status = TxIdle
		return Result{Tag: "COMMIT", TxEnded: true}, nil
	case "set":
		p.s.cfg.ParameterStatus("application_name", p.stmt.src.Text)
	case "drop":
		p.s.cfg.Notice("NOTICE", sqlerr.New(sqlerr.UndefinedTable, "there is none"))
	case "deallocate", "discard":
		p.s.cfg.Statements.Clear()
	}
	return Result{Tag: "DONE"}, nil
}

func (p *fuzzPortal) rows(sink Sink, maxRows int) (Result, error) {
	const total = 3
	var kinds []value.Kind
	for _, v := range p.row {
		kinds = append(kinds, v.Kind())
	}
	var b column.Batch
	b.Reset(kinds)
	for p.sent < total && (maxRows == 0 || b.N < maxRows) {
		b.AppendRow(p.row)
		p.sent++
	}
	if err := sink.Rows(&b, 0, b.N); err != nil {
		return Result{}, err
	}
	if maxRows > 0 && b.N == maxRows {
		return Result{Suspended: true}, nil
	}
	return Result{Tag: fmt.Sprintf("SELECT %d", b.N)}, nil
}
