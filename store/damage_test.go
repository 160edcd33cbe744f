package store

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

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

// TestDamagedNewestOfTwoCheckpoints finds two, as a crash before the removal of
// the older one leaves them. The newer is the one that counts: damaged, it is an
// error and both stay; whole, the older goes.
func TestDamagedNewestOfTwoCheckpoints(t *testing.T) {
	ctx := context.Background()
	d, fs := openFaulty(t)
	d.model[1] = testRow{id: 1}
	d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[1]) })
	fs.SetHook(vfs.FailFrom(vfs.OpRemove, 1, syscall.EIO))
	if err := d.db.Checkpoint(ctx); !errors.Is(err, syscall.EIO) {
		t.Fatalf("got %v", err)
	}
	d.db.Close()
	fs.SetHook(nil)
	checkpoints := func(fs vfs.FS) (found []string) {
		names, _ := fs.List("data")
		for _, n := range names {
			if strings.HasPrefix(n, checkpointPrefix) {
				found = append(found, filepath.Join("data", n))
			}
		}
		return found
	}
	both := checkpoints(d.disk())
	if len(both) != 2 {
		t.Fatalf("there are %v", both)
	}
	damaged := d.disk().Clone()
	f, err := damaged.OpenReadWrite(both[1])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("x"), 100); err != nil {
		t.Fatal(err)
	}
	f.Close()
	cfg := d.cfg
	cfg.FS = damaged
	var corrupt *CorruptError
	if _, err := Open(ctx, cfg); !errors.As(err, &corrupt) || corrupt.File != both[1] {
		t.Fatalf("got %v", err)
	}
	if now := checkpoints(damaged); len(now) != 2 {
		t.Fatalf("there are %v", now)
	}
	d.open()
	d.verify()
	if now := checkpoints(d.disk()); len(now) != 1 || now[0] != both[1] {
		t.Fatalf("there are %v", now)
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
