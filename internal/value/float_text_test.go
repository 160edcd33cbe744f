package value

import (
	"math"
	"testing"
)

// FuzzShortFloat compares the quick reader of floats with the one of all forms.
func FuzzShortFloat(f *testing.F) {
	for _, text := range []string{"0", "-0", "+0.0", "3.2", "-12.50", "999999999999999", ".000000000000001", "0.1", "1.", ".", "-", "1e5", "123456789012.34", "9007199254740993"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := parseShortFloat(text)
		if !ok {
			return
		}
		if want, err := parseFloatBits(text, 64, ""); err != nil || math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("%q is read as %v, want %v, %v", text, got, want, err)
		}
	})
}
