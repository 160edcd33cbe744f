package jsonpath

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// testdata/paths.txt has a quoted path a line and what PostgreSQL 15 makes of it: its canonical text, or SQLSTATE,
// message and detail. To ask a server again, for new lines without an answer too:
//
//	go test ./internal/jsonpath -run TestPaths -pg "host=/tmp user=postgres"
var dsn = flag.String("pg", "", "connection string of a PostgreSQL 15 that rewrites the answers of testdata")

const pathsFile = "testdata/paths.txt"

func TestPaths(t *testing.T) {
	if *dsn != "" {
		ask(t)
	}
	f, err := os.Open(pathsFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	scan := bufio.NewScanner(f)
	n := 0
	for ; scan.Scan(); n++ {
		text, want, err := cut(scan.Text())
		if err != nil {
			t.Fatalf("line %d: %v", n+1, err)
		}
		if got := answer(text); got != want {
			t.Errorf("%q\n got %s\nwant %s", text, got, want)
		}
	}
	if n < 500 {
		t.Errorf("only %d paths", n)
	}
}

// cut splits a line into the path and the answer.
func cut(line string) (text, want string, err error) {
	q, err := strconv.QuotedPrefix(line)
	if err != nil {
		return "", "", err
	}
	text, err = strconv.Unquote(q)
	return text, strings.TrimSpace(line[len(q):]), err
}

func answer(text string) string {
	p, err := Parse(text)
	if err != nil {
		e := sqlerr.As(err)
		return fmt.Sprintf("! %s %q %q", e.Code, e.Message, e.Detail)
	}
	return strconv.Quote(p.String())
}

func ask(t *testing.T) {
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, *dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	data, err := os.ReadFile(pathsFile)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(data)) {
		text, _, err := cut(line)
		if err != nil {
			t.Fatal(err)
		}
		res := conn.ExecParams(ctx, "SELECT $1::jsonpath::text", [][]byte{[]byte(text)}, []uint32{25}, nil, nil).Read()
		var got string
		if e, ok := res.Err.(*pgconn.PgError); ok {
			got = fmt.Sprintf("! %s %q %q", e.Code, e.Message, e.Detail)
		} else if res.Err != nil {
			t.Fatal(res.Err)
		} else {
			got = strconv.Quote(string(res.Rows[0][0]))
		}
		fmt.Fprintf(&out, "%s %s\n", strconv.Quote(text), got)
	}
	if err := os.WriteFile(pathsFile, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// plain says that no operator has steps behind it: PostgreSQL's text of those does not always read again.
func plain(x *Item) bool {
	for ; x != nil; x = x.Next {
		if x.Next != nil && x.Left != nil && x.Op != Filter && x.Op != Datetime || !plain(x.Left) || !plain(x.Right) {
			return false
		}
		for _, s := range x.Subscripts {
			if !plain(s.From) || !plain(s.To) {
				return false
			}
		}
	}
	return true
}

// FuzzParse says that a path's canonical text reads as a path with the same text.
func FuzzParse(f *testing.F) {
	data, err := os.ReadFile(pathsFile)
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if text, _, err := cut(line); err == nil {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 500 {
			return
		}
		p, err := Parse(text)
		if err != nil {
			if sqlerr.As(err) == nil {
				t.Fatalf("%q: no SQLSTATE: %v", text, err)
			}
			return
		}
		first := p.String()
		if !plain(p.Root) {
			return
		}
		again, err := Parse(first)
		if err != nil {
			t.Fatalf("%q is written %q: %v", text, first, err)
		}
		if second := again.String(); second != first {
			t.Fatalf("%q is written %q, and that %q", text, first, second)
		}
	})
}
