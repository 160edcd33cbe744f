package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

func noProgress(int, int, int64) {}

// backup makes a backup in dir on the database's disk.
func (d *testDB) backup(dir string) *BackupManifest {
	d.t.Helper()
	if err := d.disk().MkdirAll(dir); err != nil {
		d.t.Fatal(err)
	}
	m, err := ReceiveBackup(context.Background(), d.disk(), dir, d.stream(), noProgress)
	if err != nil {
		d.t.Fatal(err)
	}
	return m
}

// stream returns the bytes of a backup.
func (d *testDB) stream() *bytes.Buffer {
	d.t.Helper()
	var b bytes.Buffer
	if _, err := d.db.Backup(context.Background(), &b); err != nil {
		d.t.Fatal(err)
	}
	return &b
}

// restored opens what a backup is restored to, beside the original on its disk.
func (d *testDB) restored(backup, dir string) *testDB {
	d.t.Helper()
	if _, err := RestoreBackup(context.Background(), d.disk(), backup, dir, noProgress); err != nil {
		d.t.Fatal(err)
	}
	cfg := d.cfg
	cfg.FS, cfg.Dir = d.disk(), dir
	r := openTest(d.t, cfg)
	r.model = d.model
	r.check()
	return r
}

// TestRestoredIsTheSnapshot restores a backup taken amid work of every kind: what was committed
// at its moment is there with its timestamps, what was not is not, and the numbers go on.
func TestRestoredIsTheSnapshot(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 4))
	d.create()
	d.commit(func(txn *Txn) error {
		return feed(ctx, txn, d.table(txn), []testRow{{id: 1, town: "Paris"}, {id: 2, tags: []string{"a"}}, {id: 3, n: 7}})
	})
	d.commit(func(txn *Txn) error {
		return errors.Join(put(ctx, txn, d.table(txn), testRow{id: 1, town: "Nice", n: 4}), remove(ctx, txn, d.table(txn), 3))
	})
	d.commit(func(txn *Txn) error { return txn.PutTable(testTable(txn, "empty")) })
	d.model = map[int64]testRow{1: {id: 1, town: "Nice", n: 4}, 2: {id: 2, tags: []string{"a"}}}
	loader := d.db.Begin(TxnOptions{})
	if err := errors.Join(feed(ctx, loader, d.table(loader), []testRow{{id: 8}, {id: 9}}), remove(ctx, loader, d.table(loader), 2), loader.spill()); err != nil {
		t.Fatal(err)
	}
	creator := d.db.Begin(TxnOptions{})
	if err := creator.PutTable(testTable(creator, "unborn")); err != nil {
		t.Fatal(err)
	}
	held := d.db.Begin(TxnOptions{})
	if err := errors.Join(put(ctx, held, d.table(held), testRow{id: 10}), held.Prepare(ctx, PrepareInfo{GID: "held"})); err != nil {
		t.Fatal(err)
	}
	m := d.backup("backup")
	stamps := d.stamps()
	if m.Rows != 2 || m.Tables != 2 || len(m.Files) != 4 {
		t.Fatalf("the manifest is %+v", m)
	}
	if err := errors.Join(loader.Commit(ctx), creator.Commit(ctx)); err != nil {
		t.Fatal(err)
	}
	if checked, err := CheckBackup(ctx, d.disk(), "backup", nil); err != nil || checked.Rows != 2 {
		t.Fatalf("check says %+v, %v", checked, err)
	}
	r := d.restored("backup", "other")
	r.verify()
	if p := r.db.Prepared(); len(p) != 0 {
		t.Fatalf("prepared are %v", p)
	}
	r.model[10] = testRow{id: 10, n: 1} // nobody holds its key
	r.commit(func(txn *Txn) error { return put(ctx, txn, r.table(txn), r.model[10]) })
	r.commit(func(txn *Txn) error { return remove(ctx, txn, r.table(txn), 10) })
	delete(r.model, 10)
	if got := r.stamps(); fmt.Sprint(got) != fmt.Sprint(stamps) {
		t.Fatalf("rows began at %v, before the backup at %v", got, stamps)
	}
	txn := r.db.Begin(TxnOptions{})
	if tables := txn.View().Catalog().Tables(); len(tables) != 2 {
		t.Fatalf("there are %d tables", len(tables))
	}
	if oid := txn.NewOID(); oid < m.State.NextOID {
		t.Errorf("OID %d is given twice", oid)
	}
	if g := txn.NewGeneration(); g <= m.State.LastID {
		t.Errorf("generation %d is given twice", g)
	}
	txn.Rollback()
	r.model[5] = testRow{id: 5}
	r.commit(func(txn *Txn) error { return put(ctx, txn, r.table(txn), r.model[5]) })
	for at, ts := range r.stamps() {
		if at[1] == 5 && ts <= m.State.Timestamp {
			t.Errorf("a commit after the restore is stamped %d, the snapshot %d", ts, m.State.Timestamp)
		}
	}
	r.verify()
	r.reopen()
	r.verify()
	if _, err := CheckDir(ctx, d.disk().Clone(), "other", nil); err != nil {
		t.Fatal(err)
	}
}

// TestBackupHoldsNobodyUp commits, changes the schema, vacuums and writes a checkpoint while a backup waits
// for its reader; it has its own moment's rows all the same.
func TestBackupHoldsNobodyUp(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.create()
	var rows []testRow
	for id := range int64(5000) {
		rows = append(rows, testRow{id: id, town: fmt.Sprint("town ", id), n: 1})
	}
	d.commit(func(txn *Txn) error { return feed(ctx, txn, d.table(txn), rows) })
	for _, r := range rows {
		d.model[r.id] = r
	}
	before := d.model
	d.model = map[int64]testRow{}
	changed := false
	var out bytes.Buffer
	_, err := d.db.Backup(ctx, writerFunc(func(p []byte) (int, error) {
		if !changed {
			changed = true
			d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), testRow{id: 7, n: 9}) })
			d.commit(func(txn *Txn) error { return remove(ctx, txn, d.table(txn), 4999) })
			d.commit(func(txn *Txn) error {
				def := d.lockedTable(txn)
				def.Generation = txn.NewGeneration()
				return txn.PutTable(def)
			})
			d.commit(func(txn *Txn) error { return txn.PutTable(testTable(txn, "later")) })
			if err := d.db.Checkpoint(ctx); err != nil {
				t.Error(err)
			}
			d.db.Vacuum()
		}
		return out.Write(p)
	}))
	if err != nil || !changed {
		t.Fatal(err)
	}
	if err := d.disk().MkdirAll("backup"); err != nil {
		t.Fatal(err)
	}
	if _, err := ReceiveBackup(ctx, d.disk(), "backup", &out, noProgress); err != nil {
		t.Fatal(err)
	}
	d.verify()
	r := d.restored("backup", "other")
	r.model = before
	r.verify()
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// smallBackup returns a disk with a backup of a few rows in "backup".
func smallBackup(t *testing.T) (*vfs.Mem, *testDB) {
	t.Helper()
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.create()
	d.commit(func(txn *Txn) error {
		return feed(ctx, txn, d.table(txn), []testRow{{id: 1, town: "Paris", tags: []string{"a"}}, {id: 2, town: "Nice"}})
	})
	d.model = map[int64]testRow{1: {id: 1, town: "Paris", tags: []string{"a"}}, 2: {id: 2, town: "Nice"}}
	d.backup("backup")
	return d.disk(), d
}

// TestEveryByteOfABackupCounts flips each byte of each file in turn: check and restore name
// the file, and restore leaves nothing.
func TestEveryByteOfABackupCounts(t *testing.T) {
	ctx := context.Background()
	fs, _ := smallBackup(t)
	names, _ := fs.List("backup")
	if len(names) != 3 {
		t.Fatalf("a backup of two partitions is %v", names)
	}
	for _, name := range names {
		path := filepath.Join("backup", name)
		whole := readFile(t, fs, path)
		for at := 0; at < len(whole); at += damageStep() {
			damaged := fs.Clone()
			f, err := damaged.OpenReadWrite(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteAt([]byte{whole[at] ^ 0x20}, int64(at)); err != nil {
				t.Fatal(err)
			}
			f.Close()
			var corrupt *CorruptError
			if _, err := CheckBackup(ctx, damaged, "backup", nil); !errors.As(err, &corrupt) || corrupt.File != path || corrupt.Offset > int64(at) {
				t.Fatalf("byte %d of %s flipped: check says %v", at, path, err)
			}
			if _, err := RestoreBackup(ctx, damaged, "backup", "new", noProgress); !errors.As(err, &corrupt) || corrupt.File != path {
				t.Fatalf("byte %d of %s flipped: restore says %v", at, path, err)
			}
			wantMissing(t, damaged, "new", "new"+restoreSuffix)
		}
	}
}

func wantMissing(t *testing.T, fs vfs.FS, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := fs.Stat(name); !vfs.IsNotExist(err) {
			t.Fatalf("%s is there: %v", name, err)
		}
	}
}

// TestDamagedBackupFiles shortens, lengthens, removes and swaps files.
func TestDamagedBackupFiles(t *testing.T) {
	ctx := context.Background()
	fs, d := smallBackup(t)
	d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), testRow{id: 3, n: 3}) })
	d.backup("later")
	part := filepath.Join("backup", backupPartName(1))
	for what, damage := range map[string]func(fs *vfs.Mem) error{
		"missing":   func(fs *vfs.Mem) error { return fs.Remove(part) },
		"of later":  func(fs *vfs.Mem) error { return fs.Rename(filepath.Join("later", backupPartName(1)), part) },
		"of part 0": func(fs *vfs.Mem) error { return fs.Rename(filepath.Join("backup", backupPartName(0)), part) },
		"shorter":   func(fs *vfs.Mem) error { return resize(fs, part, -1) },
		"longer":    func(fs *vfs.Mem) error { return resize(fs, part, 1) },
	} {
		damaged := fs.Clone()
		if err := damage(damaged); err != nil {
			t.Fatal(err)
		}
		var corrupt *CorruptError
		if _, err := CheckBackup(ctx, damaged, "backup", nil); !errors.As(err, &corrupt) || filepath.Dir(corrupt.File) != "backup" {
			t.Errorf("%s: check says %v", what, err)
		}
		if _, err := RestoreBackup(ctx, damaged, "backup", "new", noProgress); !errors.As(err, &corrupt) {
			t.Errorf("%s: restore says %v", what, err)
		}
	}
	if err := fs.Remove(filepath.Join("backup", backupManifest)); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		second(CheckBackup(ctx, fs, "backup", nil)), second(RestoreBackup(ctx, fs, "backup", "new", noProgress)),
	} {
		if err == nil || !strings.Contains(err.Error(), "holds no backup") {
			t.Errorf("without a manifest: %v", err)
		}
	}
	if !IsBackup(fs, "backup") || IsBackup(fs, "data") {
		t.Error("a backup is not told from a data directory")
	}
}

func second[T any](_ T, err error) error { return err }

func resize(fs vfs.FS, path string, by int64) error {
	f, err := fs.OpenReadWrite(path)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return err
	}
	return f.Truncate(size + by)
}

// TestNewerBackupIsRefused changes the format in a manifest that is whole.
func TestNewerBackupIsRefused(t *testing.T) {
	fs, _ := smallBackup(t)
	m, err := readManifest(fs, "backup")
	if err != nil {
		t.Fatal(err)
	}
	m.Format = 2
	f, err := fs.Create(filepath.Join("backup", backupManifest))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(m.encode()); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if _, err := RestoreBackup(context.Background(), fs, "backup", "new", noProgress); err == nil || !strings.Contains(err.Error(), "format 2") {
		t.Fatalf("got %v", err)
	}
	wantMissing(t, fs, "new")
}

// TestDirectoriesThatAreRefused: a backup goes into an empty directory and nowhere else, a
// restore into an empty or missing one.
func TestDirectoriesThatAreRefused(t *testing.T) {
	ctx := context.Background()
	fs, d := smallBackup(t)
	if _, err := ReceiveBackup(ctx, fs, "nosuch", d.stream(), noProgress); !vfs.IsNotExist(err) {
		t.Errorf("into a missing directory: %v", err)
	}
	wantMissing(t, fs, "nosuch")
	before, _ := fs.List("backup")
	if _, err := ReceiveBackup(ctx, fs, "backup", d.stream(), noProgress); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("into a full directory: %v", err)
	}
	if after, _ := fs.List("backup"); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the directory holds %v", after)
	}
	if _, err := RestoreBackup(ctx, fs, "backup", "data", noProgress); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("restore into a full directory: %v", err)
	}
	if err := fs.MkdirAll("empty"); err != nil {
		t.Fatal(err)
	}
	d.restored("backup", "empty").verify()
}

// TestInterruptedBackups cuts the stream at many places and fails each operation of the disk: no backup is
// left, nor anything else.
func TestInterruptedBackups(t *testing.T) {
	ctx := context.Background()
	mem, d := smallBackup(t)
	if err := mem.MkdirAll("into"); err != nil {
		t.Fatal(err)
	}
	whole := d.stream().Bytes()
	for n := 0; n < len(whole); n += 5 * damageStep() {
		for _, stream := range []io.Reader{
			bytes.NewReader(whole[:n]),
			io.MultiReader(bytes.NewReader(whole[:n]), failing{}),
			bytes.NewReader(append(append([]byte(nil), whole[:n]...), append([]byte{whole[n] ^ 1}, whole[n+1:]...)...)),
		} {
			if _, err := ReceiveBackup(ctx, mem, "into", stream, noProgress); err == nil {
				t.Fatalf("a stream damaged at %d of %d made a backup", n, len(whole))
			}
			wantEmpty(t, mem, "into")
		}
	}
	failEach(t, mem, func(fs vfs.FS) error {
		return second(ReceiveBackup(ctx, fs, "into", bytes.NewReader(whole), noProgress))
	}, func(fs *vfs.Mem) { wantEmpty(t, fs, "into") })
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, syscall.ECONNRESET }

// wantEmpty says that a directory holds nothing, or nothing of a backup that counts.
func wantEmpty(t *testing.T, fs vfs.FS, dir string) {
	t.Helper()
	if names, err := fs.List(dir); err != nil || len(names) != 0 {
		t.Fatalf("%s holds %v, %v", dir, names, err)
	}
}

// failEach fails the n-th operation of the disk for each n until none is left to fail, and looks at the
// disk after each.
func failEach(t *testing.T, mem *vfs.Mem, do func(fs vfs.FS) error, look func(fs *vfs.Mem)) {
	t.Helper()
	for n := 1; ; n++ {
		disk := mem.Clone()
		fault := vfs.NewFault(disk)
		count, fired := 0, false
		fault.SetHook(func(op vfs.Op, path string) error {
			if count++; count == n && !(op == vfs.OpRemove && filepath.Base(path) == lockFile) {
				fired = true
				return syscall.EIO
			}
			return nil
		})
		err := do(fault)
		if !fired && count < n {
			if err != nil || n < 10 {
				t.Fatalf("after %d operations: %v", count, err)
			}
			return
		}
		if fired && err == nil {
			t.Fatalf("operation %d failed and nobody heard", n)
		}
		if fired {
			look(disk)
		}
	}
}

// TestInterruptedRestores fails each operation, and takes the power away during each: the
// directory is missing or complete, and the next restore succeeds.
func TestInterruptedRestores(t *testing.T) {
	ctx := context.Background()
	mem, d := smallBackup(t)
	failEach(t, mem, func(fs vfs.FS) error {
		return second(RestoreBackup(ctx, fs, "backup", "new", noProgress))
	}, func(fs *vfs.Mem) {
		if _, err := fs.Stat("new"); err == nil {
			return // the sync behind the rename failed
		}
		if _, err := RestoreBackup(ctx, fs, "backup", "new", noProgress); err != nil {
			t.Fatalf("the next restore: %v", err)
		}
	})
	for n := 1; ; n++ {
		disk := mem.Clone()
		fault := vfs.NewFault(disk)
		count := 0
		var image *vfs.Mem
		fault.SetHook(func(vfs.Op, string) error {
			if count++; count == n {
				image = disk.Clone() // what kill -9 leaves
			}
			return nil
		})
		if _, err := RestoreBackup(ctx, fault, "backup", "new", noProgress); err != nil {
			t.Fatal(err)
		}
		if image == nil {
			break
		}
		if _, err := image.Stat("new"); vfs.IsNotExist(err) {
			if _, err := RestoreBackup(ctx, image, "backup", "new", noProgress); err != nil {
				t.Fatalf("after a kill before operation %d: %v", n, err)
			}
		}
		cfg := d.cfg
		cfg.FS, cfg.Dir = image, "new"
		r := openTest(t, cfg)
		r.model = d.model
		r.verify()
		r.close()
		wantMissing(t, image, "new"+restoreSuffix)
	}
}
