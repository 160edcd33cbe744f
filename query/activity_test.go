package query

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/server"
)

// BenchmarkActivity is what it costs a statement that others can see it: three calls under a lock that
// nobody else wants, and one look at the clock.
func BenchmarkActivity(b *testing.B) {
	s := newTestSession(b, open(b)).Session.(*Session)
	b.ReportAllocs()
	for b.Loop() {
		s.Working("SELECT * FROM home WHERE id = $1")
		s.activity.began(1, 1)
		s.Answered()
	}
}

func TestActivityAllocatesNothing(t *testing.T) {
	s := newTestSession(t, open(t)).Session.(*Session)
	text := strings.Repeat("x", 2000)
	if n := testing.AllocsPerRun(100, func() {
		s.Working(text)
		s.activity.began(1, 1)
		s.Answered()
	}); n != 0 {
		t.Errorf("%v allocations a statement", n)
	}
}

func TestShownQuery(t *testing.T) {
	for _, text := range []string{"", "SELECT 1", strings.Repeat("a", 1023), strings.Repeat("a", 1024), strings.Repeat("€", 400),
		"a" + strings.Repeat("€", 400), strings.Repeat("€", 10_000)} {
		got := shownQuery(text)
		whole := len(text) <= maxQueryBytes
		if !strings.HasPrefix(text, got) || !utf8.ValidString(got) || len(got) > maxQueryBytes ||
			whole != (got == text) || !whole && len(got) < maxQueryBytes-2 {
			t.Errorf("%d bytes became %d", len(text), len(got))
		}
	}
}

// TestSessionsLeave checks that a session that has ended, or never began, is not shown.
func TestSessionsLeave(t *testing.T) {
	e := open(t)
	cfg := server.SessionConfig{ProcessID: 7, User: "u", Settings: map[string]string{"no_such_setting": "1"}}
	if _, err := e.NewSession(t.Context(), cfg); err == nil {
		t.Fatal("accepted")
	}
	if n := len(e.sessions.list()); n != 0 {
		t.Fatalf("%d sessions", n)
	}
	cfg.Settings = map[string]string{"application_name": "a"}
	s, err := e.NewSession(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	a, ok := e.sessions.find(7)
	if !ok || a.application != "a" || a.clientPort != -1 {
		t.Fatalf("%v %v", a, ok)
	}
	s.Close()
	s.Close()
	<-a.ended
	if n := len(e.sessions.list()); n != 0 {
		t.Errorf("%d sessions", n)
	}
}
