package layers

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/cachalotdb/cachalot"

// root is the module's directory as this test sees it.
const root = "../.."

// imports returns the imports of the module's packages, test files left out, by
// package path relative to the module.
func imports(t *testing.T) map[string]map[string]bool {
	t.Helper()
	all := map[string]map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if name == "testdata" || name != ".." && strings.HasPrefix(name, ".") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != root {
				return filepath.SkipDir // a module of its own
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		pkg = filepath.ToSlash(pkg)
		if all[pkg] == nil {
			all[pkg] = map[string]bool{}
		}
		for _, spec := range f.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			all[pkg][imported] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestImportsPointOneWay(t *testing.T) {
	rules, err := parseRules(Rules)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := parseModules(Modules)
	if err != nil {
		t.Fatal(err)
	}
	packages := imports(t)
	if len(packages) < 10 {
		t.Fatalf("only %d packages found under %s", len(packages), root)
	}
	for pkg, imported := range packages {
		if _, ok := rules.place(pkg); !ok {
			t.Errorf("%s has no place in Rules", pkg)
		}
		for path := range imported {
			first, _, _ := strings.Cut(path, "/")
			switch inside, ok := strings.CutPrefix(path, module+"/"); {
			case ok:
				if err := rules.allows(pkg, inside); err != nil {
					t.Error(err)
				}
			case strings.Contains(first, "."):
				if err := foreign.allows(pkg, path); err != nil {
					t.Error(err)
				}
			}
		}
	}
	for name := range foreign {
		used := false
		for _, imported := range packages {
			for path := range imported {
				used = used || path == name || strings.HasPrefix(path, name+"/")
			}
		}
		if !used {
			t.Errorf("Modules names %s, which nothing imports", name)
		}
	}
	for _, p := range rules.patterns() {
		used := false
		for pkg := range packages {
			used = used || p.matches(pkg)
		}
		if !used {
			t.Errorf("Rules name %s, which holds no package", p)
		}
	}
}

func TestRulesRefuse(t *testing.T) {
	const text = `
		NONE < leaf;   # a comment
		leaf < middle, other;
		middle < top, tree/...;
		top < tree/exact;
	`
	rules, err := parseRules(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from, to string
		allowed  bool
	}{
		{"middle", "leaf", true},
		{"top", "leaf", true}, // through middle
		{"leaf", "middle", false},
		{"middle", "other", false}, // side by side
		{"tree", "middle", true},
		{"tree/a", "tree/b/c", true},
		{"tree/a", "top", false},
		{"tree/exact", "top", true}, // the more exact line counts
		{"tree/a", "tree/exact", false},
		{"stranger", "leaf", false},
		{"middle", "stranger", false},
	} {
		if err := rules.allows(c.from, c.to); (err == nil) != c.allowed {
			t.Errorf("%s -> %s: allowed %v, error %v", c.from, c.to, c.allowed, err)
		}
	}
	for _, bad := range []string{"a, b", "a < b", "NONE < a; c < a; NONE < c"} {
		if _, err := parseRules(bad); err == nil {
			t.Errorf("rules %q were taken", bad)
		}
	}
}

func TestModulesRefuse(t *testing.T) {
	m, err := parseModules("example.com/sql: deep/sql; example.com/wire/v2: server, test/...")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from, path string
		allowed    bool
	}{
		{"deep/sql", "example.com/sql", true},
		{"deep/sql", "example.com/sql/ast", true},
		{"deep", "example.com/sql", false},
		{"deep/sql", "example.com/sqlite", false},
		{"test/e2e", "example.com/wire/v2", true},
		{"server", "example.com/wire/v3", false},
	} {
		if err := m.allows(c.from, c.path); (err == nil) != c.allowed {
			t.Errorf("%s -> %s: allowed %v, error %v", c.from, c.path, c.allowed, err)
		}
	}
}
