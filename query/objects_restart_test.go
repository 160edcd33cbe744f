package query

import (
	"bytes"
	"context"
	"testing"

	"github.com/cachalotdb/cachalot/internal/vfs"
	"github.com/cachalotdb/cachalot/store"
)

// objectsBefore makes one object of every kind, and some that are gone again.
var objectsBefore = []string{
	`create schema app`,
	`create schema gone`,
	`create type app.mood as enum ('sad', 'happy')`,
	`create domain posint as int check (value > 0)`,
	`create table app.home (id int primary key, m app.mood default 'sad', n posint, note text)`,
	`insert into app.home values (1, 'happy', 5, 'x'), (2, 'sad', 6, 'y')`,
	`create view public.moods as select id, m from app.home where m = 'happy'`,
	`create view gone.v as select 1 as one`,
	`create materialized view counted as select m, count(*) as n from app.home group by m`,
	`create table copied as select id, note from app.home`,
	`comment on table app.home is 'homes'`,
	`alter table app.home drop column note, add column later text default 'l'`,
	`alter table app.home rename column n to size`,
	`alter type app.mood add value 'ok' before 'happy'`,
	`insert into app.home values (3, 'ok', 7)`,
	`drop schema gone cascade`,
	`create temp table scratch (a int)`,
	`insert into scratch values (1)`,
	`alter schema app rename to prog`,
}

// checkObjects looks whether everything is as objectsBefore left it.
func checkObjects(t *testing.T, e *Engine) {
	t.Helper()
	s := newTestSession(t, e)
	for _, c := range []struct {
		query string
		want  int
	}{
		{`select 1 from prog.home where m = 'ok' and size = 7 and later = 'l'`, 1},
		{`select 1 from prog.home order by m`, 3},
		{`select 1 from public.moods where id = 1 and m = 'happy'`, 1},
		{`select 1 from counted where n = 1`, 2},
		{`select 1 from copied where note = 'x'`, 1},
		{`select 1 where obj_description('prog.home'::regclass, 'pg_class') = 'homes'`, 1},
		{`select unnest(enum_range(null::prog.mood))`, 3},
		{`insert into prog.home (id) values (10), (11) returning m`, 2},
		{`delete from prog.home where id >= 10 returning id`, 2},
		{`select 1 where 'sad'::prog.mood < 'ok'::prog.mood and 'ok'::prog.mood < 'happy'::prog.mood`, 1},
	} {
		if got := s.must(c.query).rows; got != c.want {
			t.Errorf("%s: %d rows, want %d", c.query, got, c.want)
		}
	}
	for query, code := range map[string]string{
		`select * from scratch`:                         "42P01",
		`select * from gone.v`:                          "42P01",
		`create schema prog`:                            "42P06",
		`select note from prog.home`:                    "42703",
		`insert into prog.home values (9, 'happy', -1)`: "23514",
		`insert into prog.home values (9, 'angry', 1)`:  "22P02",
		`drop table prog.home`:                          "2BP01",
		`drop type prog.mood`:                           "2BP01",
		`create table prog.home (a int)`:                "42P07",
		`create type prog.mood as enum ()`:              "42710",
	} {
		s.fails(query, code)
	}
}

// TestObjectsOutliveTheProcess restarts from the log, from a checkpoint, and from a backup.
func TestObjectsOutliveTheProcess(t *testing.T) {
	ctx := context.Background()
	for _, how := range []string{"log", "checkpoint", "backup"} {
		t.Run(how, func(t *testing.T) {
			fs := vfs.NewMem()
			openDir := func(dir string) *store.DB {
				db, err := store.Open(ctx, store.Config{FS: fs, Dir: dir, Partitions: 2})
				if err != nil {
					t.Fatal(err)
				}
				return db
			}
			db := openDir("data")
			e := New(db, Config{})
			s := newTestSession(t, e)
			for _, text := range objectsBefore {
				s.must(text)
			}
			dir := "data"
			switch how {
			case "checkpoint":
				if err := db.Checkpoint(ctx); err != nil {
					t.Fatal(err)
				}
			case "backup":
				var stream bytes.Buffer
				if _, err := db.Backup(ctx, &stream); err != nil {
					t.Fatal(err)
				}
				quiet := func(int, int, int64) {}
				if err := fs.MkdirAll("backup"); err != nil {
					t.Fatal(err)
				}
				if _, err := store.ReceiveBackup(ctx, fs, "backup", &stream, quiet); err != nil {
					t.Fatal(err)
				}
				if _, err := store.CheckBackup(ctx, fs, "backup", func(string, int64, int64) {}); err != nil {
					t.Fatal(err)
				}
				if _, err := store.RestoreBackup(ctx, fs, "backup", "restored", quiet); err != nil {
					t.Fatal(err)
				}
				dir = "restored"
			}
			// The session does not end before the database: its temporary table is left to the next start.
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db = openDir(dir)
			defer db.Close() //nolint:errcheck // Check has said what there is to say
			checkObjects(t, New(db, Config{}))
			for _, left := range db.Begin(store.TxnOptions{}).Catalog().Tables() {
				if left.Name == "scratch" {
					t.Error("a temporary table is left")
				}
			}
			if err := db.Check(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestTemporaryObjectsEndWithTheirSession looks at the catalog after a session has closed.
func TestTemporaryObjectsEndWithTheirSession(t *testing.T) {
	e := open(t)
	s := newTestSession(t, e)
	s.must(`create temp table scratch (id serial primary key, a int)`)
	s.must(`create temp view seen as select a from scratch`)
	s.must(`comment on table scratch is 'short of life'`)
	s.Close()
	cat := e.db.Begin(store.TxnOptions{}).Catalog()
	for _, left := range cat.Tables() {
		t.Errorf("table %s is left", left.Name)
	}
	for _, o := range cat.Objects() {
		if o.Name != "public" {
			t.Errorf("%s %s is left", o.Kind, o.Name)
		}
	}
}
