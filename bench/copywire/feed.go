package copywire

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
)

// Feed says what to send.
type Feed struct {
	DSN  string
	Copy string // the statement, COPY t FROM STDIN ...
	// Header and Trailer enclose the rows of each connection; empty for text formats.
	Header, Trailer string
	Rows            int
	// Append writes row i.
	Append func(b []byte, i int) []byte
	// Connections share the rows in ranges. Default 1.
	Connections int
	// Progress is called now and then with the rows sent so far, from several goroutines. May be nil.
	Progress func(rows int)
}

// Run sends all rows, each connection a range of them in one COPY, and returns the
// number of rows that the server says it took.
func (f Feed) Run(ctx context.Context) (int64, error) {
	connections := max(f.Connections, 1)
	var (
		wg    sync.WaitGroup
		sent  atomic.Int64
		taken atomic.Int64
		errs  = make([]error, connections)
	)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for c := range connections {
		from, to := f.Rows*c/connections, f.Rows*(c+1)/connections
		wg.Go(func() {
			rows, err := f.run(ctx, from, to, &sent)
			if err != nil {
				errs[c] = err
				cancel()
			}
			taken.Add(rows)
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return taken.Load(), err
		}
	}
	return taken.Load(), nil
}

func (f Feed) run(ctx context.Context, from, to int, sent *atomic.Int64) (int64, error) {
	conn, err := pgconn.Connect(ctx, f.DSN)
	if err != nil {
		return 0, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tag, err := conn.CopyFrom(ctx, f.Reader(from, to, func(rows int) {
		total := sent.Add(int64(rows))
		if f.Progress != nil {
			f.Progress(int(total))
		}
	}), f.Copy)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", f.Copy, err)
	}
	return tag.RowsAffected(), nil
}

// Reader returns the stream of the rows [from, to); step, which may be nil, is
// called with the rows that each block adds.
func (f Feed) Reader(from, to int, step func(rows int)) io.Reader {
	return &rowReader{feed: f, next: from, to: to, step: step, block: []byte(f.Header)}
}

// blockBytes is how much is made at a time.
const blockBytes = 64 << 10

// rowReader makes the stream as it is read.
type rowReader struct {
	feed     Feed
	next, to int
	step     func(rows int)
	block    []byte // made and not yet read
	made     []byte // the block's whole space
	ended    bool
}

func (r *rowReader) Read(p []byte) (int, error) {
	if len(r.block) == 0 {
		if r.ended {
			return 0, io.EOF
		}
		r.fill()
	}
	n := copy(p, r.block)
	r.block = r.block[n:]
	return n, nil
}

func (r *rowReader) fill() {
	first := r.next
	r.made = r.made[:0]
	for ; r.next < r.to && len(r.made) < blockBytes; r.next++ {
		r.made = r.feed.Append(r.made, r.next)
	}
	if r.next == r.to {
		r.made = append(r.made, r.feed.Trailer...)
		r.ended = true
	}
	r.block = r.made
	if r.step != nil && r.next > first {
		r.step(r.next - first)
	}
}
