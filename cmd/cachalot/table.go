package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
)

// rightAligned are the type OIDs that psql sets to the right: numbers.
var rightAligned = map[uint32]bool{20: true, 21: true, 23: true, 26: true, 700: true, 701: true, 790: true, 1700: true}

// printTable writes rows as psql does: a head, a rule, aligned fields, their number. The
// widths need all rows, so they are kept until the last has come.
func printTable(w io.Writer, r *pgconn.ResultReader) error {
	var head []string
	var right []bool
	for _, f := range r.FieldDescriptions() {
		head = append(head, f.Name)
		right = append(right, rightAligned[f.DataTypeOID])
	}
	var rows [][]string
	for r.NextRow() {
		row := make([]string, len(head))
		for i, v := range r.Values() {
			row[i] = string(v)
		}
		rows = append(rows, row)
	}
	if _, err := r.Close(); err != nil {
		return err
	}
	writeAligned(w, head, right, rows)
	noun := "rows"
	if len(rows) == 1 {
		noun = "row"
	}
	_, err := fmt.Fprintf(w, "(%d %s)\n\n", len(rows), noun)
	return err
}

// writeAligned writes a head centred over its columns, and the rows. A field with several
// lines goes on below, with psql's + at the end of a line.
func writeAligned(w io.Writer, head []string, right []bool, rows [][]string) {
	widths := make([]int, len(head))
	for i, h := range head {
		widths[i] = utf8.RuneCountInString(h)
	}
	for _, row := range rows {
		for i, field := range row {
			for line := range strings.SplitSeq(field, "\n") {
				widths[i] = max(widths[i], utf8.RuneCountInString(line))
			}
		}
	}
	var line strings.Builder
	for i, h := range head {
		pad := widths[i] - utf8.RuneCountInString(h)
		if i > 0 {
			line.WriteByte('|')
		}
		line.WriteString(" " + spaces(pad/2) + h + spaces(pad-pad/2) + " ")
	}
	fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	line.Reset()
	for i, width := range widths {
		if i > 0 {
			line.WriteByte('+')
		}
		line.WriteString(strings.Repeat("-", width+2))
	}
	fmt.Fprintln(w, line.String())
	for _, row := range rows {
		writeRow(w, row, widths, right)
	}
}

func writeRow(w io.Writer, row []string, widths []int, right []bool) {
	parts, height := make([][]string, len(row)), 1
	for i, field := range row {
		parts[i] = strings.Split(field, "\n")
		height = max(height, len(parts[i]))
	}
	for n := range height {
		var line strings.Builder
		for i, p := range parts {
			text, mark := "", " "
			if n < len(p) {
				text = p[n]
			}
			if n+1 < len(p) {
				mark = "+"
			}
			pad := spaces(widths[i] - utf8.RuneCountInString(text))
			if i > 0 {
				line.WriteByte('|')
			}
			if right[i] {
				line.WriteString(" " + pad + text + mark)
			} else {
				line.WriteString(" " + text + pad + mark)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }

// printServerMessage writes an error or a notice as psql does, with a caret under its place in text.
func printServerMessage(w io.Writer, e *pgconn.PgError, text string) {
	fmt.Fprintf(w, "%s:  %s\n", e.Severity, e.Message)
	if line, number, column, ok := placeIn(text, int(e.Position)); ok {
		head := fmt.Sprintf("LINE %d: ", number)
		fmt.Fprintf(w, "%s%s\n%s^\n", head, line, spaces(len(head)+column))
	}
	for _, field := range []struct{ name, text string }{
		{"DETAIL", e.Detail}, {"HINT", e.Hint}, {"CONTEXT", e.Where},
	} {
		if field.text != "" {
			fmt.Fprintf(w, "%s:  %s\n", field.name, field.text)
		}
	}
}

// placeIn finds a position, counted in characters from 1, in a text: its line, the
// line's number from 1 and the characters before it in the line.
func placeIn(text string, position int) (line string, number, column int, ok bool) {
	runes := []rune(text)
	if position < 1 || position > len(runes)+1 || text == "" {
		return "", 0, 0, false
	}
	before := string(runes[:position-1])
	start := strings.LastIndexByte(before, '\n') + 1
	line = text[start:]
	if end := strings.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	line = strings.ReplaceAll(line, "\t", " ") // the caret stands under a character each
	return line, 1 + strings.Count(before, "\n"), utf8.RuneCountInString(before[start:]), true
}
