package value

import (
	"testing"
)

// TestRecordRoundTrip reads the fields of a record back, of every representation and NULL.
func TestRecordRoundTrip(t *testing.T) {
	wide, err := Parse(Of(Numeric), "123456789012345678901234567890.5", nil)
	if err != nil {
		t.Fatal(err)
	}
	vals := []Value{NewInt(Int4, -7), NewFloat(1.5), NewNumericWord(150<<8|2, ""), wide, NewText("a,b"), NewText(""), Null(Int8),
		NewArray(Int4, []Value{NewInt(Int4, 1), Null(Int4)}), NewRecord(nil, []Value{NewBool(true)})}
	names := []string{"a", "b", "", "d", "e", "f", "g", "h", "i"}
	r := NewRecord(names, vals)
	if n := RecordLen(r); n != len(vals) {
		t.Fatalf("%d fields, want %d", n, len(vals))
	}
	seen := 0
	RecordEach(r, func(i int, name string, x Value) bool {
		if name != names[i] || x != vals[i] || RecordField(r, i) != x {
			t.Errorf("field %d is %q %v, want %q %v", i, name, x, names[i], vals[i])
		}
		seen++
		return true
	})
	if seen != len(vals) || !RecordField(r, len(vals)).IsNull() {
		t.Errorf("%d fields seen, want %d", seen, len(vals))
	}
	if got, want := string(AppendText(nil, r, DefaultStyle())), `(-7,1.5,1.50,123456789012345678901234567890.5,"a,b","",,"{1,NULL}","(t)")`; got != want {
		t.Errorf("text is %s, want %s", got, want)
	}
}

// TestRecordOrder compares records as PostgreSQL's record_cmp does, and by their keys.
func TestRecordOrder(t *testing.T) {
	row := func(vals ...Value) Value { return NewRecord(nil, vals) }
	one, two, null := NewInt(Int4, 1), NewInt(Int4, 2), Null(Int4)
	ascending := []Value{row(one, one), row(one, two), row(one, null), row(two, one), row(null, one), row(null, null)}
	for i, a := range ascending {
		for k, b := range ascending {
			if got, want := Compare(a, b), compareInt(int64(i), int64(k)); got != want {
				t.Errorf("record %d with %d is %d, want %d", i, k, got, want)
			}
			if same := string(AppendKey(nil, a)) == string(AppendKey(nil, b)); same != (i == k) {
				t.Errorf("records %d and %d have the same key: %v", i, k, same)
			}
		}
		if string(AppendKey(nil, a)) == string(AppendKey(nil, Null(Record))) {
			t.Errorf("record %d has the key of NULL", i)
		}
	}
}
