package query

import "testing"

// BenchmarkJoin runs short joins by keys: their time is mostly that of choosing an order.
func BenchmarkJoin(b *testing.B) {
	s := newTestSession(b, open(b))
	s.must("create table cust (id int primary key, name text, town text)")
	s.must("create table ord (id int primary key, cust int, total numeric(10,2), d date)")
	s.must("create index on ord using btree (cust)")
	s.must("insert into cust select n, 'name' || n, 'town' || n % 100 from generate_series(1, 10000) n")
	s.must("insert into ord select n, n % 10000 + 1, n % 1000, date '2020-01-01' + n % 1000 from generate_series(1, 100000) n")
	for _, c := range []struct{ name, text string }{
		{"one", "select total from ord where cust = 77"},
		{"primary", "select o.total, c.name from ord o join cust c on c.id = o.cust where o.id = 77"},
		{"foreign", "select o.total, c.name from cust c join ord o on c.id = o.cust where c.id = 77"},
		{"left", "select o.total, c.name from ord o left join cust c on c.id = o.cust where o.id = 77"},
		{"three", "select o.total, c.name, o2.d from cust c join ord o on c.id = o.cust join ord o2 on o2.id = o.id where c.id = 77"},
		{"exists", "select c.name from cust c where c.id = 77 and exists (select from ord o where o.cust = c.id)"},
		{"top", "select o.total, c.name from ord o join cust c on c.id = o.cust order by o.cust limit 10"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.must(c.text)
			}
		})
	}
}
