package query

import (
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// createSequence runs CREATE SEQUENCE.
func (s *Session) createSequence(ctx context.Context, st *ast.CreateSequenceStmt) error {
	if st.Persistence == ast.Unlogged {
		return sqlerr.NotSupported("unlogged sequences are not supported").At(st.Pos())
	}
	cat := s.catalog()
	in, err := s.creationSchema(cat, st.Name, st.Persistence == ast.Temporary)
	if err != nil {
		return err
	}
	if cat.RelationExistsIn(in, st.Name.Name) {
		if st.IfNotExists {
			s.notice("NOTICE", sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists, skipping", st.Name.Name))
			return nil
		}
		return sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", st.Name.Name)
	}
	o := &schema.Object{OID: s.txn.NewOID(), Kind: schema.SequenceObject, Schema: in, Name: st.Name.Name}
	d := &sequenceDefiner{session: s, object: o}
	if err := d.create(ctx, st.Options); err != nil {
		return err
	}
	return s.txn.PutObject(o)
}

// columnSequence makes the sequence of a serial or identity column, which belongs to it. The names of also are taken.
func (s *Session) columnSequence(ctx context.Context, t *schema.Table, c *schema.Column, kind value.Kind, options []*ast.OptionDef, also ...string) (*schema.Object, error) {
	o := &schema.Object{OID: s.txn.NewOID(), Kind: schema.SequenceObject, Schema: t.Schema}
	o.Sequence = &schema.Sequence{Type: kind, Owner: t.OID, OwnerColumn: c.Num, Identity: c.Identity != ""}
	for _, opt := range options {
		if opt.Name == "sequence_name" {
			o.Name = constText(opt.Value.(*ast.Const))
			o.Name = o.Name[strings.LastIndexByte(o.Name, '.')+1:]
			if s.catalog().RelationExistsIn(t.Schema, o.Name) {
				return nil, sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", o.Name)
			}
		}
	}
	if o.Name == "" {
		o.Name = relationName(s.catalog(), t.Schema, t.Name, c.Name, "seq", also...)
	}
	d := &sequenceDefiner{session: s, object: o, identity: c.Identity != ""}
	if err := d.create(ctx, options); err != nil {
		return nil, err
	}
	return o, s.txn.PutObject(o)
}

// sequenceDefiner reads the options of a sequence.
type sequenceDefiner struct {
	session  *Session
	object   *schema.Object
	identity bool

	given map[string]*ast.OptionDef
}

// create makes the definition of a new sequence.
func (d *sequenceDefiner) create(ctx context.Context, options []*ast.OptionDef) error {
	q := schema.Sequence{Type: value.Int8}
	if d.object.Sequence != nil {
		q = *d.object.Sequence
	}
	q.Increment, q.Cache = 1, 1
	if err := d.read(options); err != nil {
		return err
	}
	if err := d.limits(&q, true); err != nil {
		return err
	}
	q.First = q.Start
	if o := d.given["restart"]; o != nil {
		if err := d.restart(&q, o); err != nil {
			return err
		}
	}
	q.Generation = d.session.txn.NewGeneration()
	d.object.Sequence = &q
	return d.owner(ctx)
}

// alter makes a changed definition of a sequence.
func (d *sequenceDefiner) alter(ctx context.Context, options []*ast.OptionDef) error {
	old := d.object.Sequence
	q := *old
	if err := d.read(options); err != nil {
		return err
	}
	if err := d.limits(&q, false); err != nil {
		return err
	}
	if o := d.given["restart"]; o != nil {
		if err := d.restart(&q, o); err != nil {
			return err
		}
		q.Generation = d.session.txn.NewGeneration()
	} else {
		last, _, _ := d.session.engine.db.Sequence(d.object).State()
		if err := between(&q, "RESTART", last); err != nil {
			return err
		}
	}
	o := *d.object
	o.Sequence = &q
	d.object = &o
	return d.owner(ctx)
}

// read notes the options, each at most once.
func (d *sequenceDefiner) read(options []*ast.OptionDef) error {
	d.given = map[string]*ast.OptionDef{}
	for _, o := range options {
		if d.given[o.Name] != nil {
			return sqlerr.New(sqlerr.SyntaxError, "conflicting or redundant options").At(o.Pos())
		}
		d.given[o.Name] = o
		if o.Name == "owned_by" && d.identity {
			return sqlerr.New(sqlerr.SyntaxError, "invalid sequence option").At(o.Pos())
		}
	}
	return nil
}

// number is the value of an option.
func (d *sequenceDefiner) number(name string, to *int64) (bool, error) {
	o := d.given[name]
	if o == nil || o.Value == nil {
		return false, nil
	}
	c, ok := o.Value.(*ast.Const)
	if !ok {
		return false, sqlerr.New(sqlerr.SyntaxError, "%s requires a numeric value", name)
	}
	n, err := strconv.ParseInt(constText(c), 10, 64)
	if err != nil {
		return false, sqlerr.New(sqlerr.NumericValueOutOfRange, "value \"%s\" is out of range for type bigint", constText(c))
	}
	*to = n
	return true, nil
}

// typeLimits are the least and the largest value of an integer type.
func typeLimits(k value.Kind) (int64, int64) {
	switch k {
	case value.Int2:
		return math.MinInt16, math.MaxInt16
	case value.Int4:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// limits reads all options but RESTART and OWNED BY.
func (d *sequenceDefiner) limits(q *schema.Sequence, create bool) error {
	resetMin, resetMax := create, create
	if o := d.given["as"]; o != nil {
		k, ok := value.ParseTypeName(constText(o.Value.(*ast.Const)))
		if !ok || k != value.Int2 && k != value.Int4 && k != value.Int8 {
			what := "sequence"
			if d.identity {
				what = "identity column"
			}
			return sqlerr.New(sqlerr.InvalidParameterValue, "%s type must be smallint, integer, or bigint", what)
		}
		least, most := typeLimits(q.Type)
		resetMin = create || q.Min == least
		resetMax = create || q.Max == most
		q.Type = k
	}
	if _, err := d.number("increment", &q.Increment); err != nil {
		return err
	}
	if q.Increment == 0 {
		return sqlerr.New(sqlerr.InvalidParameterValue, "INCREMENT must not be zero")
	}
	if o := d.given["cycle"]; o != nil {
		q.Cycle = o.Value.(*ast.Const).Int == 1
	}
	least, most := typeLimits(q.Type)
	set, err := d.number("maxvalue", &q.Max)
	if err != nil {
		return err
	}
	if !set && (d.given["maxvalue"] != nil || resetMax) {
		if q.Max = most; q.Increment < 0 {
			q.Max = -1
		}
	}
	if q.Max < least || q.Max > most {
		return sqlerr.New(sqlerr.InvalidParameterValue, "MAXVALUE (%d) is out of range for sequence data type %s", q.Max, q.Type)
	}
	if set, err = d.number("minvalue", &q.Min); err != nil {
		return err
	}
	if !set && (d.given["minvalue"] != nil || resetMin) {
		if q.Min = 1; q.Increment < 0 {
			q.Min = least
		}
	}
	if q.Min < least || q.Min > most {
		return sqlerr.New(sqlerr.InvalidParameterValue, "MINVALUE (%d) is out of range for sequence data type %s", q.Min, q.Type)
	}
	if q.Min >= q.Max {
		return sqlerr.New(sqlerr.InvalidParameterValue, "MINVALUE (%d) must be less than MAXVALUE (%d)", q.Min, q.Max)
	}
	if set, err = d.number("start", &q.Start); err != nil {
		return err
	}
	if !set && create {
		if q.Start = q.Min; q.Increment < 0 {
			q.Start = q.Max
		}
	}
	if err := between(q, "START", q.Start); err != nil {
		return err
	}
	if _, err := d.number("cache", &q.Cache); err != nil {
		return err
	}
	if q.Cache <= 0 {
		return sqlerr.New(sqlerr.InvalidParameterValue, "CACHE (%d) must be greater than zero", q.Cache)
	}
	return nil
}

func (d *sequenceDefiner) restart(q *schema.Sequence, o *ast.OptionDef) error {
	q.First = q.Start
	if o.Value != nil {
		if _, err := d.number("restart", &q.First); err != nil {
			return err
		}
	}
	return between(q, "RESTART", q.First)
}

func between(q *schema.Sequence, what string, v int64) error {
	switch {
	case v < q.Min:
		return sqlerr.New(sqlerr.InvalidParameterValue, "%s value (%d) cannot be less than MINVALUE (%d)", what, v, q.Min)
	case v > q.Max:
		return sqlerr.New(sqlerr.InvalidParameterValue, "%s value (%d) cannot be greater than MAXVALUE (%d)", what, v, q.Max)
	}
	return nil
}

// owner carries out OWNED BY.
func (d *sequenceDefiner) owner(ctx context.Context) error {
	o := d.given["owned_by"]
	if o == nil {
		return nil
	}
	q := d.object.Sequence
	parts := strings.Split(constText(o.Value.(*ast.Const)), ".")
	if q.Identity {
		name := ""
		if t, ok := d.session.catalog().TableByOID(q.Owner); ok {
			name = t.Name
		}
		return sqlerr.NotSupported("cannot change ownership of identity sequence").
			WithDetail("Sequence %q is linked to table %q.", d.object.Name, name)
	}
	if len(parts) == 1 {
		if parts[0] != "none" {
			return sqlerr.New(sqlerr.SyntaxError, "invalid OWNED BY option").WithHint("Specify OWNED BY table.column or OWNED BY NONE.")
		}
		q.Owner, q.OwnerColumn = 0, 0
		return nil
	}
	name := ast.QualifiedName{Offset: o.Offset, Name: parts[len(parts)-2]}
	if len(parts) > 2 {
		name.Schema = parts[len(parts)-3]
	}
	t, err := d.session.lockedTableIn(ctx, name, store.AccessShareLock)
	if err != nil {
		return err
	}
	if t.Schema != d.object.Schema {
		return sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "sequence must be in same schema as table it is linked to")
	}
	c, ok := t.Column(parts[len(parts)-1])
	if !ok {
		return sqlerr.New(sqlerr.UndefinedColumn, "column %q of relation %q does not exist", parts[len(parts)-1], t.Name)
	}
	q.Owner, q.OwnerColumn = t.OID, c.Num
	return nil
}

// alterSequence carries out the options of ALTER SEQUENCE.
func (s *Session) alterSequence(ctx context.Context, o *schema.Object, options []*ast.OptionDef) error {
	if err := s.txn.LockTable(ctx, o.OID, store.ShareRowExclusiveLock); err != nil {
		return err
	}
	o, ok := s.catalog().Object(o.OID)
	if !ok {
		return nil
	}
	d := &sequenceDefiner{session: s, object: o, identity: false}
	if err := d.alter(ctx, options); err != nil {
		return err
	}
	return s.txn.PutObject(d.object)
}

// nextDefault is the default of a serial column. The sequence is named by its OID, so that it may be renamed.
func nextDefault(oid uint32) string {
	return "nextval('" + strconv.FormatUint(uint64(oid), 10) + "'::regclass)"
}

// restartOwnedSequences is RESTART IDENTITY of TRUNCATE.
func (s *Session) restartOwnedSequences(ctx context.Context, t *schema.Table) error {
	for _, o := range s.catalog().OwnedSequences(t.OID, 0) {
		if err := s.txn.LockTable(ctx, o.OID, store.AccessExclusiveLock); err != nil {
			return err
		}
		now, ok := s.catalog().Object(o.OID)
		if !ok {
			continue
		}
		c, q := *now, *now.Sequence
		q.First, q.Generation = q.Start, s.txn.NewGeneration()
		c.Sequence = &q
		if err := s.txn.PutObject(&c); err != nil {
			return err
		}
	}
	return nil
}

// regclassDefault makes nextval('name') in a default name its sequence by OID, as PostgreSQL keeps it.
func (s *Session) regclassDefault(e ast.Expr) (ast.Expr, error) {
	call, ok := e.(*ast.FuncCall)
	if !ok || call.FuncName() != "nextval" || len(call.Args) != 1 {
		return e, nil
	}
	arg := call.Args[0]
	if cast, ok := arg.(*ast.TypeCast); ok && cast.Type.Name() == "regclass" {
		arg = cast.Arg
	}
	k, ok := arg.(*ast.Const)
	if !ok || k.Kind != ast.String {
		return e, nil
	}
	if _, err := strconv.ParseUint(k.Text, 10, 32); err == nil {
		return e, nil
	}
	oid, err := (sequences{s}).Find(k.Text)
	if err != nil {
		return nil, err
	}
	return plan.ParseExpr(nextDefault(oid))
}
