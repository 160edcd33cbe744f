package value

import (
	"math/rand/v2"
	"testing"
)

// TestDaysOfCivil walks over the days of some years, near and far, and finds each one after the one before.
func TestDaysOfCivil(t *testing.T) {
	if d := daysOfCivil(2000, 1, 1); d != 0 {
		t.Errorf("2000-01-01 is day %d", d)
	}
	years := []int{-200_000_000, -4713, -401, -400, -101, -100, -5, -4, -1, 0, 1, 4, 1600, 1899, 1900, 1999, 2000, 2024, 2100, 5_874_897, 200_000_000}
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		years = append(years, r.IntN(12_000_000)-6_000_000)
	}
	for _, year := range years {
		last := daysOfCivil(year-1, 12, 31)
		for month := 1; month <= 12; month++ {
			for day := 1; day <= daysIn(year, month); day++ {
				d := daysOfCivil(year, month, day)
				if d != last+1 {
					t.Fatalf("%d-%d-%d is day %d, and the one before %d", year, month, day, d, last)
				}
				if y, m, n := civilOfDays(d); y != year || m != month || n != day {
					t.Fatalf("%d-%d-%d is day %d, which is %d-%d-%d", year, month, day, d, y, m, n)
				}
				last = d
			}
		}
	}
}

// TestISODates compares the reader of ISO dates with the one of all forms: on each day of some years,
// and on dates with any byte in any place.
func TestISODates(t *testing.T) {
	check := func(text string) {
		t.Helper()
		days, ok := parseISODate(text)
		if !ok {
			return
		}
		r, err := decodeDateTime(text, "date", DefaultStyle())
		if want := daysOfCivil(r.year, r.month, r.day); err != nil || days != want {
			t.Errorf("%q is day %d, want %d, %v", text, days, want, err)
		}
	}
	read := 0
	for days := DayNumber(1896, 1, 1); days < DayNumber(2005, 1, 1); days++ {
		text := string(appendDate(nil, days, DefaultStyle()))
		if got, ok := parseISODate(text); !ok || got != days {
			t.Fatalf("%s is %d, %v, want %d", text, got, ok, days)
		}
		read++
	}
	for _, text := range []string{"2021-10-19", "1900-02-28", "2000-02-29", "0001-01-01", "9999-12-31"} {
		for i := range text {
			for c := range 256 {
				b := []byte(text)
				b[i] = byte(c)
				check(string(b))
			}
		}
	}
	if read < 365*100 {
		t.Errorf("%d days", read)
	}
}
