package draw

import "testing"

func TestNumbersAreSpread(t *testing.T) {
	var count [10]int
	for i := range 10_000 {
		s := For(1, i)
		count[s.Below(10)]++
		count[s.Below(10)]++
	}
	for n, c := range count {
		if c < 1800 || c > 2200 {
			t.Errorf("%d came %d times of 20,000", n, c)
		}
	}
	a, b := For(1, 5), For(1, 5)
	if a.Below(1<<40) != b.Below(1<<40) {
		t.Error("an object is not the same twice")
	}
}
