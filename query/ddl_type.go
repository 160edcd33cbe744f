package query

import (
	"context"
	"slices"
	"strings"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// newTypeOID returns the OID of a new type; the next one is that of its arrays.
func (s *Session) newTypeOID() uint32 {
	oid := s.txn.NewOID()
	for {
		next := s.txn.NewOID()
		if next == oid+1 {
			return oid
		}
		oid = next // another session took one between
	}
}

// createType runs CREATE TYPE ... AS ENUM.
func (s *Session) createType(st *ast.CreateTypeStmt) error {
	if !st.Enum {
		return sqlerr.NotSupported("CREATE TYPE of this kind is not supported").At(st.Pos())
	}
	in, err := s.newTypeSchema(st.Name)
	if err != nil {
		return err
	}
	e := &schema.Enum{}
	for i, label := range st.Labels {
		if err := checkLabel(label); err != nil {
			return err
		}
		if slices.Contains(st.Labels[:i], label) {
			return sqlerr.New(sqlerr.UniqueViolation, "duplicate key value violates unique constraint \"pg_enum_typid_label_index\"").
				WithDetail("Key (enumtypid, enumlabel)=(%d, %s) already exists.", s.txn.Catalog().NextOID(), label)
		}
		e.Labels = append(e.Labels, schema.EnumLabel{ID: uint32(i+1) * labelStep(len(st.Labels)), Name: label})
	}
	o := &schema.Object{OID: s.newTypeOID(), Kind: schema.EnumObject, Schema: in, Name: st.Name.Name, Enum: e}
	e.ArrayOID = o.OID + 1
	return s.txn.PutObject(o)
}

// labelStep is the distance between the places of the labels of a new enum: there is room for others between them and behind.
func labelStep(n int) uint32 { return min(1<<20, uint32((1<<31)/(n+1))) }

func checkLabel(label string) error {
	if len(label) > 63 {
		return sqlerr.New(sqlerr.InvalidName, "invalid enum label \"%s\"", label).WithDetail("Labels must be 63 bytes or less.")
	}
	return nil
}

// newTypeSchema returns the schema of a new type, whose name must be free.
func (s *Session) newTypeSchema(name ast.QualifiedName) (string, error) {
	cat := s.catalog()
	name.Offset = ast.NoPos
	in, err := s.creationSchema(cat, name, false)
	if err != nil {
		return "", err
	}
	_, isType := cat.Type(in, name.Name)
	r, isRelation := cat.Relation(in, name.Name) // each has a row type of its name
	if isType || isRelation && !r.IsIndex() {
		return "", sqlerr.New(sqlerr.DuplicateObject, "type %q already exists", name.Name)
	}
	return in, nil
}

// namedType finds a type by the name in a statement: 42704.
func (s *Session) namedType(name ast.QualifiedName) (*schema.Object, error) {
	cat := s.catalog()
	if o, ok := cat.FindType(s.path(), name.Schema, name.Name); ok {
		return o, nil
	}
	if name.Schema != "" && !s.schemaExists(cat, name.Schema) {
		return nil, undefinedSchema(name.Schema)
	}
	return nil, sqlerr.New(sqlerr.UndefinedObject, "type %q does not exist", name.String())
}

// alterType runs ALTER TYPE and the forms of ALTER DOMAIN that types share.
func (s *Session) alterType(ctx context.Context, st *ast.AlterObjectStmt) error {
	o, err := s.namedType(st.Name)
	if err != nil {
		return err
	}
	if st.Kind == ast.ObjDomain && o.Domain == nil {
		return sqlerr.New(sqlerr.WrongObjectType, "%s is not a domain", quoteIdent(o.Name))
	}
	a := st.Action
	switch a.Kind {
	case ast.RenameTable:
		if _, dup := s.catalog().Type(o.Schema, a.NewName); dup {
			return sqlerr.New(sqlerr.DuplicateObject, "type %q already exists", a.NewName)
		}
		renamed := *o
		renamed.Name = a.NewName
		return s.txn.PutObject(&renamed)
	case ast.SetSchema:
		return s.moveObject(o, a.NewName)
	case ast.OwnerTo:
		return s.checkRole(a.NewName)
	case ast.AddEnumValue, ast.RenameEnumValue:
		if o.Enum == nil {
			return sqlerr.New(sqlerr.WrongObjectType, "%s is not an enum", quoteIdent(o.Name))
		}
		if a.Kind == ast.AddEnumValue {
			return s.addLabel(o, a)
		}
		return s.renameLabel(ctx, o, a)
	}
	return s.alterDomain(ctx, o, a)
}

// addLabel is ALTER TYPE ... ADD VALUE. Values that are stored keep their places.
func (s *Session) addLabel(o *schema.Object, a *ast.AlterAction) error {
	if err := checkLabel(a.Name); err != nil {
		return err
	}
	labels := o.Enum.Labels
	if slices.ContainsFunc(labels, func(l schema.EnumLabel) bool { return l.Name == a.Name }) {
		if a.IfNotExists {
			s.notice("NOTICE", sqlerr.New(sqlerr.DuplicateObject, "enum label \"%s\" already exists, skipping", a.Name))
			return nil
		}
		return sqlerr.New(sqlerr.DuplicateObject, "enum label \"%s\" already exists", a.Name)
	}
	at := len(labels)
	if a.Word != "" {
		at = slices.IndexFunc(labels, func(l schema.EnumLabel) bool { return l.Name == a.NewName })
		if at < 0 {
			return sqlerr.New(sqlerr.InvalidParameterValue, "\"%s\" is not an existing enum label", a.NewName)
		}
		if a.Word == "after" {
			at++
		}
	}
	lo, hi := uint32(0), uint32(1<<32-1)
	if at > 0 {
		lo = labels[at-1].ID
	}
	if at < len(labels) {
		hi = labels[at].ID
	}
	place := lo + (hi-lo)/2
	if at == len(labels) {
		place = lo + min(1<<20, (hi-lo)/2)
	}
	if place == lo {
		return sqlerr.New(sqlerr.ProgramLimitExceeded, "there is no more room between the labels of enum %s", o.Name).
			WithHint("Too many labels were added between the same two.")
	}
	e := *o.Enum
	e.Labels = slices.Insert(slices.Clone(labels), at, schema.EnumLabel{ID: place, Name: a.Name})
	return s.putEnum(o, &e)
}

func (s *Session) putEnum(o *schema.Object, e *schema.Enum) error {
	changed := *o
	changed.Enum = e
	return s.txn.PutObject(&changed)
}

// renameLabel is ALTER TYPE ... RENAME VALUE: rows hold labels, so the tables with columns of the type are rewritten.
func (s *Session) renameLabel(ctx context.Context, o *schema.Object, a *ast.AlterAction) error {
	at := slices.IndexFunc(o.Enum.Labels, func(l schema.EnumLabel) bool { return l.Name == a.Name })
	if at < 0 {
		return sqlerr.New(sqlerr.InvalidParameterValue, "\"%s\" is not an existing enum label", a.Name)
	}
	if err := checkLabel(a.NewName); err != nil {
		return err
	}
	if slices.ContainsFunc(o.Enum.Labels, func(l schema.EnumLabel) bool { return l.Name == a.NewName }) {
		return sqlerr.New(sqlerr.DuplicateObject, "enum label \"%s\" already exists", a.NewName)
	}
	if err := s.keepsLabel(o, a.Name); err != nil {
		return err
	}
	e := *o.Enum
	e.Labels = slices.Clone(e.Labels)
	e.Labels[at].Name = a.NewName
	old, now := value.NewEnum(o.OID, e.Labels[at].ID, a.Name), value.NewEnum(o.OID, e.Labels[at].ID, a.NewName)
	for _, t := range s.catalog().Tables() {
		if err := s.relabel(ctx, t, o.OID, old, now); err != nil {
			return err
		}
	}
	return s.putEnum(o, &e)
}

// keepsLabel refuses to rename a label that stands in the text of an expression of the catalog.
func (s *Session) keepsLabel(o *schema.Object, label string) error {
	quoted := "'" + strings.ReplaceAll(label, "'", "''") + "'"
	var holder string
	for _, t := range s.catalog().Tables() {
		uses := slices.ContainsFunc(t.Columns, func(c schema.Column) bool { return c.Type.User == o.OID })
		for i := range t.Columns {
			c := &t.Columns[i]
			if uses && (strings.Contains(c.Default, quoted) || strings.Contains(c.Generated, quoted)) {
				holder = t.Name
			}
		}
		for _, c := range t.Checks {
			if uses && strings.Contains(c.Expr, quoted) {
				holder = t.Name
			}
		}
	}
	eachView(s.catalog(), func(oid uint32, v *schema.View) {
		if strings.Contains(v.Query, quoted) {
			holder = s.describe(s.catalog(), ref{oid: oid})
		}
	})
	if holder != "" {
		return sqlerr.NotSupported("cannot rename enum label \"%s\": an expression of %s may name it", label, holder)
	}
	return nil
}

// relabel rewrites a table where its rows may hold a value.
func (s *Session) relabel(ctx context.Context, t *schema.Table, oid uint32, old, now value.Value) error {
	compute := map[int16]expr.Expr{}
	for i := range t.Columns {
		c := &t.Columns[i]
		switch {
		case c.Type.User != oid:
		case c.Type.Kind.IsArray():
			return sqlerr.NotSupported("cannot rename a label of an enum that has arrays in table %q", t.Name)
		default:
			compute[c.Num] = expr.Replace(expr.NewColumn(int(c.Num)-1, c.Type, c.Name, -1), old, now)
		}
	}
	if len(compute) == 0 || s.empty(t) {
		return nil
	}
	def := changedTable(t)
	def.Generation = s.txn.NewGeneration()
	for num := range compute {
		if def.ColumnByNum(num).Missing != nil {
			def.ColumnByNum(num).Missing = nil // every row has its own now
		}
	}
	return s.rewrite(ctx, t, def, compute)
}

// createDomain runs CREATE DOMAIN.
func (s *Session) createDomain(st *ast.CreateDomainStmt) error {
	err := s.newDomain(st)
	if e := sqlerr.As(err); e != nil && !strings.HasPrefix(e.Code, "0A") {
		c := *e
		c.Pos = 0 // PostgreSQL's errors about domains have no place
		return &c
	}
	return err
}

func (s *Session) newDomain(st *ast.CreateDomainStmt) error {
	in, err := s.newTypeSchema(st.Name)
	if err != nil {
		return err
	}
	base, err := s.columnTypeOf(&ast.ColumnDef{Offset: st.Offset, Type: st.Type, Collation: st.Collation})
	if err != nil {
		return err
	}
	if base.User != 0 || base.Kind.IsArray() {
		return sqlerr.NotSupported("a domain over type %s is not supported", s.typeName(base)).At(st.Type.Pos())
	}
	o := &schema.Object{OID: s.newTypeOID(), Kind: schema.DomainObject, Schema: in, Name: st.Name.Name, Domain: &schema.Domain{Type: base}}
	o.Domain.ArrayOID = o.OID + 1
	null, hasDefault := false, false
	for _, con := range st.Constraints {
		switch con.Kind {
		case ast.ConNull:
			if null = true; o.Domain.NotNull {
				return sqlerr.New(sqlerr.SyntaxError, "conflicting NULL/NOT NULL constraints")
			}
		case ast.ConNotNull:
			if o.Domain.NotNull = true; null {
				return sqlerr.New(sqlerr.SyntaxError, "conflicting NULL/NOT NULL constraints")
			}
		case ast.ConDefault:
			if hasDefault {
				return sqlerr.New(sqlerr.SyntaxError, "multiple default expressions")
			}
			hasDefault = true
			if o.Domain.Default, err = s.domainDefault(o, con.Expr); err != nil {
				return err
			}
		default:
			if err := s.domainCheck(o, con); err != nil {
				return err
			}
		}
	}
	return s.txn.PutObject(o)
}

// domainDefault checks a domain's default and returns it as SQL text.
func (s *Session) domainDefault(o *schema.Object, e ast.Expr) (string, error) {
	return s.defaultText(e, &schema.Column{Name: o.Name, Type: o.Domain.Type})
}

// domainCheck adds a CHECK to a domain.
func (s *Session) domainCheck(o *schema.Object, con *ast.Constraint) error {
	switch con.Kind {
	case ast.ConCheck:
	case ast.ConUnique, ast.ConPrimaryKey, ast.ConExclude, ast.ConForeignKey:
		name := map[ast.ConstraintKind]string{ast.ConUnique: "unique", ast.ConPrimaryKey: "primary key", ast.ConExclude: "exclusion",
			ast.ConForeignKey: "foreign key"}[con.Kind]
		return sqlerr.New(sqlerr.SyntaxError, "%s constraints not possible for domains", name)
	default:
		return sqlerr.NotSupported("this constraint of a domain is not supported").At(con.Pos())
	}
	text, err := expr.BindDomainCheck(con.Expr, o.Domain.Type, &s.set.vars.style)
	if err != nil {
		return err
	}
	name := con.Name
	taken := func(n string) bool {
		return slices.ContainsFunc(o.Domain.Checks, func(c schema.DomainCheck) bool { return c.Name == n })
	}
	if name == "" {
		name = o.Name + "_check"
		for i := 1; taken(name); i++ {
			name = o.Name + "_check" + string(rune('0'+i%10))
		}
	} else if taken(name) {
		return sqlerr.New(sqlerr.DuplicateObject, "constraint %q for domain %q already exists", name, o.Name)
	}
	o.Domain.Checks = append(o.Domain.Checks, schema.DomainCheck{Name: name, Expr: text})
	slices.SortFunc(o.Domain.Checks, func(a, b schema.DomainCheck) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// alterDomain does an action of ALTER DOMAIN. What is stored is tested against a new constraint.
func (s *Session) alterDomain(ctx context.Context, old *schema.Object, a *ast.AlterAction) error {
	o, d := *old, *old.Domain
	d.Checks = slices.Clone(d.Checks)
	o.Domain = &d
	at := slices.IndexFunc(d.Checks, func(c schema.DomainCheck) bool { return c.Name == a.Name })
	verify := false
	switch a.Kind {
	case ast.ColumnDefault:
		d.Default = ""
		if a.Expr != nil {
			var err error
			if d.Default, err = s.domainDefault(&o, a.Expr); err != nil {
				return err
			}
		}
	case ast.SetNotNull:
		d.NotNull, verify = true, !old.Domain.NotNull
	case ast.DropNotNull:
		d.NotNull = false
	case ast.AddConstraint:
		if err := s.domainCheck(&o, a.Constraint); err != nil {
			return err
		}
		verify = !a.Constraint.NotValid
	case ast.DropConstraint:
		if at < 0 {
			if a.IfExists {
				s.notice("NOTICE", sqlerr.New("00000", "constraint %q of domain %q does not exist, skipping", a.Name, o.Name))
				return nil
			}
			return sqlerr.New(sqlerr.UndefinedObject, "constraint %q of domain %q does not exist", a.Name, o.Name)
		}
		d.Checks = slices.Delete(d.Checks, at, at+1)
	case ast.RenameConstraint:
		if at < 0 {
			return sqlerr.New(sqlerr.UndefinedObject, "constraint %q for domain %q does not exist", a.Name, o.Name)
		}
		d.Checks[at].Name = a.NewName
	case ast.ValidateConstraint:
		if at < 0 {
			return sqlerr.New(sqlerr.UndefinedObject, "constraint %q of domain %q does not exist", a.Name, o.Name)
		}
		verify = true
	default:
		return sqlerr.NotSupported("this action of ALTER DOMAIN is not supported").At(a.Pos())
	}
	if err := s.txn.PutObject(&o); err != nil {
		return err
	}
	if verify {
		return s.verifyDomain(ctx, &o)
	}
	return nil
}

// verifyDomain tests the values of a domain that are stored.
func (s *Session) verifyDomain(ctx context.Context, o *schema.Object) error {
	b := &expr.Binder{Style: &s.set.vars.style, Clause: "CHECK"}
	c := s.evaluation(ctx, nil)
	for _, t := range s.catalog().Tables() {
		for i := range t.Columns {
			col := &t.Columns[i]
			if col.Type.User != o.OID {
				continue
			}
			test, err := b.Assign(expr.NewColumn(0, o.Domain.Type, quoteIdent(col.Name), -1), col.Type, col.Name)
			if err != nil {
				return err
			}
			err = s.eachBatch(ctx, t, []int16{col.Num}, func(batch *column.Batch) error {
				for row := range batch.N {
					if _, err := expr.Eval(c, test, []value.Value{batch.Vecs[0].Value(row)}); err != nil {
						return storedOutside(err, t, col)
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// storedOutside is the error for a stored value that a domain's new constraint does not allow.
func storedOutside(err error, t *schema.Table, c *schema.Column) error {
	what := "values that violate the new constraint"
	if sqlerr.Code(err) == sqlerr.NotNullViolation {
		what = "null values"
	}
	return sqlerr.New(sqlerr.Code(err), "column %q of table %q contains %s", c.Name, t.Name, what)
}

// dropTypes runs DROP TYPE and DROP DOMAIN.
func (s *Session) dropTypes(ctx context.Context, st *ast.DropStmt) error {
	d := s.newDropper(st.Cascade)
	for _, name := range st.Names {
		o, err := s.namedType(name)
		switch {
		case err != nil && st.IfExists && sqlerr.Code(err) == sqlerr.UndefinedObject:
			s.notice("NOTICE", sqlerr.New("00000", "type %q does not exist, skipping", name.Name))
			continue
		case err != nil && st.IfExists && sqlerr.Code(err) == sqlerr.InvalidSchemaName:
			s.notice("NOTICE", sqlerr.New("00000", "schema %q does not exist, skipping", name.Schema))
			continue
		case err != nil:
			if _, system := value.ParseTypeName(name.Name); system && name.Schema == "" {
				return sqlerr.New(sqlerr.DependentObjectsStillExist, "cannot drop type %s because it is required by the database system", name.Name)
			}
			return err
		case st.Kind == ast.ObjDomain && o.Domain == nil:
			return sqlerr.New(sqlerr.WrongObjectType, "%q is not a domain", o.Name)
		}
		d.add(ref{kind: typeRef, oid: o.OID})
	}
	return d.run(ctx)
}
