package query

import (
	"context"
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// sequenceValues are the values that a session has taken from sequences.
type sequenceValues struct {
	byOID map[uint32]*sequenceUse
	last  *sequenceUse // of the last nextval
	// names are those that have been looked for in a catalog.
	names   map[string]uint32
	catalog *schema.Catalog
}

// sequenceUse is a session's use of one sequence.
type sequenceUse struct {
	def  *schema.Object
	last int64
	has  bool  // last is one: there is a currval
	left int64 // values after last that the session has taken already: CACHE
	txn  uint64
}

// sequences implements expr.Sequences.
type sequences struct{ session *Session }

// Find implements expr.Sequences.
func (q sequences) Find(name string) (uint32, error) {
	s := q.session
	v, cat := &s.values, s.catalog()
	if v.catalog != cat {
		v.catalog, v.names = cat, nil
	}
	if oid, ok := v.names[name]; ok {
		return oid, nil
	}
	parsed, err := parseName(name)
	if err != nil {
		return 0, err
	}
	o, err := s.namedSequence(cat, parsed)
	if err != nil {
		return 0, err
	}
	if v.names == nil {
		v.names = map[string]uint32{}
	}
	v.names[name] = o.OID
	return o.OID, nil
}

// namedSequence finds a sequence: 42P01 when there is nothing of the name, 42809 when it is something else.
func (s *Session) namedSequence(cat *schema.Catalog, name ast.QualifiedName) (*schema.Object, error) {
	r, ok := cat.FindRelation(s.path(), name.Schema, name.Name)
	switch {
	case !ok:
		return nil, plan.UndefinedRelation(name)
	case r.Object == nil || r.Object.Sequence == nil:
		return nil, sqlerr.New(sqlerr.WrongObjectType, "%q is not a sequence", name.Name)
	}
	return r.Object, nil
}

// parseName reads a qualified name as the argument of a function has it: 42602 for what is none.
func parseName(text string) (ast.QualifiedName, error) {
	var parts []string
	invalid := func() (ast.QualifiedName, error) {
		return ast.QualifiedName{}, sqlerr.New(sqlerr.InvalidName, "invalid name syntax")
	}
	rest := strings.TrimSpace(text)
	for {
		part := ""
		if strings.HasPrefix(rest, `"`) {
			rest = rest[1:]
			for {
				i := strings.IndexByte(rest, '"')
				if i < 0 {
					return invalid()
				}
				part, rest = part+rest[:i], rest[i+1:]
				if !strings.HasPrefix(rest, `"`) {
					break
				}
				part, rest = part+`"`, rest[1:]
			}
		} else {
			i := strings.IndexAny(rest, ". \t\n\"")
			if i < 0 {
				i = len(rest)
			}
			part, rest = strings.ToLower(rest[:i]), rest[i:]
		}
		if part == "" {
			return invalid()
		}
		parts = append(parts, part)
		rest = strings.TrimLeft(rest, " \t\n")
		if rest == "" {
			break
		}
		if rest[0] != '.' {
			return invalid()
		}
		rest = strings.TrimLeft(rest[1:], " \t\n")
	}
	name := ast.QualifiedName{Name: parts[len(parts)-1]}
	switch len(parts) {
	case 1:
	case 2:
		name.Schema = parts[0]
	case 3:
		name.Catalog, name.Schema = parts[0], parts[1]
	default:
		return ast.QualifiedName{}, sqlerr.New(sqlerr.SyntaxError, "improper relation name (too many dotted names): %s", text)
	}
	return name, nil
}

// use returns the session's use of a sequence; its lock keeps it from being dropped or changed until the end of
// the transaction.
func (q sequences) use(ctx context.Context, oid uint32) (*sequenceUse, error) {
	s := q.session
	u := s.values.byOID[oid]
	if u == nil {
		u = &sequenceUse{}
		if s.values.byOID == nil {
			s.values.byOID = map[uint32]*sequenceUse{}
		}
		s.values.byOID[oid] = u
	}
	if n := s.txn.Number(); u.txn != n || u.def == nil {
		if err := s.txn.LockTable(ctx, oid, store.RowExclusiveLock); err != nil {
			return nil, err
		}
		u.txn = n
	}
	def, ok := s.catalog().Object(oid)
	if !ok || def.Sequence == nil {
		delete(s.values.byOID, oid)
		return nil, sqlerr.New(sqlerr.UndefinedTable, "could not open relation with OID %d", oid)
	}
	if u.def != def {
		if u.def == nil || *u.def.Sequence != *def.Sequence {
			u.left = 0 // values of another definition
		}
		u.def = def
	}
	return u, nil
}

// Next implements expr.Sequences.
func (q sequences) Next(ctx context.Context, oid uint32) (int64, error) {
	s := q.session
	u, err := q.use(ctx, oid)
	if err != nil {
		return 0, err
	}
	if !schema.IsTemp(u.def.Schema) {
		if err := s.checkWritable("nextval()"); err != nil {
			return 0, err
		}
	}
	if u.left > 0 {
		u.last += u.def.Sequence.Increment
		u.left--
	} else {
		first, n, err := s.engine.db.Sequence(u.def).Next(u.def)
		if err != nil {
			return 0, err
		}
		u.last, u.left = first, n-1
	}
	u.has, s.values.last = true, u
	return u.last, nil
}

// Current implements expr.Sequences.
func (q sequences) Current(oid uint32) (int64, error) {
	s := q.session
	def, ok := s.catalog().Object(oid)
	if !ok || def.Sequence == nil {
		return 0, sqlerr.New(sqlerr.UndefinedTable, "could not open relation with OID %d", oid)
	}
	if u := s.values.byOID[oid]; u != nil && u.has {
		return u.last, nil
	}
	return 0, sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "currval of sequence %q is not yet defined in this session", def.Name)
}

// Last implements expr.Sequences.
func (q sequences) Last() (int64, error) {
	s := q.session
	if u := s.values.last; u != nil {
		if _, ok := s.catalog().Object(u.def.OID); ok {
			return u.last, nil
		}
	}
	return 0, sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "lastval is not yet defined in this session")
}

// Set implements expr.Sequences.
func (q sequences) Set(ctx context.Context, oid uint32, v int64, called bool) error {
	s := q.session
	u, err := q.use(ctx, oid)
	if err != nil {
		return err
	}
	if !schema.IsTemp(u.def.Schema) {
		if err := s.checkWritable("setval()"); err != nil {
			return err
		}
	}
	if d := u.def.Sequence; v < d.Min || v > d.Max {
		return sqlerr.New(sqlerr.NumericValueOutOfRange, "setval: value %d is out of bounds for sequence %q (%d..%d)", v, u.def.Name, d.Min, d.Max)
	}
	if err := s.engine.db.Sequence(u.def).Set(v, called); err != nil {
		return err
	}
	u.left = 0
	if called {
		u.last, u.has = v, true
	}
	return nil
}

// State implements expr.Sequences.
func (q sequences) State(oid uint32) (last, logCnt int64, called bool, err error) {
	s := q.session
	def, ok := s.catalog().Object(oid)
	if !ok || def.Sequence == nil {
		return 0, 0, false, sqlerr.New(sqlerr.UndefinedTable, "could not open relation with OID %d", oid)
	}
	last, called, logCnt = s.engine.db.Sequence(def).State()
	return last, logCnt, called, nil
}

// Owned implements expr.Sequences.
func (q sequences) Owned(table, column string) (string, error) {
	s := q.session
	name, err := parseName(table)
	if err != nil {
		return "", err
	}
	cat := s.catalog()
	t, err := s.namedTable(cat, name)
	if err != nil {
		return "", err
	}
	c, ok := t.Column(column)
	if !ok {
		return "", sqlerr.New(sqlerr.UndefinedColumn, "column %q of relation %q does not exist", column, t.Name)
	}
	for _, o := range cat.OwnedSequences(t.OID, c.Num) {
		return plan.QuoteIdent(o.Schema) + "." + plan.QuoteIdent(o.Name), nil
	}
	return "", nil
}

// forgetSequences is DISCARD SEQUENCES.
func (s *Session) forgetSequences() { s.values = sequenceValues{} }
