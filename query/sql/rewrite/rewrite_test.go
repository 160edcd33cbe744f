package rewrite

import (
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// rewritten returns the text that TiDB gets, with the marker byte as "#".
func rewritten(t *testing.T, text string) string {
	t.Helper()
	var toks lex.Tokens
	if err := lex.Scan(text, lex.Mode{}, &toks); err != nil {
		t.Fatal(err)
	}
	var p Parser
	p.Reset(text, &toks, Options{})
	rw, err := p.Run(func() { p.Preparable(func(ast.Stmt) {}); p.ExpectEnd() })
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(rw.SQL, Marker, "#")
}

// TestRewrittenText shows what becomes of each kind of construct. Numbers and
// markers are the notes: literals, types, aliases and what MySQL lacks.
func TestRewrittenText(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"SELECT a, 'x' AS y FROM s.t WHERE a = 5 AND b < $1",
			"SELECT `a`,3 FROM `s`.`t` AS `#4` WHERE `a` = 6 AND `b` < 8"},
		{"SELECT count(*), t.* FROM t ORDER BY a DESC, b NULLS FIRST LIMIT 10",
			"SELECT `#2`(),3 FROM `t` AS `#4` ORDER BY `a` DESC,`#7`(`b`) LIMIT 8"},
		{"SELECT a::int || b, -a, NOT a", "SELECT `#4`(`#3`(`a`),`b`),`#6`(`a`),NOT `a`"},
		{"SELECT (a + b) * c, a + (b * c), a - (b - c)",
			"SELECT (`a` + `b`) * `c`,`a` + `b` * `c`,`a` - (`b` - `c`)"},
		{"SELECT (a OR b) AND c, (a = b) IS NULL, a LIKE (b || c)",
			"SELECT (`a` OR `b`) AND `c`,`#7`(`a` = `b`),`a` LIKE `#10`(`b`,`c`)"},
		{"SELECT a IN (1, 2), a IN (SELECT 1), EXISTS (SELECT 1)",
			"SELECT `a` IN (3,4),`a` IN (SELECT 7),(EXISTS (SELECT 9))"},
		{"SELECT CASE a WHEN 1 THEN b ELSE c END, a BETWEEN 1 AND 2",
			"SELECT CASE `a` WHEN 3 THEN `b` ELSE `c` END,`a` BETWEEN 7 AND 8"},
		{"SELECT * FROM a FULL JOIN b USING (x) CROSS JOIN (SELECT 1) c, f(1) g",
			"SELECT * FROM `a` AS `#2` LEFT JOIN `b` AS `#3` ON `#4`() JOIN (SELECT 6) AS `#7` ON `#8`(),LATERAL (SELECT `#9`(10)) AS `#11`"},
		{"SELECT 1 UNION SELECT 2 INTERSECT SELECT 3",
			"(SELECT 2) UNION ((SELECT 4) INTERSECT (SELECT 6))"},
		{"SELECT a FROM t LIMIT 1 + 1 OFFSET 2 FOR UPDATE",
			"SELECT `a` FROM `t` AS `#3` ORDER BY `#7`(4 + 5,6)"},
		{"WITH x AS (SELECT 1) SELECT 2 WHERE true", "WITH `#1` AS (SELECT 3) SELECT 5 FROM `#` WHERE 6"},
		{"INSERT INTO t (a) VALUES (1), (2), (f(3)) RETURNING a",
			"SELECT `a`;INSERT INTO `t` PARTITION (`#1`) (`a`) VALUES ROW(`#2`(3)),ROW(`#4`(5))"},
		{"UPDATE t SET a = a + 1 FROM u WHERE t.b = u.b",
			"SELECT 0 FROM `u` AS `#5`;UPDATE `t` AS `#1` SET `a` = `a` + 3 WHERE `t`.`b` = `u`.`b`"},
		{"DELETE FROM t WHERE a = ANY ($1)", "DELETE FROM `t` AS `#1` WHERE `#3`(`a`,4)"},
		{"SELECT \"a`b\" FROM \"S\"", "SELECT `a``b` FROM `S` AS `#3`"},
	} {
		if got := rewritten(t, c.text); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}
