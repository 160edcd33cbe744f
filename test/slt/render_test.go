package slt

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// result is what an engine answers to a statement: rows of text, nil for NULL, or an SQLSTATE.
type result struct {
	columns int
	rows    [][]*string
	code    string // SQLSTATE, "" when there was no error
	message string
}

// rendered returns the values of a result as the script's types and order say, row by row, and whether
// there are as many columns as types.
func (r *result) rendered(types, order string) (values []string, ok bool) {
	if r.columns != len(types) {
		return nil, false
	}
	rows := make([][]string, len(r.rows))
	for i, row := range r.rows {
		rows[i] = make([]string, len(row))
		for c, text := range row {
			rows[i][c] = renderValue(text, types[c])
		}
	}
	if order == "rowsort" {
		slices.SortFunc(rows, slices.Compare[[]string])
	}
	for _, row := range rows {
		values = append(values, row...)
	}
	if order == "valuesort" {
		slices.Sort(values)
	}
	return values, true
}

// renderValue prints a value as the type's letter says.
func renderValue(text *string, letter byte) string {
	if text == nil {
		return "NULL"
	}
	switch letter {
	case 'I':
		return renderInteger(*text)
	case 'R':
		f, _ := strconv.ParseFloat(*text, 64) // 0 for what is no number, as C's atof
		return fmt.Sprintf("%.3f", f)
	}
	return renderText(*text)
}

// renderInteger cuts a number towards zero; a boolean is 0 or 1, and a text that is no number is 0, as for C's atoi.
func renderInteger(text string) string {
	switch text {
	case "t":
		return "1"
	case "f":
		return "0"
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return strconv.FormatInt(n, 10)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return strconv.FormatInt(int64(f), 10)
	}
	return "0"
}

// renderText shows an empty text and what is not printable ASCII.
func renderText(text string) string {
	if text == "" {
		return "(empty)"
	}
	b := []byte(text)
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '@'
		}
	}
	return string(b)
}

// hashOf is the hash of a list of values as the scripts have it.
func hashOf(values []string) string {
	h := md5.New()
	for _, v := range values {
		h.Write([]byte(v))
		h.Write([]byte{'\n'})
	}
	return hex.EncodeToString(h.Sum(nil))
}

// differs says how values differ from what is expected; "" if they don't.
func (e expectation) differs(values []string) string {
	if e.hashed {
		if len(values) != e.count {
			return fmt.Sprintf("%d values, want %d", len(values), e.count)
		}
		if hash := hashOf(values); hash != e.hash {
			return fmt.Sprintf("%d values hashing to %s, want %s: %s", len(values), hash, e.hash, short(values))
		}
		return ""
	}
	if !slices.Equal(values, e.values) {
		return fmt.Sprintf("%d values %s, want %d %s", len(values), short(values), len(e.values), short(e.values))
	}
	return ""
}

// short shows the first values of a list.
func short(values []string) string {
	more := ""
	if len(values) > 12 {
		values, more = values[:12], " ..."
	}
	return "[" + strings.Join(values, " ") + more + "]"
}
