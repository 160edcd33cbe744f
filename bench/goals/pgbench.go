package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/cachalotdb/cachalot/internal/human"
	"github.com/cachalotdb/cachalot/internal/pgoracle"
)

// load is one way to run pgbench, with the ratio to PostgreSQL's transactions a second that is the goal.
type load struct {
	script  string // built into pgbench
	name    string
	clients int
	goal    float64
}

var loads = []load{
	{"select-only", "reads by primary key", 1, 1.4},
	{"select-only", "reads by primary key", 8, 2},
	{"select-only", "reads by primary key", 64, 2},
	{"tpcb-like", "TPC-B", 8, 2},
	{"tpcb-like", "TPC-B", 64, 2},
}

// place is where a server listens.
type place struct{ host, port string }

// network is a way to the three servers.
type network struct {
	name                  string
	ours, theirs, nothing place
}

// measurePgbench compares pgbench's scripts as prepared statements on tables that pgbench made, both servers
// syncing each commit, in turns, over TCP and over a Unix socket; and with them a server that does nothing (nothingArg).
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
	c, err := startChild(childArg)
	if err != nil {
		return nil, err
	}
	defer c.stop()
	nothing, err := startChild(nothingArg)
	if err != nil {
		return nil, err
	}
	defer nothing.stop()
	b := &pgbench{program: program, settings: s, dir: nothing.dir}
	pgPort := strconv.Itoa(pg.Port)
	networks := []network{
		{"TCP", place{"127.0.0.1", c.port}, place{"127.0.0.1", pgPort}, place{"127.0.0.1", nothing.port}},
		{"a Unix socket", place{c.dir, c.port}, place{pg.SocketDir(), pgPort}, place{nothing.dir, nothing.port}},
	}
	for _, at := range []place{networks[0].ours, networks[0].theirs} {
		if err := b.fill(ctx, at); err != nil {
			return nil, err
		}
	}
	var results []result
	for _, l := range loads {
		for _, n := range networks {
			r, err := b.compare(ctx, l, n)
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
	dir      string // for scripts
}

// scale is that of the tables: 10 for a million objects, which are as many accounts.
func (b *pgbench) scale() string { return strconv.Itoa(max(1, b.settings.objects/100_000)) }

// fill makes the tables.
func (b *pgbench) fill(ctx context.Context, at place) error {
	_, err := b.run(ctx, at, "-i", "-q", "-s", b.scale())
	return err
}

// compare runs a load against the servers in turns.
func (b *pgbench) compare(ctx context.Context, l load, n network) (result, error) {
	builtin := []string{"-b", l.script}
	script, err := b.script(ctx, l)
	if err != nil {
		return result{}, err
	}
	var ours, theirs, nothing, ratios []float64
	for range b.settings.runs {
		x, err := b.measure(ctx, n.ours, l, builtin)
		if err != nil {
			return result{}, err
		}
		y, err := b.measure(ctx, n.theirs, l, builtin)
		if err != nil {
			return result{}, err
		}
		z, err := b.measure(ctx, n.nothing, l, script)
		if err != nil {
			return result{}, err
		}
		fmt.Fprintf(b.settings.log, "  %s, %d clients, %s: cachalot %.0f tps, postgres %.0f tps, nothing %.0f tps\n", l.name, l.clients, n.name, x, y, z)
		ours, theirs, nothing, ratios = append(ours, x), append(theirs, y), append(nothing, z), append(ratios, x/y)
	}
	ratio := median(ratios)
	return result{
		what: fmt.Sprintf("pgbench -M prepared, %s, %d clients over %s, against PostgreSQL 15", l.name, l.clients, n.name),
		measured: fmt.Sprintf("%.2f times: %s against %s a second", ratio,
			human.Thousands(int(median(ours))), human.Thousands(int(median(theirs)))),
		goal: fmt.Sprintf("%.1f times", l.goal),
		met:  ratio >= l.goal,
		notes: fmt.Sprintf("ratios %s; a server that does nothing: %.2f times, %s a second", list(ratios, "%.2f"),
			median(nothing)/median(theirs), human.Thousands(int(median(nothing)))),
	}, nil
}

// script returns the flags that make pgbench run a load's script without asking the server first how large its tables are.
func (b *pgbench) script(ctx context.Context, l load) ([]string, error) {
	cmd := exec.CommandContext(ctx, b.program, "--show-script="+l.script)
	text, err := cmd.CombinedOutput() // it writes to standard error
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cmd, err)
	}
	path := filepath.Join(b.dir, l.script+".sql")
	return []string{"-f", path, "-s", b.scale()}, os.WriteFile(path, text, 0o644)
}

var (
	tps    = regexp.MustCompile(`tps = ([0-9.]+)`)
	failed = regexp.MustCompile(`number of failed transactions: ([0-9]+)`)
)

// measure returns the transactions a second of one run, none of which may fail.
func (b *pgbench) measure(ctx context.Context, at place, l load, script []string) (float64, error) {
	args := append(slices.Clone(script), "-n", "-M", "prepared", "-c", strconv.Itoa(l.clients), "-j", strconv.Itoa(min(l.clients, 2)))
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
	cmd := exec.CommandContext(ctx, b.program, append(args, "-h", at.host, "-p", at.port, "-U", "cachalot", "cachalot")...)
	cmd.Env = append(os.Environ(), "PGSSLMODE=disable", "PGGSSENCMODE=disable") // who does nothing does not refuse them either
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("pgbench %s: %w\n%s", args, err, out)
	}
	return out, nil
}
