package wal

import (
	"errors"
	"fmt"
	"io"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

// readChunkBytes is how much a reader asks the file for at once.
const readChunkBytes = 1 << 20

// frameReader reads the frames of one segment in order. It owns its buffer and
// is used by one goroutine.
type frameReader struct {
	file vfs.File
	seg  segment
	seed uint32
	size int64 // of the file when opened

	off   int64 // of the next frame
	buf   []byte
	bufAt int64 // file offset of buf[0]
}

// reset puts the reader at the first frame of a segment and keeps the buffer.
func (r *frameReader) reset(f vfs.File, s segment, seed uint32) error {
	size, err := f.Size()
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	*r = frameReader{file: f, seg: s, seed: seed, size: size, off: segmentHeaderBytes, buf: r.buf[:0]}
	return nil
}

// next returns the frame at r.off and moves behind it. Without a valid frame
// there it stays, and reason says why; err is for reads that failed. The payload
// is valid until the next call.
func (r *frameReader) next() (f frame, reason string, err error) {
	header, err := r.peek(frameHeaderBytes)
	if err != nil {
		return frame{}, "", err
	}
	if len(header) < frameHeaderBytes {
		return frame{}, "end of file", nil
	}
	n, reason := frameLength(header, r.seg.lsn(r.off))
	if reason != "" {
		return frame{}, reason, nil
	}
	whole, err := r.peek(frameHeaderBytes + n)
	if err != nil {
		return frame{}, "", err
	}
	if len(whole) < frameHeaderBytes+n {
		return frame{}, "frame is cut short by the end of the file", nil
	}
	f, reason = decodeFrame(whole, r.seed)
	if reason == "" {
		r.off += int64(len(whole))
	}
	return f, reason, nil
}

// peek returns n bytes at r.off, fewer at the end of the file.
func (r *frameReader) peek(n int) ([]byte, error) {
	if want := min(int64(n), r.size-r.off); r.off+want > r.bufAt+int64(len(r.buf)) || r.off < r.bufAt {
		if err := r.fill(want); err != nil {
			return nil, err
		}
	}
	b := r.buf[r.off-r.bufAt:]
	return b[:min(n, len(b))], nil
}

// fill reads a chunk from r.off on, and want bytes if that is more.
func (r *frameReader) fill(want int64) error {
	want = min(max(want, readChunkBytes), r.size-r.off)
	if int64(cap(r.buf)) < want {
		r.buf = make([]byte, want)
	}
	r.buf, r.bufAt = r.buf[:want], r.off
	n, err := r.file.ReadAt(r.buf, r.off)
	if errors.Is(err, io.EOF) { // shrunk since it was opened
		r.size, err = r.off+int64(n), nil
	}
	r.buf = r.buf[:n]
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	return nil
}
