package query

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/server"
)

// TestSingleRowsAreWrittenAsByOperators writes the same rows to two databases: in one by statements with RETURNING, which have
// operators, in the other by those without, which have none. The errors and what is then in the tables must be the same.
func TestSingleRowsAreWrittenAsByOperators(t *testing.T) {
	const tables = `create table p (id int primary key, code text unique, low text generated always as (lower(code)) stored);
		create table c (id int primary key, p int default 1 references p on delete cascade on update cascade, n int not null check (n > 0), note text default 'none');
		create table h (n int, p int)`
	short, long := newTestSession(t, open(t)), newTestSession(t, open(t))
	short.must(tables)
	long.must(tables)
	rng := rand.New(rand.NewPCG(1, 2))
	failed := 0
	for i := range 4000 {
		k, m := rng.IntN(20), rng.IntN(20)
		q := []string{
			fmt.Sprintf("insert into p values (%d, 'Code%d')", k, m),
			fmt.Sprintf("insert into c values (%d, %d, %d, null)", k, m, rng.IntN(4)),
			fmt.Sprintf("insert into c (n, id, p) values (%d, %d, default)", k, m),
			fmt.Sprintf("insert into h values (%d, %d)", k, m),
			fmt.Sprintf("update p set code = 'Code%d' where id = %d", m, k),
			fmt.Sprintf("update p set id = %d where id = %d", m, k),
			fmt.Sprintf("update c set n = n + %d where id = %d", m-5, k),
			fmt.Sprintf("update c set p = %d, note = note || '.' where id = %d and n < 10", m, k),
			fmt.Sprintf("update c set n = (select count(*) from h where h.n = %d) where id = %d", m, k),
			fmt.Sprintf("delete from c where id = %d and n > 2", k),
			fmt.Sprintf("delete from p where id = %d", k),
		}[rng.IntN(11)]
		if i%50 == 0 {
			short.must("begin")
			long.must("begin")
		}
		_, err := short.query(q)
		_, want := long.query(q + " returning 1")
		if got, want := fmt.Sprint(sqlerr.As(err)), fmt.Sprint(sqlerr.As(want)); got != want {
			t.Fatalf("%s: %s, with operators %s", q, got, want)
		}
		if err != nil {
			failed++
		}
		if i%50 == 49 || err != nil && short.TxStatus() != server.TxIdle {
			short.must("commit")
			long.must("commit")
		}
		if i%100 != 99 {
			continue
		}
		for _, all := range []string{
			"select string_agg(p::text, ' ' order by id) from p",
			"select string_agg(c::text, ' ' order by id) from c",
			"select string_agg(h::text, ' ' order by n, p) from h",
		} {
			if got, want := short.must(all).last, long.must(all).last; got != want {
				t.Fatalf("%s: %v, with operators %v", all, got, want)
			}
		}
	}
	if failed < 100 || failed > 3000 {
		t.Errorf("%d statements failed", failed)
	}
}

// TestPortalsAreUsedAgain when they are closed, and only then.
func TestPortalsAreUsedAgain(t *testing.T) {
	s := newTestSession(t, open(t))
	s.must("create table t (id int primary key, v text); insert into t select g, 'v' || g from generate_series(1, 9) g")
	ctx := context.Background()
	prepare := func(text string) server.Prepared {
		p, err := s.Prepare(ctx, server.Source{Text: text}, []uint32{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	bind := func(p server.Prepared, args ...string) server.Portal {
		values := make([][]byte, len(args))
		for i, a := range args {
			values[i] = []byte(a)
		}
		portal, err := s.Bind(ctx, p, server.Args{Values: values})
		if err != nil {
			t.Fatal(err)
		}
		return portal
	}
	run := func(p server.Portal, max int) (string, server.Result) {
		c := &counter{}
		res, err := p.Run(ctx, c, max)
		if err != nil {
			t.Fatal(err)
		}
		if c.rows == 0 {
			return "", res
		}
		return string(c.last.Bytes()), res
	}
	point := prepare("select v from t where id = $1")
	write := prepare("update t set v = $2 where id = $1")
	scan := prepare("select v from t where id > $1::int order by id")
	s.must("begin")
	a, b := bind(point, "1"), bind(point, "2")
	if a == b {
		t.Fatal("one portal for two")
	}
	open := bind(scan, "3")
	if v, res := run(open, 1); v != "v4" || !res.Suspended {
		t.Fatal(v, res)
	}
	if v, _ := run(b, 0); v != "v2" {
		t.Error(v)
	}
	b.Close()
	b.Close()
	w := bind(write, "1", "new")
	if w != b {
		t.Error("a closed portal is not used again")
	}
	if _, res := run(w, 0); res.Tag != "UPDATE 1" {
		t.Error(res)
	}
	w.Close()
	if v, res := run(a, 0); v != "new" || res.Tag != "SELECT 1" {
		t.Error(v, res)
	}
	a.Close()
	if v, _ := run(open, 0); v != "v9" {
		t.Error(v)
	}
	open.Close()
	if c := bind(point, "5"); c == open {
		t.Error("a portal that had operators is used again")
	}
	s.must("commit")
}

// TestAShortStatementAllocatesLittle: nothing but what the store keeps of its transaction.
func TestAShortStatementAllocatesLittle(t *testing.T) {
	s := newTestSession(t, open(t))
	s.must("create table t (id int primary key, v int); insert into t select g, g from generate_series(1, 9) g")
	ctx := context.Background()
	p, err := s.Prepare(ctx, server.Source{Text: "select v from t where id = $1"}, []uint32{})
	if err != nil {
		t.Fatal(err)
	}
	args := server.Args{Values: [][]byte{[]byte("7")}}
	sink := &counter{}
	n := testing.AllocsPerRun(200, func() {
		portal, err := s.Bind(ctx, p, args)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := portal.Run(ctx, sink, 0); err != nil {
			t.Fatal(err)
		}
		portal.Close()
		if err := s.EndImplicit(ctx, false); err != nil {
			t.Fatal(err)
		}
	})
	if n > 2 {
		t.Errorf("%v allocations", n)
	}
}
