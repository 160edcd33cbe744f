package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/internal/vfs"
	"github.com/cachalotdb/cachalot/store"
)

// TestReadyTellsOfAFailedLog asks /readyz while the node starts, while it is well, when its disk is full, and
// after a failed sync.
func TestReadyTellsOfAFailedLog(t *testing.T) {
	ctx := context.Background()
	disk := vfs.NewFault(vfs.NewMem())
	db, err := store.Open(ctx, store.Config{FS: disk, Dir: "data", Partitions: 2, SegmentBytes: 1 << 12, MaintenanceInterval: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	commit := func() error {
		txn := db.Begin(store.TxnOptions{})
		defer txn.Rollback()
		if err := txn.PutTable(&schema.Table{
			OID: txn.NewOID(), Schema: schema.PublicSchema, Name: strings.Repeat("t", 60), Generation: txn.NewGeneration(), Version: 1,
			Columns: []schema.Column{{Num: 1, Name: "id", Type: value.Of(value.Int8)}}, Key: []int16{1}, KeyName: "k", KeyOID: txn.NewOID(),
		}); err != nil {
			t.Fatal(err)
		}
		return txn.Commit(ctx)
	}
	var h health
	ready := func(code int, says string) {
		t.Helper()
		w := httptest.NewRecorder()
		h.readyz(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if w.Code != code || !strings.Contains(w.Body.String(), says) {
			t.Errorf("readyz answers %d %s, want %d %s", w.Code, w.Body, code, says)
		}
	}
	ready(http.StatusServiceUnavailable, "not ready")
	h.db.Store(db)
	ready(http.StatusOK, "ready")
	disk.SetSpace(0)
	for err == nil {
		err = commit()
	}
	ready(http.StatusOK, "no space left on device")
	disk.SetSpace(-1)
	if err := commit(); err != nil {
		t.Fatal(err)
	}
	ready(http.StatusOK, "ready\n")
	disk.SetHook(func(op vfs.Op, _ string) error { // every sync: the next one may be that of a new segment
		if op == vfs.OpSync {
			return syscall.EIO
		}
		return nil
	})
	if err := commit(); err == nil {
		t.Fatal("a commit succeeded without its sync")
	}
	ready(http.StatusServiceUnavailable, "read-only until it is restarted")
}
