package value

import (
	"bytes"
	"testing"
)

func TestStoredRoundTrip(t *testing.T) {
	word, _ := PackNumeric(-123456, 2)
	for _, v := range []Value{
		NewBool(true), NewInt(Int2, -5), NewInt(Int8, 1<<62), NewFloat(-0.5), NewText(""), NewText("a\x00b"),
		NewNumericWord(word, ""), NewNumericWord(WideNumeric, "wide"), NewInt(Date, 8000), NewBytes(UUID, "0123456789abcdef"),
		NewFloat4(1.5), NewInt(Time, 5), NewTimetz(5, -3600), NewInterval(Span{1, -2, 3}), NewInt(OID, 1<<32-1), NewInt(Char, 255),
		NewBytes(Name, "n"), NewBytes(JSON, "{}"), NewInt(Regclass, 1259), Null(Interval),
		Null(Text), Null(Int4.Array()), NewBytes(Text.Array(), "\x00"),
	} {
		b := AppendStored(nil, v)
		got, rest, err := DecodeStored(append(b, 7))
		if err != nil || got != v || len(rest) != 1 {
			t.Errorf("%#v: got %#v, %d left, %v", v, got, len(rest), err)
		}
		for i := range b {
			if got, _, err := DecodeStored(b[:i]); err == nil {
				t.Errorf("%#v cut at %d decodes to %#v", v, i, got)
			}
		}
	}
}

func TestKeySuccessor(t *testing.T) {
	for _, c := range []struct{ key, want []byte }{
		{[]byte{1}, []byte{2}},
		{[]byte{1, 0xFF}, []byte{2}},
		{[]byte{1, 2, 3}, []byte{1, 2, 4}},
		{[]byte{0xFF}, nil},
		{nil, nil},
	} {
		if got := KeySuccessor(nil, c.key); !bytes.Equal(got, c.want) {
			t.Errorf("successor of %x is %x, want %x", c.key, got, c.want)
		}
	}
}
