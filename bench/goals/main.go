// Command goals measures what this project set itself as goals, beside PostgreSQL 15 where a goal
// is a ratio, and writes a Markdown table. Run it on a machine that does nothing else:
//
//	go run ./bench/goals                       # all, a million objects: about three quarters of an hour
//	go run ./bench/goals -objects 100000 copy  # one of them, smaller
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/cachalotdb/cachalot/internal/human"
	"github.com/cachalotdb/cachalot/internal/node"
)

// settings are the flags.
type settings struct {
	objects int
	runs    int           // of which the median counts
	seconds time.Duration // of one pgbench run
	soak    time.Duration // of the soak's reads and updates
	log     io.Writer     // progress
}

// result is a row of the table.
type result struct {
	what, measured, goal string
	met                  bool
	notes                string
}

// goal is one thing to measure.
type goal struct {
	name    string
	measure func(context.Context, settings) ([]result, error)
}

var goals = []goal{
	{"queries", measureQueries},
	{"memory", measureMemory},
	{"copy", measureCopy},
	{"pgbench", measurePgbench},
	{"soak", measureSoak},
}

func main() {
	if child, err := runChild(os.Args); child {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s := settings{log: os.Stderr}
	flag.IntVar(&s.objects, "objects", 1_000_000, "how many homes")
	flag.IntVar(&s.runs, "runs", 5, "how many runs the median is of")
	flag.DurationVar(&s.seconds, "pgbench", 5*time.Second, "how long one pgbench run takes; below a second each is of 20 transactions a client")
	flag.DurationVar(&s.soak, "soak", 10*time.Minute, "how long the soak takes; the snapshot is then held for a fifth of it")
	flag.Parse()
	if err := run(ctx, s, flag.Args(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "goals:", err)
		os.Exit(1)
	}
}

// run measures the goals named, or all, and writes the table.
func run(ctx context.Context, s settings, names []string, out io.Writer) error {
	for _, name := range names {
		if !slices.ContainsFunc(goals, func(g goal) bool { return g.name == name }) {
			return fmt.Errorf("no goal is named %s", name)
		}
	}
	fmt.Fprintf(out, "%s objects, medians of %d, %s, %d CPUs, %s\n\n| | measured | goal | met |\n|---|---|---|---|\n",
		human.Thousands(s.objects), s.runs, runtime.Version(), runtime.NumCPU(), time.Now().UTC().Format(time.DateOnly))
	for _, g := range goals {
		if len(names) > 0 && !slices.Contains(names, g.name) {
			continue
		}
		fmt.Fprintf(s.log, "%s ...\n", g.name)
		results, err := g.measure(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
		for _, r := range results {
			met := "no"
			if r.met {
				met = "yes"
			}
			text := r.measured
			if r.notes != "" {
				text += " (" + r.notes + ")"
			}
			fmt.Fprintf(out, "| %s | %s | %s | %s |\n", r.what, text, r.goal, met)
		}
	}
	return nil
}

// median returns the middle one, the lower of two.
func median[T int | float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

func list[T any](values []T, format string) string {
	var parts []string
	for _, v := range values {
		parts = append(parts, fmt.Sprintf(format, v))
	}
	return strings.Join(parts, ", ")
}

// withNode runs something against a durable node in this process.
func withNode(ctx context.Context, do func(n *node.Node) error) (err error) {
	dir, err := os.MkdirTemp("", "goals-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	node.TuneCollector(0)
	n, err := node.Start(ctx, node.Config{Dir: dir})
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := n.Stop(context.WithoutCancel(ctx)); err == nil {
			err = stopErr
		}
	}()
	return do(n)
}
