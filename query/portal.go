package query

import (
	"context"
	"slices"
	"strconv"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/exec"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/server"
	"github.com/cachalotdb/cachalot/store"
)

// Bind implements server.Session.
func (s *Session) Bind(ctx context.Context, sp server.Prepared, args server.Args) (server.Portal, error) {
	p := sp.(*prepared)
	if p.stmt == nil {
		return &emptyPortal{s}, nil
	}
	if err := s.allowed(p.stmt); err != nil {
		return nil, err
	}
	if p.plan != nil {
		portal := s.free.rows(s, p)
		if err := portal.bind(args); err != nil {
			portal.Close()
			return nil, failure(ctx, err, p.start)
		}
		return portal, nil
	}
	params, err := s.bindParams(nil, p, args)
	if err != nil {
		return nil, failure(ctx, err, p.start)
	}
	return s.free.command(s, p, params), nil
}

// newPortal makes the portal of a statement with its parameters, for the engine itself.
func (s *Session) newPortal(p *prepared, params []value.Value) server.Portal {
	if p.plan != nil {
		return &rowPortal{session: s, stmt: p, params: params}
	}
	return &commandPortal{session: s, stmt: p, params: params}
}

// bindParams reads the parameters in the form that the client sent them, and may use the memory of dst for them.
func (s *Session) bindParams(dst []value.Value, p *prepared, args server.Args) ([]value.Value, error) {
	if p.use != nil {
		return p.use.values, nil
	}
	if len(args.Values) == 0 {
		return nil, nil
	}
	dst = slices.Grow(dst[:0], len(args.Values))
	for i := range args.Values {
		v, err := args.Decode(i, value.Of(p.params[i]), &s.set.vars.style)
		if err != nil {
			return nil, err
		}
		dst = append(dst, v)
	}
	return dst, nil
}

// emptyPortal is the portal of an empty statement.
type emptyPortal struct{ session *Session }

func (p *emptyPortal) Columns() []server.Column { return nil }
func (p *emptyPortal) TextStyle() *value.Style  { return &p.session.set.vars.style }
func (p *emptyPortal) Close()                   {}

func (p *emptyPortal) Run(context.Context, server.Sink, int) (server.Result, error) {
	return server.Result{Empty: true}, nil
}

// rowPortal runs a plan. A suspended one holds its View.
type rowPortal struct {
	session *Session
	stmt    *prepared
	params  []value.Value

	begun, ended bool
	built        bool // there were operators
	life         life
	level        int // how many savepoints there were when it began
	env          exec.Env
	op           exec.Operator // nil on the short paths of single rows
	style        *value.Style
	memory       *portalMemory // nil in those that the engine makes for itself

	rows  exec.Rows
	dense column.Batch
	idx   []uint32
	batch *column.Batch // rows on their way to the client
	sent  int           // of them
}

func (p *rowPortal) Columns() []server.Column { return p.stmt.cols }

func (p *rowPortal) TextStyle() *value.Style {
	if p.style != nil {
		return p.style
	}
	return &p.session.set.vars.style
}

// bind reads the parameters.
func (p *rowPortal) bind(args server.Args) (err error) {
	p.params, err = p.session.bindParams(p.memory.params, p.stmt, args)
	return err
}

// Close implements server.Portal.
func (p *rowPortal) Close() {
	p.release()
	p.session.free.takeRows(p)
}

// release gives up what the portal reads from.
func (p *rowPortal) release() {
	p.ended = true
	if p.op != nil {
		delete(p.session.portals, p)
		p.op.Close()
		p.op = nil
	}
	if p.env.View != nil {
		p.env.View.Close()
		p.env.View = nil
	}
}

// Run implements server.Portal.
func (p *rowPortal) Run(ctx context.Context, sink server.Sink, maxRows int) (server.Result, error) {
	s := p.session
	if err := s.allowed(p.stmt.stmt); err != nil {
		return server.Result{}, err
	}
	ctx, cancel := s.begin(ctx)
	defer cancel()
	if p.op != nil {
		p.life.set(ctx)
	}
	res, err := p.run(ctx, sink, maxRows)
	if res.Suspended {
		p.life.set(context.WithoutCancel(ctx))
	}
	if err != nil {
		p.release()
		return server.Result{}, p.stmt.failure(ctx, err)
	}
	if !res.Suspended {
		p.release()
	}
	return res, nil
}

func (p *rowPortal) run(ctx context.Context, sink server.Sink, maxRows int) (server.Result, error) {
	if p.ended {
		return server.Result{Tag: p.tag(0)}, nil // run to its end before
	}
	if !p.begun {
		p.begun = true
		if done, res, err := p.start(ctx, sink); done || err != nil {
			return res, err
		}
	}
	count := 0
	for {
		if p.batch == nil {
			ok, err := p.op.Next(ctx, &p.rows)
			if err != nil {
				return server.Result{}, err
			}
			if !ok {
				return server.Result{Tag: p.tag(int64(count))}, nil
			}
			p.batch, p.sent = exec.Dense(&p.rows, &p.dense, &p.idx), 0
		}
		to := p.batch.N
		if maxRows > 0 {
			to = min(to, p.sent+maxRows-count)
		}
		if err := sink.Rows(p.batch, p.sent, to); err != nil {
			return server.Result{}, err
		}
		count += to - p.sent
		p.sent = to
		if p.sent == p.batch.N {
			p.batch = nil
		}
		if maxRows > 0 && count == maxRows {
			return server.Result{Suspended: true}, nil
		}
	}
}

// start opens the View and the operators. A read by primary key is done at once.
func (p *rowPortal) start(ctx context.Context, sink server.Sink) (done bool, res server.Result, err error) {
	pl, err := p.view(ctx)
	if err != nil {
		return false, res, err
	}
	if pl.Point != nil {
		b, err := p.session.reader.Read(&p.env, pl.Point)
		if err != nil {
			return false, res, err
		}
		n := int64(0)
		if b != nil {
			n = 1
			err = sink.Rows(b, 0, 1)
		}
		return true, server.Result{Tag: p.tag(n)}, err
	}
	if n, ok, err := p.session.writer.Write(ctx, &p.env, pl.Root); ok {
		return true, server.Result{Tag: p.tag(n)}, err
	}
	return false, res, p.build(ctx, pl)
}

// open opens the View and the operators of a cursor. It gives no rows yet.
func (p *rowPortal) open(ctx context.Context) error {
	p.begun = true
	pl, err := p.view(ctx)
	if err != nil {
		return err
	}
	err = p.build(ctx, pl)
	p.life.set(context.WithoutCancel(ctx))
	return err
}

// view opens the View and the plan that suits it.
func (p *rowPortal) view(ctx context.Context) (*plan.Plan, error) {
	s := p.session
	pl, err := s.openPlan(ctx, p.stmt, &p.env)
	if err != nil {
		return nil, err
	}
	if !pl.WritesTempOnly() {
		if err := s.checkWritable(commandName(p.stmt.stmt)); err != nil {
			return nil, err
		}
	}
	if pl.Locks != nil {
		if err := s.checkWritable("SELECT " + plan.LockClauseName(pl.LockMode)); err != nil {
			return nil, err
		}
	}
	if p.memory == nil {
		p.env.Expr = s.evaluation(ctx, p.params)
	} else {
		p.env.Expr = s.evaluate(&p.memory.evaluation, ctx, p.params)
	}
	p.style = p.env.Expr.Style
	return pl, nil
}

// build makes the operators.
func (p *rowPortal) build(ctx context.Context, pl *plan.Plan) (err error) {
	p.built = true
	p.life.set(ctx)
	p.env.Expr.Ctx = &p.life
	if p.op, _, err = exec.Build(pl.Root, &p.env); err != nil {
		return err
	}
	p.level = len(p.session.savepoints)
	p.session.portals[p] = struct{}{}
	return nil
}

// openPlan opens a View and returns the plan that suits its catalog. Tables that are written are locked first: what
// the View shows of them then stays.
func (s *Session) openPlan(ctx context.Context, stmt *prepared, env *exec.Env) (*plan.Plan, error) {
	env.Txn = s.txn
	env.Deferred = &s.deferred
	env.Workers = s.engine.cfg.Workers
	env.Avoid = s.set.vars.avoid
	if env.Budget == nil {
		env.Budget = new(exec.Budget)
	}
	*env.Budget = exec.Budget{Limit: s.set.vars.workMem}
	pl := stmt.plan
	for {
		for _, t := range pl.Writes {
			if err := s.txn.LockTable(ctx, t.OID, store.RowExclusiveLock); err != nil {
				return nil, err
			}
		}
		for _, t := range pl.Locks {
			if err := s.txn.LockTable(ctx, t.OID, store.RowShareLock); err != nil {
				return nil, err
			}
		}
		if err := s.awaitReadable(ctx, pl); err != nil {
			return nil, err
		}
		view := s.txn.View()
		now, err := s.replan(stmt, view.Catalog())
		if err != nil {
			view.Close()
			return nil, err
		}
		if now == pl {
			if pl.Fault != nil {
				view.Close()
				return nil, pl.Fault
			}
			env.View = view
			return pl, nil
		}
		view.Close()
		pl = now
	}
}

// tag is the command tag of a statement that has ended; rows is what this Run gave.
func (p *rowPortal) tag(rows int64) string {
	if n, ok := exec.Affected(p.op); ok {
		rows = n
	}
	one := "SELECT 1"
	switch p.stmt.stmt.(type) {
	case *ast.InsertStmt:
		one = "INSERT 0 1"
	case *ast.UpdateStmt:
		one = "UPDATE 1"
	case *ast.DeleteStmt:
		one = "DELETE 1"
	}
	if rows == 1 {
		return one
	}
	return one[:len(one)-1] + strconv.FormatInt(rows, 10)
}

// commandName is the name of a statement in messages.
func commandName(stmt ast.Stmt) string {
	switch stmt.(type) {
	case *ast.InsertStmt:
		return "INSERT"
	case *ast.UpdateStmt:
		return "UPDATE"
	case *ast.DeleteStmt:
		return "DELETE"
	}
	return "SELECT"
}

// commandPortal runs a statement that has no plan.
type commandPortal struct {
	session *Session
	stmt    *prepared
	params  []value.Value
	rows    *batchList // rows not sent yet; nil before the first Run
	res     server.Result
	inner   server.Portal // of EXECUTE
	ran     bool
	bound   bool // by the server; false when it was closed
}

func (p *commandPortal) Columns() []server.Column { return p.stmt.cols }
func (p *commandPortal) TextStyle() *value.Style  { return &p.session.set.vars.style }

func (p *commandPortal) Close() {
	if p.inner != nil {
		p.inner.Close()
	}
	p.session.free.takeCommand(p)
}

// Run implements server.Portal.
func (p *commandPortal) Run(ctx context.Context, sink server.Sink, maxRows int) (server.Result, error) {
	s := p.session
	if err := s.allowed(p.stmt.stmt); err != nil {
		return server.Result{}, err
	}
	if x, ok := p.stmt.stmt.(*ast.ExecuteStmt); ok {
		return p.execute(ctx, x, sink, maxRows)
	}
	if !p.ran {
		p.ran = true
		run, cancel := s.begin(ctx)
		defer cancel()
		var err error
		if p.res, err = s.runCommand(run, p, sink); err != nil {
			return server.Result{}, failure(run, err, p.stmt.start)
		}
	}
	if p.rows != nil {
		more, err := p.rows.send(sink, maxRows)
		if err != nil || more {
			return server.Result{Suspended: more}, err
		}
	}
	return p.res, nil
}

// batchList is a small result that a command has computed.
type batchList struct {
	batch column.Batch
	sent  int
}

// send gives the sink at most max rows (0: all) and says whether there are more.
func (l *batchList) send(sink server.Sink, max int) (more bool, err error) {
	to := l.batch.N
	if max > 0 {
		to = min(to, l.sent+max)
	}
	for l.sent < to {
		n := min(to-l.sent, column.BatchRows)
		if err := sink.Rows(&l.batch, l.sent, l.sent+n); err != nil {
			return false, err
		}
		l.sent += n
	}
	return l.sent < l.batch.N, nil
}
