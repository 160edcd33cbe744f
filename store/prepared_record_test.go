package store

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func samplePrepare() *prepareRecord {
	return &prepareRecord{
		catalogVersion: 7, number: 12, owner: 9, gid: "a 'gid'", user: "u", database: "d", prepared: -5, flags: preparedInternal,
		feeds: []uint64{3, 400},
		locks: []preparedLock{
			{RowExclusiveLock, string(lockName(nil, 16384, nil))},
			{ForUpdate, string(lockName(nil, 16384, []byte("k")))},
			{ShareLock, string(AdvisoryID{Pair: true, Key: 5}.lockName(nil))},
		},
		parts: sampleCommit().parts,
	}
}

func sampleResolves() []*resolveRecord {
	c := sampleCommit()
	return []*resolveRecord{
		{number: 9, gid: "g", outcome: outcomeCommit, commit: *c},
		{number: 1 << 40, gid: "", outcome: outcomeRollback},
	}
}

func TestPrepareRecordRoundTrip(t *testing.T) {
	want := samplePrepare()
	b := want.append(nil)
	got, err := decodePrepare(b)
	if err != nil {
		t.Fatal(err)
	}
	options := append(recordEqual, cmp.AllowUnexported(prepareRecord{}, preparedLock{}))
	if d := cmp.Diff(want, got, options...); d != "" {
		t.Fatal(d)
	}
	for i := range b {
		if _, err := decodePrepare(b[:i]); err == nil {
			t.Fatalf("a record cut at %d of %d decodes", i, len(b))
		}
	}
	want.flags = preparedFlags + 1
	if _, err := decodePrepare(want.append(nil)); err == nil || !strings.Contains(err.Error(), "flags 0x2") {
		t.Errorf("a flag of a later build: %v", err)
	}
	for _, l := range []preparedLock{
		{ForUpdate + 1, string(lockName(nil, 1, []byte("k")))},
		{RowExclusiveLock, string(lockName(nil, 1, []byte("k")))},
		{ForUpdate, string(lockName(nil, 1, nil))},
		{RowExclusiveLock, string(AdvisoryID{}.lockName(nil))},
		{RowExclusiveLock, "123"},
	} {
		r := samplePrepare()
		r.locks = []preparedLock{l}
		if _, err := decodePrepare(r.append(nil)); err == nil {
			t.Errorf("lock %v %x decodes", l.mode, l.name)
		}
	}
}

func TestResolveRecordRoundTrip(t *testing.T) {
	for _, want := range sampleResolves() {
		b, err := want.append(nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeResolve(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, append(recordEqual, cmp.AllowUnexported(resolveRecord{}))...); d != "" {
			t.Error(d)
		}
		for i := range b {
			if _, err := decodeResolve(b[:i]); err == nil {
				t.Fatalf("a record cut at %d of %d decodes", i, len(b))
			}
		}
	}
}

// TestLockModesAreNumberedForGood: prepared transactions on disk hold the numbers.
func TestLockModesAreNumberedForGood(t *testing.T) {
	for i, m := range []LockMode{AccessShareLock, RowShareLock, RowExclusiveLock, ShareUpdateExclusiveLock, ShareLock,
		ShareRowExclusiveLock, ExclusiveLock, AccessExclusiveLock, ForKeyShare, ForShare, ForNoKeyUpdate, ForUpdate} {
		if int(m) != i {
			t.Errorf("mode %s has number %d, on disk it is %d", m, m, i)
		}
	}
}

func FuzzDecodePrepare(f *testing.F) {
	f.Add(samplePrepare().append(nil))
	f.Add((&prepareRecord{number: 1}).append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodePrepare(b)
		if err != nil {
			return
		}
		again := r.append(nil)
		r2, err := decodePrepare(again)
		if err != nil {
			t.Fatalf("what was decoded does not decode again: %v", err)
		}
		if !bytes.Equal(again, r2.append(nil)) {
			t.Fatal("encoding is not stable")
		}
	})
}

func FuzzDecodeResolve(f *testing.F) {
	for _, r := range sampleResolves() {
		b, _ := r.append(nil)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeResolve(b)
		if err != nil {
			return
		}
		again, err := r.append(nil)
		if err != nil {
			t.Fatal(err)
		}
		r2, err := decodeResolve(again)
		if err != nil {
			t.Fatalf("what was decoded does not decode again: %v", err)
		}
		if third, _ := r2.append(nil); !bytes.Equal(again, third) {
			t.Fatal("encoding is not stable")
		}
	})
}
