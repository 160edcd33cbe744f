package layers

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// inCode finds what documents set as code: `like this`.
var inCode = regexp.MustCompile("`([^`\n]+)`")

// links finds the targets of Markdown links.
var links = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)

// pathLike matches a word that can only be a path of this repository: it has a
// slash or a file's ending, and nothing a command or an expression would have.
var pathLike = regexp.MustCompile(`^\.?[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_.-]+)*/?$`)

// documents are those whose paths must exist.
func documents(t *testing.T) []string {
	t.Helper()
	files := []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"}
	more, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	decisions, err := filepath.Glob(filepath.Join(root, "docs", "decisions", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range append(more, decisions...) {
		rel, err := filepath.Rel(root, m)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, rel)
	}
	return files
}

// TestDocumentsNameWhatExists opens each document and looks for every file and
// folder that it names, so that the map does not drift from the land.
func TestDocumentsNameWhatExists(t *testing.T) {
	for _, doc := range documents(t) {
		text, err := os.ReadFile(filepath.Join(root, doc))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, m := range inCode.FindAllStringSubmatch(string(text), -1) {
			if path, ok := namedPath(m[1]); ok && !exists(path) {
				t.Errorf("%s names `%s`, which does not exist", doc, m[1])
			}
		}
		for _, m := range links.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if !exists(filepath.Join(filepath.Dir(doc), m[1])) {
				t.Errorf("%s links to %s, which does not exist", doc, m[1])
			}
		}
	}
}

// namedPath returns the path that a piece of code names, if it names one: a word with a
// slash whose first part is a folder of ours, or a file by its ending.
func namedPath(code string) (string, bool) {
	if !pathLike.MatchString(code) {
		return "", false
	}
	first, _, hasSlash := strings.Cut(code, "/")
	if hasSlash && exists(first) {
		return code, true
	}
	switch filepath.Ext(code) {
	case ".go", ".md", ".sql":
		return code, hasSlash || !strings.HasSuffix(code, ".go")
	}
	return "", false
}

func exists(path string) bool {
	_, err := os.Stat(filepath.Join(root, path))
	return err == nil
}

func TestNamedPath(t *testing.T) {
	for code, want := range map[string]bool{
		"store/txn.go":    true,
		"store/":          true,
		"store/gone.go":   true, // named, and missed by the test above
		"ARCHITECTURE.md": true,
		"apply.go":        false, // a file's bare name in a sentence about its folder
		"a / b":           false,
		"text/plain":      false,
		"SELECT":          false,
		"go test ./...":   false,
		"1/2":             false,
	} {
		if _, got := namedPath(code); got != want {
			t.Errorf("%q: a path %v, want %v", code, got, want)
		}
	}
}
