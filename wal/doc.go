// Package wal is an append-only log of opaque records: framing, checksums,
// segments, group sync, replay. It knows nothing of what the records mean.
//
// The promise: a record is replayed after any crash once Sync(end) has returned
// nil for it, records are replayed in the order of Append without a gap, and
// nothing else is ever replayed. Damage to what was durable is an error with a
// file and an offset, never a shorter log.
//
// # Positions
//
// An LSN is the byte position of a frame in the concatenation of all frames ever
// written, starting at FirstLSN. Segments follow one another without a gap: the
// first LSN of one is the end of the last frame of the one before. So the byte
// offset of a frame in its file is its LSN - the segment's first LSN + 64, and in
// the first segment of a log the LSN is the offset.
//
// # Files
//
// A log is a directory of segments named by their first LSN, 16 hexadecimal
// digits and ".wal". A segment is preallocated, its unused rest is zeros. A record
// does not cross segments: one that does not fit in the rest begins the next. One
// too large for Config.SegmentSizeBytes gets a larger segment. next-N.tmp is a
// segment in preparation; Open removes what a crash left of them.
//
// All numbers are little-endian. Segment header, 64 bytes:
//
//	offset  size
//	     0     8  magic "CACHWAL\n"
//	     8     4  format version, 1
//	    12     4  zero
//	    16     8  log id, random, the same in all segments of a log
//	    24     8  first LSN of the segment
//	    32    28  zero
//	    60     4  CRC32C of bytes 0 to 59
//
// Frame, 25 bytes and the payload:
//
//	offset  size
//	     0     4  CRC32C of the log id and of all that follows
//	     4     4  length of the payload, at most 16 MiB
//	     8     8  LSN of the frame
//	    16     8  synced: everything below was durable when the frame was made
//	    24     1  kind: below 0xF0 a record's, 0xF0 a mark, 0xF1 a seal
//	    25     n  payload
//
// The log id in the checksum and the LSN make sure that bytes of another log, of
// an earlier use of the disk block or of another place in this log never pass for
// a frame. A mark has no payload and only carries synced. A seal ends a segment
// that is full: its LSN is the first LSN of the next one, and it takes no room in
// the count of LSNs.
//
// # Torn tail or corruption
//
// The bytes that a crash may leave half written are those that were not known
// durable. A reader that finds no valid frame where one should begin (at LSN x)
// looks for evidence that x was durable:
//
//   - a later segment, whose header is written only when everything below its
//     first LSN is durable, or a seal;
//   - a valid frame behind the damage, in the rest of the last segment, whose
//     synced is above x: the reader looks at every byte offset for one;
//   - the position from which it was told to replay, which a checkpoint made sure of.
//
// With evidence it is corruption: a *CorruptError, and nothing is changed.
// Without, it is a torn tail: Open cuts it. Every frame carries synced, and
// MarkSynced and Close write a mark, so only damage in the last group of records
// before a crash can be taken for a torn tail, and no format can tell there.
//
// A segment gets its name only after its header and blocks are durable, so
// a named segment with a bad or short header is no crash's work and is corrupt.
// A missing segment shows as a gap between two, as a seal without a successor, or
// as a log that begins above or ends below the position to replay from.
//
// # Opening after a failure
//
// Open cuts by writing zeros over what lies behind the last frame, since a frame
// left there could fit again behind a new one of the same length. And it writes
// the frames that are not known durable once more before it syncs: after a failed
// sync the kernel may show bytes that it has neither written nor will write.
// Both overwrite allocated blocks and need no space.
//
// # Syncs
//
// Appends go to a buffer in memory. The first who waits in Sync leads: takes the
// buffer, writes it, syncs once, and wakes all others whose records were in it;
// appends go on meanwhile to a second buffer. When a segment is full the leader
// syncs it, and only then gives the next one its header and its name, so that a
// segment proves the durability of all before it.
//
// After a failed write or sync of the log nothing is tried again: see ErrFailed.
// Lack of space, however, shows before: a record is taken by Append only when its
// place is in a file that has its blocks, so a full disk refuses records and
// breaks nothing.
//
// # Costs
//
// Counted before the code was written, kept by TestSyncCosts and
// BenchmarkAppendSync: Append of n bytes copies n + 25 bytes, computes one CRC
// over them (CRC32C by the CPU's instruction) and allocates nothing in steady
// state. Append and Sync of a small record: one write of n + 25 bytes and one
// fdatasync into blocks that are allocated and written, no change of the file's
// size. A group of any number of records costs the same two calls. A mark, once
// per idle moment: 25 bytes, one write and one fdatasync. A segment: in the
// background its size once in zeros (not in a bulk load, see allocation) and its seal; in the leader's path the sync of
// the old one, the header's, and one of the directory. Memory: two buffers of about
// MaxBufferedBytes. Recovery reads each byte once, in chunks of 1 MiB or the size of
// a record.
//
// Measured on 2 cores and a virtual disk (ext4), nearly idle: commit of
// 200 bytes 0.12 ms alone, 34 us each for 8 committers, 6 us for 64; a feed of
// records of 256 KiB 0.8 to 1 GB/s, beside it a commit takes 2 ms, 31 ms at the 99th
// percentile (it waits for the feed's bytes); opening a full 64 MiB segment 22 ms.
package wal
