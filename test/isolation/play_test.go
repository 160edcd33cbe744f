package isolation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// target is a server that scripts run on.
type target struct {
	name string
	dsn  string
	// blocking returns, for each session, the sessions that it waits for.
	blocking func(ctx context.Context, pids []uint32) (map[uint32][]int32, error)
	// parameters are a session's settings at its start.
	parameters func(r run, session string) map[string]string
}

// answer is what a statement brought.
type answer struct {
	text string // rows, tags and errors
	code string // SQLSTATE, or empty
	tag  string // the last command tag
}

// event is a step's begin or its end.
type event struct {
	at     int // the step during which it happened
	step   int // whose it is
	waits  bool
	answer answer
}

// trace is what happened in a run.
type trace struct {
	run    run
	events []event
	sent   []string // the statements, by step
	final  string   // what the tables hold
}

// player runs a script on a target.
type player struct {
	t        testing.TB
	target   *target
	trace    trace
	values   map[string]string
	sessions map[string]*session
	finished chan finish
}

// session is a connection and the goroutine that waits for its answers.
type session struct {
	name  string
	conn  *pgconn.PgConn
	busy  bool
	told  bool // that it waits
	step  int  // what it does
	queue []int
	warns *[]string
}

// finish says that a session has its answer.
type finish struct {
	session *session
	answer  answer
}

// patience bounds a step: no step takes long, so a session that has neither its answer nor a lock to
// wait for is lost.
const patience = 20 * time.Second

// play runs a script whose tables are made already.
func play(t testing.TB, tg *target, r run) *trace {
	t.Helper()
	p := &player{
		t: t, target: tg, values: map[string]string{}, sessions: map[string]*session{},
		finished: make(chan finish, 100),
		trace:    trace{run: r, sent: make([]string, len(r.steps))},
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	defer p.close()
	for i, st := range r.steps {
		if err := p.play(ctx, i, st); err != nil {
			t.Fatalf("%s, line %d: %v\nso far:\n%s", tg.name, st.line, err, &p.trace)
		}
	}
	for _, s := range p.sessions {
		if s.busy {
			t.Fatalf("%s: the script is over and %s still waits\n%s", tg.name, s.name, &p.trace)
		}
	}
	p.trace.final = tables(t, tg, r)
	return &p.trace
}

func (p *player) play(ctx context.Context, i int, st step) error {
	s, err := p.session(ctx, st.session)
	if err != nil {
		return err
	}
	switch {
	case st.sql == "":
		return p.settle(ctx, i, s)
	case st.sql == `\disconnect`:
		delete(p.sessions, st.session)
		return s.conn.Close(ctx)
	case s.busy:
		s.queue = append(s.queue, i)
	default:
		p.send(ctx, s, i)
	}
	return p.settle(ctx, i, nil)
}

// session returns the session of a name, connected at its first step.
func (p *player) session(ctx context.Context, name string) (*session, error) {
	if s := p.sessions[name]; s != nil {
		return s, nil
	}
	cfg, err := pgconn.ParseConfig(p.target.dsn)
	if err != nil {
		return nil, err
	}
	s := &session{name: name, warns: new([]string)}
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if n.Severity == "WARNING" {
			*s.warns = append(*s.warns, fmt.Sprintf("%s %s: %s", n.Severity, n.Code, n.Message))
		}
	}
	for k, v := range p.target.parameters(p.trace.run, name) {
		cfg.RuntimeParams[k] = v
	}
	if s.conn, err = pgconn.ConnectConfig(ctx, cfg); err != nil {
		return nil, err
	}
	p.sessions[name] = s
	return s, nil
}

// send lets a session do a step.
func (p *player) send(ctx context.Context, s *session, i int) {
	sql := p.trace.run.text(p.trace.run.steps[i].sql, p.values)
	p.trace.sent[i] = sql
	s.busy, s.told, s.step = true, false, i
	go func() { p.finished <- finish{s, execute(ctx, s, sql)} }()
}

// settle returns when each session has its answer or waits for a lock, and until has its answer.
func (p *player) settle(ctx context.Context, at int, until *session) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	first := len(p.trace.events)
	for {
		waiting, err := p.waiting(ctx)
		if err != nil {
			return err
		}
		if len(p.finished) == 0 && waiting && (until == nil || !until.busy) {
			break
		}
		select {
		case f := <-p.finished:
			p.take(ctx, at, f)
		case <-time.After(time.Millisecond): // ask the monitor again
		case <-ctx.Done():
			return fmt.Errorf("%v passed: %w", patience, ctx.Err())
		}
	}
	for _, s := range p.sessions {
		if s.busy && !s.told {
			s.told = true
			p.trace.events = append(p.trace.events, event{at: at, step: s.step, waits: true})
		}
	}
	// In one step several may go on; which of them the client hears of first is nobody's promise.
	slices.SortFunc(p.trace.events[first:], func(a, b event) int { return a.step - b.step })
	return nil
}

// take notes an answer, and lets the session do what was queued behind.
func (p *player) take(ctx context.Context, at int, f finish) {
	s := f.session
	i := s.step
	s.busy = false
	if name := p.trace.run.steps[i].into; name != "" {
		p.values[name], _, _ = strings.Cut(f.answer.text, "\n")
		f.answer.text = "$" + name + "\n"
	}
	for name, v := range p.values {
		f.answer.text = strings.ReplaceAll(f.answer.text, v, "$"+name)
	}
	p.trace.events = append(p.trace.events, event{at: at, step: i, answer: f.answer})
	if len(s.queue) > 0 {
		next := s.queue[0]
		s.queue = s.queue[1:]
		p.send(ctx, s, next)
	}
}

// waiting says whether all busy sessions wait for a lock and not for each other in a circle,
// which the server is about to break.
func (p *player) waiting(ctx context.Context) (bool, error) {
	var pids []uint32
	for _, s := range p.sessions {
		if s.busy {
			pids = append(pids, s.conn.PID())
		}
	}
	if len(pids) == 0 {
		return true, nil
	}
	by, err := p.target.blocking(ctx, pids)
	if err != nil {
		return false, err
	}
	for _, pid := range pids {
		if len(by[pid]) == 0 || inCircle(by, pid) {
			return false, nil
		}
	}
	return true, nil
}

// inCircle says whether a session waits for itself through others.
func inCircle(by map[uint32][]int32, pid uint32) bool {
	seen := map[uint32]bool{}
	var reaches func(uint32) bool
	reaches = func(from uint32) bool {
		for _, next := range by[from] {
			if uint32(next) == pid {
				return true
			}
			if !seen[uint32(next)] {
				seen[uint32(next)] = true
				if reaches(uint32(next)) {
					return true
				}
			}
		}
		return false
	}
	return reaches(pid)
}

// close ends all sessions, those that wait too.
func (p *player) close() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, s := range p.sessions {
		if s.busy {
			s.conn.CancelRequest(ctx) //nolint:errcheck // the test has failed anyway
		}
		for s.busy {
			select {
			case f := <-p.finished:
				f.session.busy = false
			case <-ctx.Done():
				p.t.Errorf("%s: %s cannot be cancelled", p.target.name, s.name)
				s.busy = false
			}
		}
		s.conn.Close(ctx) //nolint:errcheck // as above
	}
}

// execute runs statements by the simple protocol.
func execute(ctx context.Context, s *session, sql string) answer {
	a := query(ctx, s.conn, sql)
	for _, w := range *s.warns {
		a.text += w + "\n"
	}
	*s.warns = nil
	return a
}

// query returns what statements bring. Rows are sorted where the statement does not say how.
func query(ctx context.Context, conn *pgconn.PgConn, sql string) answer {
	var a answer
	results, err := conn.Exec(ctx, sql).ReadAll()
	for _, res := range results {
		if res.Err != nil {
			break // ReadAll returns it too
		}
		var rows []string
		for _, row := range res.Rows {
			var values []string
			for _, v := range row {
				if v == nil {
					values = append(values, "NULL")
				} else {
					values = append(values, string(v))
				}
			}
			rows = append(rows, strings.Join(values, "|")+"\n")
		}
		if !strings.Contains(strings.ToUpper(sql), "ORDER BY") {
			slices.Sort(rows)
		}
		a.tag = res.CommandTag.String()
		a.text += strings.Join(rows, "") + a.tag + "\n"
	}
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg):
		a.code = pg.Code
		a.text += fmt.Sprintf("%s %s: %s\n", pg.Severity, pg.Code, pg.Message)
	case err != nil:
		a.code = "connection"
		a.text += fmt.Sprintf("connection: %v\n", err)
	}
	return a
}

// String returns the trace as a reader wants it: the steps, and under each what it brought.
func (tr *trace) String() string {
	var b strings.Builder
	for i, st := range tr.run.steps {
		sql := tr.run.text(st.sql, nil)
		if sql == "" {
			sql = "(wait)"
		}
		fmt.Fprintf(&b, "%s: %s\n", st.session, sql)
		for _, e := range tr.events {
			if e.at != i {
				continue
			}
			who := ""
			if e.step != i {
				who = fmt.Sprintf("%s goes on with line %d: ", tr.run.steps[e.step].session, tr.run.steps[e.step].line)
			}
			if e.waits {
				fmt.Fprintf(&b, "    %swaits\n", who)
				continue
			}
			for _, line := range strings.Split(strings.TrimSuffix(e.answer.text, "\n"), "\n") {
				fmt.Fprintf(&b, "    %s%s\n", who, line)
			}
		}
	}
	return b.String() + tr.final
}
