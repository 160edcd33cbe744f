package slt

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// engineName is what skipif and onlyif know us as.
const engineName = "postgresql"

// record is a statement or a query of a script.
type record struct {
	line  int // of its "statement" or "query" line, from 1
	query bool
	fails bool // statement error
	sql   string

	types string // a letter per column: I, R, T
	order string // nosort, rowsort, valuesort
	label string // queries with one label have equal results; "" is none
	want  expectation
}

// expectation is what a query must answer: its values, or only their number and hash.
type expectation struct {
	values []string
	hashed bool
	count  int
	hash   string
}

// script is one file's records that are for us.
type script struct {
	name    string // as the baseline names it: the path below test/
	records []record
	skipped int // records for other engines
}

// readScript reads a file up to its end or to a halt that is for us.
func readScript(dir, name string) (*script, error) {
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 16<<20)
	s := &script{name: name}
	var para []string // lines of the paragraph that is being read
	first, n := 0, 0
	flush := func() (halt bool, err error) {
		if len(para) > 0 {
			halt, err = s.paragraph(para, first)
		}
		para = nil
		return halt, err
	}
	for sc.Scan() {
		n++
		line := strings.TrimRight(sc.Text(), "\r")
		switch {
		case strings.HasPrefix(line, "#"):
			continue
		case strings.TrimSpace(line) != "":
			if len(para) == 0 {
				first = n
			}
			para = append(para, line)
			continue
		}
		if halt, err := flush(); err != nil || halt {
			return s, err
		}
	}
	if _, err := flush(); err != nil {
		return nil, err
	}
	return s, sc.Err()
}

// paragraph takes the lines of one record, the first of which is line number first of the file.
func (s *script) paragraph(lines []string, first int) (halt bool, err error) {
	ours := true
	for i, line := range lines {
		words := strings.Fields(line)
		switch words[0] {
		case "skipif", "onlyif":
			if len(words) < 2 {
				return false, fmt.Errorf("%s:%d: %s without a name", s.name, first+i, words[0])
			}
			ours = ours && (words[0] == "onlyif") == (words[1] == engineName)
		case "hash-threshold":
		case "halt":
			return ours, nil
		case "statement", "query":
			if !ours {
				s.skipped++
				return false, nil
			}
			r, err := parseRecord(words, lines[i+1:])
			if err != nil {
				return false, fmt.Errorf("%s:%d: %w", s.name, first+i, err)
			}
			r.line = first + i
			s.records = append(s.records, r)
			return false, nil
		default:
			return false, fmt.Errorf("%s:%d: unknown record %q", s.name, first+i, line)
		}
	}
	return false, nil
}

func parseRecord(head, body []string) (record, error) {
	if len(head) < 2 {
		return record{}, fmt.Errorf("%q is not enough", head[0])
	}
	if head[0] == "statement" {
		if head[1] != "ok" && head[1] != "error" {
			return record{}, fmt.Errorf("unknown statement %q", head[1])
		}
		return record{fails: head[1] == "error", sql: strings.Join(body, "\n")}, nil
	}
	r := record{query: true, types: head[1], order: "nosort"}
	if len(head) > 2 {
		r.order = head[2]
	}
	if len(head) > 3 {
		r.label = head[3]
	}
	if r.order != "nosort" && r.order != "rowsort" && r.order != "valuesort" {
		return record{}, fmt.Errorf("unknown order %q", r.order)
	}
	for i, line := range body {
		if line == "----" {
			r.sql = strings.Join(body[:i], "\n")
			r.want = parseExpectation(body[i+1:])
			return r, nil
		}
	}
	r.sql = strings.Join(body, "\n")
	return r, nil
}

func parseExpectation(lines []string) expectation {
	if len(lines) == 1 {
		if count, hash, ok := strings.Cut(lines[0], " values hashing to "); ok {
			if n, err := strconv.Atoi(count); err == nil {
				return expectation{hashed: true, count: n, hash: hash}
			}
		}
	}
	return expectation{values: lines}
}
