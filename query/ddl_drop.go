package query

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// refKind is a kind of thing that can be dropped.
type refKind uint8

const (
	relationRef   refKind = iota // a table, view or sequence with all that is in it
	columnRef                    // num of the table oid
	constraintRef                // name of the table oid
	defaultRef                   // the default of column num of the table oid
	typeRef
	schemaRef
)

// ref names a thing that can be dropped.
type ref struct {
	kind refKind
	oid  uint32
	num  int16
	name string
}

// dropper drops objects with what depends on them, as PostgreSQL's performMultipleDeletions does: what depends
// on the objects named is found first, depth first and the newest first; without CASCADE it is an error if that
// is anything that the user has made by itself.
type dropper struct {
	session *Session
	cat     *schema.Catalog
	cascade bool
	named   []ref
	list    []ref // of all to be dropped; what depends on something comes before it
	silent  map[ref]bool
	seen    map[ref]bool
	reasons map[ref]ref // what each was found to depend on first
}

func (s *Session) newDropper(cascade bool) *dropper {
	return &dropper{session: s, cat: s.catalog(), cascade: cascade, silent: map[ref]bool{}, seen: map[ref]bool{}, reasons: map[ref]ref{}}
}

// add names an object to be dropped.
func (d *dropper) add(r ref) {
	d.named = append(d.named, r)
	d.silent[r] = true
}

// run drops what was named.
func (d *dropper) run(ctx context.Context) error {
	d.collect()
	if err := d.report(); err != nil {
		return err
	}
	return d.dropAll(ctx)
}

// dropAll drops what was collected.
func (d *dropper) dropAll(ctx context.Context) error {
	for _, r := range d.list {
		if r.kind == relationRef || r.kind == schemaRef || r.kind == typeRef || !d.seen[ref{kind: relationRef, oid: r.oid}] {
			if err := d.drop(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// collect finds everything that is to be dropped.
func (d *dropper) collect() {
	for _, r := range d.named {
		d.visit(r)
	}
}

func (d *dropper) visit(r ref) {
	if d.seen[r] {
		return
	}
	d.seen[r] = true
	deps := d.dependents(r)
	slices.SortStableFunc(deps, func(a, b ref) int { return cmp.Or(cmp.Compare(b.oid, a.oid), cmp.Compare(b.num, a.num)) })
	for _, dep := range deps {
		if !d.seen[dep] {
			d.reasons[dep] = r
		}
		d.visit(dep)
	}
	d.list = append(d.list, r)
}

// report tells of what is dropped without having been named: an error unless CASCADE was written.
func (d *dropper) report() error {
	var refused, noted []string
	for _, r := range slices.Backward(d.list) {
		if d.silent[r] || r.kind != relationRef && d.seen[ref{kind: relationRef, oid: r.oid}] {
			continue
		}
		noted = append(noted, "drop cascades to "+d.describe(r))
		on := d.reasons[r]
		why := d.describe(on)
		if on.kind == constraintRef { // a foreign key, on the index
			why = "index " + quoteIdent(on.name)
		}
		refused = append(refused, d.describe(r)+" depends on "+why)
	}
	switch {
	case len(noted) == 0:
		return nil
	case !d.cascade:
		message := "cannot drop desired object(s) because other objects depend on them"
		if len(d.named) == 1 {
			message = "cannot drop " + d.describe(d.named[0]) + " because other objects depend on it"
		}
		return sqlerr.New(sqlerr.DependentObjectsStillExist, "%s", message).WithDetail("%s", strings.Join(refused, "\n")).
			WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
	case len(noted) == 1:
		d.session.notice("NOTICE", sqlerr.New("00000", "%s", noted[0]))
	default:
		d.session.notice("NOTICE", sqlerr.New("00000", "drop cascades to %d other objects", len(noted)).
			WithDetail("%s", strings.Join(noted, "\n")))
	}
	return nil
}

// dependents returns what depends on an object itself. What is dropped with it without a word is marked silent.
func (d *dropper) dependents(r ref) []ref {
	switch r.kind {
	case relationRef:
		return d.ofRelation(r.oid)
	case columnRef:
		return d.ofColumn(r.oid, r.num)
	case constraintRef:
		return d.ofConstraint(r.oid, r.name)
	case typeRef:
		return d.ofType(r.oid)
	case schemaRef:
		o, _ := d.cat.Object(r.oid)
		return inSchema(d.cat, o.Name)
	}
	return nil
}

// eachView calls f for every view and materialized view.
func eachView(cat *schema.Catalog, f func(oid uint32, v *schema.View)) {
	for _, o := range cat.Objects() {
		if o.View != nil {
			f(o.OID, o.View)
		}
	}
	for _, t := range cat.Tables() {
		if t.View != nil {
			f(t.OID, t.View)
		}
	}
}

func (d *dropper) ofRelation(oid uint32) []ref {
	var list []ref
	eachView(d.cat, func(view uint32, v *schema.View) {
		if v.DependsOn(oid) {
			list = append(list, ref{kind: relationRef, oid: view})
		}
	})
	if o, ok := d.cat.Object(oid); ok && o.Sequence != nil {
		return append(list, sequenceUsers(d.cat, o)...)
	}
	if t, ok := d.cat.TableByOID(oid); ok {
		list = append(list, d.foreignKeys(t, func(*schema.ForeignKey) bool { return true })...)
		list = append(list, d.owned(oid, 0)...)
	}
	return list
}

// sequenceUsers are the defaults of columns that take values from a sequence.
func sequenceUsers(cat *schema.Catalog, o *schema.Object) []ref {
	var list []ref
	for _, t := range cat.Tables() {
		for i := range t.Columns {
			if c := &t.Columns[i]; plan.DefaultUses(cat, c, o) {
				list = append(list, ref{kind: defaultRef, oid: t.OID, num: c.Num})
			}
		}
	}
	return list
}

// generatedFrom are the generated columns, those of indexes aside, that read a column.
func generatedFrom(t *schema.Table, num int16) []ref {
	var list []ref
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Generated != "" && !c.Hidden && slices.Contains(plan.StoredColumns(t, c.Generated), num) {
			list = append(list, ref{kind: columnRef, oid: t.OID, num: c.Num})
		}
	}
	return list
}

// owned are the sequences of a table or column: they go with it, and nobody is told.
func (d *dropper) owned(table uint32, num int16) []ref {
	var list []ref
	for _, q := range d.cat.OwnedSequences(table, num) {
		r := ref{kind: relationRef, oid: q.OID}
		d.silent[r] = true
		list = append(list, r)
	}
	return list
}

// foreignKeys are the foreign keys of other tables to t for which keep is true.
func (d *dropper) foreignKeys(t *schema.Table, keep func(*schema.ForeignKey) bool) []ref {
	var list []ref
	for _, oid := range t.ReferencedBy {
		other, ok := d.cat.TableByOID(oid)
		if !ok || oid == t.OID {
			continue
		}
		for _, k := range slices.Backward(other.ForeignKeys) {
			if k.Table == t.OID && keep(k) {
				list = append(list, ref{kind: constraintRef, oid: oid, name: k.Name})
			}
		}
	}
	return list
}

func (d *dropper) ofColumn(oid uint32, num int16) []ref {
	var list []ref
	eachView(d.cat, func(view uint32, v *schema.View) {
		if v.UsesColumn(oid, num) {
			list = append(list, ref{kind: relationRef, oid: view})
		}
	})
	t, ok := d.cat.TableByOID(oid)
	if !ok {
		return list
	}
	list = append(list, d.foreignKeys(t, func(k *schema.ForeignKey) bool { return slices.Contains(k.RefColumns, num) })...)
	list = append(list, d.owned(oid, num)...)
	return append(list, generatedFrom(t, num)...)
}

// ofConstraint are the foreign keys that rely on a unique or primary key constraint.
func (d *dropper) ofConstraint(oid uint32, name string) []ref {
	t, ok := d.cat.TableByOID(oid)
	if !ok {
		return nil
	}
	index, isKey := uint32(0), t.KeyName == name && !t.HiddenKey
	if x, ok := t.Index(name); ok {
		index = x.OID
	} else if !isKey {
		return nil
	}
	return d.foreignKeys(t, func(k *schema.ForeignKey) bool { return k.Index == index })
}

func (d *dropper) ofType(oid uint32) []ref {
	var list []ref
	eachView(d.cat, func(view uint32, v *schema.View) {
		if v.DependsOn(oid) {
			list = append(list, ref{kind: relationRef, oid: view})
		}
	})
	for _, t := range d.cat.Tables() {
		for i := range t.Columns {
			if c := &t.Columns[i]; !c.Hidden && c.Type.User == oid {
				list = append(list, ref{kind: columnRef, oid: t.OID, num: c.Num})
			}
		}
	}
	for _, o := range d.cat.Objects() {
		if o.Domain != nil && o.Domain.Type.User == oid {
			list = append(list, ref{kind: typeRef, oid: o.OID})
		}
	}
	return list
}

// drop drops one object; what depends on it has been dropped.
func (d *dropper) drop(ctx context.Context, r ref) error {
	s := d.session
	cat := s.catalog()
	t, isTable := cat.TableByOID(r.oid)
	if isTable {
		if err := s.txn.LockTable(ctx, t.OID, store.AccessExclusiveLock); err != nil {
			return err
		}
	}
	if err := s.dropComments(r); err != nil {
		return err
	}
	switch {
	case r.kind == relationRef && isTable:
		return s.dropTable(t)
	case r.kind == columnRef:
		return s.dropColumn(ctx, t, r.num)
	case r.kind == constraintRef:
		return s.dropConstraintOf(ctx, t, r.name)
	case r.kind == defaultRef:
		def := changedTable(t)
		def.ColumnByNum(r.num).Default = ""
		return s.txn.PutTable(def)
	}
	return s.txn.DropObject(r.oid)
}

// describe names an object as PostgreSQL's messages do.
func (d *dropper) describe(r ref) string { return d.session.describe(d.cat, r) }

func (s *Session) describe(cat *schema.Catalog, r ref) string {
	t, _ := cat.TableByOID(r.oid)
	o, _ := cat.Object(r.oid)
	switch r.kind {
	case columnRef:
		return "column " + quoteIdent(columnName(cat, r.oid, r.num)) + " of " + s.describe(cat, ref{oid: r.oid})
	case constraintRef:
		return "constraint " + quoteIdent(r.name) + " on " + s.describe(cat, ref{oid: r.oid})
	case defaultRef:
		return "default value for column " + quoteIdent(t.ColumnByNum(r.num).Name) + " of " + s.describe(cat, ref{oid: r.oid})
	case typeRef:
		return "type " + s.visibleType(cat, o)
	case schemaRef:
		return "schema " + quoteIdent(o.Name)
	}
	switch {
	case o != nil:
		return string(o.Kind) + " " + s.visibleName(cat, o.Schema, o.Name)
	case t == nil:
		return "relation"
	case t.View != nil:
		return "materialized view " + s.visibleName(cat, t.Schema, t.Name)
	}
	return "table " + s.visibleName(cat, t.Schema, t.Name)
}

// columnName is the name of a column of a table or view.
func columnName(cat *schema.Catalog, oid uint32, num int16) string {
	if t, ok := cat.TableByOID(oid); ok {
		return t.ColumnByNum(num).Name
	}
	if o, ok := cat.Object(oid); ok && o.View != nil {
		return o.View.Columns[num-1].Name
	}
	return ""
}

// visibleName returns the name of a relation, with its schema where the name alone would not find it.
func (s *Session) visibleName(cat *schema.Catalog, in, name string) string {
	if r, ok := cat.FindRelation(s.path(), "", name); ok {
		if exact, _ := cat.Relation(in, name); exact == r {
			return quoteIdent(name)
		}
	}
	return quoteIdent(in) + "." + quoteIdent(name)
}

// visibleType is visibleName for a type.
func (s *Session) visibleType(cat *schema.Catalog, o *schema.Object) string {
	if found, _ := cat.FindType(s.path(), "", o.Name); found == o {
		return quoteIdent(o.Name)
	}
	return quoteIdent(o.Schema) + "." + quoteIdent(o.Name)
}

// dropTable takes a table out of the catalog, and out of the lists of the tables that it refers to.
func (s *Session) dropTable(t *schema.Table) error {
	for _, k := range t.ForeignKeys {
		if parent, ok := s.catalog().TableByOID(k.Table); ok && k.Table != t.OID {
			def := changedTable(parent)
			def.ReferencedBy = slices.DeleteFunc(slices.Clone(def.ReferencedBy), func(oid uint32) bool { return oid == t.OID })
			if err := s.txn.PutTable(def); err != nil {
				return err
			}
		}
	}
	return s.txn.DropTable(t.OID)
}

// drop runs DROP.
func (s *Session) drop(ctx context.Context, st *ast.DropStmt) error {
	switch st.Kind {
	case ast.ObjTable, ast.ObjView, ast.ObjMaterializedView, ast.ObjSequence:
		return s.dropRelations(ctx, st)
	case ast.ObjIndex:
		for _, name := range st.Names {
			if err := s.dropIndex(ctx, st, name); err != nil {
				return err
			}
		}
		return nil
	case ast.ObjSchema:
		return s.dropSchemas(ctx, st)
	case ast.ObjType, ast.ObjDomain:
		return s.dropTypes(ctx, st)
	}
	return sqlerr.NotSupported("DROP %s is not supported", st.KindText).At(st.Names[0].Pos())
}

// relationKinds say how the kinds of relation are called, and what drops them.
var relationKinds = map[ast.ObjectKind]struct{ name, article, drop string }{
	ast.ObjTable: {"table", "a table", "DROP TABLE"}, ast.ObjView: {"view", "a view", "DROP VIEW"},
	ast.ObjMaterializedView: {"materialized view", "a materialized view", "DROP MATERIALIZED VIEW"},
	ast.ObjSequence:         {"sequence", "a sequence", "DROP SEQUENCE"}, ast.ObjIndex: {"index", "an index", "DROP INDEX"},
}

// kindOf returns the kind of a relation.
func kindOf(r schema.Relation) ast.ObjectKind {
	switch {
	case r.IsIndex():
		return ast.ObjIndex
	case r.Object != nil && r.Object.Sequence != nil:
		return ast.ObjSequence
	case r.Object != nil:
		return ast.ObjView
	case r.Table.View != nil:
		return ast.ObjMaterializedView
	}
	return ast.ObjTable
}

// wrongKind is the 42809 error of DROP and ALTER for a relation of another kind than was written.
func wrongKind(r schema.Relation, want ast.ObjectKind, name string) *sqlerr.Error {
	kind := relationKinds[kindOf(r)]
	return sqlerr.New(sqlerr.WrongObjectType, "%q is not %s", name, relationKinds[want].article).
		WithHint("Use %s to remove %s.", kind.drop, kind.article)
}

// dropRelations runs DROP TABLE, VIEW, MATERIALIZED VIEW and SEQUENCE.
func (s *Session) dropRelations(ctx context.Context, st *ast.DropStmt) error {
	d := s.newDropper(st.Cascade)
	for _, name := range st.Names {
		r, err := s.relationToDrop(st, name)
		if err != nil {
			return err
		}
		if r == (schema.Relation{}) {
			continue
		}
		if got := kindOf(r); got != st.Kind {
			return wrongKind(r, st.Kind, name.Name)
		}
		oid := uint32(0)
		if r.Object != nil {
			oid = r.Object.OID
		} else {
			oid = r.Table.OID
			if err := s.txn.LockTable(ctx, oid, store.AccessExclusiveLock); err != nil {
				return err
			}
		}
		if err := s.mayDropSequence(r, name); err != nil {
			return err
		}
		d.add(ref{kind: relationRef, oid: oid})
	}
	d.cat = s.catalog()
	return d.run(ctx)
}

// mayDropSequence refuses to drop the sequence of an identity column by itself.
func (s *Session) mayDropSequence(r schema.Relation, name ast.QualifiedName) error {
	if r.Object == nil || r.Object.Sequence == nil || !r.Object.Sequence.Identity {
		return nil
	}
	q, cat := r.Object.Sequence, s.catalog()
	column := s.describe(cat, ref{kind: columnRef, oid: q.Owner, num: q.OwnerColumn})
	return sqlerr.New(sqlerr.DependentObjectsStillExist, "cannot drop sequence %s because %s requires it",
		s.visibleName(cat, r.Object.Schema, name.Name), column).WithHint("You can drop %s instead.", column)
}

// relationToDrop finds a relation by name; with IF EXISTS a missing one is the zero Relation, and a notice.
func (s *Session) relationToDrop(st *ast.DropStmt, name ast.QualifiedName) (schema.Relation, error) {
	cat := s.catalog()
	if err := s.checkDatabase(name); err != nil {
		return schema.Relation{}, err
	}
	if name.Schema != "" && !s.schemaExists(cat, name.Schema) {
		if st.IfExists {
			s.notice("NOTICE", sqlerr.New("00000", "schema %q does not exist, skipping", name.Schema))
			return schema.Relation{}, nil
		}
		return schema.Relation{}, undefinedSchema(name.Schema)
	}
	if r, ok := cat.FindRelation(s.path(), name.Schema, name.Name); ok {
		return r, nil
	}
	if s.isSystem(name) {
		return schema.Relation{}, sqlerr.New(sqlerr.InsufficientPrivilege, "permission denied: %q is a system catalog", name.Name)
	}
	kind := relationKinds[st.Kind].name
	if st.IfExists {
		s.notice("NOTICE", sqlerr.New("00000", "%s %q does not exist, skipping", kind, name.Name))
		return schema.Relation{}, nil
	}
	code := sqlerr.UndefinedTable
	if st.Kind == ast.ObjIndex {
		code = sqlerr.UndefinedObject
	}
	return schema.Relation{}, sqlerr.New(code, "%s %q does not exist", kind, name.Name)
}

// isSystem says whether a name stands for a relation of the system.
func (s *Session) isSystem(name ast.QualifiedName) bool {
	if s.engine.cfg.System == nil {
		return false
	}
	_, ok := s.engine.cfg.System.Relation(name.Schema, name.Name)
	return ok
}

// dropIndex runs DROP INDEX.
func (s *Session) dropIndex(ctx context.Context, st *ast.DropStmt, name ast.QualifiedName) error {
	mode := store.AccessExclusiveLock
	if st.Concurrently {
		if mode = store.ShareUpdateExclusiveLock; s.inBlock() {
			return notInBlock("DROP INDEX CONCURRENTLY")
		}
	}
	r, err := s.relationToDrop(st, name)
	if err != nil || r == (schema.Relation{}) {
		return err
	}
	if !r.IsIndex() {
		return wrongKind(r, ast.ObjIndex, name.Name)
	}
	if err := s.txn.LockTable(ctx, r.Table.OID, mode); err != nil {
		return err
	}
	cat := s.catalog()
	if r.Key || r.Index.Constraint {
		shown := s.visibleName(cat, r.Table.Schema, name.Name)
		con := "constraint " + quoteIdent(name.Name) + " on " + s.describe(cat, ref{oid: r.Table.OID})
		return sqlerr.New(sqlerr.DependentObjectsStillExist, "cannot drop index %s because %s requires it", shown, con).
			WithHint("You can drop %s instead.", con)
	}
	d := s.newDropper(st.Cascade)
	d.add(ref{kind: constraintRef, oid: r.Table.OID, name: name.Name})
	return d.run(ctx)
}
