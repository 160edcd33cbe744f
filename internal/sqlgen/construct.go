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
	// Type is that of the last statement's column, "" when it is not said.
	Type Type
}

// ProbeSetup makes what the probes refer to.
const ProbeSetup = `create table probe (id int primary key, a int, b text, g int[]);
insert into probe values (1, 1, 'a', '{1,2}'), (2, 2, 'b', '{}'), (3, null, null, null)`

// constructs are the probes of what generators use beside templates.
var constructs = []Probe{
	{Name: "join", SQL: "select * from probe p join probe q on p.id = q.a"},
	{Name: "left join", SQL: "select * from probe p left join probe q on p.id = q.a"},
	{Name: "right join", SQL: "select * from probe p right join probe q on p.id = q.a"},
	{Name: "full join", SQL: "select * from probe p full join probe q on p.id = q.a"},
	{Name: "cross join", SQL: "select * from probe p cross join probe q"},
	{Name: "comma join", SQL: "select * from probe p, probe q where p.a = q.a"},
	{Name: "using", SQL: "select p.a, q.a from probe p left join probe q using (a)"},
	{Name: "lateral", SQL: "select * from probe p, lateral (select p.a + 1 as x) q"},
	{Name: "unnest", SQL: "select * from probe p left join lateral unnest(p.g) u(e) on true"},
	{Name: "ordinality", SQL: "select * from probe p, unnest(p.g) with ordinality u(e, n)"},
	{Name: "derived", SQL: "select * from (select a from probe) q"},
	{Name: "values", SQL: "select * from (values (1, 'a')) v(x, y)"},
	{Name: "generate_series", SQL: "select * from generate_series(1, 3) s(n)"},
	{Name: "generate_series timestamp", SQL: "select * from generate_series(timestamp '2024-01-01', '2024-01-31', '7 days') s(n)"},
	{Name: "subquery", SQL: "select (select max(a) from probe), exists (select 1 from probe), 1 in (select a from probe)"},
	{Name: "correlated", SQL: "select (select max(q.a) from probe q where q.id = p.id) from probe p"},
	{Name: "exists", SQL: "select * from probe p where exists (select from probe q where q.a = p.id)"},
	{Name: "array subquery", SQL: "select array(select a from probe order by 1)"},
	{Name: "row in", SQL: "select * from probe where (a, b) in (select a, b from probe)"},
	{Name: "quantified", SQL: "select * from probe where a < all (select a from probe where a is not null)"},
	{Name: "set operation", SQL: "(select 1 union all select 2) except select 3 intersect all select 4"},
	{Name: "with", SQL: "with x as (select 1), y as materialized (select 2) select * from x, y"},
	{Name: "recursive", SQL: "with recursive x(n) as (select 1 union all select n + 1 from x where n < 3) select * from x"},
	{Name: "group by", SQL: "select a, count(*) from probe group by a"},
	{Name: "having", SQL: "select a, count(*) from probe group by a having count(*) > 1"},
	{Name: "grouping sets", SQL: "select a, b, count(*) from probe group by grouping sets ((a, b), a, ())"},
	{Name: "grouping()", SQL: "select a, grouping(a) from probe group by rollup (a)"},
	{Name: "filter", SQL: "select count(*) filter (where a > 1) from probe"},
	{Name: "window", SQL: "select sum(a) over (partition by b order by id) from probe"},
	{Name: "window filter", SQL: "select sum(a) filter (where a > 1) over () from probe"},
	{Name: "frame", SQL: "select sum(a) over (order by id rows between 1 preceding and current row exclude ties), count(*) over (order by id groups between 1 preceding and 1 following) from probe"},
	{Name: "range offset", SQL: "select sum(a) over (order by a range between 1 preceding and 1 following) from probe"},
	{Name: "natural join", SQL: "select a, b from probe p natural left join (select a, b from probe) q"},
	{Name: "merged column", SQL: "select a from probe p full join (select a, 1 as z from probe) q using (a)"},
	{Name: "star", SQL: "select p.*, q.a from probe p, (select * from probe) q"},
	{Name: "group by ordinal", SQL: "select a as x, count(*) from probe group by 1 order by x"},
	{Name: "order by expression", SQL: "select a from probe order by a + id, -a"},
	{Name: "named window", SQL: "select sum(a) over w, count(*) over (w rows unbounded preceding) from probe window w as (partition by b order by id)"},
	{Name: "range interval", SQL: "select count(*) over (order by d range between '1 day' preceding and current row) from (select date '2024-01-01' + id as d from probe) q"},
	{Name: "json functions in from", SQL: "select * from jsonb_array_elements('[1,2]'::jsonb) j(e), jsonb_each('{\"a\":1}'::jsonb) k(k, v), jsonb_object_keys('{\"a\":1}'::jsonb) o(k)"},
	{Name: "text functions in from", SQL: "select * from regexp_matches('abc', '(b)(c)', 'g') m(m), string_to_table('a,b', ',') t(t), regexp_split_to_table('a b', ' ') s(s)"},
	{Name: "rows from", SQL: "select * from rows from (generate_series(1, 3), unnest(array['a'])) as r(a, b)"},
	{Name: "table", SQL: "table probe"},
	{Name: "unqualified", SQL: "select a, b from probe"},
	{Name: "view", SQL: "create view probe_view as select a, b from probe where a > 0"},
	{Name: "generated column", SQL: "create table probe5 (a int, b int generated always as (a * 2) stored)"},
	{Name: "identity", SQL: "create table probe6 (a int generated by default as identity, b int default 7)"},
	{Name: "distinct", SQL: "select distinct a from probe"},
	{Name: "distinct on", SQL: "select distinct on (a) a, b from probe order by a, id"},
	{Name: "limit", SQL: "select a from probe order by 1 limit 2 offset 1"},
	{Name: "with ties", SQL: "select a from probe order by a fetch first 1 rows with ties"},
	{Name: "select srf", SQL: "select a, generate_series(1, 3), unnest(array['x', 'y']) from probe"},
	{Name: "returning", SQL: "insert into probe values (10) returning *"},
	{Name: "insert select", SQL: "insert into probe select 20, a, b, g from probe limit 1"},
	{Name: "default", SQL: "insert into probe values (30, default)"},
	{Name: "on conflict", SQL: "insert into probe values (1, 5) on conflict (id) do update set a = excluded.a + probe.a where probe.a > 0 returning a"},
	{Name: "update from", SQL: "update probe set a = q.a + 1 from probe q where q.id = probe.a"},
	{Name: "update key", SQL: "update probe set id = id + 1000"},
	{Name: "delete using", SQL: "delete from probe using probe q where q.a = probe.a and q.id > probe.id"},
	{Name: "writable cte", SQL: "with w as (delete from probe where id = 1 returning *) select count(*) from w"},
	{Name: "index", SQL: "create index on probe (a, b desc)"},
	{Name: "partial index", SQL: "create index on probe (a) where a > 1"},
	{Name: "check", SQL: "create table probe2 (a int, check (a < 1000))"},
	{Name: "unique", SQL: "create table probe3 (id int primary key, a int, unique (id, a))"},
	{Name: "foreign key", SQL: "create table probe4 (ref int references probe on delete cascade)"},
}

// Probes returns the probes of all that generators use: constructs, types and templates, types first.
func Probes() (out []Probe) {
	for _, t := range allTypes {
		sql := "select " + quote(pools[t.typ][0]) + "::" + string(t.typ)
		for _, ddl := range t.ddl {
			sql += "; drop table if exists probe_type; create table probe_type (c " + ddl + ")"
		}
		value := quote(pools[t.typ][0]) + "::" + string(t.typ)
		out = append(out, Probe{string(t.typ), sql + "; select " + value + " = " + value + ", " + value + " < " + value, ""})
	}
	out = append(out, constructs...)
	for _, t := range allTypes {
		for _, l := range []struct {
			library
			tail string
		}{{functions, ""}, {aggregates, " from probe"}, {windowFunctions, " over (order by id) from probe"}} {
			for _, f := range l.library[t.typ] {
				out = append(out, Probe{f.text, probeOf(f, l.tail), t.typ})
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
