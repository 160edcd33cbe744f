package query

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/cachalotdb/cachalot/server"
)

// BenchmarkPoint reads a row by primary key, prepared, as pgbench does.
func BenchmarkPoint(b *testing.B) {
	s := newTestSession(b, open(b))
	s.must("create table t (id int primary key, v int); insert into t select g, g from generate_series(1, 100000) g")
	ctx := context.Background()
	p, err := s.Prepare(ctx, server.Source{Text: "select v from t where id = $1"}, []uint32{})
	if err != nil {
		b.Fatal(err)
	}
	sink := &counter{}
	var arg [4]byte
	b.ReportAllocs()
	for b.Loop() {
		id := rand.Uint32N(100000) + 1
		arg = [4]byte{byte(id >> 24), byte(id >> 16), byte(id >> 8), byte(id)}
		portal, err := s.Bind(ctx, p, server.Args{Values: [][]byte{arg[:]}, Formats: []int16{1}})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := portal.Run(ctx, sink, 0); err != nil {
			b.Fatal(err)
		}
		portal.Close()
		if err := s.EndImplicit(ctx, false); err != nil {
			b.Fatal(err)
		}
	}
}

// home is the table of the booking demo, but for what nobody queries.
const home = `create table home (id int primary key, countrycode text, town text, rooms int, priceineuros numeric, availabledates date[]);
insert into home select g, case g % 4 when 0 then 'FR' when 1 then 'US' when 2 then 'SP' else 'CA' end,
	'town' || (g % 4 * 4 + g / 4 % 4), g % 4 + 1, 50 + g % 9973 * 7919 % 250,
	case when g % 100 = 0 then array[date '2021-10-19', date '2021-10-20'] when g % 10 = 0 then array[date '2021-10-19'] else '{}' end
	from generate_series(1, 1000000) g;
create index on home using dictionary (countrycode);
create index on home using dictionary (town);
create index on home (rooms);
create index on home (priceineuros);
create index on home (availabledates);`

// BenchmarkHome runs the queries of the booking demo over 1M homes.
func BenchmarkHome(b *testing.B) {
	s := newTestSession(b, open(b))
	s.must(home)
	for _, q := range []struct{ name, sql string }{
		{"top10", "select * from home where town = 'town0' and availabledates @> array[date '2021-10-19'] order by priceineuros desc limit 10"},
		{"top10sorted", "set enable_indexscan = off; select * from home where town = 'town0' and availabledates @> array[date '2021-10-19'] order by priceineuros desc limit 10; reset enable_indexscan"},
		{"town", "select * from home where town = 'town0'"},
		{"range", "select * from home where town = 'town0' and priceineuros >= 150 and priceineuros <= 200 and rooms > 2"},
		{"contains", "select * from home where town = 'town0' and availabledates @> array[date '2021-10-19']"},
		{"ordered", "select * from home where town = 'town0' and availabledates @> array[date '2021-10-19'] order by priceineuros"},
		{"distinct2", "select distinct countrycode, town from home"},
		{"distinct1", "select distinct town from home"},
		{"count", "select count(*) from home"},
		{"pivot", "select countrycode, town, sum(rooms), sum(priceineuros) from home group by countrycode, town"},
		{"rollup", "select countrycode, town, sum(rooms), sum(priceineuros) from home group by rollup (countrycode, town)"},
		{"pivotFR", "select countrycode, town, sum(rooms), sum(priceineuros) from home where countrycode = 'FR' group by countrycode, town"},
		{"scan", "select count(*) from home where rooms * 2 = 6"},
	} {
		b.Run(q.name, func(b *testing.B) {
			for b.Loop() {
				s.must(q.sql)
			}
		})
	}
}

// BenchmarkWrite changes and inserts single rows, prepared, in transactions of their own without a log.
func BenchmarkWrite(b *testing.B) {
	for _, c := range []struct{ name, sql string }{
		{"update", "update t set v = v + 1 where id = $1"},
		{"upsert", "insert into t values ($1, 1) on conflict (id) do update set v = excluded.v"},
		{"delete", "delete from t where id = $1"},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := newTestSession(b, open(b))
			s.must("create table t (id int primary key, v int); insert into t select g, g from generate_series(1, 100000) g")
			ctx := context.Background()
			p, err := s.Prepare(ctx, server.Source{Text: c.sql}, []uint32{})
			if err != nil {
				b.Fatal(err)
			}
			sink := &counter{}
			b.ReportAllocs()
			for b.Loop() {
				id := rand.Uint32N(100000) + 1
				arg := []byte{byte(id >> 24), byte(id >> 16), byte(id >> 8), byte(id)}
				portal, err := s.Bind(ctx, p, server.Args{Values: [][]byte{arg}, Formats: []int16{1}})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := portal.Run(ctx, sink, 0); err != nil {
					b.Fatal(err)
				}
				portal.Close()
				if err := s.EndImplicit(ctx, false); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
