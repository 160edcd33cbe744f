package main

import (
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cachalotdb/cachalot/internal/human"
	"github.com/cachalotdb/cachalot/internal/pgoracle"
)

// load is one way to run pgbench, with the ratio to PostgreSQL's transactions a second that is the goal.
type load struct {
	script  string // pgbench's flag
	name    string
	clients int
	goal    float64
}

var loads = []load{
	{"-S", "reads by primary key", 1, 1.4},
	{"-S", "reads by primary key", 8, 2},
	{"-S", "reads by primary key", 64, 2},
	{"-b tpcb-like", "TPC-B", 8, 2},
	{"-b tpcb-like", "TPC-B", 64, 2},
}

// place is where a server listens.
type place struct{ host, port string }

// measurePgbench compares pgbench's scripts as prepared statements on tables that pgbench made, both servers
// syncing each commit, in turns, over TCP and over a Unix socket.
func measurePgbench(ctx context.Context, s settings) ([]result, error) {
	program, err := pgoracle.Program("pgbench")
	if err != nil {
		return nil, err
	}
	pg, err := pgoracle.Start("shared_buffers=2GB", "fsync=on")
	if err != nil {
		return nil, err
	}
	defer pg.Stop()
	c, err := startChild()
	if err != nil {
		return nil, err
	}
	defer c.stop()
	u, err := url.Parse(c.dsn)
	if err != nil {
		return nil, err
	}
	b := &pgbench{program: program, settings: s}
	networks := []struct {
		name         string
		ours, theirs place
	}{
		{"TCP", place{u.Hostname(), u.Port()}, place{"127.0.0.1", strconv.Itoa(pg.Port)}},
		{"a Unix socket", place{c.dir, u.Port()}, place{pg.SocketDir(), strconv.Itoa(pg.Port)}},
	}
	for _, at := range []place{networks[0].ours, networks[0].theirs} {
		if err := b.fill(ctx, at); err != nil {
			return nil, err
		}
	}
	var results []result
	for _, l := range loads {
		for _, n := range networks {
			r, err := b.compare(ctx, l, n.name, n.ours, n.theirs)
			if err != nil {
				return nil, err
			}
			results = append(results, r)
		}
	}
	return results, nil
}

// pgbench runs the program.
type pgbench struct {
	program  string
	settings settings
}

// fill makes the tables: of scale 10 for a million objects, which are as many accounts.
func (b *pgbench) fill(ctx context.Context, at place) error {
	_, err := b.run(ctx, at, "-i", "-q", "-s", strconv.Itoa(max(1, b.settings.objects/100_000)))
	return err
}

// compare runs a load against both servers in turns.
func (b *pgbench) compare(ctx context.Context, l load, network string, ours, theirs place) (result, error) {
	var a, p, ratios []float64
	for range b.settings.runs {
		x, err := b.measure(ctx, ours, l)
		if err != nil {
			return result{}, err
		}
		y, err := b.measure(ctx, theirs, l)
		if err != nil {
			return result{}, err
		}
		fmt.Fprintf(b.settings.log, "  %s, %d clients, %s: cachalot %.0f tps, postgres %.0f tps\n", l.name, l.clients, network, x, y)
		a, p, ratios = append(a, x), append(p, y), append(ratios, x/y)
	}
	ratio := median(ratios)
	return result{
		what: fmt.Sprintf("pgbench -M prepared, %s, %d clients over %s, against PostgreSQL 15", l.name, l.clients, network),
		measured: fmt.Sprintf("%.2f times: %s against %s a second", ratio,
			human.Thousands(int(median(a))), human.Thousands(int(median(p)))),
		goal:  fmt.Sprintf("%.1f times", l.goal),
		met:   ratio >= l.goal,
		notes: "ratios " + list(ratios, "%.2f"),
	}, nil
}

var (
	tps    = regexp.MustCompile(`tps = ([0-9.]+)`)
	failed = regexp.MustCompile(`number of failed transactions: ([0-9]+)`)
)

// measure returns the transactions a second of one run, none of which may fail.
func (b *pgbench) measure(ctx context.Context, at place, l load) (float64, error) {
	args := append(strings.Fields(l.script), "-n", "-M", "prepared", "-c", strconv.Itoa(l.clients), "-j", strconv.Itoa(min(l.clients, 2)))
	if b.settings.seconds < time.Second {
		args = append(args, "-t", "20") // to see that it runs
	} else {
		args = append(args, "-T", strconv.Itoa(int(b.settings.seconds.Seconds())))
	}
	out, err := b.run(ctx, at, args...)
	if err != nil {
		return 0, err
	}
	m, f := tps.FindSubmatch(out), failed.FindSubmatch(out)
	if m == nil || f == nil || string(f[1]) != "0" {
		return 0, fmt.Errorf("pgbench said\n%s", out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

func (b *pgbench) run(ctx context.Context, at place, args ...string) ([]byte, error) {
	out, err := exec.CommandContext(ctx, b.program, append(args, "-h", at.host, "-p", at.port, "-U", "cachalot", "cachalot")...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("pgbench %s: %w\n%s", args, err, out)
	}
	return out, nil
}
