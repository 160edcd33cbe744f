package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/cachalotdb/cachalot/bench/booking"
	"github.com/cachalotdb/cachalot/internal/human"
)

// row is a line of the demo's table.
type row struct {
	step               int // 0: none
	name               string
	rows               int
	cachalot, postgres time.Duration // with the query in whose words; 0: not asked so
	published          booking.Published
	err                error // the check failed, or the query
}

// report writes the demo's table, row by row as the results come.
type report struct {
	w      io.Writer
	colour bool
	wrong  int // rows with an error
}

func newReport(w io.Writer) *report { return &report{w: w, colour: isTerminal(w)} }

const (
	bold  = "1"
	green = "32"
	red   = "31"
	faint = "2"
)

func (r *report) paint(colour, text string) string {
	if !r.colour {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

const nameWidth = 52

// line sets the fields of a row.
func (r *report) line(step, name, rows, cachalot, postgres, readme, log, check string) {
	name += spaces(nameWidth - utf8.RuneCountInString(name))
	fmt.Fprintf(r.w, "%4s  %s %10s %11s %11s  %s  %s\n", step, name, rows, cachalot, postgres,
		r.paint(faint, fmt.Sprintf("%9s %9s", readme, log)), check)
}

func (r *report) title(text string) {
	fmt.Fprintf(r.w, "\n%s\n", r.paint(bold, text))
	r.line("", "", "", "Cachalot's", "Postgres'", "v2's", "v2's test", "")
	r.line("step", "", "rows", "words, ms", "words, ms", "README", "log", "checked")
}

func (r *report) add(row row) {
	step := ""
	if row.step > 0 {
		step = strconv.Itoa(row.step)
	}
	check := r.paint(green, "ok")
	if row.err != nil {
		r.wrong++
		check = r.paint(red, "WRONG")
	}
	r.line(step, row.name, human.Thousands(row.rows), milliseconds(row.cachalot), milliseconds(row.postgres),
		row.published.README, row.published.Log, check)
	if row.err != nil {
		fmt.Fprintf(r.w, "      %s\n", strings.ReplaceAll(row.err.Error(), "\n", "\n      "))
	}
}

// milliseconds renders a time with three digits that mean something.
func milliseconds(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case d == 0:
		return ""
	case ms < 1:
		return fmt.Sprintf("%.3f", ms)
	case ms < 10:
		return fmt.Sprintf("%.2f", ms)
	case ms < 100:
		return fmt.Sprintf("%.1f", ms)
	}
	return human.Thousands(int(ms + 0.5))
}

var executionLine = regexp.MustCompile(`(?i)execution time: ([0-9.]+) ms`)

// executionTime asks the server how long it takes for a query.
func executionTime(ctx context.Context, conn *pgx.Conn, sql string) (time.Duration, error) {
	rows, err := conn.Query(ctx, "EXPLAIN (ANALYZE) "+sql)
	if err != nil {
		return 0, err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return 0, err
	}
	m := executionLine.FindStringSubmatch(strings.Join(lines, "\n"))
	if m == nil {
		return 0, errors.New("EXPLAIN ANALYZE has no execution time")
	}
	ms, err := strconv.ParseFloat(m[1], 64)
	return time.Duration(ms * float64(time.Millisecond)), err
}
