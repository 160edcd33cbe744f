package wal

import (
	"bytes"
	"hash/crc32"
	"strings"
)

// naiveSegment is a segment file and the position by which it is named.
type naiveSegment struct {
	first LSN
	b     []byte
}

// naiveLog is what a log holds by the letter of doc.go, written down a second time without
// a thought for speed: FuzzReader compares the reader with it.
type naiveLog struct {
	corrupt bool // or of a version that is not ours
	records []record
	end     LSN
	torn    int64
}

// naiveRead reads segments as Open does, from a position on.
func naiveRead(segs []naiveSegment, from LSN) naiveLog {
	bad := naiveLog{corrupt: true}
	from = max(from, FirstLSN)
	if segs[0].first > from {
		return bad
	}
	for len(segs) > 1 && segs[1].first <= from {
		segs = segs[1:]
	}
	var log naiveLog
	var id []byte
	at := segs[0].first
	for i, s := range segs {
		h := s.b
		if len(h) < 64 || string(h[:8]) != "CACHWAL\n" || crc32.Checksum(h[:60], castagnoli) != le.Uint32(h[60:]) ||
			le.Uint32(h[8:]) != 1 || LSN(le.Uint64(h[24:])) != s.first {
			return bad
		}
		if id == nil {
			id = h[16:24]
		}
		if !bytes.Equal(id, h[16:24]) {
			return bad
		}
		last := i == len(segs)-1
		for last || at < segs[i+1].first {
			off := int(at-s.first) + 64
			r, _, ok := naiveFrame(s, id, off)
			if !ok {
				break
			}
			next := at + LSN(25+len(r.payload))
			if r.kind >= kindSeal || at < from && next > from || !last && next > segs[i+1].first {
				return bad
			}
			if r.kind < KindReserved && at >= from {
				log.records = append(log.records, r)
			}
			at = next
		}
		if !last {
			if at != segs[i+1].first {
				return bad
			}
			continue
		}
		tail := int(at-s.first) + 64
		for off := tail; off < len(s.b); off++ {
			if _, synced, ok := naiveFrame(s, id, off); ok && synced > at {
				return bad
			}
		}
		log.torn = int64(len(strings.TrimRight(string(s.b[tail:]), "\x00")))
	}
	log.end = at
	if at < from {
		return bad
	}
	return log
}

// naiveFrame returns the frame at an offset, if a valid one is there.
func naiveFrame(s naiveSegment, id []byte, off int) (r record, synced LSN, ok bool) {
	lsn := s.first + LSN(off-64)
	if len(s.b)-off < 25 {
		return r, 0, false
	}
	f := s.b[off:]
	n := int(le.Uint32(f[4:]))
	synced = LSN(le.Uint64(f[16:]))
	if n > MaxRecordBytes || n > len(f)-25 || LSN(le.Uint64(f[8:])) != lsn || synced > lsn {
		return r, 0, false
	}
	if crc32.Checksum(append(bytes.Clone(id), f[4:25+n]...), castagnoli) != le.Uint32(f) {
		return r, 0, false
	}
	return record{lsn, f[24], string(f[25 : 25+n])}, synced, true
}
