package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be the child process, as the program is.
func TestMain(m *testing.M) {
	if child, err := runChild(os.Args); child {
		if err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

// TestGoalsRun runs every measurement once at a small size. What it measures so is worth nothing.
func TestGoalsRun(t *testing.T) {
	for _, g := range goals {
		t.Run(g.name, func(t *testing.T) {
			var table bytes.Buffer
			s := settings{objects: 2000, runs: 1, soak: 2 * time.Second, log: io.Discard}
			err := run(t.Context(), s, []string{g.name}, &table)
			if errors.Is(err, exec.ErrNotFound) && os.Getenv("CI") != "true" {
				t.Skip("SKIPPED FOR WANT OF PostgreSQL 15")
			}
			if err != nil {
				t.Fatal(err)
			}
			if lines := strings.Count(table.String(), "\n| "); lines < 2 {
				t.Errorf("the table is\n%s", table.String())
			}
		})
	}
}

func TestMedian(t *testing.T) {
	if m := median([]int{5, 1, 9}); m != 5 {
		t.Errorf("median of three: %d", m)
	}
	if m := median([]float64{4, 1, 3, 2}); m != 2 {
		t.Errorf("median of four: %v", m)
	}
}
