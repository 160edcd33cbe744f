package query

import (
	"context"
	"slices"
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/exec"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

var foreignActions = map[ast.FKAction]schema.Action{
	ast.FKNoAction: schema.NoAction, ast.FKRestrict: schema.Restrict, ast.FKCascade: schema.Cascade,
	ast.FKSetNull: schema.SetNull, ast.FKSetDefault: schema.SetDefault,
}

// addForeignKey adds a foreign key to a table that is in the catalog, whose lock is held.
func (s *Session) addForeignKey(ctx context.Context, t *schema.Table, con *pendingConstraint) error {
	parent, err := s.lockedTableIn(ctx, con.RefTable, store.ShareRowExclusiveLock)
	if err != nil {
		return err
	}
	if parent.View != nil {
		return sqlerr.New(sqlerr.WrongObjectType, "referenced relation %q is not a table", parent.Name)
	}
	if schema.IsTemp(parent.Schema) != schema.IsTemp(t.Schema) {
		if schema.IsTemp(t.Schema) {
			return sqlerr.New(sqlerr.InvalidTableDefinition, "constraints on temporary tables may reference only temporary tables")
		}
		return sqlerr.New(sqlerr.InvalidTableDefinition, "constraints on permanent tables may reference only permanent tables")
	}
	if con.Match == ast.MatchPartial {
		return sqlerr.NotSupported("MATCH PARTIAL not yet implemented").At(con.Pos())
	}
	k := &schema.ForeignKey{
		Table: parent.OID, MatchFull: con.Match == ast.MatchFull,
		OnDelete: foreignActions[con.OnDelete], OnUpdate: foreignActions[con.OnUpdate],
		Deferrable: con.Deferrable, Deferred: con.InitiallyDeferred, NotValid: con.NotValid,
	}
	names, _ := con.columns()
	if k.Columns, err = foreignColumns(t, names); err != nil {
		return err
	}
	if err := referencedColumns(parent, k, con); err != nil {
		return err
	}
	if err := generatedActions(t, k); err != nil {
		return err
	}
	cat := s.catalog()
	if k.Name = con.Name; k.Name == "" {
		k.Name = constraintName(cat, t, strings.Join(names, "_"), "fkey")
	} else if t.HasConstraint(k.Name) {
		return sqlerr.New(sqlerr.DuplicateObject, "constraint %q for relation %q already exists", k.Name, t.Name)
	}
	if err := comparable(t, parent, k); err != nil {
		return err
	}
	k.OID = s.txn.NewOID()
	def := changedTable(t)
	def.ForeignKeys = append(def.ForeignKeys, k)
	if parent.OID == t.OID {
		def.ReferencedBy = withOID(def.ReferencedBy, t.OID)
	} else {
		p := changedTable(parent)
		p.ReferencedBy = withOID(p.ReferencedBy, t.OID)
		if err := s.txn.PutTable(p); err != nil {
			return err
		}
	}
	if err := s.txn.PutTable(def); err != nil {
		return err
	}
	if k.NotValid {
		return nil
	}
	return s.verifyForeignKey(ctx, def, k)
}

// withOID adds an OID to an ascending list.
func withOID(list []uint32, oid uint32) []uint32 {
	at, found := slices.BinarySearch(list, oid)
	if found {
		return list
	}
	return slices.Insert(slices.Clone(list), at, oid)
}

func foreignColumns(t *schema.Table, names []string) ([]int16, error) {
	var nums []int16
	for _, name := range names {
		c, ok := t.Column(name)
		if !ok {
			return nil, sqlerr.New(sqlerr.UndefinedColumn, "column %q referenced in foreign key constraint does not exist", name)
		}
		nums = append(nums, c.Num)
	}
	return nums, nil
}

// referencedColumns finds the columns that a foreign key refers to, and the index that makes them unique.
func referencedColumns(parent *schema.Table, k *schema.ForeignKey, con *pendingConstraint) error {
	if con.RefColumns == nil {
		if parent.HiddenKey {
			return sqlerr.New(sqlerr.UndefinedObject, "there is no primary key for referenced table %q", parent.Name)
		}
		k.RefColumns = slices.Clone(parent.Key)
	} else {
		var names []string
		for _, c := range con.RefColumns {
			names = append(names, c.Name)
		}
		var err error
		if k.RefColumns, err = foreignColumns(parent, names); err != nil {
			return err
		}
	}
	for i, num := range k.RefColumns {
		if slices.Contains(k.RefColumns[:i], num) {
			return sqlerr.New(sqlerr.InvalidForeignKey, "foreign key referenced-columns list must not contain duplicates")
		}
	}
	count := func() error {
		if len(k.RefColumns) != len(k.Columns) {
			return sqlerr.New(sqlerr.InvalidForeignKey, "number of referencing and referenced columns for foreign key disagree")
		}
		return nil
	}
	same := func(nums []int16) bool {
		return len(nums) == len(k.RefColumns) && !slices.ContainsFunc(nums, func(n int16) bool { return !slices.Contains(k.RefColumns, n) })
	}
	if !parent.HiddenKey && same(parent.Key) {
		return count()
	}
	for _, x := range parent.Indexes {
		if x.Unique && x.Filter == 0 && same(x.Nums()) {
			k.Index = x.OID
			return count()
		}
	}
	return sqlerr.New(sqlerr.InvalidForeignKey, "there is no unique constraint matching given keys for referenced table %q", parent.Name)
}

// generatedActions refuses actions that would assign a generated column.
func generatedActions(t *schema.Table, k *schema.ForeignKey) error {
	for _, num := range k.Columns {
		if t.ColumnByNum(num).Generated == "" {
			continue
		}
		if k.OnUpdate == schema.SetNull || k.OnUpdate == schema.SetDefault || k.OnUpdate == schema.Cascade {
			return sqlerr.New(sqlerr.SyntaxError, "invalid ON UPDATE action for foreign key constraint containing generated column")
		}
		if k.OnDelete == schema.SetNull || k.OnDelete == schema.SetDefault {
			return sqlerr.New(sqlerr.SyntaxError, "invalid ON DELETE action for foreign key constraint containing generated column")
		}
	}
	return nil
}

// comparable refuses a foreign key between types that do not compare.
func comparable(t, parent *schema.Table, k *schema.ForeignKey) error {
	for i := range k.Columns {
		a, b := t.ColumnByNum(k.Columns[i]), parent.ColumnByNum(k.RefColumns[i])
		if a.Type.Kind == b.Type.Kind || integer(a.Type.Kind) && integer(b.Type.Kind) || text(a.Type.Kind) && text(b.Type.Kind) {
			continue
		}
		if value.CastAllowed(a.Type.Kind, b.Type.Kind) == value.CastImplicit {
			continue
		}
		return sqlerr.New(sqlerr.DatatypeMismatch, "foreign key constraint %q cannot be implemented", k.Name).
			WithDetail("Key columns %q and %q are of incompatible types: %s and %s.", a.Name, b.Name, value.FormatType(a.Type), value.FormatType(b.Type))
	}
	return nil
}

func integer(k value.Kind) bool { return k == value.Int2 || k == value.Int4 || k == value.Int8 }
func text(k value.Kind) bool    { return k == value.Text || k == value.Varchar }

// verifyForeignKey sees that the rows there are meet a foreign key.
func (s *Session) verifyForeignKey(ctx context.Context, t *schema.Table, k *schema.ForeignKey) error {
	return exec.VerifyForeignKey(ctx, s.constraintEnv(ctx), t, k)
}

// truncated refuses to empty tables that others refer to, or with cascade adds those.
func (s *Session) truncated(ctx context.Context, tables []*schema.Table, cascade bool) ([]*schema.Table, error) {
	for i := 0; i < len(tables); i++ {
		for _, oid := range tables[i].ReferencedBy {
			if slices.ContainsFunc(tables, func(o *schema.Table) bool { return o.OID == oid }) {
				continue
			}
			other, ok := s.catalog().TableByOID(oid)
			if !ok {
				continue
			}
			if !cascade {
				return nil, sqlerr.NotSupported("cannot truncate a table referenced in a foreign key constraint").
					WithDetail("Table %q references %q.", other.Name, tables[i].Name).
					WithHint("Truncate table %q at the same time, or use TRUNCATE ... CASCADE.", other.Name)
			}
			s.notice("NOTICE", sqlerr.New("00000", "truncate cascades to table %q", other.Name))
			if err := s.txn.LockTable(ctx, oid, store.AccessExclusiveLock); err != nil {
				return nil, err
			}
			if other, ok = s.catalog().TableByOID(oid); ok {
				tables = append(tables, other)
			}
		}
	}
	return tables, nil
}
