package store

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/vfs"
	"github.com/cachalotdb/cachalot/wal"
)

// damageStep is the distance between the bytes that are flipped.
func damageStep() int {
	if testing.Short() {
		return 11
	}
	return 1
}

// TestEveryByteOfACheckpointCounts flips each byte in turn: opening is an
// error that names file and offset, and nothing is changed.
func TestEveryByteOfACheckpointCounts(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.create()
	d.commit(func(txn *Txn) error {
		return feed(ctx, txn, d.table(txn), []testRow{{id: 1, town: "Paris", tags: []string{"a"}}, {id: 2, town: "Nice"}})
	})
	d.mustPrepare("in doubt", func(txn *Txn, def *schema.Table) error {
		return errors.Join(feed(ctx, txn, def, []testRow{{id: 3}}), put(ctx, txn, def, testRow{id: 1}), share(ctx, txn, def, 2))
	})
	if err := d.db.Checkpoint(ctx); err != nil {
		t.Fatal(err)
	}
	d.close()
	fs := d.cfg.FS.(*vfs.Mem)
	var path string
	names, _ := fs.List("data")
	for _, n := range names {
		if strings.HasPrefix(n, checkpointPrefix) {
			path = filepath.Join("data", n)
		}
	}
	whole := readFile(t, fs, path)
	for at := 0; at < len(whole); at += damageStep() {
		damaged := fs.Clone()
		f, err := damaged.OpenReadWrite(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte{whole[at] ^ 0x40}, int64(at)); err != nil {
			t.Fatal(err)
		}
		f.Close()
		cfg := d.cfg
		cfg.FS = damaged
		var corrupt *CorruptError
		if db, err := Open(ctx, cfg); err == nil {
			db.Close()
			t.Fatalf("byte %d of %d flipped and nobody noticed", at, len(whole))
		} else if !errors.As(err, &corrupt) || corrupt.File != path {
			t.Fatalf("byte %d: %v", at, err)
		}
		if _, err := CheckDir(ctx, damaged, "data", nil); !errors.As(err, &corrupt) {
			t.Fatalf("byte %d: check says %v", at, err)
		}
	}
}

// TestDamagedLogIsRefused flips bytes of a log whose records are all known to
// be durable.
func TestDamagedLogIsRefused(t *testing.T) {
	ctx := context.Background()
	cfg := memConfig(vfs.NewMem(), 2)
	d := openTest(t, cfg)
	d.create()
	for id := range int64(5) {
		d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), testRow{id: id, town: "Paris"}) })
	}
	for _, gid := range []string{"commit", "rollback", "in doubt"} {
		d.mustPrepare(gid, func(txn *Txn, def *schema.Table) error { return put(ctx, txn, def, testRow{id: int64(len(gid))}) })
		if gid == "in doubt" {
			break
		}
		if err := d.finish(gid, gid == "commit"); err != nil {
			t.Fatal(err)
		}
	}
	end := d.db.log.wal.End()
	d.close()
	fs := d.cfg.FS.(*vfs.Mem)
	names, _ := fs.List("data/wal")
	path := filepath.Join("data/wal", names[0])
	whole := readFile(t, fs, path)
	for at := 0; at < int(end)-int(wal.FirstLSN); at += damageStep() {
		damaged := fs.Clone()
		f, err := damaged.OpenReadWrite(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte{whole[at] ^ 0x40}, int64(at)); err != nil {
			t.Fatal(err)
		}
		f.Close()
		var corrupt *wal.CorruptError
		if _, err := CheckDir(ctx, damaged, "data", nil); !errors.As(err, &corrupt) && !errors.Is(err, wal.ErrVersion) {
			t.Fatalf("byte %d of the log flipped: check says %v", at, err)
		}
	}
	if _, err := CheckDir(ctx, fs, "data", nil); err != nil {
		t.Fatalf("undamaged: %v", err)
	}
}

// TestWrongPreparedRecords puts records of prepared transactions into a log or a checkpoint that cannot be there, with right checksums.
func TestWrongPreparedRecords(t *testing.T) {
	ctx := context.Background()
	unapplied := func(kind byte, b []byte) func(d *testDB) {
		return func(d *testDB) {
			p := d.db.log.proposal()
			p.kind, p.payload, p.sync = kind, b, true
			p.apply = func(uint64) error { return nil }
			if err := d.db.log.Propose(p); err != nil {
				d.t.Fatal(err)
			}
		}
	}
	resolve, _ := (&resolveRecord{number: 1, gid: "none", outcome: outcomeRollback}).append(nil)
	other, _ := (&resolveRecord{number: 1 << 40, gid: "g", outcome: outcomeRollback}).append(nil)
	for _, c := range []struct {
		name string
		do   func(d *testDB)
		says string
	}{
		{"an end of nothing", unapplied(recordResolve, resolve), "which there is not"},
		{"an end of another", unapplied(recordResolve, other), "which there is not"},
		{"a second of the name", unapplied(recordPrepare, (&prepareRecord{number: 7, gid: "g"}).append(nil)), "prepared twice"},
		{"half a record", unapplied(recordPrepare, (&prepareRecord{number: 7, gid: "h"}).append(nil)[:15]), "malformed"},
		{"a partition too many", unapplied(recordPrepare, (&prepareRecord{number: 7, gid: "h", parts: []part{{partition: 2}}}).append(nil)), "partition 2 of 2"},
		{"a checkpoint in which a condition is false", func(d *testDB) {
			d.db.prepared.byGID["g"].rec.parts[0].ops[0].cond = cond{kind: condAbsent}
			if err := d.db.Checkpoint(ctx); err != nil {
				d.t.Fatal(err)
			}
		}, "checkpoint is corrupt"},
	} {
		d := openTest(t, memConfig(vfs.NewMem(), 2))
		d.create()
		d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), testRow{id: 1}) })
		d.mustPrepare("g", func(txn *Txn, def *schema.Table) error { return put(ctx, txn, def, testRow{id: 1}) })
		c.do(d)
		d.db.Close()
		if _, err := CheckDir(ctx, d.cfg.FS, "data", nil); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: check says %v", c.name, err)
		}
		if db, err := Open(ctx, d.cfg); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: the start says %v", c.name, err)
			if err == nil {
				db.Close()
			}
		}
	}
}

// twoCheckpoints returns a database, closed, with two checkpoints and a log since the older one, as a crash before
// its removal leaves them, and their paths. after runs between the two.
func twoCheckpoints(t *testing.T, after func(d *testDB)) (*testDB, []string) {
	t.Helper()
	ctx := context.Background()
	d, fs := openFaulty(t)
	d.model[1] = testRow{id: 1}
	d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[1]) })
	if err := d.db.Checkpoint(ctx); err != nil {
		t.Fatal(err)
	}
	after(d)
	fs.SetHook(vfs.FailFrom(vfs.OpRemove, 1, syscall.EIO))
	if err := d.db.Checkpoint(ctx); !errors.Is(err, syscall.EIO) {
		t.Fatalf("got %v", err)
	}
	d.model[3] = testRow{id: 3, n: 3}
	d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[3]) })
	d.db.Close()
	fs.SetHook(nil)
	both := checkpointPaths(d.disk())
	if len(both) != 2 {
		t.Fatalf("there are %v", both)
	}
	return d, both
}

func checkpointPaths(fs vfs.FS) (found []string) {
	names, _ := fs.List("data")
	for _, n := range names {
		if strings.HasPrefix(n, checkpointPrefix) {
			found = append(found, filepath.Join("data", n))
		}
	}
	return found
}

func overwrite(t *testing.T, fs vfs.FS, path string, at int64, b []byte) {
	t.Helper()
	f, err := fs.OpenReadWrite(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedNewestOfTwoCheckpoints: the newer is the one that counts, whole or damaged. Damaged, it is replaced by
// the older one with the log, since that has everything.
func TestDamagedNewestOfTwoCheckpoints(t *testing.T) {
	ctx := context.Background()
	d, both := twoCheckpoints(t, func(d *testDB) {
		d.model[2] = testRow{id: 2, n: 2}
		d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[2]) })
	})
	whole := d.disk().Clone()
	for _, damage := range []bool{false, true} {
		disk, want := whole.Clone(), both[1]
		if damage {
			overwrite(t, disk, both[1], 100, []byte("x"))
			want = both[0]
			var corrupt *CorruptError
			if _, err := CheckDir(ctx, disk.Clone(), "data", nil); !errors.As(err, &corrupt) || corrupt.File != both[1] {
				t.Errorf("check says %v", err)
			}
		}
		cfg := d.cfg
		cfg.FS = disk
		r := openTest(t, cfg)
		r.model = d.model
		r.verify()
		if now := checkpointPaths(disk); len(now) != 1 || now[0] != want {
			t.Fatalf("there are %v", now)
		}
		r.crash()
		r.verify()
	}
}

// TestDamagedNewestCheckpointIsReported where the older one cannot stand in: the log has lost records
// between the two, or behind them, or the older one is damaged, too. Nothing is changed.
func TestDamagedNewestCheckpointIsReported(t *testing.T) {
	ctx := context.Background()
	var between wal.LSN
	d, both := twoCheckpoints(t, func(d *testDB) {
		between = d.db.log.wal.End()
		d.model[2] = testRow{id: 2, n: 2}
		d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[2]) })
		for id := int64(10); id < 100; id++ {
			d.model[id] = bulky(id, 1)[0]
			d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[id]) })
		}
	})
	segments, _ := d.disk().List("data/wal")
	if len(segments) < 2 {
		t.Fatalf("the log is %v", segments)
	}
	first := filepath.Join("data/wal", segments[0])
	for what, damage := range map[string]func(fs *vfs.Mem){
		"the log begins later": func(fs *vfs.Mem) {
			if err := fs.Remove(first); err != nil {
				t.Fatal(err)
			}
		},
		"the log ends before": func(fs *vfs.Mem) {
			for _, name := range segments[1:] {
				if err := fs.Remove(filepath.Join("data/wal", name)); err != nil {
					t.Fatal(err)
				}
			}
			rest := make([]byte, 1<<16-int(between))
			overwrite(t, fs, first, int64(between), rest)
		},
		"a record between is damaged": func(fs *vfs.Mem) { overwrite(t, fs, first, int64(between)+30, []byte("x")) },
		"the older one is damaged":    func(fs *vfs.Mem) { overwrite(t, fs, both[0], 100, []byte("x")) },
	} {
		disk := d.disk().Clone()
		overwrite(t, disk, both[1], 100, []byte("x"))
		damage(disk)
		cfg := d.cfg
		cfg.FS = disk
		var corrupt *CorruptError
		if db, err := Open(ctx, cfg); err == nil {
			db.Close()
			t.Errorf("%s: it opens", what)
		} else if !errors.As(err, &corrupt) || corrupt.File != both[1] {
			t.Errorf("%s: %v", what, err)
		}
		if now := checkpointPaths(disk); len(now) != 2 {
			t.Errorf("%s: there are %v", what, now)
		}
	}
}

func readFile(t *testing.T, fs vfs.FS, path string) []byte {
	t.Helper()
	f, err := fs.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
