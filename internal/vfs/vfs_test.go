package vfs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// each runs a test on every implementation, with a directory to work in.
func each(t *testing.T, test func(t *testing.T, fsys FS, dir string)) {
	t.Run("os", func(t *testing.T) { test(t, OS, t.TempDir()) })
	t.Run("mem", func(t *testing.T) {
		m := NewMem()
		must(t, m.MkdirAll("/work"))
		test(t, m, "/work")
	})
	t.Run("fault", func(t *testing.T) {
		m := NewMem()
		must(t, m.MkdirAll("/work"))
		test(t, NewFault(m), "/work")
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put makes a file with a content; synced says whether it and its name are durable.
func put(t testing.TB, fsys FS, name, content string, synced bool) {
	t.Helper()
	f, err := fsys.Create(name)
	must(t, err)
	_, err = f.Write([]byte(content))
	must(t, err)
	if synced {
		must(t, f.Sync())
		must(t, fsys.SyncDir(filepath.Dir(name)))
	}
	must(t, f.Close())
}

// get reads a file; a missing one is "-".
func get(t testing.TB, fsys FS, name string) string {
	t.Helper()
	f, err := fsys.Open(name)
	if IsNotExist(err) {
		return "-"
	}
	must(t, err)
	defer f.Close()
	b, err := io.ReadAll(f)
	must(t, err)
	return string(b)
}

func TestFileReadsWhatWasWritten(t *testing.T) {
	each(t, func(t *testing.T, fsys FS, dir string) {
		name := filepath.Join(dir, "f")
		f, err := fsys.Create(name)
		must(t, err)
		for _, s := range []string{"hello ", "world"} {
			n, err := f.Write([]byte(s))
			if n != len(s) || err != nil {
				t.Fatal(n, err)
			}
		}
		_, err = f.WriteAt([]byte("W"), 6)
		must(t, err)
		_, err = f.WriteAt([]byte("far"), 10000)
		must(t, err)
		must(t, f.Sync())
		must(t, f.Close())

		f, err = fsys.OpenReadWrite(name)
		must(t, err)
		if size, err := f.Size(); size != 10003 || err != nil {
			t.Errorf("size %d, %v", size, err)
		}
		b := make([]byte, 20)
		n, err := f.ReadAt(b, 0)
		if n != 20 || err != nil || string(b) != "hello World"+string(make([]byte, 9)) {
			t.Errorf("read %d %q, %v", n, b, err)
		}
		if n, err := f.ReadAt(b, 9995); n != 8 || err != io.EOF || string(b[:8]) != "\x00\x00\x00\x00\x00far" {
			t.Errorf("at the end: %d %q, %v", n, b[:n], err)
		}
		if n, err := f.ReadAt(b, 20000); n != 0 || err != io.EOF {
			t.Errorf("behind the end: %d, %v", n, err)
		}
		must(t, f.Truncate(3))
		must(t, f.Preallocate(5000, Written))
		must(t, f.Preallocate(100, Written))
		must(t, f.Close())
		if got := get(t, fsys, name); got != "hel"+string(make([]byte, 4997)) {
			t.Errorf("after truncation and preallocation: %d bytes, %q", len(got), got[:min(10, len(got))])
		}
		if info, err := fsys.Stat(name); err != nil || info != (Info{SizeBytes: 5000}) {
			t.Errorf("%+v, %v", info, err)
		}
		if f, err = fsys.Create(name); err != nil {
			t.Fatal(err)
		}
		must(t, f.Close())
		if got := get(t, fsys, name); got != "" {
			t.Errorf("Create kept %q", got)
		}
	})
}

func TestReadOnlyAndClosedFilesRefuse(t *testing.T) {
	each(t, func(t *testing.T, fsys FS, dir string) {
		name := filepath.Join(dir, "f")
		put(t, fsys, name, "x", false)
		f, err := fsys.Open(name)
		must(t, err)
		if _, err := f.WriteAt([]byte("y"), 0); err == nil {
			t.Error("wrote to a file opened for reading")
		}
		must(t, f.Close())
		if _, err := f.ReadAt(make([]byte, 1), 0); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("read of a closed file: %v", err)
		}
	})
}

func TestDirectories(t *testing.T) {
	each(t, func(t *testing.T, fsys FS, dir string) {
		sub := filepath.Join(dir, "a", "b")
		must(t, fsys.MkdirAll(sub))
		must(t, fsys.MkdirAll(sub))
		if info, err := fsys.Stat(sub); err != nil || !info.IsDir {
			t.Fatal(info, err)
		}
		for _, n := range []string{"z", "m", "a"} {
			put(t, fsys, filepath.Join(sub, n), n, true)
		}
		must(t, fsys.Rename(filepath.Join(sub, "z"), filepath.Join(sub, "a")))
		must(t, fsys.Rename(filepath.Join(sub, "m"), filepath.Join(dir, "moved")))
		must(t, fsys.SyncDir(sub))
		names, err := fsys.List(sub)
		if err != nil || !slices.Equal(names, []string{"a"}) {
			t.Errorf("%v, %v", names, err)
		}
		if a, m := get(t, fsys, filepath.Join(sub, "a")), get(t, fsys, filepath.Join(dir, "moved")); a != "z" || m != "m" {
			t.Errorf("contents %q and %q", a, m)
		}
		if err := fsys.Remove(sub); err == nil {
			t.Error("removed a directory with a file in it")
		}
		must(t, fsys.Remove(filepath.Join(sub, "a")))
		must(t, fsys.Remove(sub))
		must(t, fsys.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "c")))
		names, err = fsys.List(dir)
		if err != nil || !slices.Equal(names, []string{"c", "moved"}) {
			t.Errorf("%v, %v", names, err)
		}
		missing := filepath.Join(dir, "nowhere", "f")
		_, cerr := fsys.Create(missing)
		_, oerr := fsys.Open(missing)
		_, werr := fsys.OpenReadWrite(missing)
		_, serr := fsys.Stat(missing)
		_, lerr := fsys.List(missing)
		for i, err := range []error{cerr, oerr, werr, serr, lerr, fsys.Remove(missing), fsys.Rename(missing, missing+"2"), fsys.SyncDir(missing)} {
			if !IsNotExist(err) {
				t.Errorf("call %d on a missing file: %v", i, err)
			}
		}
		if err := fsys.MkdirAll(filepath.Join(dir, "moved", "x")); err == nil {
			t.Error("made a directory in a file")
		}
	})
}

func TestRemovedFileStaysOpen(t *testing.T) {
	each(t, func(t *testing.T, fsys FS, dir string) {
		name := filepath.Join(dir, "f")
		put(t, fsys, name, "old", true)
		f, err := fsys.Open(name)
		must(t, err)
		defer f.Close()
		must(t, fsys.Remove(name))
		put(t, fsys, name, "new", true)
		b := make([]byte, 3)
		if _, err := f.ReadAt(b, 0); err != nil || string(b) != "old" {
			t.Errorf("%q, %v", b, err)
		}
	})
}

func TestLockExcludesOthers(t *testing.T) {
	each(t, func(t *testing.T, fsys FS, dir string) {
		name := filepath.Join(dir, "LOCK")
		l, err := fsys.Lock(name)
		must(t, err)
		if _, err := fsys.Lock(name); !errors.Is(err, ErrLocked) {
			t.Errorf("second lock: %v", err)
		}
		must(t, l.Close())
		l, err = fsys.Lock(name)
		must(t, err)
		must(t, l.Close())
	})
}

// TestLockExcludesOtherProcesses runs this test once more as another process.
func TestLockExcludesOtherProcesses(t *testing.T) {
	if name := os.Getenv("VFS_TEST_LOCK"); name != "" {
		if _, err := OS.Lock(name); errors.Is(err, ErrLocked) {
			os.Exit(7)
		}
		os.Exit(8)
	}
	name := filepath.Join(t.TempDir(), "LOCK")
	other := func() int {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestLockExcludesOtherProcesses$")
		cmd.Env = append(os.Environ(), "VFS_TEST_LOCK="+name)
		_ = cmd.Run()
		return cmd.ProcessState.ExitCode()
	}
	l, err := OS.Lock(name)
	must(t, err)
	if code := other(); code != 7 {
		t.Errorf("another process got the lock: exit code %d", code)
	}
	must(t, l.Close())
	if code := other(); code != 8 {
		t.Errorf("another process did not get the lock: exit code %d", code)
	}
}

func TestDiskFree(t *testing.T) {
	each(t, func(t *testing.T, fsys FS, dir string) {
		if n, err := fsys.DiskFree(dir); err != nil || n <= 0 {
			t.Errorf("%d, %v", n, err)
		}
	})
}

func TestPreallocateKeepsContent(t *testing.T) {
	each(t, func(t *testing.T, fsys FS, dir string) {
		f, err := fsys.Create(filepath.Join(dir, "f"))
		must(t, err)
		defer f.Close()
		old := bytes.Repeat([]byte("old"), 1000)
		_, err = f.WriteAt(old, 0)
		must(t, err)
		const size = 20 << 20
		must(t, f.Preallocate(size, Written))
		b := make([]byte, size)
		_, err = f.ReadAt(b, 0)
		must(t, err)
		if !bytes.Equal(b[:len(old)], old) || !bytes.Equal(b[len(old):], make([]byte, size-len(old))) {
			t.Error("contents changed, or new bytes are not zero")
		}
	})
}
