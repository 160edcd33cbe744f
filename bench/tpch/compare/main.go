// Command compare runs the 22 queries of TPC-H here and on a PostgreSQL 15 with the same rows and indexes, holds the answers against
// each other, and prints the times: medians of runs that alternate between the two.
//
//	go run ./bench/tpch/compare                # scale 0.1
//	go run ./bench/tpch/compare -scale 0.01 -only 2,17
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cachalotdb/cachalot/bench/tpch"
	"github.com/cachalotdb/cachalot/internal/node"
	"github.com/cachalotdb/cachalot/internal/pgoracle"
)

// settings are the flags.
type settings struct {
	scale   float64
	runs    int
	only    string
	timeout time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var s settings
	flag.Float64Var(&s.scale, "scale", 0.1, "scale factor: 1 is six million lineitems")
	flag.IntVar(&s.runs, "runs", 3, "runs of each query, of which the median counts")
	flag.StringVar(&s.only, "only", "", "numbers of queries, separated by commas; default: all")
	flag.DurationVar(&s.timeout, "timeout", time.Minute, "how long one query may take")
	flag.Parse()
	if err := run(ctx, s, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

// connect starts both servers and loads them.
func connect(ctx context.Context, s settings) (ours, theirs *pgconn.PgConn, stop func(), err error) {
	n, err := node.Start(ctx, node.Config{})
	if err != nil {
		return nil, nil, nil, err
	}
	// Memory enough, and no JIT compilation, which costs more than it gains at this size.
	pg, err := pgoracle.Start("fsync=off", "shared_buffers=512MB", "work_mem=64MB", "jit=off", "effective_cache_size=2GB", "random_page_cost=1.1")
	if err != nil {
		return nil, nil, nil, err
	}
	stop = func() {
		pg.Stop()
		_ = n.Stop(context.WithoutCancel(ctx)) // the process ends
	}
	g := tpch.NewGenerator(s.scale)
	for _, side := range []struct {
		dsn  string
		conn **pgconn.PgConn
	}{{n.DSN(), &ours}, {pg.DSN(), &theirs}} {
		began := time.Now()
		if *side.conn, err = pgconn.Connect(ctx, side.dsn); err != nil {
			return nil, nil, stop, err
		}
		if err := tpch.Load(ctx, *side.conn, g); err != nil {
			return nil, nil, stop, err
		}
		fmt.Fprintf(os.Stderr, "loaded in %.1f s\n", time.Since(began).Seconds())
	}
	return ours, theirs, stop, nil
}

func run(ctx context.Context, s settings, out io.Writer) error {
	queries, err := tpch.Queries(s.scale)
	if err != nil {
		return err
	}
	ours, theirs, stop, err := connect(ctx, s)
	if stop != nil {
		defer stop()
	}
	if err != nil {
		return err
	}
	for _, conn := range []*pgconn.PgConn{ours, theirs} {
		if _, err := conn.Exec(ctx, fmt.Sprintf("set statement_timeout = %d; set work_mem = '64MB'", s.timeout.Milliseconds())).ReadAll(); err != nil {
			return err
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "query\tCachalot ms\tPostgreSQL ms\tratio\trows\tanswer\t")
	var sum [2]time.Duration
	bad := 0
	for _, q := range queries {
		if s.only != "" && !slices.Contains(strings.Split(s.only, ","), fmt.Sprint(q.Number)) {
			continue
		}
		m := measure(ctx, q, s.runs, ours, theirs)
		if m.problem != "" {
			bad++
		}
		sum[0] += m.ours
		sum[1] += m.theirs
		fmt.Fprintf(w, "Q%d\t%.1f\t%.1f\t%.2f\t%d\t%s\t\n", q.Number, ms(m.ours), ms(m.theirs), m.ours.Seconds()/m.theirs.Seconds(), m.rows, m.verdict())
	}
	fmt.Fprintf(w, "sum\t%.1f\t%.1f\t%.2f\t\t\t\n", ms(sum[0]), ms(sum[1]), sum[0].Seconds()/sum[1].Seconds())
	if err := w.Flush(); err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%d queries have another answer", bad)
	}
	return nil
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// measurement is a query's times and what is wrong with its answer.
type measurement struct {
	ours, theirs time.Duration
	rows         int
	problem      string
}

func (m *measurement) verdict() string {
	if m.problem == "" {
		return "same"
	}
	return m.problem
}

// measure runs a query runs times on both sides in turn.
func measure(ctx context.Context, q tpch.Query, runs int, ours, theirs *pgconn.PgConn) measurement {
	var m measurement
	var times [2][]time.Duration
	for range runs {
		var answers [2]tpch.Answer
		for i, conn := range []*pgconn.PgConn{ours, theirs} {
			began := time.Now()
			a, err := tpch.Ask(ctx, conn, q)
			times[i] = append(times[i], time.Since(began))
			if err != nil {
				m.problem = err.Error()
			}
			answers[i] = a
		}
		if m.problem == "" {
			m.problem = q.Differs(answers[0], answers[1])
		}
		m.rows = len(answers[1])
		if m.problem != "" {
			break
		}
	}
	m.ours, m.theirs = median(times[0]), median(times[1])
	return m
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
