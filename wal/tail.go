package wal

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/cachalotdb/cachalot/internal/vfs"
)

// tail is what lies in the last segment at and behind the first place without
// a valid frame.
type tail struct {
	// dirtyFrom and dirtyTo enclose all bytes that are not zero; equal when there
	// are none.
	dirtyFrom, dirtyTo int64
	// synced is the largest synced of the valid frames found behind, 0 for none,
	// and witness the LSN of that frame.
	synced, witness LSN
}

// crcBlockBytes is the distance of the prefix checksums that scanTail keeps.
const crcBlockBytes = 4096

// tailScanner looks through the rest of a segment.
//
// A frame may begin at any byte. The LSN at its place in the header filters
// nearly all offsets, but a payload can be full of lookalikes, each with a length
// of 16 MiB. So their checksums are not computed one by one: one pass keeps the
// checksum of every prefix that ends on a block, and a lookalike's follows from
// two prefixes by arithmetic. The whole is linear in the size of the segment, plus
// some microseconds a lookalike.
type tailScanner struct {
	file vfs.File
	seg  segment
	seed uint32
	from int64 // where the first frame is missing
	size int64

	prefixes []uint32 // [i] is the CRC32C of [from, from + i*crcBlockBytes)
	found    tail
}

// scanTail scans [from, size) of a segment.
func scanTail(f vfs.File, s segment, seed uint32, from, size int64) (tail, error) {
	sc := &tailScanner{file: f, seg: s, seed: seed, from: from, size: size}
	sc.found.dirtyFrom, sc.found.dirtyTo = from, from
	candidates, err := sc.pass()
	if err != nil {
		return tail{}, err
	}
	for _, at := range candidates {
		if err := sc.judge(at); err != nil {
			return tail{}, err
		}
	}
	return sc.found, nil
}

// pass reads everything once: prefix checksums, bytes that are not zero, and
// the offsets that look like a frame's.
func (sc *tailScanner) pass() (candidates []int64, err error) {
	const overlap = frameHeaderBytes - 1
	buf := make([]byte, 0, overlap+min(readChunkBytes, max(0, sc.size-sc.from)))
	crc := uint32(0)
	sc.prefixes = append(sc.prefixes, crc)
	for at := sc.from; at < sc.size; {
		keep := min(len(buf), overlap)
		copy(buf, buf[len(buf)-keep:])
		n := int(min(readChunkBytes, sc.size-at))
		buf = buf[:keep+n]
		if err := readFull(sc.file, buf[keep:], at); err != nil {
			return nil, err
		}
		zero := isZero(buf) // the usual case: the preallocated rest
		if !zero {
			sc.noteDirty(buf[keep:], at)
		}
		for chunk := buf[keep:]; len(chunk) > 0; {
			block := chunk[:min(crcBlockBytes, len(chunk))]
			crc = crc32.Update(crc, castagnoli, block)
			sc.prefixes = append(sc.prefixes, crc)
			chunk = chunk[len(block):]
		}
		base := at - int64(keep)
		for i := 0; !zero && i+frameHeaderBytes <= len(buf); i++ {
			if sc.looksLikeFrame(buf[i:], base+int64(i)) {
				candidates = append(candidates, base+int64(i))
			}
		}
		at += int64(n)
	}
	return candidates, nil
}

func (sc *tailScanner) noteDirty(b []byte, at int64) {
	for len(b) > 0 {
		n := min(len(b), crcBlockBytes)
		if !isZero(b[:n]) {
			first, last := 0, n-1
			for b[first] == 0 {
				first++
			}
			for b[last] == 0 {
				last--
			}
			if sc.found.dirtyTo == sc.found.dirtyFrom {
				sc.found.dirtyFrom = at + int64(first)
			}
			sc.found.dirtyTo = at + int64(last) + 1
		}
		b, at = b[n:], at+int64(n)
	}
}

func isZero(b []byte) bool {
	for len(b) >= 8 {
		if le.Uint64(b) != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// looksLikeFrame filters by the header alone. Only a frame that would prove the
// damaged place durable is of interest.
func (sc *tailScanner) looksLikeFrame(header []byte, at int64) bool {
	if LSN(le.Uint64(header[frameLSNAt:])) != sc.seg.lsn(at) {
		return false
	}
	n, reason := frameLength(header, sc.seg.lsn(at))
	return reason == "" && at+frameHeaderBytes+int64(n) <= sc.size &&
		LSN(le.Uint64(header[frameSyncedAt:])) > sc.seg.lsn(sc.from)
}

// judge checks the checksum of a candidate and takes its synced as evidence.
func (sc *tailScanner) judge(at int64) error {
	var header [frameHeaderBytes]byte
	if err := readFull(sc.file, header[:], at); err != nil {
		return err
	}
	begin := at + frameLengthAt
	end := at + frameHeaderBytes + int64(le.Uint32(header[frameLengthAt:]))
	before, err := sc.prefix(begin)
	if err != nil {
		return err
	}
	through, err := sc.prefix(end)
	if err != nil {
		return err
	}
	// crc(seed, bytes) from crc(prefix) and crc(prefix, bytes).
	if through^crcShift(before^sc.seed, end-begin) != le.Uint32(header[:]) {
		return nil
	}
	if synced := LSN(le.Uint64(header[frameSyncedAt:])); synced > sc.found.synced {
		sc.found.synced, sc.found.witness = synced, sc.seg.lsn(at)
	}
	return nil
}

// prefix returns the CRC32C of [from, to).
func (sc *tailScanner) prefix(to int64) (uint32, error) {
	block := (to - sc.from) / crcBlockBytes
	rest := make([]byte, (to-sc.from)%crcBlockBytes)
	if err := readFull(sc.file, rest, sc.from+block*crcBlockBytes); err != nil {
		return 0, err
	}
	return crc32.Update(sc.prefixes[block], castagnoli, rest), nil
}

// readFull fills p from off; the end of the file before that is an error.
func readFull(f vfs.File, p []byte, off int64) error {
	n, err := f.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read the log: %w", err)
}
