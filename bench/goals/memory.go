package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cachalotdb/cachalot/bench/homes"
	"github.com/cachalotdb/cachalot/internal/node"
)

// measureMemory feeds the 1 KB homes into a node of this process and looks at its heap.
func measureMemory(ctx context.Context, s settings) ([]result, error) {
	var bytes float64
	var collections []time.Duration
	err := withNode(ctx, func(n *node.Node) error {
		before := heapAfterGC()
		if err := feedHomes(ctx, n.DSN(), s.objects); err != nil {
			return err
		}
		n.DB().Vacuum()
		bytes = float64(heapAfterGC()-before) / float64(s.objects)
		for range s.runs {
			start := time.Now()
			runtime.GC()
			collections = append(collections, time.Since(start))
		}
		return nil
	})
	took := median(collections)
	return []result{
		{what: "heap of an object of about 1 KB with its five indexes", measured: fmt.Sprintf("%.0f bytes", bytes), goal: "at most 950 bytes", met: bytes <= 950},
		{what: "full garbage collection", measured: fmt.Sprintf("%.1f ms", took.Seconds()*1000), goal: "under 15 ms", met: took < 15*time.Millisecond},
	}, err
}

// heapAfterGC returns the bytes that live after two collections.
func heapAfterGC() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// feedHomes makes the table with its indexes and fills it.
func feedHomes(ctx context.Context, dsn string, count int) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	statements := []string{homes.Table}
	for _, x := range homes.Indexes {
		statements = append(statements, x.Statement(x.Kind))
	}
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	rows, err := homes.Generator{Seed: 1}.Feed(dsn, count).Run(ctx)
	if err == nil && rows != int64(count) {
		err = fmt.Errorf("%d rows were taken, not %d", rows, count)
	}
	return err
}
