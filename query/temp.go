package query

import (
	"context"
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// Temporary tables are tables in the schema of their session. They are in the log like all others, and dropped when
// the session ends; those of sessions that a crash has ended, when the engine starts.

// dropTemp drops everything in the schemas of temporary objects for which of is true.
func (e *Engine) dropTemp(of func(schema string) bool) error {
	txn := e.db.Begin(store.TxnOptions{AsyncCommit: true})
	defer txn.Rollback()
	gone := map[uint32]bool{}
	for _, t := range txn.Catalog().Tables() {
		if of(t.Schema) {
			gone[t.OID] = true
			if err := txn.DropTable(t.OID); err != nil {
				return err
			}
		}
	}
	for _, o := range txn.Catalog().Objects() {
		if of(o.Schema) {
			gone[o.OID] = true
		}
	}
	for _, o := range txn.Catalog().Objects() {
		if gone[o.OID] || o.Comment != nil && gone[o.Comment.Object] {
			if err := txn.DropObject(o.OID); err != nil {
				return err
			}
		}
	}
	return txn.Commit(context.Background())
}

// dropLeftTemp drops the temporary objects that a crash has left, and makes sure that no session will find
// any that are still there.
func (e *Engine) dropLeftTemp() {
	last := uint64(0)
	left := func(name string) bool {
		if !schema.IsTemp(name) {
			return false
		}
		n, err := strconv.ParseUint(strings.TrimPrefix(name, schema.TempPrefix), 10, 64)
		if err == nil {
			last = max(last, n)
		}
		return true
	}
	_ = e.dropTemp(left) // a node that cannot write keeps them; no new session gets their numbers
	e.temps.Store(last)
}

// endTemp drops the session's temporary objects.
func (s *Session) endTemp() {
	ns := &s.set.namespace
	if !ns.tempUsed {
		return
	}
	_ = s.engine.dropTemp(func(name string) bool { return name == ns.temp }) // else the next start does it
}

// discardTemp is DISCARD TEMP, within the transaction.
func (s *Session) discardTemp(ctx context.Context) error {
	if !s.set.namespace.tempUsed {
		return nil
	}
	d := s.newDropper(true)
	for _, r := range inSchema(d.cat, s.set.namespace.temp) {
		d.add(r)
	}
	return d.run(ctx)
}

// tempAtCommit does what ON COMMIT says of the session's temporary tables.
func (s *Session) tempAtCommit(ctx context.Context) error {
	ns := &s.set.namespace
	if !ns.tempUsed || s.set.vars.readOnly && !s.txn.Wrote() {
		return nil
	}
	cat := s.catalog()
	d := s.newDropper(true)
	for _, t := range cat.Tables() {
		if t.Schema != ns.temp || t.OnCommit == "" {
			continue
		}
		if t.OnCommit == "drop" {
			d.add(ref{kind: relationRef, oid: t.OID})
			continue
		}
		if !s.empty(t) {
			def := changedTable(t)
			def.Generation = s.txn.NewGeneration()
			if err := s.txn.PutTable(def); err != nil {
				return err
			}
		}
	}
	if len(d.named) == 0 {
		return nil
	}
	d.collect()
	return d.dropAll(ctx)
}

// definesTemp says whether a statement makes temporary objects alone, so that it need not wait for others who change the
// catalog. With types of users about, it does: one could go while a table is made with it.
func (s *Session) definesTemp(st ast.Stmt) bool {
	temp, name := false, ast.QualifiedName{}
	switch st := st.(type) {
	case *ast.CreateTableStmt:
		temp, name = st.Persistence == ast.Temporary, st.Table
	case *ast.CreateTableAsStmt:
		temp, name = st.Persistence == ast.Temporary, st.Table
	}
	return (temp || name.Schema == "pg_temp") && !s.catalog().HasTypes()
}
