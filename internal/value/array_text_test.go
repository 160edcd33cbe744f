package value

import "testing"

// FuzzPlainArray says that what the quick readers of array literals accept is what the one
// that knows all of their syntax makes of it.
func FuzzPlainArray(f *testing.F) {
	seedTexts(f, func(k Kind, text string) {
		if k.IsArray() {
			f.Add(uint8(k), text)
		}
	})
	for _, text := range []string{
		"{2021-10-19}", "{2021-10-19,2021-10-20,2021-11-01,2020-02-29}", "{2021-02-29}", "{2021-13-01}", "{0000-01-01}",
		"{2021-10-19;2021-10-20}", "{2021-10-19,2021-10-20]", "{2021-10-19,}", "{2021-10-00}", "{2021-10-32}", "{2021-1a-01}",
		"{2021:10-01}", "{2021-10/01}", "{9999-12-31,0001-01-01}", "{\xb1021-10-19}", "{2021-10-1 ,2021-10-19}",
	} {
		f.Add(uint8(Date.Array()), text)
	}
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		k := Kind(kind)
		if !k.Valid() || !k.IsArray() || len(text) > 1000 {
			return
		}
		quick, ok := AppendPlainArray([]byte("front"), Of(k), text, DefaultStyle())
		if !ok {
			return
		}
		p := arrayParser{in: text, elem: Of(k.Elem()), st: DefaultStyle()}
		if want, err := p.parse(); err != nil || string(quick) != "front"+want.s {
			t.Fatalf("%s %q is read as %x, want %s, %v", k, text, quick, show(want), err)
		}
	})
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
