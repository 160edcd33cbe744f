package booking

import (
	"math"
	"testing"
	"time"
)

func TestMarketIsTheOriginals(t *testing.T) {
	m := Market{Count: 100_000, Seed: 1, Today: time.Date(2021, 10, 19, 0, 0, 0, 0, time.UTC)}
	steps, err := m.Steps()
	if err != nil {
		t.Fatal(err)
	}
	// A tenth of what the original published for 1M homes, give or take the luck of the draw.
	for i, want := range map[int]float64{0: 6250, 1: 638, 2: 1250, 3: 10, 4: 1250, 5: Towns, 6: Towns, 7: Towns + 4 + 1, 8: 4 + 1 + 1} {
		if got := float64(steps[i].Rows); math.Abs(got-want) > want/10 {
			t.Errorf("%s: %v rows, expected about %v", steps[i].Name, got, want)
		}
	}
	for i := range m.Count - len(special) {
		h := m.Home(i)
		if len(h.AvailableDates) == 2 && h.CountryCode != "FR" || len(h.AvailableDates) == 1 && i%4%2 != 0 {
			t.Fatalf("home %d is free in %s", i, h.CountryCode)
		}
		if h.Price < 50 || h.Price > 299 || h.Rooms < 1 || h.Rooms > 4 || h.Bathrooms < 1 || h.Bathrooms > 3 {
			t.Fatalf("home %+v", h)
		}
	}
	if last := m.Home(m.Count - 1); last.Town != "Nice" || last.CountryCode != "FR" || last.Comments == "[]" {
		t.Errorf("the last home is %+v", last)
	}
	if _, err := (Market{Count: 3}).Steps(); err == nil {
		t.Error("a market of 3 homes was taken")
	}
}

func BenchmarkHomes(b *testing.B) {
	m := NewMarket(1_000_000, 1)
	var buf []byte
	i := 0
	for b.Loop() {
		buf = m.Home(i % m.Count).append(buf[:0])
		i++
	}
	b.SetBytes(int64(len(buf)))
}
