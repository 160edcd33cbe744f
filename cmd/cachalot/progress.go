package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/cachalotdb/cachalot/store"
)

// progress shows how far something long has come: on a terminal in one line that changes, elsewhere
// in a line now and then. Safe for concurrent use.
type progress struct {
	w        io.Writer
	terminal bool
	every    time.Duration

	mu    sync.Mutex // guards below
	last  time.Time
	shown bool
}

// quietFor is how long something may take without a word.
const quietFor = 300 * time.Millisecond

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, terminal: isTerminal(w), every: 5 * time.Second, last: time.Now()}
	if p.terminal {
		p.every = 100 * time.Millisecond
		p.last = p.last.Add(quietFor - p.every)
	}
	return p
}

// isTerminal says whether a person looks at w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// bytes shows so many bytes of a total.
func (p *progress) bytes(stage string, done, total int64) {
	p.line(func() string {
		if total <= 0 {
			return fmt.Sprintf("%s: %.1f MB", stage, float64(done)/1e6)
		}
		return fmt.Sprintf("%s: %.1f of %.1f MB (%d%%)", stage, float64(done)/1e6, float64(total)/1e6, 100*done/total)
	})
}

// parts returns what shows the bytes that have come, the part of a whole that they are in, and
// their rate.
func (p *progress) parts(stage string) store.BackupProgress {
	start := time.Now()
	return func(part, parts int, bytes int64) {
		p.line(func() string {
			mb := float64(bytes) / 1e6
			return fmt.Sprintf("%s: part %d of %d, %.1f MB (%.0f MB/s)", stage, part, parts, mb, mb/time.Since(start).Seconds())
		})
	}
}

// rows shows so many rows of a total.
func (p *progress) rows(stage string, done, total int) {
	p.line(func() string {
		return fmt.Sprintf("%s: %d of %d (%d%%)", stage, done, total, 100*done/max(total, 1))
	})
}

func (p *progress) line(text func() string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.last) < p.every {
		return
	}
	p.last, p.shown = time.Now(), true
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K%s", text())
		return
	}
	fmt.Fprintln(p.w, text())
}

// end clears the line.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal && p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
