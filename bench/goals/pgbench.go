package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/cachalotdb/cachalot/internal/human"
	"github.com/cachalotdb/cachalot/internal/pgoracle"
)

// pgbenchAccounts is how many rows pgbench reads by key: its scale 10.
const pgbenchAccounts = 1_000_000

// selectOnly is pgbench's own script for -S; given as a file it needs no catalog queries first.
const selectOnly = "\\set aid random(1, 1000000)\nSELECT abalance FROM pgbench_accounts WHERE aid = :aid;\n"

// measurePgbench compares point reads by primary key, in turns, at 1 and 8 clients.
func measurePgbench(ctx context.Context, s settings) ([]result, error) {
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
	dir, err := os.MkdirTemp("", "goals-pgbench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	script := filepath.Join(dir, "select.sql")
	if err := os.WriteFile(script, []byte(selectOnly), 0o600); err != nil {
		return nil, err
	}
	for _, dsn := range []string{c.dsn, pg.DSN()} {
		if err := fillAccounts(ctx, dsn); err != nil {
			return nil, err
		}
	}
	// As pgbench -i does; it spares the first readers the marking of rows as committed.
	if err := (&loader{name: "postgres", dsn: pg.DSN()}).exec(ctx, "VACUUM ANALYZE pgbench_accounts"); err != nil {
		return nil, err
	}
	var results []result
	for _, g := range []struct {
		clients int
		goal    float64
	}{{1, 1.4}, {8, 2}} {
		var ours, theirs, ratios []float64
		for range s.runs {
			a, err := pgbench(ctx, c.dsn, script, g.clients, s)
			if err != nil {
				return nil, err
			}
			b, err := pgbench(ctx, pg.DSN(), script, g.clients, s)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(s.log, "  %d clients: cachalot %.0f tps, postgres %.0f tps\n", g.clients, a, b)
			ours, theirs, ratios = append(ours, a), append(theirs, b), append(ratios, a/b)
		}
		ratio := median(ratios)
		results = append(results, result{
			what: fmt.Sprintf("pgbench -M prepared by primary key, %d clients, against PostgreSQL 15", g.clients),
			measured: fmt.Sprintf("%.2f times: %s against %s a second", ratio,
				human.Thousands(int(median(ours))), human.Thousands(int(median(theirs)))),
			goal:  fmt.Sprintf("%.1f times", g.goal),
			met:   ratio >= g.goal,
			notes: "ratios " + list(ratios, "%.2f"),
		})
	}
	return results, nil
}

func fillAccounts(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler text)"); err != nil {
		return err
	}
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"pgbench_accounts"}, []string{"aid", "bid", "abalance", "filler"},
		pgx.CopyFromSlice(pgbenchAccounts, func(i int) ([]any, error) {
			return []any{int32(i + 1), int32(i/100_000 + 1), int32(0), filler}, nil
		}))
	return err
}

// filler is what pgbench fills its rows with, 84 characters.
var filler = strings.Repeat(" ", 84)

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

// pgbench returns the transactions a second.
func pgbench(ctx context.Context, dsn, script string, clients int, s settings) (float64, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return 0, err
	}
	program := "pgbench"
	if own := "/usr/lib/postgresql/15/bin/pgbench"; fileExists(own) {
		program = own
	}
	cmd := exec.CommandContext(ctx, program, "-n", "-M", "prepared", "-f", script, "-c", strconv.Itoa(clients),
		"-j", strconv.Itoa(min(clients, 2)), "-T", strconv.Itoa(int(s.seconds.Seconds())),
		"-h", u.Hostname(), "-p", u.Port(), "-U", "cachalot", "cachalot")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w\n%s", err, out)
	}
	m := tps.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("pgbench said\n%s", out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
