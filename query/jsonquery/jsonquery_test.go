package jsonquery

import (
	"errors"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/internal/jsonpath"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// What paths give is in query/expr/testdata/golden_jsonpath.txt and golden_random.txt, which PostgreSQL has answered.

func mustDoc(t *testing.T, text string) string {
	t.Helper()
	v, err := value.NewJSONB(text)
	if err != nil {
		t.Fatal(err)
	}
	return v.Bytes()
}

func mustPath(t *testing.T, text string) *jsonpath.Path {
	t.Helper()
	p, err := jsonpath.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestSilentKeepsWhatWasFound says that items found before a suppressed error are returned.
func TestSilentKeepsWhatWasFound(t *testing.T) {
	doc, path := mustDoc(t, `[{"a": 1}, {"a": 2}, 3, {"a": 4}]`), mustPath(t, "strict $[*].a")
	items, failed, err := Query(path, doc, Options{Silent: true})
	if got := strings.Join(items, " "); got != "1 2" || !failed || err != nil {
		t.Errorf("got %q, failed %v, %v", got, failed, err)
	}
	_, _, err = Query(path, doc, Options{})
	if sqlerr.Code(err) != sqlerr.SQLJSONMemberNotFound {
		t.Errorf("got %v", err)
	}
}

// TestDeepDocument says that a path over a document of the greatest depth ends, with an answer or 54001.
func TestDeepDocument(t *testing.T) {
	const depth = 5000
	doc := mustDoc(t, strings.Repeat("[", depth)+strings.Repeat("]", depth))
	items, _, err := Query(mustPath(t, "$.**"), doc, Options{})
	if err != nil || len(items) != depth {
		t.Errorf("%d items, %v", len(items), err)
	}
}

// FuzzQuery says that a path finds something exactly when there are items, whatever the document.
func FuzzQuery(f *testing.F) {
	for _, path := range []string{"$", "$.a[*] ? (@ > 1)", "strict $.a.b", "$.**{1 to last}.keyvalue()", "-$.a + 1", "$[last - 1 to last]",
		`$.a ? (@ like_regex "^a" || exists(@.b)).type()`, "$.datetime()", "($.a == $v) is unknown", "$.*.size()"} {
		for _, doc := range []string{`{"a": [1, 2, {"b": "abc"}]}`, `[1, [2, null], "2020-01-01"]`, `1e5`, `"2020-01-01T10:00:00+02"`} {
			f.Add(path, doc)
		}
	}
	f.Fuzz(func(t *testing.T, path, doc string) {
		if len(path) > 60 || len(doc) > 100 || strings.Count(path, "**") > 2 || value.CheckUTF8(path) != nil || value.CheckUTF8(doc) != nil {
			return
		}
		p, err := jsonpath.Parse(path)
		if err != nil {
			return
		}
		v, err := value.NewJSONB(doc)
		if err != nil {
			return
		}
		for _, o := range []Options{{Vars: "{}"}, {Vars: `{"v": [1, "a"]}`, Silent: true}, {Silent: true}, {Style: value.DefaultStyle()}} {
			items, failed, err := Query(p, v.Bytes(), o)
			if err != nil {
				if e := (*sqlerr.Error)(nil); !errors.As(err, &e) {
					t.Fatalf("no SQLSTATE: %v", err)
				}
				continue
			}
			for _, item := range items {
				if w, err := value.NewJSONB(item); err != nil || w.Bytes() != item {
					t.Fatalf("item %q is no document: %v", item, err)
				}
			}
			exists, existsFailed, err := Exists(p, v.Bytes(), o)
			if err != nil || !failed && (existsFailed || exists != (len(items) > 0)) {
				t.Fatalf("%d items, but exists is %v, %v, %v", len(items), exists, existsFailed, err)
			}
		}
	})
}
