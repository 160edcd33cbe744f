package isolation

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// script is a file of testdata.
type script struct {
	name    string
	each    []choice
	setup   []string
	victim  string
	demand  demand
	differs []difference
	steps   []step
}

// choice is a word of the script that stands for several.
type choice struct {
	name  string
	words []string
}

// demand is what a script says about SERIALIZABLE.
type demand string

const (
	fails   demand = "fails"   // somebody gets 40001
	allowed demand = "allowed" // nobody does
)

// difference is where ours does something else on purpose.
type difference struct {
	words  []string // of the runs that it is about
	reason string
}

// step is a line of the script.
type step struct {
	session string
	sql     string // or \disconnect; empty: wait for the session
	into    string // name of a value, or empty
	line    int
}

// run is a script with one word for each choice.
type run struct {
	*script
	words map[string]string
	label string // the words
}

var stepLine = regexp.MustCompile(`^([A-Z]\w*)(?: \((\w+)\))?: (.+)$`)

func parseScript(path string) (*script, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &script{name: strings.TrimSuffix(filepath.Base(path), ".txt")}
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := s.line(line, i+1); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
	}
	if len(s.steps) == 0 {
		return nil, fmt.Errorf("%s has no steps", path)
	}
	return s, nil
}

func (s *script) line(line string, number int) error {
	if name, ok := strings.CutPrefix(line, "wait "); ok {
		s.steps = append(s.steps, step{session: name, line: number})
		return nil
	}
	if m := stepLine.FindStringSubmatch(line); m != nil {
		s.steps = append(s.steps, step{session: m[1], into: m[2], sql: m[3], line: number})
		return nil
	}
	head, rest, ok := strings.Cut(line, ": ")
	word, about, _ := strings.Cut(head, " ")
	switch {
	case !ok:
		return fmt.Errorf("what is %q?", line)
	case len(s.steps) > 0:
		return fmt.Errorf("%q after the first step", head)
	case word == "each":
		s.each = append(s.each, choice{about, split(rest, "|")})
	case head == "setup":
		s.setup = append(s.setup, rest)
	case head == "victim":
		s.victim = rest
	case head == "serializable" && (rest == string(fails) || rest == string(allowed)):
		s.demand = demand(rest)
	case word == "differs":
		s.differs = append(s.differs, difference{split(about, "|"), rest})
	default:
		return fmt.Errorf("what is %q?", head)
	}
	return nil
}

func split(text, sep string) []string {
	var words []string
	for _, w := range strings.Split(text, sep) {
		if w = strings.TrimSpace(w); w != "" {
			words = append(words, w)
		}
	}
	return words
}

// runs returns the script with each combination of words.
func (s *script) runs() []run {
	all := []run{{script: s, words: map[string]string{}}}
	for _, c := range s.each {
		var more []run
		for _, r := range all {
			for _, w := range c.words {
				next := run{script: s, words: map[string]string{c.name: w}, label: strings.TrimSpace(r.label + " " + w)}
				for k, v := range r.words {
					next.words[k] = v
				}
				more = append(more, next)
			}
		}
		all = more
	}
	return all
}

// reason returns why the run differs from PostgreSQL, or nothing.
func (r run) reason() string {
	for _, d := range r.differs {
		if !slices.ContainsFunc(d.words, func(w string) bool { return !r.has(w) }) {
			return d.reason
		}
	}
	return ""
}

func (r run) has(word string) bool {
	for _, w := range r.words {
		if w == word {
			return true
		}
	}
	return false
}

func (r run) serializable() bool { return r.words["LEVEL"] == "SERIALIZABLE" }

// text replaces $NAME by its word and by the values that steps left.
func (r run) text(sql string, values map[string]string) string {
	return variable.ReplaceAllStringFunc(sql, func(name string) string {
		if w, ok := r.words[name[1:]]; ok {
			return w
		}
		if v, ok := values[name[1:]]; ok {
			return v
		}
		return name
	})
}

var variable = regexp.MustCompile(`\$[A-Za-z]\w*`)

func scripts(t *testing.T) []*script {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	var all []*script
	for _, path := range paths {
		s, err := parseScript(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}
