package jsonpath

import (
	"strconv"
	"strings"
)

// maxExponent bounds what a number is written out to: numeric's limits.
const maxExponent = 131072

// plainNumber returns a literal as numeric writes it: without an exponent, with a digit in front of the point and no
// point at the end. False when numeric cannot hold it.
func plainNumber(s string) (string, bool) {
	mantissa, exp := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		var err error
		if exp, err = strconv.Atoi(s[i+1:]); err != nil || exp > maxExponent || exp < -maxExponent {
			return "", false
		}
		mantissa = s[:i]
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	point := len(whole) + exp // digits in front of the point
	all := whole + frac
	if point > len(all) {
		all += strings.Repeat("0", point-len(all))
	}
	if point < 0 {
		all = strings.Repeat("0", -point) + all
		point = 0
	}
	whole, frac = strings.TrimLeft(all[:point], "0"), all[point:]
	if whole == "" {
		whole = "0"
	}
	if len(whole) > maxExponent || len(frac) > 16383 {
		return "", false
	}
	if frac == "" {
		return whole, true
	}
	return whole + "." + frac, true
}

// negated returns a number with the other sign.
func negated(s string) string {
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		return rest
	}
	if strings.Trim(s, "0.") == "" {
		return s
	}
	return "-" + s
}
