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
