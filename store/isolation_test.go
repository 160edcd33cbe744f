package store

import (
	"context"
	"testing"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// TestDDLAgainstAnOldSnapshot sees that a transaction with a snapshot cannot change a table that another has changed since:
// it would give it back the definition it had.
func TestDDLAgainstAnOldSnapshot(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, Config{Partitions: 2})
	d.create()
	d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), testRow{id: 1}) })
	d.model[1] = testRow{id: 1}
	old := d.db.Begin(TxnOptions{Isolation: RepeatableRead})
	defer old.Rollback()
	v := old.View()
	defer v.Close()
	was, _ := v.Catalog().Table("t")

	other := d.db.Begin(TxnOptions{})
	if err := other.PutTable(addColumn(d.lockedTable(other))); err != nil {
		t.Fatal(err)
	}
	if err := other.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	now, _ := old.Catalog().Table("t")
	if len(now.Columns) != len(was.Columns)+1 {
		t.Fatalf("the newest definition has %d columns", len(now.Columns))
	}
	for name, err := range map[string]error{
		"PutTable":  old.PutTable(addColumn(now)),
		"DropTable": old.DropTable(now.OID),
		"AddIndex":  old.AddIndex(ctx, now, testIndexes(old)[0]),
		"a write":   put(ctx, old, was, testRow{id: 2}),
	} {
		if !isCode(err, sqlerr.SerializationFailure) {
			t.Errorf("%s gives %v", name, err)
		}
	}
	verifyView(t, v, d.model)
	d.verify()
}
