package query

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/cachalotdb/cachalot/internal/vfs"
	"github.com/cachalotdb/cachalot/store"
)

// TestConstraintsOverRestarts makes a schema with every kind of constraint, and sees that all of them hold after a replay of the
// log, and after a start from a checkpoint.
func TestConstraintsOverRestarts(t *testing.T) {
	ctx := context.Background()
	cfg := store.Config{FS: vfs.NewMem(), Dir: "data", MaintenanceInterval: time.Hour}
	var e *Engine
	var s testSession
	start := func() {
		db, err := store.Open(ctx, cfg)
		if err != nil {
			t.Fatal(err)
		}
		e = New(db, Config{})
		s = newTestSession(t, e)
	}
	stop := func() {
		if err := e.db.Check(ctx); err != nil {
			t.Error(err)
		}
		s.Close()
		if err := e.db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	start()
	for _, q := range strings.Split(`create table p (id int primary key, code text unique, low text generated always as (lower(code)) stored);
		create unique index p_low on p (lower(code)) where id > 0;
		create table c (id serial primary key, k int generated always as identity (start 100), p int references p on delete cascade, n int check (n > 0) not null);
		create sequence s increment 5 cache 3;
		insert into p values (1, 'One'), (2, 'Two');
		insert into c (p, n) values (1, 1), (2, 2)`, ";") {
		if got := s.answer(q); strings.HasPrefix(got, "ERROR") {
			t.Fatalf("%s: %s", q, got)
		}
	}
	for round := range 4 {
		refused := map[string]string{
			"insert into p values (3, 'One')":                                   "23505",
			"insert into p values (3, 'ONE')":                                   "23505",
			"insert into c (p, n) values (9, 1)":                                "23503",
			"insert into c (p, n) values (1, 0)":                                "23514",
			"insert into c (p) values (1)":                                      "23502",
			"insert into c (k, p, n) values (1, 1, 1)":                          "428C9",
			"update p set low = 'x'":                                            "428C9",
			"insert into p values (3, 'TWO') on conflict (code) do nothing":     "23505",
			"drop sequence c_id_seq":                                            "2BP01",
			"insert into p select 100 + i, 'x' from generate_series(1, 5000) i": "23505",
		}
		for q, code := range refused {
			if got := s.answer(q); !strings.Contains(got, code) {
				t.Errorf("round %d: %s: %s, want %s", round, q, got, code)
			}
		}
		if got := s.answer("insert into c (p, n) values (1, 5) returning n"); !strings.Contains(got, "5") {
			t.Errorf("round %d: %s", round, got)
		}
		if round == 1 {
			if err := e.db.Checkpoint(ctx); err != nil {
				t.Fatal(err)
			}
		}
		stop()
		start()
	}
	if got := s.answer("select count(*), count(distinct id), count(distinct k) from c"); !strings.Contains(got, "bigint:6|bigint:6|bigint:6") {
		t.Errorf("rows of c: %s", got)
	}
	if got := s.answer("delete from p where id = 1"); strings.HasPrefix(got, "ERROR") {
		t.Error(got)
	}
	if got := s.answer("select count(*) from c"); !strings.Contains(got, "bigint:1") {
		t.Errorf("rows of c after the cascade: %s", got)
	}
	stop()
}
