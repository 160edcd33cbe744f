package value

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// ratOf returns coef * 10^-scale.
func ratOf(coef *big.Int, scale int) *big.Rat {
	return new(big.Rat).SetFrac(coef, bigTenPow(scale))
}

func ratOfValue(v Value) *big.Rat {
	d := toDecimal(v)
	return ratOf(d.coef, d.scale)
}

// FuzzNumeric compares arithmetic with big.Rat, and the packed words with the plain twin.
func FuzzNumeric(f *testing.F) {
	f.Add("1", "3")
	f.Add("36028797018963967", "-1")
	f.Add("0.00000000000000000001", "99999999999999999999")
	f.Add("-12345.678", "0.0001")
	f.Add("18014398509481984.5", "2")
	f.Fuzz(func(t *testing.T, s1, s2 string) {
		if len(s1) > 60 || len(s2) > 60 {
			return
		}
		a, err1 := parseNumeric(s1)
		b, err2 := parseNumeric(s2)
		if err1 != nil || err2 != nil || toDecimal(a).form != finite || toDecimal(b).form != finite {
			return
		}
		if toDecimal(a).coef.BitLen() > 2000 || toDecimal(b).coef.BitLen() > 2000 || toDecimal(a).scale > 500 || toDecimal(b).scale > 500 {
			return
		}
		x, y := ratOfValue(a), ratOfValue(b)
		exact := func(name string, got Value, err error, want *big.Rat, scale int) {
			t.Helper()
			if err != nil {
				t.Fatalf("%s of %s, %s: %v", name, s1, s2, err)
			}
			checkValid(t, got)
			if s, _ := NumericScale(got); ratOfValue(got).Cmp(want) != 0 || s != scale {
				t.Fatalf("%s of %s, %s is %s, want %s with scale %d", name, s1, s2, show(got), want.RatString(), scale)
			}
		}
		sa, _ := NumericScale(a)
		sb, _ := NumericScale(b)
		v, err := NumericAdd(a, b)
		exact("sum", v, err, new(big.Rat).Add(x, y), max(sa, sb))
		v, err = NumericSub(a, b)
		exact("difference", v, err, new(big.Rat).Sub(x, y), max(sa, sb))
		v, err = NumericMul(a, b)
		exact("product", v, err, new(big.Rat).Mul(x, y), sa+sb)
		exact("negation", NumericNeg(a), nil, new(big.Rat).Neg(x), sa)
		if got := Compare(a, b); got != x.Cmp(y) {
			t.Fatalf("%s compares with %s as %d", s1, s2, got)
		}
		if y.Sign() == 0 {
			if _, err := NumericDiv(a, b); err == nil {
				t.Fatal("division by zero passes")
			}
			return
		}
		v, err = NumericDiv(a, b)
		if err != nil {
			t.Fatal(err)
		}
		checkValid(t, v)
		scale, _ := NumericScale(v)
		diff := new(big.Rat).Sub(ratOfValue(v), new(big.Rat).Quo(x, y))
		if diff.Abs(diff).Cmp(ratOf(big.NewInt(5), scale+1)) > 0 {
			t.Fatalf("%s / %s is %s: off by %s", s1, s2, show(v), diff.FloatString(40))
		}
		q, err := NumericDivTrunc(a, b)
		if err != nil {
			t.Fatal(err)
		}
		m, err := NumericMod(a, b)
		back := new(big.Rat).Add(new(big.Rat).Mul(ratOfValue(q), y), ratOfValue(m))
		if err != nil || back.Cmp(x) != 0 || m.Int() != 0 && toDecimal(m).sign()*x.Sign() < 0 {
			t.Fatalf("%s %% %s is %s, quotient %s, %v", s1, s2, show(m), show(q), err)
		}
	})
}

// TestWordsAgreeWithDecimals runs the packed operations at the edges of the word against the
// plain ones.
func TestWordsAgreeWithDecimals(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	word := func() int64 {
		coef := int64(r.Uint64()) >> (9 + r.IntN(55))
		if r.IntN(6) == 0 {
			coef = []int64{maxPackedCoef, -maxPackedCoef, 0, 1, -1}[r.IntN(5)]
		}
		w, ok := PackNumeric(coef, r.IntN(maxPackedScale+1)>>r.IntN(6))
		if !ok {
			t.Fatalf("%d does not pack", coef)
		}
		return w
	}
	for range 100000 {
		a, b := word(), word()
		x, y := toDecimal(NewNumericWord(a, "")), toDecimal(NewNumericWord(b, ""))
		for _, op := range []struct {
			name string
			fast func(a, b int64) (int64, bool)
			slow decimal
		}{
			{"+", AddWords, addDecimal(x, y)},
			{"-", SubWords, addDecimal(x, y.neg())},
			{"*", MulWords, mulDecimal(x, y)},
		} {
			if got, ok := op.fast(a, b); ok && NewNumericWord(got, "") != op.slow.value() {
				t.Fatalf("%s %s %s is %s, want %s", show(x.value()), op.name, show(y.value()), show(NewNumericWord(got, "")), show(op.slow.value()))
			}
		}
		n := r.IntN(70)
		for how, want := range map[rounding]decimal{
			roundHalfAway: x.roundTo(n), roundDown: x.truncTo(n), roundCeil: x.toInt(1), roundFloor: x.toInt(-1),
		} {
			at := n
			if how >= roundCeil {
				at = 0
			}
			if got, ok := roundWord(a, at, how); ok && NewNumericWord(got, "") != want.value() {
				t.Fatalf("%s rounded (%d) to %d is %s, want %s", show(x.value()), how, at, show(NewNumericWord(got, "")), show(want.value()))
			}
		}
		if q, ok := divide128(a, b); ok {
			if want := quotient(x, y, divScale(x, y), divRound); q.value() != want.value() {
				t.Fatalf("%s / %s is %s, want %s", show(x.value()), show(y.value()), show(q.value()), show(want.value()))
			}
		}
		if got, want := CompareWords(a, b), compareDecimal(x, y); got != want {
			t.Fatalf("%s against %s is %d, want %d", show(x.value()), show(y.value()), got, want)
		}
	}
}

// TestNumericSumInAnyOrder adds values of all sizes one way, split and merged, and as big.Rat.
func TestNumericSumInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 11))
	for range 300 {
		var whole NumericSum
		parts := make([]NumericSum, 4)
		want, scale := new(big.Rat), 0
		for range r.IntN(200) {
			v := randomNumeric(r)
			if toDecimal(v).form != finite {
				continue
			}
			want.Add(want, ratOfValue(v))
			s, _ := NumericScale(v)
			scale = max(scale, s)
			whole.Add(v)
			parts[r.IntN(4)].Add(v)
		}
		var merged NumericSum
		for i := range parts {
			merged.Merge(&parts[i])
		}
		for _, s := range []*NumericSum{&whole, &merged} {
			got, err := s.Sum()
			if err != nil {
				t.Fatal(err)
			}
			if have, _ := NumericScale(got); ratOfValue(got).Cmp(want) != 0 || have != scale {
				t.Fatalf("sum is %s, want %s, scale %d", show(got), want.FloatString(60), scale)
			}
		}
	}
}

func TestNumericSumOfIntegersOverflowsNothing(t *testing.T) {
	var s NumericSum
	for range 5 {
		s.AddInt(1<<63 - 1)
	}
	s.AddInt(-1 << 63)
	got, err := s.Sum()
	if err != nil || string(AppendText(nil, got, DefaultStyle())) != "36893488147419103227" {
		t.Errorf("sum is %s, %v", show(got), err)
	}
	if s.Count() != 6 {
		t.Errorf("count is %d", s.Count())
	}
	s = NumericSum{}
	s.AddInt(7)
	s.AddWord(mustParse(Numeric, "0.25").Int())
	s.AddInt(-2)
	if got, _ := s.Avg(); string(AppendText(nil, got, DefaultStyle())) != "1.7500000000000000" {
		t.Errorf("average is %s", show(got))
	}
}

// TestSeriesAgreeWithFloat checks the series over their whole range against math, which the oracle's
// exact cases sample only.
func TestSeriesAgreeWithFloat(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 13))
	for range 300 {
		v := NumericFromFloat((r.Float64() - 0.5) * 200)
		e, err := NumericExp(v)
		if err != nil {
			t.Fatal(err)
		}
		x, _ := NumericToFloat(e)
		if toDecimal(e).sign() == 0 {
			continue
		}
		back, err := NumericLn(e)
		if err != nil {
			t.Fatal(err)
		}
		// e^v is rounded to 16 digits or more, so ln brings v back to about as many.
		diff := addDecimal(toDecimal(back), toDecimal(v).neg())
		if diff.float() > 1e-13 || diff.float() < -1e-13 {
			t.Errorf("ln(exp(%s)) is %s (exp %g)", show(v), show(back), x)
		}
	}
}
