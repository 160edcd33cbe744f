package differential

import (
	"context"
	"log/slog"
	"strings"
	"sync"
)

// shownFrames is how many calls of a panic's stack a finding shows.
const shownFrames = 14

// stackLog is a slog.Handler that keeps the last error, for the stack of a panic. Safe for concurrent use.
type stackLog struct {
	mu   sync.Mutex
	text string
}

func (l *stackLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }
func (l *stackLog) WithAttrs([]slog.Attr) slog.Handler               { return l }
func (l *stackLog) WithGroup(string) slog.Handler                    { return l }

func (l *stackLog) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = r.Message
	r.Attrs(func(a slog.Attr) bool {
		l.text += " " + a.String()
		return true
	})
	return nil
}

// last returns the last error, with the first calls of its stack.
func (l *stackLog) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var calls []string
	for _, line := range strings.Split(l.text, "\n") {
		if !strings.HasPrefix(line, "\t") && len(calls) < shownFrames {
			calls = append(calls, line)
		}
	}
	return "\n        " + strings.Join(calls, "\n        ")
}
