package store

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

// backupSeed returns the stream of a backup of a few rows.
func backupSeed(f *testing.F) []byte {
	ctx := context.Background()
	db, err := Open(ctx, Config{Partitions: 2})
	if err != nil {
		f.Fatal(err)
	}
	defer db.Close()
	txn := db.Begin(TxnOptions{})
	def := testTable(txn, "t")
	var stream bytes.Buffer
	if err := errors.Join(txn.PutTable(def), feed(ctx, txn, def, []testRow{{id: 1, town: "Paris"}, {id: 2}}), txn.Commit(ctx)); err != nil {
		f.Fatal(err)
	}
	if _, err := db.Backup(ctx, &stream); err != nil {
		f.Fatal(err)
	}
	return stream.Bytes()
}

// FuzzReceiveBackup feeds streams to ReceiveBackup: what it takes for a backup must be one, and
// what it refuses must leave nothing.
func FuzzReceiveBackup(f *testing.F) {
	whole := backupSeed(f)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte(backupMagic))
	f.Fuzz(func(t *testing.T, stream []byte) {
		ctx, fs := context.Background(), vfs.NewMem()
		if err := fs.MkdirAll("backup"); err != nil {
			t.Fatal(err)
		}
		if _, err := ReceiveBackup(ctx, fs, "backup", bytes.NewReader(stream), noProgress); err != nil {
			wantEmpty(t, fs, "backup")
			return
		}
		m, err := readManifest(fs, "backup")
		if err == nil {
			err = m.eachPart(ctx, fs, "backup", noProgress, func(byte, []byte) error { return nil })
		}
		if err != nil {
			t.Fatalf("a stream was accepted and cannot be restored: %v", err)
		}
	})
}

// FuzzManifest decodes texts whose checksum is right.
func FuzzManifest(f *testing.F) {
	whole := backupSeed(f)
	f.Add(whole[bytes.LastIndex(whole, []byte("{\n  \"format\"")):bytes.LastIndex(whole, []byte(sumLine))])
	f.Fuzz(func(t *testing.T, text []byte) {
		text = append(text, '\n')
		m, err := decodeManifest(backupManifest, append(text, manifestSum(text)...))
		if err != nil {
			return
		}
		if again, err := decodeManifest(backupManifest, m.encode()); err != nil || again.Rows != m.Rows || len(again.Files) != len(m.Files) {
			t.Fatalf("%+v comes back as %+v, %v", m, again, err)
		}
	})
}
