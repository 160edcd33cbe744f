package vfs

import (
	"errors"
	"strings"
	"syscall"
	"testing"
)

func TestHookFailsChosenOperations(t *testing.T) {
	f := NewFault(NewMem())
	file, err := f.Create("f")
	must(t, err)
	f.SetHook(FailNth(OpWrite, 2, syscall.EIO))
	for i, want := range []bool{true, false, true} {
		_, err := file.Write([]byte("x"))
		if (err == nil) != want || err != nil && !errors.Is(err, syscall.EIO) {
			t.Errorf("write %d: %v", i+1, err)
		}
	}
	f.SetHook(FailFrom(OpSync, 2, syscall.ENOSPC))
	for i, want := range []bool{true, false, false} {
		if err := file.Sync(); (err == nil) != want || err != nil && !IsNoSpace(err) {
			t.Errorf("sync %d: %v", i+1, err)
		}
	}
	f.SetHook(nil)
	must(t, file.Sync())
}

func TestHookSeesEveryOperation(t *testing.T) {
	f := NewFault(NewMem())
	must(t, f.MkdirAll("d"))
	put(t, f, "d/f", "x", true)
	file, err := f.OpenReadWrite("d/f")
	must(t, err)
	failing := errors.New("failing")
	f.SetHook(func(Op, string) error { return failing })
	_, e1 := f.Create("d/g")
	_, e2 := f.Open("d/f")
	_, e3 := f.OpenReadWrite("d/f")
	_, e4 := f.List("d")
	_, e5 := f.Stat("d/f")
	_, e6 := f.Lock("d/l")
	_, e7 := file.Read(make([]byte, 1))
	_, e8 := file.ReadAt(make([]byte, 1), 0)
	_, e9 := file.Write([]byte("y"))
	_, e10 := file.WriteAt([]byte("y"), 0)
	for i, err := range []error{e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, f.Rename("d/f", "d/g"), f.Remove("d/f"), f.MkdirAll("e"),
		f.SyncDir("d"), file.Sync(), file.Preallocate(10, Written), file.Truncate(0)} {
		if !errors.Is(err, failing) {
			t.Errorf("operation %d: %v", i+1, err)
		}
	}
	f.SetHook(nil)
	if got := get(t, f, "d/f"); got != "x" {
		t.Errorf("a failed operation was carried out: %q", got)
	}
}

func TestShortWriteWritesTheBeginning(t *testing.T) {
	f := NewFault(NewMem())
	file, err := f.Create("f")
	must(t, err)
	f.SetHook(FailNth(OpWrite, 1, &ShortWrite{Bytes: 3, Err: syscall.EIO}))
	if n, err := file.WriteAt([]byte("abcdef"), 0); n != 3 || !errors.Is(err, syscall.EIO) {
		t.Errorf("wrote %d, %v", n, err)
	}
	if got := get(t, f, "f"); got != "abc" {
		t.Errorf("%q", got)
	}
}

func TestSpaceRunsOut(t *testing.T) {
	f := NewFault(NewMem())
	a, err := f.Create("a")
	must(t, err)
	f.SetSpace(100)
	must(t, a.Preallocate(60, Written))
	if n, err := a.WriteAt([]byte(strings.Repeat("x", 60)), 0); n != 60 || err != nil {
		t.Errorf("a write below the size took space: %d, %v", n, err)
	}
	b, err := f.Create("b")
	must(t, err)
	if err := b.Preallocate(41, Written); !IsNoSpace(err) {
		t.Errorf("41 of 40 bytes: %v", err)
	}
	if n, err := b.Write([]byte(strings.Repeat("y", 50))); n != 40 || !IsNoSpace(err) {
		t.Errorf("50 into 40 bytes: wrote %d, %v", n, err)
	}
	if free, err := f.DiskFree("/"); free != 0 || err != nil {
		t.Errorf("free: %d, %v", free, err)
	}
	must(t, a.Truncate(50))
	must(t, f.Remove("b"))
	if free, _ := f.DiskFree("/"); free != 50 {
		t.Errorf("%d bytes free, want 50", free)
	}
	f.SetSpace(-1)
	must(t, a.Preallocate(1<<20, Written))
}

// TestFailedSyncLosesPages: after a failed sync the bytes show and a good sync
// does not make them durable; written again they are.
func TestFailedSyncLosesPages(t *testing.T) {
	m := NewMem()
	f := NewFault(m)
	put(t, f, "f", "old", true)
	file, err := f.OpenReadWrite("f")
	must(t, err)
	_, err = file.WriteAt([]byte("new"), 0)
	must(t, err)
	f.SetHook(FailNth(OpSync, 1, syscall.EIO))
	if err := file.Sync(); err == nil {
		t.Fatal("Sync did not fail")
	}
	must(t, file.Sync())
	if got := get(t, m, "f"); got != "new" {
		t.Errorf("the page cache shows %q", got)
	}
	look := func(c *Mem) string { return get(t, c, "f") }
	wantOutcomes(t, outcomes(m, look), "old")
	_, err = file.WriteAt([]byte("new"), 0)
	must(t, err)
	must(t, file.Sync())
	wantOutcomes(t, outcomes(m, look), "new")
}
