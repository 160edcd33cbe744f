// Package wal is an append-only log of opaque records: framing, checksums,
// segments, group sync, replay.
package wal
