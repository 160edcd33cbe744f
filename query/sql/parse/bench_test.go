package parse

import (
	"strings"
	"testing"
)

// Statements of the sizes that DIALECT.md measured.
var benchTexts = []struct{ name, text string }{
	{"point", "SELECT * FROM home WHERE id = 12345"},
	{"filter", "SELECT id, town FROM home WHERE town = 'Paris' AND rooms >= 2 AND price BETWEEN 100 AND 200 " +
		"AND status <> 'sold' AND comments LIKE '%metro%' ORDER BY price DESC, id LIMIT 10"},
	{"insert10", "INSERT INTO home (a, b, c, d, e, f, g, h, i, j) VALUES (1, 'two', 3.5, NULL, true, '2021-10-19', 7, 'eight', $1, $2)"},
	{"insert100rows", "INSERT INTO home (a, b, c, d) VALUES " + strings.Repeat("(1, 'two', 3.5, NULL), ", 99) + "(1, 'two', 3.5, NULL)"},
	{"join", "SELECT c.name, count(*), sum(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id JOIN items i ON i.order_id = o.id " +
		"LEFT JOIN products p ON p.id = i.product_id LEFT JOIN brands b ON b.id = p.brand_id WHERE c.country IN ('FR', 'DE') AND o.day >= date '2020-01-01' " +
		"GROUP BY c.name HAVING count(*) > 3 ORDER BY 3 DESC LIMIT 20"},
	{"pgx", "select id, name from users where id=$1 limit 1"},
	{"begin", "BEGIN"},
}

// BenchmarkParseCold is a parse without the cache.
func BenchmarkParseCold(b *testing.B) {
	for _, c := range benchTexts {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parse(c.text, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkParseCached is a hit of the cache, alone and from all cores at once.
func BenchmarkParseCached(b *testing.B) {
	c := NewCache(1 << 20)
	text := benchTexts[0].text
	for range 3 {
		c.Parse(text, Options{})
	}
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.Parse(text, Options{})
		}
	})
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				c.Parse(text, Options{})
			}
		})
	})
	if m := c.Stats().Misses; m != 2 {
		b.Errorf("%d misses", m)
	}
}
