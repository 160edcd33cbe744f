package main

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestSplitterCutsAtSemicolonsOutsideOfQuotes(t *testing.T) {
	for script, want := range map[string][]string{
		"select 1;":                                  {"select 1;"},
		"select 1; select\n2;\n":                     {"select 1;", "select\n2;"},
		"select ';', \";\", E'\\';', $$;$$;":         {"select ';', \";\", E'\\';', $$;$$;"},
		"select 'it''s;';":                           {"select 'it''s;';"},
		"-- a;\nselect 1; -- b;\n":                   {"-- a;\nselect 1;"},
		"/* ; /* ; */ ; */ select 1;":                {"/* ; /* ; */ ; */ select 1;"},
		"select $a$ $b$; $a$;":                       {"select $a$ $b$; $a$;"},
		"select a$b$ from t; select $1;":             {"select a$b$ from t;", "select $1;"},
		"select date'2021-01-01'; select 2;":         {"select date'2021-01-01';", "select 2;"},
		";;  ;\n":                                    nil,
		"select 'über;';\nselect 'no semicolon'":     {"select 'über;';", "select 'no semicolon'"},
		"select 'a\nb;c';":                           {"select 'a\nb;c';"},
		"create function f() as $f$ begin; end;$f$;": {"create function f() as $f$ begin; end;$f$;"},
	} {
		var s splitter
		var got []string
		for line := range strings.Lines(script) {
			got = append(got, s.add(line)...)
		}
		if rest := s.rest(); rest != "" && !strings.HasPrefix(rest, "--") {
			got = append(got, rest)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q\n got %q\nwant %q", script, got, want)
		}
	}
}

func TestTableLooksLikePsqls(t *testing.T) {
	var b strings.Builder
	writeAligned(&b, []string{"id", "town"}, []bool{true, false}, [][]string{{"1", "Paris"}, {"12", "Évian\nles Bains"}, {"", ""}})
	const want = "" +
		" id |   town\n" +
		"----+-----------\n" +
		"  1 | Paris\n" +
		" 12 | Évian    +\n" +
		"    | les Bains\n" +
		"    |\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestErrorHasACaret(t *testing.T) {
	var b strings.Builder
	printServerMessage(&b, &pgconn.PgError{Severity: "ERROR", Message: `column "pariß" does not exist`, Position: 34, Hint: "Quote it."},
		"select 'é'\nfrom home where x =\n  town = pariß")
	const want = "ERROR:  column \"pariß\" does not exist\n" +
		"LINE 3:   town = pariß\n" +
		"          ^\n" +
		"HINT:  Quote it.\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	b.Reset()
	printServerMessage(&b, &pgconn.PgError{Severity: "ERROR", Message: "m", Position: 99}, "x")
	if b.String() != "ERROR:  m\n" {
		t.Errorf("got %q", b.String())
	}
}

func TestCopyDataEndsAtItsMark(t *testing.T) {
	in := bufio.NewReader(strings.NewReader("1\ta\n2\tb\n\\.\nselect 1;\n"))
	data, err := io.ReadAll(&copyData{in: in})
	if err != nil || string(data) != "1\ta\n2\tb\n" {
		t.Errorf("data %q, %v", data, err)
	}
	if rest, _ := io.ReadAll(in); string(rest) != "select 1;\n" {
		t.Errorf("rest %q", rest)
	}
}
