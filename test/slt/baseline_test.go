package slt

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// baseline says, by file and line, what PostgreSQL 15 answers where it departs from a script: "error 42883",
// "ok", or "rows 2x1 MD5".
type baseline map[string]map[string]string

func readBaseline(path string) (baseline, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Files baseline `json:"files"`
	}
	return doc.Files, json.Unmarshal(text, &doc)
}

// of returns PostgreSQL's own answer to a record; "" if it is the script's.
func (b baseline) of(file string, line int) string { return b[file][strconv.Itoa(line)] }

// baselineDiffers says how a result differs from what the baseline has for its record; "" if it doesn't.
func baselineDiffers(want string, r *record, res *result) string {
	kind, rest, _ := strings.Cut(want, " ")
	switch {
	case kind == "error":
		if res.code != rest {
			return fmt.Sprintf("%s, want error %s as PostgreSQL has it", res.outcome(), rest)
		}
		return ""
	case res.code != "":
		return fmt.Sprintf("%s, want %s as PostgreSQL has it", res.outcome(), want)
	case kind == "rows":
		values, ok := res.rendered(r.types, r.order)
		got := fmt.Sprintf("%dx%d %s", len(res.rows), res.columns, hashOf(values))
		if !ok || got != rest {
			return fmt.Sprintf("rows %s %s, want %s as PostgreSQL has it", got, short(values), rest)
		}
	}
	return ""
}

// outcome is a result's error, or "no error".
func (r *result) outcome() string {
	if r.code == "" {
		return "no error"
	}
	return "error " + r.code + " (" + r.message + ")"
}
