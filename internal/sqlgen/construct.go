package sqlgen

import (
	"strconv"
	"strings"
)

// Probe is a statement that shows whether an engine has something that generators use.
type Probe struct {
	// Name is what Generator.Off takes.
	Name string
	SQL  string
}

// ProbeSetup makes what the probes refer to.
const ProbeSetup = `create table probe (id int primary key, a int, b text, g int[]);
insert into probe values (1, 1, 'a', '{1,2}'), (2, 2, 'b', '{}'), (3, null, null, null)`

// constructs are the probes of what generators use beside templates.
var constructs = []Probe{
	{"join", "select * from probe p join probe q on p.id = q.a"},
	{"left join", "select * from probe p left join probe q on p.id = q.a"},
	{"right join", "select * from probe p right join probe q on p.id = q.a"},
	{"full join", "select * from probe p full join probe q on p.id = q.a"},
	{"cross join", "select * from probe p cross join probe q"},
	{"comma join", "select * from probe p, probe q where p.a = q.a"},
	{"using", "select p.a, q.a from probe p left join probe q using (a)"},
	{"lateral", "select * from probe p, lateral (select p.a + 1 as x) q"},
	{"unnest", "select * from probe p left join lateral unnest(p.g) u(e) on true"},
	{"ordinality", "select * from probe p, unnest(p.g) with ordinality u(e, n)"},
	{"derived", "select * from (select a from probe) q"},
	{"values", "select * from (values (1, 'a')) v(x, y)"},
	{"generate_series", "select * from generate_series(1, 3) s(n)"},
	{"generate_series timestamp", "select * from generate_series(timestamp '2024-01-01', '2024-01-31', '7 days') s(n)"},
	{"subquery", "select (select max(a) from probe), exists (select 1 from probe), 1 in (select a from probe)"},
	{"correlated", "select (select max(q.a) from probe q where q.id = p.id) from probe p"},
	{"exists", "select * from probe p where exists (select from probe q where q.a = p.id)"},
	{"array subquery", "select array(select a from probe order by 1)"},
	{"row in", "select * from probe where (a, b) in (select a, b from probe)"},
	{"quantified", "select * from probe where a < all (select a from probe where a is not null)"},
	{"set operation", "(select 1 union all select 2) except select 3 intersect all select 4"},
	{"with", "with x as (select 1), y as materialized (select 2) select * from x, y"},
	{"recursive", "with recursive x(n) as (select 1 union all select n + 1 from x where n < 3) select * from x"},
	{"group by", "select a, count(*) from probe group by a"},
	{"having", "select a, count(*) from probe group by a having count(*) > 1"},
	{"grouping sets", "select a, b, count(*) from probe group by grouping sets ((a, b), a, ())"},
	{"grouping()", "select a, grouping(a) from probe group by rollup (a)"},
	{"filter", "select count(*) filter (where a > 1) from probe"},
	{"window", "select sum(a) over (partition by b order by id) from probe"},
	{"window filter", "select sum(a) filter (where a > 1) over () from probe"},
	{"frame", "select sum(a) over (order by id rows between 1 preceding and current row exclude ties), count(*) over (order by id groups between 1 preceding and 1 following) from probe"},
	{"range offset", "select sum(a) over (order by a range between 1 preceding and 1 following) from probe"},
	{"distinct", "select distinct a from probe"},
	{"distinct on", "select distinct on (a) a, b from probe order by a, id"},
	{"limit", "select a from probe order by 1 limit 2 offset 1"},
	{"with ties", "select a from probe order by a fetch first 1 rows with ties"},
	{"select srf", "select a, generate_series(1, 3), unnest(array['x', 'y']) from probe"},
	{"returning", "insert into probe values (10) returning *"},
	{"insert select", "insert into probe select 20, a, b, g from probe limit 1"},
	{"default", "insert into probe values (30, default)"},
	{"on conflict", "insert into probe values (1, 5) on conflict (id) do update set a = excluded.a + probe.a where probe.a > 0 returning a"},
	{"update from", "update probe set a = q.a + 1 from probe q where q.id = probe.a"},
	{"update key", "update probe set id = id + 1000"},
	{"delete using", "delete from probe using probe q where q.a = probe.a and q.id > probe.id"},
	{"writable cte", "with w as (delete from probe where id = 1 returning *) select count(*) from w"},
	{"index", "create index on probe (a, b desc)"},
	{"partial index", "create index on probe (a) where a > 1"},
	{"check", "create table probe2 (a int, check (a < 1000))"},
	{"unique", "create table probe3 (id int primary key, a int, unique (id, a))"},
	{"foreign key", "create table probe4 (ref int references probe on delete cascade)"},
}

// Probes returns the probes of all that generators use: constructs, types and templates, types first.
func Probes() (out []Probe) {
	for _, t := range allTypes {
		sql := "select " + quote(pools[t.typ][0]) + "::" + string(t.typ)
		for _, ddl := range t.ddl {
			sql += "; drop table if exists probe_type; create table probe_type (c " + ddl + ")"
		}
		value := quote(pools[t.typ][0]) + "::" + string(t.typ)
		out = append(out, Probe{string(t.typ), sql + "; select " + value + " = " + value + ", " + value + " < " + value})
	}
	out = append(out, constructs...)
	for _, t := range allTypes {
		for _, l := range []struct {
			library
			tail string
		}{{functions, ""}, {aggregates, " from probe"}, {windowFunctions, " over (order by id) from probe"}} {
			for _, f := range l.library[t.typ] {
				out = append(out, Probe{f.text, probeOf(f, l.tail)})
			}
		}
	}
	return out
}

// probeOf writes one call of a template with constants, all the words in turn.
func probeOf(f *template, tail string) string {
	variants := 1
	for _, p := range f.parts {
		variants = max(variants, len(p.words))
	}
	var items []string
	for v := range variants {
		items = append(items, f.sample(v)+tail)
	}
	return "select " + strings.Join(items, "; select ")
}

// sample fills a template with constants, and with the words of one variant.
func (f *template) sample(variant int) string {
	var b strings.Builder
	var filled []string
	for _, p := range f.parts {
		switch p.kind {
		case partText:
			b.WriteString(p.text)
		case partExpr:
			s := quote(pools[p.typ][min(1, len(pools[p.typ])-1)]) + "::" + string(p.typ)
			if f.risky {
				s = "null::" + string(p.typ)
			}
			filled = append(filled, s)
			b.WriteString(s)
		case partRange:
			b.WriteString(strconv.Itoa(p.lo))
		case partWords:
			b.WriteString(p.words[variant%len(p.words)])
		case partBack:
			b.WriteString(filled[p.back-1])
		}
	}
	return b.String()
}
