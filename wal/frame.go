package wal

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// LSN is a log sequence number: the byte position of a frame in the whole log.
// It only grows, over segments and restarts. 0 is before every record.
type LSN uint64

// FirstLSN is the position of the first frame of a log.
const FirstLSN LSN = segmentHeaderBytes

// maxLSN bounds what a reader believes, so that sums of LSNs do not overflow.
const maxLSN LSN = 1 << 62

// MaxRecordBytes is the largest payload of one record.
const MaxRecordBytes = 16 << 20

// KindReserved is the smallest kind that belongs to the log itself; Append takes
// kinds below it.
const KindReserved byte = 0xF0

const (
	kindMark = KindReserved + iota // carries synced, nothing else
	kindSeal                       // ends a full segment, takes no LSNs
)

// frameHeaderBytes is what precedes the payload. The layout is in doc.go.
const frameHeaderBytes = 25

const (
	frameLengthAt = 4 // also where the checksum begins to count
	frameLSNAt    = 8
	frameSyncedAt = 16
	frameKindAt   = 24
)

var le = binary.LittleEndian

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frame is a decoded frame. The payload points into the reader's buffer.
type frame struct {
	lsn     LSN
	synced  LSN
	kind    byte
	payload []byte
}

// sizeBytes is the frame's length in the file.
func (f frame) sizeBytes() int64 { return frameHeaderBytes + int64(len(f.payload)) }

// end is the position after the frame.
func (f frame) end() LSN {
	if f.kind == kindSeal {
		return f.lsn
	}
	return f.lsn + LSN(f.sizeBytes())
}

// sealFrame writes the header into b, whose payload is in place, and with it the
// checksum. seed is the log's (logID.seed).
func sealFrame(b []byte, seed uint32, lsn, synced LSN, kind byte) {
	le.PutUint32(b[frameLengthAt:], uint32(len(b)-frameHeaderBytes))
	le.PutUint64(b[frameLSNAt:], uint64(lsn))
	le.PutUint64(b[frameSyncedAt:], uint64(synced))
	b[frameKindAt] = kind
	le.PutUint32(b, crc32.Update(seed, castagnoli, b[frameLengthAt:]))
}

// frameLength returns the payload length that the header claims, or a reason
// why there is no frame at lsn. It looks at the header alone.
func frameLength(header []byte, lsn LSN) (n int, reason string) {
	if got := LSN(le.Uint64(header[frameLSNAt:])); got != lsn {
		return 0, fmt.Sprintf("frame of LSN %d where LSN %d should be", got, lsn)
	}
	length := le.Uint32(header[frameLengthAt:])
	if length > MaxRecordBytes {
		return 0, fmt.Sprintf("frame length %d over the maximum", length)
	}
	if LSN(le.Uint64(header[frameSyncedAt:])) > lsn {
		return 0, "frame claims that bytes behind it are durable"
	}
	return int(length), ""
}

// decodeFrame decodes all of b, whose header frameLength has accepted.
func decodeFrame(b []byte, seed uint32) (f frame, reason string) {
	if crc32.Update(seed, castagnoli, b[frameLengthAt:]) != le.Uint32(b) {
		return frame{}, "checksum mismatch"
	}
	return frame{
		lsn:     LSN(le.Uint64(b[frameLSNAt:])),
		synced:  LSN(le.Uint64(b[frameSyncedAt:])),
		kind:    b[frameKindAt],
		payload: b[frameHeaderBytes:],
	}, ""
}
