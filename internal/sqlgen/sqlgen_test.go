package sqlgen

import (
	"strings"
	"testing"
)

// TestDeterministic: a seed gives the same schema and the same statements.
func TestDeterministic(t *testing.T) {
	script := func(seed uint64) string {
		g := New(seed, nil, nil)
		s := NewSchema(g)
		lines := s.Script()
		for i := range uint64(200) {
			g := New(seed<<20+i, s, nil)
			lines = append(lines, g.Query().String(), g.Write().String())
		}
		return strings.Join(lines, ";\n")
	}
	if a, b := script(1), script(1); a != b {
		t.Error("one seed, two scripts")
	}
	if script(1) == script(2) {
		t.Error("two seeds, one script")
	}
}

// TestReductionsUndo: each reduction makes another text, shorter ones among them, and Undo brings the old one back.
func TestReductionsUndo(t *testing.T) {
	g := New(3, nil, nil)
	s := NewSchema(g)
	for i := range uint64(100) {
		root := New(i, s, nil).Query().Root
		before := root.String()
		shorter := 0
		for _, r := range Reductions(root) {
			r.Do()
			if len(root.String()) < len(before) {
				shorter++
			}
			r.Undo()
			if after := root.String(); after != before {
				t.Fatalf("undone, but\n%s\nis\n%s", before, after)
			}
		}
		if shorter == 0 && len(before) > 60 {
			t.Errorf("nothing makes this shorter: %s", before)
		}
	}
}

// TestOff: what is off is not used.
func TestOff(t *testing.T) {
	off := map[string]bool{"join": true, "window": true, "group by": true, "comma join": true, "unnest": true, "upper({text})": true}
	s := NewSchema(New(5, nil, off))
	for i := range uint64(500) {
		sql := New(i, s, off).Query().String()
		for _, word := range []string{" over (", "(upper(", " full join "} {
			if strings.Contains(sql, word) {
				t.Errorf("%s in %s", word, sql)
			}
		}
	}
}

// TestTemplate reads holes of all kinds.
func TestTemplate(t *testing.T) {
	f := parseTemplate(Text, `f({text}, {#-1..3}, {|'|'|'{a,b}'|}, {@int4}, '{1,2}', {=1})`)
	if got, want := f.sample(0), `f('a'::text, -1, '|', '1'::int4, '{1,2}', 'a'::text)`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := f.sample(1), `f('a'::text, -1, '{a,b}', '1'::int4, '{1,2}', 'a'::text)`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
