package value

import (
	"bytes"
	"encoding/binary"
	"math/big"
	"os"
	"testing"
)

// trafficColumns are the kinds of the fields of ../../query/copyfmt/testdata/traffic/pg15.bin.
var trafficColumns = []Kind{Bool, Int2, Int4, Int8, Float8, Numeric, Text, Varchar, Bytea, Date, Timestamp, Timestamptz,
	UUID, JSONB, Int4.Array(), Text.Array(), Date.Array()}

// eachTraffic calls yield with each value that is not NULL of a binary COPY that PostgreSQL 15 wrote.
func eachTraffic(tb testing.TB, yield func(k Kind, b []byte)) {
	tb.Helper()
	b, err := os.ReadFile("../../query/copyfmt/testdata/traffic/pg15.bin")
	if err != nil {
		tb.Fatal(err)
	}
	const header = 11 + 4 + 4
	for b = b[header:]; int16(binary.BigEndian.Uint16(b)) > 0; {
		b = b[2:]
		for _, k := range trafficColumns {
			n := int(int32(binary.BigEndian.Uint32(b)))
			b = b[4:]
			if n >= 0 {
				yield(k, b[:n:n])
				b = b[n:]
			}
		}
	}
}

// TestTraffic says that what PostgreSQL writes is read, and written as the same bytes.
func TestTraffic(t *testing.T) {
	n := 0
	eachTraffic(t, func(k Kind, b []byte) {
		n++
		v, err := ParseBinary(Of(k), b)
		if err != nil {
			t.Errorf("%s %x: %v", k, b, err)
			return
		}
		if again := AppendBinary(nil, v); !bytes.Equal(again, b) {
			t.Errorf("%s %x is written %x", k, b, again)
		}
	})
	if n != 59 {
		t.Errorf("%d values", n)
	}
}

// naiveWireNumeric returns a numeric's wire form as a fraction, digits behind its display
// scale cut off; false for what is not a number.
func naiveWireNumeric(b []byte) (*big.Rat, bool) {
	u16 := func(i int) int64 { return int64(binary.BigEndian.Uint16(b[2*i:])) }
	sign := u16(2)
	if sign != wirePos && sign != wireNeg {
		return nil, false
	}
	pow := func(base, e int64) *big.Rat {
		p := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(base), big.NewInt(max(e, -e)), nil))
		if e < 0 {
			p.Inv(p)
		}
		return p
	}
	sum := new(big.Rat)
	for i := range u16(0) {
		d := new(big.Rat).SetInt64(u16(4 + int(i)))
		sum.Add(sum, d.Mul(d, pow(10_000, int64(int16(u16(1)))-i)))
	}
	unit := pow(10, u16(3))
	scaled := new(big.Rat).Mul(sum, unit)
	sum.SetFrac(new(big.Int).Quo(scaled.Num(), scaled.Denom()), big.NewInt(1))
	sum.Quo(sum, unit)
	if sign == wireNeg {
		sum.Neg(sum)
	}
	return sum, true
}
