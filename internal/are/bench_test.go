package are

import (
	"strings"
	"testing"
)

// BenchmarkMatch is ~ on short and long texts.
func BenchmarkMatch(b *testing.B) {
	long := strings.Repeat("the quick brown fox jumps over the lazy dog ", 100)
	for _, c := range []struct{ name, pattern, text string }{
		{"anchored", `^\w+: \d+$`, "error: 12345"},
		{"search", `fox|wolf`, "the quick brown fox jumps"},
		{"miss", `w[o0]lf`, long},
		{"literal", `lazy cat`, long},
		{"unicode", `é+l`, "un élan vital"},
		{"reference", `(\w)\1`, "the quick brown fox jumpss"},
	} {
		re, err := Compile(c.pattern, Flags{})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.text)))
			for b.Loop() {
				if _, err := re.Match(c.text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
