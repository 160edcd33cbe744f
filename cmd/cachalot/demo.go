package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/cachalotdb/cachalot/bench/accounts"
	"github.com/cachalotdb/cachalot/bench/booking"
	"github.com/cachalotdb/cachalot/internal/human"
	"github.com/cachalotdb/cachalot/internal/node"
)

// demoOptions are the flags of demo.
type demoOptions struct {
	objects, accounts, transfers int
	seed                         uint64
	data, listen                 string
	serve                        bool
}

func newDemoCommand() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Feed a million homes into a node and query them",
		Long: `Run Cachalot's two demos on a node started for it, over a real connection and with a durable
log: BookingMarketplace feeds homes and asks a search page's questions, Accounts moves money in
transactions. Each answer is compared with one counted by a plain loop over the same homes, each
time stands beside what Cachalot DB v2 published for it. A time is the mean of 10 runs after one
to warm up, from sending the query until the last row of the answer was read.

Exit code 1: an answer was wrong.`,
		Args: noArgs,
	}
	f := cmd.Flags()
	f.IntVar(&o.objects, "objects", 1_000_000, "how many homes")
	f.IntVar(&o.accounts, "accounts", 1000, "how many accounts")
	f.IntVar(&o.transfers, "transfers", 1000, "how many transfers each client makes")
	f.Uint64Var(&o.seed, "seed", 1, "draws the homes")
	f.StringVar(&o.data, "data", "", "keep the data in this `directory`, which must not exist or be empty; else in one that is removed")
	f.StringVar(&o.listen, "listen", "", "`address` of the node; the default is a free port, and 127.0.0.1:48401 with --serve")
	f.BoolVar(&o.serve, "serve", false, "keep the node up at the end")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := o.validate(); err != nil {
			return usageError(cmd, err)
		}
		return o.run(cmd)
	}
	return cmd
}

func (o *demoOptions) validate() error {
	if o.listen == "" {
		o.listen = "127.0.0.1:0"
		if o.serve {
			o.listen = "127.0.0.1:48401"
		}
	}
	host, _, err := net.SplitHostPort(o.listen)
	switch {
	case err != nil:
		return fmt.Errorf("--listen: %w", err)
	case !isLoopback(host):
		return fmt.Errorf("--listen %s: the demo has no passwords and stays on this machine", o.listen)
	case o.accounts < 3 || o.transfers < 1:
		return errors.New("--accounts must be at least 3, --transfers at least 1")
	case o.objects < 100:
		return errors.New("--objects must be at least 100")
	}
	if o.data == "" {
		return nil
	}
	if entries, err := os.ReadDir(o.data); err == nil && len(entries) > 0 {
		return fmt.Errorf("--data %s is not empty", o.data)
	}
	return nil
}

func (o *demoOptions) run(cmd *cobra.Command) (err error) {
	out := cmd.OutOrStdout()
	node.TuneCollector(0)
	dir := o.data
	if dir == "" {
		if dir, err = os.MkdirTemp("", "cachalot-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	ctx := cmd.Context()
	n, err := node.Start(ctx, node.Config{Dir: dir, Listen: o.listen})
	if err != nil {
		return err
	}
	defer func() {
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = errors.Join(err, n.Stop(stopCtx))
	}()
	fmt.Fprintf(out, "A node on %s, with its log in %s\n", n.Addr(), dir)
	d := demo{
		out:    out,
		node:   n,
		market: booking.NewMarket(o.objects, o.seed),
		bank:   accounts.Bank{DSN: n.DSN(), Accounts: o.accounts, Seed: o.seed},
		report: newReport(out),
	}
	if err := d.run(ctx, o.transfers); err != nil {
		return err
	}
	if o.serve {
		fmt.Fprintf(out, "\nThe node stays up until Ctrl-C. Try:\n\n  %s\n  select from home where town = 'Paris' and rooms > 3 order by priceineuros take 5;\n\n", psqlLine(n.Addr().Port))
		select {
		case <-ctx.Done():
		case <-n.Done():
		}
	} else {
		fmt.Fprintf(out, "\nTo ask it yourself: cachalot demo --serve, and in another terminal\n\n  %s\n\n", psqlLine(48401))
	}
	if d.report.wrong > 0 {
		return fmt.Errorf("%d checks failed", d.report.wrong)
	}
	return nil
}

func psqlLine(port int) string {
	return "psql -h 127.0.0.1 -p " + strconv.Itoa(port) + " -U cachalot cachalot"
}

// demo is one run of both workloads. One goroutine uses it.
type demo struct {
	out    io.Writer
	node   *node.Node
	market booking.Market
	bank   accounts.Bank
	report *report
}

func (d *demo) run(ctx context.Context, transfers int) error {
	conn, err := pgx.Connect(ctx, d.node.DSN())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	statements := append([]string{booking.Table}, booking.Indexes...)
	for _, sql := range append(statements, accounts.Schema...) {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	d.report.title(fmt.Sprintf("BookingMarketplace, %s homes with %d indexes", human.Thousands(d.market.Count), len(booking.Indexes)))
	if err := d.feed(ctx, conn); err != nil {
		return err
	}
	if err := d.queries(ctx, conn); err != nil {
		return err
	}
	d.report.title(fmt.Sprintf("Accounts, %s of them", human.Thousands(d.bank.Accounts)))
	for _, clients := range []int{1, 16} {
		if err := d.transfers(ctx, clients, transfers); err != nil {
			return err
		}
	}
	return nil
}

// feedConnections share the feed: one encodes while the server applies the other's.
const feedConnections = 2

// feed is step 1.
func (d *demo) feed(ctx context.Context, conn *pgx.Conn) error {
	shown := newProgress(d.out)
	feed := d.market.Feed(d.node.DSN(), feedConnections)
	feed.Progress = func(rows int) { shown.rows("feeding homes", rows, d.market.Count) }
	start := time.Now()
	_, err := feed.Run(ctx)
	took := time.Since(start)
	shown.end()
	if err != nil {
		return err
	}
	var count int
	if err := conn.QueryRow(ctx, "COUNT FROM home").Scan(&count); err != nil {
		return err
	}
	var wrong error
	if count != d.market.Count {
		wrong = fmt.Errorf("%w: COUNT FROM home gives %d", booking.ErrWrong, count)
	}
	d.report.add(row{step: 1, name: fmt.Sprintf("feed (%s homes/s) and count", human.Thousands(int(float64(count)/took.Seconds()))), rows: count,
		postgres: took, published: booking.Published{README: "2,678", Log: "15,699"}, err: wrong})
	return ctx.Err()
}

// queries are steps 2 to 11.
func (d *demo) queries(ctx context.Context, conn *pgx.Conn) error {
	steps, err := d.market.Steps()
	if err != nil {
		return err
	}
	d.report.add(d.singleReads(ctx, conn))
	for i := range steps {
		s := &steps[i]
		r := row{step: s.Number, name: s.Name, rows: s.Rows, published: s.Published}
		var errs [2]error
		if s.Cachalot != "" {
			r.cachalot, errs[0] = average(func() error { return s.Run(ctx, conn, s.Cachalot) })
		}
		r.postgres, errs[1] = average(func() error { return s.Run(ctx, conn, s.Postgres) })
		r.err = errors.Join(errs[:]...)
		d.report.add(r)
		if s.TopPrices != nil {
			d.insideServer(ctx, conn, s)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// average runs something once to warm up and ten times for the mean.
func average(run func() error) (time.Duration, error) {
	if err := run(); err != nil {
		return 0, err
	}
	const runs = 10
	start := time.Now()
	for range runs {
		if err := run(); err != nil {
			return 0, err
		}
	}
	return time.Since(start) / runs, nil
}

// reads is how many homes are read one by one.
const reads = 1000

// singleReads is step 2: homes by their key, one after another. In Cachalot's words each has its
// own text, in Postgres' words they share a prepared statement.
func (d *demo) singleReads(ctx context.Context, conn *pgx.Conn) row {
	r := row{step: 2, name: "1,000 homes by key, one by one", rows: reads, published: booking.Published{README: "219", Log: "146-870"}}
	var errs [2]error
	r.cachalot, errs[0] = average(func() error {
		return d.readEach(func(id int32) pgx.Row {
			return conn.QueryRow(ctx, "SELECT id, town, priceineuros FROM home WHERE id = "+strconv.Itoa(int(id)), pgx.QueryExecModeSimpleProtocol)
		})
	})
	r.postgres, errs[1] = average(func() error {
		return d.readEach(func(id int32) pgx.Row {
			return conn.QueryRow(ctx, "SELECT id, town, priceineuros FROM home WHERE id = $1", id)
		})
	})
	r.err = errors.Join(errs[:]...)
	return r
}

func (d *demo) readEach(query func(id int32) pgx.Row) error {
	for i := range reads {
		want := d.market.Home(i * (d.market.Count / reads))
		var id, price int32
		var town string
		if err := query(want.ID).Scan(&id, &town, &price); err != nil {
			return fmt.Errorf("home %d: %w", want.ID, err)
		}
		if id != want.ID || town != want.Town || price != want.Price {
			return fmt.Errorf("%w: home %d is %d in %s for %d", booking.ErrWrong, want.ID, id, town, price)
		}
	}
	return nil
}

// insideServer adds a step's time as the server sees it, without the way to the client.
func (d *demo) insideServer(ctx context.Context, conn *pgx.Conn, s *booking.Step) {
	const runs = 10
	var total time.Duration
	for range runs {
		took, err := executionTime(ctx, conn, s.Postgres)
		if err != nil {
			d.report.add(row{step: s.Number, name: "the same in the server", err: err})
			return
		}
		total += took
	}
	d.report.add(row{step: s.Number, name: "the same inside the server (EXPLAIN ANALYZE)", rows: s.Rows, postgres: total / runs})
}

// transfers runs Accounts with so many clients.
func (d *demo) transfers(ctx context.Context, clients, each int) error {
	if err := d.bank.Reset(ctx); err != nil {
		return err
	}
	res, err := d.bank.Run(ctx, clients, each)
	noun := "clients"
	if clients == 1 {
		noun = "client"
	}
	name := fmt.Sprintf("%d %s: %s transfers, %d%% rolled back, %s/s", clients, noun, human.Thousands(res.Transfers),
		100*res.RolledBack/max(res.Transfers, 1), human.Thousands(int(float64(res.Transfers)/res.Took.Seconds())))
	d.report.add(row{name: name, rows: res.Transfers, postgres: res.PerTransaction(), published: booking.Published{README: "<2 each"}, err: err})
	return ctx.Err()
}
