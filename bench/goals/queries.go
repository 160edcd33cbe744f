package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/cachalotdb/cachalot/bench/booking"
	"github.com/cachalotdb/cachalot/internal/node"
)

// measureQueries times two queries of the booking demo as the server sees them: the ten dearest
// homes in Paris, and a GROUP BY with two axes and two sums.
func measureQueries(ctx context.Context, s settings) ([]result, error) {
	var results []result
	err := withNode(ctx, func(n *node.Node) error {
		conn, err := pgx.Connect(ctx, n.DSN())
		if err != nil {
			return err
		}
		defer conn.Close(context.WithoutCancel(ctx))
		for _, sql := range append([]string{booking.Table}, booking.Indexes...) {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		market := booking.NewMarket(s.objects, 1)
		if _, err := market.Feed(n.DSN(), 2).Run(ctx); err != nil {
			return err
		}
		steps, err := market.Steps()
		if err != nil {
			return err
		}
		for _, q := range []struct {
			what, sql string
			goal      time.Duration
		}{
			{"top 10 of the booking demo, in the server", steps[3].Postgres, time.Millisecond},
			{"GROUP BY two axes, two sums, in the server", "SELECT countrycode, town, sum(rooms), sum(priceineuros) FROM home GROUP BY countrycode, town", 8 * time.Millisecond},
		} {
			took, err := inServer(ctx, conn, q.sql, s.runs)
			if err != nil {
				return err
			}
			results = append(results, result{
				what:     q.what,
				measured: fmt.Sprintf("%.2f ms", took.Seconds()*1000),
				goal:     fmt.Sprintf("under %v", q.goal),
				met:      took < q.goal,
			})
		}
		return nil
	})
	return results, err
}

// inServer returns the median execution time that EXPLAIN ANALYZE tells, after one run to warm up.
func inServer(ctx context.Context, conn *pgx.Conn, sql string, runs int) (time.Duration, error) {
	var times []time.Duration
	for i := range runs + 1 {
		var text string
		if err := conn.QueryRow(ctx, "EXPLAIN (ANALYZE, FORMAT JSON) "+sql).Scan(&text); err != nil {
			return 0, fmt.Errorf("explain %s: %w", sql, err)
		}
		var plans []struct {
			Execution float64 `json:"Execution Time"`
		}
		if err := json.Unmarshal([]byte(text), &plans); err != nil {
			return 0, err
		}
		if len(plans) != 1 || plans[0].Execution <= 0 {
			return 0, fmt.Errorf("no execution time in %s", text)
		}
		if i > 0 {
			times = append(times, time.Duration(plans[0].Execution*float64(time.Millisecond)))
		}
	}
	return median(times), nil
}
