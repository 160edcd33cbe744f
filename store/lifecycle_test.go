package store

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/vfs"
)

// countingFS counts files and locks that are not closed.
type countingFS struct {
	vfs.FS
	open atomic.Int64
}

type countedFile struct {
	vfs.File
	fs *countingFS
}

func (f countedFile) Close() error {
	f.fs.open.Add(-1)
	return f.File.Close()
}

type countedLock struct {
	io.Closer
	fs *countingFS
}

func (l countedLock) Close() error {
	l.fs.open.Add(-1)
	return l.Closer.Close()
}

func (c *countingFS) count(f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	c.open.Add(1)
	return countedFile{f, c}, nil
}

func (c *countingFS) Create(name string) (vfs.File, error) { return c.count(c.FS.Create(name)) }
func (c *countingFS) Open(name string) (vfs.File, error)   { return c.count(c.FS.Open(name)) }
func (c *countingFS) OpenReadWrite(name string) (vfs.File, error) {
	return c.count(c.FS.OpenReadWrite(name))
}
func (c *countingFS) Lock(name string) (io.Closer, error) {
	l, err := c.FS.Lock(name)
	if err != nil {
		return nil, err
	}
	c.open.Add(1)
	return countedLock{l, c}, nil
}

// TestEveryFailureOfOpen fails each operation of a start in turn: an error,
// nothing stays open, and the next start finds everything.
func TestEveryFailureOfOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails when a goroutine is left
		ctx := context.Background()
		d := openTest(t, memConfig(vfs.NewMem(), 2))
		d.create()
		d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), testRow{id: 1}) })
		d.model[1] = testRow{id: 1}
		loader := d.db.Begin(TxnOptions{})
		if err := feed(ctx, loader, d.table(loader), []testRow{{id: 2}}); err != nil {
			t.Fatal(err)
		}
		if err := d.db.Checkpoint(ctx); err != nil {
			t.Fatal(err)
		}
		loader.Rollback()
		d.close()
		for _, disk := range []*vfs.Mem{vfs.NewMem(), d.disk()} {
			for n, opened := 1, false; !opened; n++ {
				seen := 0
				fs := vfs.NewFault(disk.Clone())
				fs.SetHook(func(vfs.Op, string) error {
					if seen++; seen == n {
						return syscall.EIO
					}
					return nil
				})
				files := &countingFS{FS: fs}
				cfg := d.cfg
				cfg.FS = files
				cfg.Spawn = func(work func()) { work() }
				db, err := Open(ctx, cfg)
				if opened = err == nil; opened && seen >= n {
					db.Close() // of an operation that is only for progress or in advance
					opened = false
				} else if opened {
					db.Close()
				} else if !errors.Is(err, syscall.EIO) && !isCode(err, sqlerr.IOError) {
					t.Fatalf("operation %d failed and Open says %v", n, err)
				}
				if files.open.Load() != 0 {
					t.Fatalf("after operation %d failed %d files stay open", n, files.open.Load())
				}
				fs.SetHook(nil)
				if db, err = Open(ctx, cfg); err != nil {
					t.Fatalf("after operation %d failed: %v", n, err)
				}
				if disk == d.disk() {
					d.db = db
					d.check()
					d.verify()
				}
				db.Close()
			}
		}
	})
}

// TestTwoOpens refuses a directory that is in use.
func TestTwoOpens(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	if _, err := Open(ctx, d.cfg); !errors.Is(err, vfs.ErrLocked) {
		t.Fatalf("a second open gives %v", err)
	}
	if _, err := CheckDir(ctx, d.cfg.FS, d.cfg.Dir, nil); !errors.Is(err, vfs.ErrLocked) {
		t.Fatalf("a check of a directory in use gives %v", err)
	}
	d.reopen()
}

// TestCloseDuringCheckpoint closes the database while a checkpoint is written,
// one asked for or one that is due: it is given up first, and leaves nothing.
func TestCloseDuringCheckpoint(t *testing.T) {
	ctx := context.Background()
	for _, due := range []bool{false, true} {
		d, fs := openFaulty(t)
		d.model[1] = testRow{id: 1}
		d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), d.model[1]) })
		writing, closing := make(chan struct{}), make(chan struct{})
		fs.SetHook(func(op vfs.Op, path string) error {
			if op == vfs.OpCreate && strings.HasPrefix(filepath.Base(path), checkpointPrefix) {
				close(writing)
				<-closing
			}
			return nil
		})
		asked := make(chan error, 1)
		if due {
			d.db.cfg.CheckpointBytes = 1
			d.db.checkpoints.size.Store(0)
			d.db.checkpointIfDue()
			asked <- errClosed
		} else {
			go func() { asked <- d.db.Checkpoint(ctx) }()
		}
		<-writing
		go func() {
			for !d.db.closed.Load() {
				runtime.Gosched()
			}
			close(closing)
		}()
		if err := d.db.Close(); err != nil {
			t.Fatal(err)
		}
		names, _ := fs.List(d.cfg.Dir)
		for _, name := range names {
			if strings.HasSuffix(name, checkpointTemp) {
				t.Fatalf("%s is left", name)
			}
		}
		if err := <-asked; !isCode(err, sqlerr.AdminShutdown) {
			t.Fatalf("the checkpoint says %v", err)
		}
		fs.SetHook(nil)
		d.open()
		d.verify()
		if err := d.db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := d.db.Checkpoint(ctx); !isCode(err, sqlerr.AdminShutdown) {
			t.Fatalf("a checkpoint of a closed database says %v", err)
		}
	}
}

// TestCancelledOpen ends the context in each stage of recovery: that is the
// error, not damage.
func TestCancelledOpen(t *testing.T) {
	ctx := context.Background()
	d := openTest(t, memConfig(vfs.NewMem(), 2))
	d.create()
	if err := d.db.Checkpoint(ctx); err != nil {
		t.Fatal(err)
	}
	d.commit(func(txn *Txn) error { return put(ctx, txn, d.table(txn), testRow{id: 1}) })
	d.close()
	reason := errors.New("cancelled by a test")
	for _, stage := range []string{"checkpoint", "log"} {
		ctx, cancel := context.WithCancelCause(ctx)
		cfg := d.cfg
		cfg.Progress = func(now string, _, _ int64) {
			if now == stage {
				cancel(reason)
			}
		}
		if _, err := Open(ctx, cfg); !errors.Is(err, reason) {
			t.Fatalf("cancelled in stage %s: %v", stage, err)
		}
	}
	d.open()
}

// TestFailedCheckpointIsNotTriedAtOnce lets a checkpoint that is due fail: the
// next attempt waits, whatever vacuum's rounds.
func TestFailedCheckpointIsNotTriedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, fs := openFaulty(t)
		attempts := 0
		fs.SetHook(func(op vfs.Op, path string) error {
			if op == vfs.OpCreate && strings.HasPrefix(filepath.Base(path), checkpointPrefix) {
				attempts++
				return syscall.ENOSPC
			}
			return nil
		})
		d.db.cfg.CheckpointBytes = 1
		d.db.checkpoints.size.Store(0)
		for range 10 {
			d.db.checkpointIfDue()
			synctest.Wait()
		}
		if attempts != 1 {
			t.Errorf("%d attempts at once", attempts)
		}
		time.Sleep(checkpointRetry + time.Second)
		fs.SetHook(nil)
		d.db.checkpointIfDue()
		synctest.Wait()
		if lsn := d.db.checkpoints.lsn.Load(); lsn == 0 || lsn != uint64(d.db.log.applied) {
			t.Errorf("the checkpoint was not written when it could be")
		}
		d.db.Close()
	})
}
