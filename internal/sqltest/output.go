package sqltest

import (
	"fmt"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// output collects what a block answers.
type output struct {
	block *Block
	text  strings.Builder
	rows  []string
}

func (o *output) columns(names, types []string) {
	if !o.block.Names {
		return
	}
	parts := make([]string, len(names))
	for i := range names {
		parts[i] = names[i] + ":" + types[i]
	}
	o.text.WriteString(strings.Join(parts, "|") + "\n")
}

// row prints a row; one that would be a blank line, which ends a block, is two quotes.
func (o *output) row(cells []string) {
	line := strings.Join(cells, "|")
	if line == "" {
		line = "''"
	}
	o.rows = append(o.rows, line)
}

// endRows prints the rows of one statement.
func (o *output) endRows() {
	if o.block.Sorted {
		sortLines(o.rows)
	}
	for _, r := range o.rows {
		o.text.WriteString(r + "\n")
	}
	o.rows = nil
}

func (o *output) tag(tag string) {
	o.endRows()
	if !strings.HasPrefix(tag, "SELECT ") && tag != "SHOW" && tag != "EXPLAIN" {
		o.text.WriteString(tag + "\n")
	}
}

func (o *output) message(severity string, e *sqlerr.Error) {
	o.endRows()
	fmt.Fprintf(&o.text, "%s %s: %s", severity, e.Code, e.Message)
	if e.Pos > 0 {
		fmt.Fprintf(&o.text, " [at %s]", wordAt(o.block.SQL, e.Pos-1))
	}
	o.text.WriteByte('\n')
	for _, part := range []struct{ name, text string }{{"DETAIL", e.Detail}, {"HINT", e.Hint}, {"CONTEXT", e.Where}} {
		if part.text != "" {
			fmt.Fprintf(&o.text, "%s: %s\n", part.name, strings.ReplaceAll(part.text, "\n", "\\n"))
		}
	}
}

// wordAt is what a position points at, for humans.
func wordAt(sql string, pos int) string {
	if pos >= len(sql) {
		return "end"
	}
	rest := sql[pos:]
	if i := strings.IndexAny(rest, " \n;"); i > 0 {
		rest = rest[:i]
	}
	return rest
}

func cell(text string) string { return strings.ReplaceAll(text, "\n", "\\n") }
