package wal

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

const (
	segmentHeaderBytes = 64
	segmentVersion     = 1
	segmentSuffix      = ".wal"
	spareSuffix        = ".tmp"
)

// The segment header; its layout is in doc.go.
const (
	headerVersionAt = 8
	headerIDAt      = 16
	headerFirstAt   = 24
	headerCRCAt     = 60
)

var segmentMagic = []byte("CACHWAL\n")

// logID tells a log from all others.
type logID uint64

// seed is the checksum with which every frame's begins.
func (id logID) seed() uint32 {
	var b [8]byte
	le.PutUint64(b[:], uint64(id))
	return crc32.Checksum(b[:], castagnoli)
}

// segment is a segment file by its name.
type segment struct {
	first LSN
	path  string
}

// offset is where in the file the frame of lsn is.
func (s segment) offset(lsn LSN) int64 { return int64(lsn-s.first) + segmentHeaderBytes }

// lsn is the position of the frame at offset.
func (s segment) lsn(offset int64) LSN { return s.first + LSN(offset-segmentHeaderBytes) }

func (s segment) corrupt(offset int64, lsn LSN, format string, args ...any) error {
	return &CorruptError{File: s.path, Offset: offset, LSN: lsn, Reason: fmt.Sprintf(format, args...)}
}

func segmentPath(dir string, first LSN) string {
	return filepath.Join(dir, fmt.Sprintf("%016x%s", uint64(first), segmentSuffix))
}

// parseSegmentName returns the first LSN of a segment named so, false for other
// files.
func parseSegmentName(name string) (LSN, bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(digits) != 16 || strings.ToLower(digits) != digits {
		return 0, false
	}
	first, err := strconv.ParseUint(digits, 16, 64)
	return LSN(first), err == nil
}

// listSegments returns the segments of a directory in the order of their LSNs.
func listSegments(fsys vfs.FS, dir string) ([]segment, error) {
	names, err := fsys.List(dir)
	if err != nil {
		return nil, fmt.Errorf("list the log: %w", err)
	}
	var segs []segment
	for _, name := range names { // lexical order is that of the LSNs
		if first, ok := parseSegmentName(name); ok {
			segs = append(segs, segment{first: first, path: filepath.Join(dir, name)})
		}
	}
	return segs, nil
}

func encodeSegmentHeader(id logID, first LSN) []byte {
	b := make([]byte, segmentHeaderBytes)
	copy(b, segmentMagic)
	le.PutUint32(b[headerVersionAt:], segmentVersion)
	le.PutUint64(b[headerIDAt:], uint64(id))
	le.PutUint64(b[headerFirstAt:], uint64(first))
	signSegmentHeader(b)
	return b
}

func signSegmentHeader(b []byte) {
	le.PutUint32(b[headerCRCAt:], crc32.Checksum(b[:headerCRCAt], castagnoli))
}

// readSegmentHeader checks a segment's header and returns the log's id. A named
// segment's header was durable before the name, so any damage is corruption.
func readSegmentHeader(f vfs.File, s segment) (logID, error) {
	b := make([]byte, segmentHeaderBytes)
	switch n, err := f.ReadAt(b, 0); {
	case errors.Is(err, io.EOF):
		return 0, s.corrupt(0, s.first, "segment header is cut short after %d bytes", n)
	case err != nil:
		return 0, fmt.Errorf("read the log: %w", err)
	}
	if !bytes.Equal(b[:len(segmentMagic)], segmentMagic) {
		return 0, s.corrupt(0, s.first, "not a log segment: bad magic")
	}
	if crc32.Checksum(b[:headerCRCAt], castagnoli) != le.Uint32(b[headerCRCAt:]) {
		return 0, s.corrupt(0, s.first, "segment header: checksum mismatch")
	}
	if s.first < FirstLSN || s.first > maxLSN {
		return 0, s.corrupt(0, s.first, "no segment can begin at LSN %d", s.first)
	}
	if v := le.Uint32(b[headerVersionAt:]); v != segmentVersion {
		return 0, fmt.Errorf("%w: %s has version %d, this build knows %d", ErrVersion, s.path, v, segmentVersion)
	}
	if first := LSN(le.Uint64(b[headerFirstAt:])); first != s.first {
		return 0, s.corrupt(headerFirstAt, s.first, "segment begins at LSN %d and is named for another", first)
	}
	return logID(le.Uint64(b[headerIDAt:])), nil
}
