package main

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cachalotdb/cachalot/internal/node"
)

// The soak: clients that read and update rows of about 200 bytes at random, at one of which an index hangs.
const (
	soakClients = 8
	soakBytes   = 160 // of text a row
	soakRelease = 30 * time.Second
	soakRatio   = 1.2
)

var soakTable = []string{
	"create table soak (id int primary key, n int not null, grp int not null, at timestamptz not null default now(), filler text not null)",
	"create index soak_n on soak using btree (n)",
	"create index soak_grp on soak using dictionary (grp)",
}

// soak is a run of the workload against a node in this process.
type soak struct {
	node *node.Node
	rows int
	done atomic.Int64 // statements
}

// measureSoak looks at the heap of a node under updates: a fifth of the time after the start and at the end, while a
// snapshot is held, and after its release.
func measureSoak(ctx context.Context, s settings) (results []result, err error) {
	err = withNode(ctx, func(n *node.Node) error {
		k := &soak{node: n, rows: s.objects / 5}
		if err := k.fill(ctx); err != nil {
			return err
		}
		early, late := s.soak/5, s.soak
		if err := k.run(ctx, early, 0.5); err != nil {
			return err
		}
		first := heapAfterGC()
		fmt.Fprintf(s.log, "after %v, %d statements: heap %d\n", early, k.done.Load(), first)
		if err := k.run(ctx, late-early, 0.5); err != nil {
			return err
		}
		last := heapAfterGC()
		ratio := float64(last) / float64(first)
		fmt.Fprintf(s.log, "after %v, %d statements: heap %d\n", late, k.done.Load(), last)
		results = append(results, result{
			what: fmt.Sprintf("heap after %v of reads and updates by %d clients, beside that after %v", late, soakClients, early),
			goal: "at most 1.2 times", measured: fmt.Sprintf("%.2f times", ratio), met: ratio <= soakRatio,
			notes: fmt.Sprintf("%.1f and %.1f MB, %d statements", float64(last)/1e6, float64(first)/1e6, k.done.Load()),
		})
		held, err := k.hold(ctx, s, early, last)
		results = append(results, held...)
		return err
	})
	return results, err
}

// fill makes the table.
func (k *soak) fill(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, k.node.DSN())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, text := range soakTable {
		if _, err := conn.Exec(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	rng := rand.New(rand.NewPCG(0, 1))
	at := 0
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"soak"}, []string{"id", "n", "grp", "filler"}, pgx.CopyFromFunc(func() ([]any, error) {
		if at++; at > k.rows {
			return nil, nil
		}
		return []any{at, rng.Int32N(1e6), at % 100, soakText(rng)}, nil
	}))
	return err
}

// soakText is a text that no other row has.
func soakText(rng *rand.Rand) string {
	b := make([]byte, soakBytes/2+rng.IntN(soakBytes))
	for i := range b {
		b[i] = 'a' + byte(rng.IntN(26))
	}
	return string(b)
}

// run has the clients work for a while, with such a share of updates.
func (k *soak) run(ctx context.Context, d time.Duration, updates float64) error {
	limited, stop := context.WithTimeout(ctx, d)
	defer stop()
	ends := make(chan error, soakClients)
	for c := range soakClients {
		go func() { ends <- k.client(limited, rand.New(rand.NewPCG(uint64(c), rand.Uint64())), updates) }()
	}
	var failed error
	for range soakClients {
		if err := <-ends; err != nil && limited.Err() == nil {
			failed = errors.Join(failed, err)
			stop()
		}
	}
	return errors.Join(failed, ctx.Err())
}

func (k *soak) client(ctx context.Context, rng *rand.Rand, updates float64) error {
	conn, err := pgx.Connect(ctx, k.node.DSN())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for ctx.Err() == nil {
		id := 1 + rng.IntN(k.rows)
		if rng.Float64() < updates {
			_, err = conn.Exec(ctx, "update soak set n = $2, grp = $3, at = now(), filler = $4 where id = $1",
				id, rng.Int32N(1e6), rng.IntN(100), soakText(rng))
		} else {
			var n int
			var text string
			err = conn.QueryRow(ctx, "select n, filler from soak where id = $1", id).Scan(&n, &text)
		}
		if err != nil {
			return err
		}
		k.done.Add(1)
	}
	return nil
}

// hold keeps a snapshot while the clients do nothing but update: it sees the same at the end, and soon after its release the
// heap is what it was before.
func (k *soak) hold(ctx context.Context, s settings, d time.Duration, before int64) ([]result, error) {
	conn, err := pgx.Connect(ctx, k.node.DSN())
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "begin isolation level repeatable read"); err != nil {
		return nil, err
	}
	then, err := k.checksum(ctx, conn)
	if err != nil {
		return nil, err
	}
	done := k.done.Load()
	if err := k.run(ctx, d, 1); err != nil {
		return nil, err
	}
	during := heapAfterGC()
	now, err := k.checksum(ctx, conn)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "commit"); err != nil {
		return nil, err
	}
	start := time.Now()
	after := heapAfterGC()
	for float64(after) > soakRatio*float64(before) && time.Since(start) < soakRelease {
		time.Sleep(200 * time.Millisecond) // the node gives memory back by itself; nothing tells when it is done
		after = heapAfterGC()
	}
	took := time.Since(start)
	ratio := float64(after) / float64(before)
	fmt.Fprintf(s.log, "snapshot held for %v and %d updates: heap %d before, %d during, %d %v after\n", d, k.done.Load()-done, before, during, after, took)
	return []result{{
		what: fmt.Sprintf("what a snapshot sees after %v of updates", d),
		goal: "the same", measured: map[bool]string{true: "the same", false: "something else"}[then == now], met: then == now,
		notes: fmt.Sprintf("%d updates of %d rows", k.done.Load()-done, k.rows),
	}, {
		what: "heap after the snapshot's release, beside that before it", goal: "at most 1.2 times within 30 s",
		measured: fmt.Sprintf("%.2f times after %.1f s", ratio, took.Seconds()), met: ratio <= soakRatio,
		notes: fmt.Sprintf("%.2f times while it was held", float64(during)/float64(before)),
	}}, nil
}

// checksum sums the hashes of all rows.
func (k *soak) checksum(ctx context.Context, conn *pgx.Conn) (sum uint64, err error) {
	rows, err := conn.Query(ctx, "select id, n, grp, at::text, filler from soak")
	if err != nil {
		return 0, err
	}
	type row struct {
		id, n, grp int
		at, filler string
	}
	var r row
	_, err = pgx.ForEachRow(rows, []any{&r.id, &r.n, &r.grp, &r.at, &r.filler}, func() error {
		sum += maphash.Comparable(soakSeed, r)
		return nil
	})
	return sum, err
}

var soakSeed = maphash.MakeSeed()
