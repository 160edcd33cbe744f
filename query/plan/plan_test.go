package plan

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestPrefixBoundsHoldExactlyThePrefixed(t *testing.T) {
	g := rand.New(rand.NewPCG(1, 1))
	text := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = []byte{0, 1, 'a', 'b', 0xFE, 0xFF}[g.IntN(6)]
		}
		return string(b)
	}
	for range 20000 {
		prefix, s := text(g.IntN(4)), text(g.IntN(6))
		lo, hi := prefixBounds(prefix)
		in := s >= lo && (hi == "" || s < hi)
		if in != strings.HasPrefix(s, prefix) {
			t.Fatalf("%q with prefix %q: [%q, %q)", s, prefix, lo, hi)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"town", "town", 0}, {"twon", "town", 2}, {"tow", "town", 1}, {"", "ab", 2}, {"price", "prize", 1}, {"kitten", "sitting", 3}} {
		if got := editDistance(c.a, c.b, 10); got != c.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
	if got := editDistance("abcdef", "uvwxyz", 3); got != 3 {
		t.Errorf("beyond the limit: %d", got)
	}
}

func TestParenthesizedText(t *testing.T) {
	for in, want := range map[string]bool{"(a = 1)": true, "(a) OR (b)": false, "('(' = ')')": true, "(')(')": true} {
		if got := matching(in); got != want {
			t.Errorf("matching(%s) = %v", in, got)
		}
	}
}
