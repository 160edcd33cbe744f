package value

import (
	"os"
	"strings"
	"testing"
)

// TestCastsAreThoseOfPgCast compares CastAllowed with the catalog. What the catalog has not is a
// conversion through text, or no cast.
func TestCastsAreThoseOfPgCast(t *testing.T) {
	text, err := os.ReadFile("testdata/pg_cast.txt")
	if err != nil {
		t.Fatal(err)
	}
	contexts := map[string]CastContext{"i": CastImplicit, "a": CastAssignment, "e": CastExplicit}
	catalog := map[castPair]CastContext{}
	for line := range listLines(string(text)) {
		f := strings.Fields(line)
		from, ok1 := ParseTypeName(f[0])
		to, ok2 := ParseTypeName(f[1])
		if !ok1 || !ok2 {
			t.Fatalf("unknown type in %q", line)
		}
		catalog[castPair{from, to}] = contexts[f[2]]
	}
	for from := Bool; from.Valid(); from++ {
		for to := Bool; to.Valid(); to++ {
			want, listed := catalog[castPair{from, to}]
			switch {
			case from == to:
				want = CastImplicit
			case listed:
			case isText(to), to == Name:
				want = CastAssignment
			case isText(from), from == Name:
				want = CastExplicit
			}
			if got := CastAllowed(from, to); got != want {
				t.Errorf("%s to %s: context %d, want %d", from, to, got, want)
			}
			if got := CastAllowed(from.Array(), to.Array()); got != want {
				t.Errorf("%s to %s: context %d, want %d", from.Array(), to.Array(), got, want)
			}
		}
		if CastAllowed(Unknown, from) != CastImplicit {
			t.Errorf("a literal is no %s", from)
		}
	}
}

// TestEveryCastConverts runs each allowed cast on a value that has a counterpart, or sees a
// proper error.
func TestEveryCastConverts(t *testing.T) {
	samples := map[Kind]string{
		Bool: "t", Int2: "1", Int4: "1", Int8: "1", Float8: "1", Numeric: "1", Text: "1", Varchar: "1", Bpchar: "1", Bytea: "1",
		Date: "2020-01-01", Timestamp: "2020-01-01 10:00:00", Timestamptz: "2020-01-01 10:00:00+00",
		UUID: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", JSONB: "1",
		Float4: "1", Time: "10:00:00", Timetz: "10:00:00+00", Interval: "10:00:00", JSON: "1", OID: "1", Name: "1", Char: "1",
		Regclass: "1", Regtype: "1", Regproc: "1", Regnamespace: "1",
	}
	st := DefaultStyle()
	for from := Bool; from.Valid(); from++ {
		for to := Bool; to.Valid(); to++ {
			if from == Enum || to == Enum {
				continue // its labels are the catalog's: TestEnum
			}
			v := mustParse(from, samples[from])
			got, err := Cast(v, Of(to), CastExplicit, st)
			if CastAllowed(from, to) == CastNone {
				if err == nil {
					t.Errorf("%s is cast to %s", from, to)
				}
				continue
			}
			if err == nil && (got.Kind() != to || !Valid(got)) {
				t.Errorf("%s as %s is %s", show(v), to, show(got))
			}
			if err != nil && !isText(from) && from != JSONB && from != Name {
				t.Errorf("%s as %s: %v", show(v), to, err)
			}
			if null, err := Cast(Null(from), Of(to), CastExplicit, st); err != nil || !null.IsNull() || null.Kind() != to {
				t.Errorf("NULL %s as %s is %s, %v", from, to, show(null), err)
			}
		}
	}
}
