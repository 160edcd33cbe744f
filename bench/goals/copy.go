package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cachalotdb/cachalot/bench/homes"
	"github.com/cachalotdb/cachalot/internal/pgoracle"
)

// postgresSettings make PostgreSQL as fast at loading as it is without giving up durability.
var postgresSettings = []string{
	"shared_buffers=2GB", "fsync=on", "synchronous_commit=on",
	"max_wal_size=32GB", "checkpoint_timeout=1h", "maintenance_work_mem=1GB", "autovacuum=off",
}

// way is how a table is loaded.
type way struct {
	indexesAfter bool
	connections  int
}

func (w way) String() string {
	when := "before"
	if w.indexesAfter {
		when = "after"
	}
	return fmt.Sprintf("indexes %s, %d connections", when, w.connections)
}

var ways = []way{{false, 1}, {false, 2}, {true, 1}, {true, 2}}

// csvFile is the homes as a file: making them anew for each load would measure the client.
type csvFile struct {
	path   string
	rows   int
	middle int64 // where the second half of the rows begins
	size   int64
}

// writeCSV makes the file.
func writeCSV(dir string, rows int) (csvFile, error) {
	f := csvFile{path: filepath.Join(dir, "homes.csv"), rows: rows}
	file, err := os.Create(f.path)
	if err != nil {
		return f, err
	}
	defer file.Close()
	feed := homes.Generator{Seed: 1}.Feed("", rows)
	if f.middle, err = io.Copy(file, feed.Reader(0, rows/2, nil)); err != nil {
		return f, err
	}
	second, err := io.Copy(file, feed.Reader(rows/2, rows, nil))
	f.size = f.middle + second
	return f, errors.Join(err, file.Sync())
}

// copyFrom sends the bytes [from, to) in one COPY.
func (f csvFile) copyFrom(ctx context.Context, dsn string, from, to int64) (rows int64, err error) {
	file, err := os.Open(f.path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	conn, err := pgconn.Connect(ctx, dsn)
	if err != nil {
		return 0, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tag, err := conn.CopyFrom(ctx, io.NewSectionReader(file, from, to-from), homes.Copy)
	return tag.RowsAffected(), err
}

// feed sends all rows over one connection or two.
func (f csvFile) feed(ctx context.Context, dsn string, connections int) (rows int64, err error) {
	if connections == 1 {
		return f.copyFrom(ctx, dsn, 0, f.size)
	}
	var first, second int64
	var firstErr, secondErr error
	var wg sync.WaitGroup
	wg.Go(func() { first, firstErr = f.copyFrom(ctx, dsn, 0, f.middle) })
	wg.Go(func() { second, secondErr = f.copyFrom(ctx, dsn, f.middle, f.size) })
	wg.Wait()
	return first + second, errors.Join(firstErr, secondErr)
}

// loader loads the homes into one system.
type loader struct {
	name     string
	dsn      string
	postgres bool
	file     csvFile
	best     way
	times    []time.Duration
}

// load makes the table anew and returns how long the rows and the indexes took.
func (l *loader) load(ctx context.Context, w way) (time.Duration, error) {
	if err := l.exec(ctx, "DROP TABLE IF EXISTS home", homes.Table); err != nil {
		return 0, err
	}
	if l.postgres {
		if err := l.exec(ctx, "CHECKPOINT"); err != nil {
			return 0, err
		}
	}
	var indexes []string
	for _, x := range homes.Indexes {
		kind := x.Kind
		if l.postgres {
			kind = x.PostgresKind
		}
		indexes = append(indexes, x.Statement(kind))
	}
	if l.postgres && w.indexesAfter { // its key too is faster made from what is there
		if err := l.exec(ctx, "ALTER TABLE home DROP CONSTRAINT home_pkey"); err != nil {
			return 0, err
		}
		indexes = append(indexes, "ALTER TABLE home ADD PRIMARY KEY (id)")
	}
	start := time.Now()
	if !w.indexesAfter {
		if err := l.exec(ctx, indexes...); err != nil {
			return 0, err
		}
	}
	rows, err := l.file.feed(ctx, l.dsn, w.connections)
	if err != nil {
		return 0, err
	}
	if rows != int64(l.file.rows) {
		return 0, fmt.Errorf("%s took %d rows of %d", l.name, rows, l.file.rows)
	}
	if w.indexesAfter {
		if err := l.makeIndexes(ctx, indexes, w.connections); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

// makeIndexes shares index builds between connections.
func (l *loader) makeIndexes(ctx context.Context, indexes []string, connections int) error {
	work := make(chan string, len(indexes))
	for _, sql := range indexes {
		work <- sql
	}
	close(work)
	errs := make([]error, connections)
	var wg sync.WaitGroup
	for i := range connections {
		wg.Go(func() {
			for sql := range work {
				// ADD PRIMARY KEY excludes the other builds; PostgreSQL lets it wait for them.
				if errs[i] = l.exec(ctx, sql); errs[i] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) exec(ctx context.Context, statements ...string) error {
	conn, err := pgx.Connect(ctx, l.dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %s: %w", l.name, sql, err)
		}
	}
	return nil
}

// choose finds the fastest way, by one run each.
func (l *loader) choose(ctx context.Context, s settings) error {
	var best time.Duration
	for _, w := range ways {
		took, err := l.load(ctx, w)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.log, "  %s, %v: %.1f s\n", l.name, w, took.Seconds())
		if best == 0 || took < best {
			best, l.best = took, w
		}
	}
	return nil
}

// measureCopy loads the homes into both, each in its fastest way, in turns.
func measureCopy(ctx context.Context, s settings) ([]result, error) {
	pg, err := pgoracle.Start(postgresSettings...)
	if err != nil {
		return nil, err
	}
	defer pg.Stop()
	c, err := startChild(childArg)
	if err != nil {
		return nil, err
	}
	defer c.stop()
	dir, err := os.MkdirTemp("", "goals-copy-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file, err := writeCSV(dir, s.objects)
	if err != nil {
		return nil, err
	}
	ours := &loader{name: "cachalot", dsn: c.dsn, file: file}
	theirs := &loader{name: "postgres", dsn: pg.DSN(), postgres: true, file: file}
	for _, l := range []*loader{ours, theirs} {
		if err := l.choose(ctx, s); err != nil {
			return nil, err
		}
	}
	var ratios []float64
	for range s.runs {
		for _, l := range []*loader{ours, theirs} {
			took, err := l.load(ctx, l.best)
			if err != nil {
				return nil, err
			}
			l.times = append(l.times, took)
			fmt.Fprintf(s.log, "  %s, %v: %.1f s\n", l.name, l.best, took.Seconds())
		}
		n := len(ours.times) - 1
		ratios = append(ratios, theirs.times[n].Seconds()/ours.times[n].Seconds())
	}
	ratio := median(ratios)
	return []result{{
		what:     "COPY of the 1 KB homes with five indexes, synced, against PostgreSQL 15",
		measured: fmt.Sprintf("%.1f times as fast: %.1f s against %.1f s", ratio, median(ours.times).Seconds(), median(theirs.times).Seconds()),
		goal:     "3 times",
		met:      ratio >= 3,
		notes:    fmt.Sprintf("ours with %v, theirs with %v; ratios %s", ours.best, theirs.best, list(ratios, "%.1f")),
	}}, nil
}
