package store

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
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
