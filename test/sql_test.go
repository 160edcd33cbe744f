// Package test holds the tests that look at the product from outside.
package test

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/internal/sqltest"
	"github.com/cachalotdb/cachalot/query"
	"github.com/cachalotdb/cachalot/store"
	"github.com/google/go-cmp/cmp"
)

var (
	rewrite  = flag.Bool("rewrite", false, "write the output of P = 2 into the scripts")
	postgres = flag.String("postgres", "", "DSN of a PostgreSQL to compare the scripts with, each in an empty public schema")
)

// TestSQL runs the scripts of test/sql with 1, 2 and 8 partitions, which must agree.
func TestSQL(t *testing.T) {
	scripts, err := filepath.Glob("sql/*.test")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, path := range scripts {
		for _, parts := range []int{1, 2, 8} {
			if *rewrite && parts != 2 {
				continue
			}
			t.Run(fmt.Sprintf("%s/P=%d", filepath.Base(path), parts), func(t *testing.T) {
				ctx := context.Background()
				db, err := store.Open(ctx, store.Config{Partitions: parts})
				if err != nil {
					t.Fatal(err)
				}
				r := sqltest.NewInProcess(query.New(db, query.Config{}))
				runScript(t, path, r, *rewrite && parts == 2)
				r.Close()
				if err := db.Check(ctx); err != nil {
					t.Error(err)
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestPostgres runs the scripts against PostgreSQL, but for the blocks that are Cachalot's own.
func TestPostgres(t *testing.T) {
	if *postgres == "" {
		t.Skip("no -postgres")
	}
	scripts, _ := filepath.Glob("sql/*.test")
	for _, path := range scripts {
		t.Run(filepath.Base(path), func(t *testing.T) {
			r := sqltest.NewWire(*postgres)
			defer r.Close()
			r.Run(&sqltest.Block{SQL: "set client_min_messages = error; drop schema public cascade; create schema public; reset all"})
			runScript(t, path, oracle{r}, false)
		})
	}
}

// oracle skips what only Cachalot understands and forgives what Cachalot refuses or adds: an
// 0A000, and a hint of its own.
type oracle struct{ *sqltest.Wire }

func (o oracle) Run(b *sqltest.Block) string {
	if b.Cachalot {
		return b.Want
	}
	got := o.Wire.Run(b)
	if strings.HasPrefix(b.Want, "ERROR 0A000") {
		return b.Want
	}
	if line, hint, ok := strings.Cut(b.Want, "\nHINT: If "); ok && line+"\n" == got && strings.Contains(hint, "bare_literals") {
		return b.Want
	}
	return got
}

func runScript(t *testing.T, path string, r sqltest.Runner, rewrite bool) {
	t.Helper()
	blocks, err := sqltest.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range blocks {
		b := &blocks[i]
		got := r.Run(b)
		if rewrite {
			b.Want = got
		} else if diff := cmp.Diff(b.Want, got); diff != "" {
			t.Errorf("%s:%d:\n%s(-want +got):\n%s", path, b.Line, b.SQL, diff)
		}
	}
	if rewrite {
		if err := sqltest.Write(path, blocks); err != nil {
			t.Fatal(err)
		}
	}
}
