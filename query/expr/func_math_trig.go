package expr

import (
	"fmt"
	"math"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// trigFuncs is the trigonometric functions, of radians and of degrees, and the hyperbolic ones. Where the exact result is
// no float, C's and Go's may differ in the last digit.
func trigFuncs() []Func {
	f := value.Float8
	var table []Func
	add := func(name string, fn impl) {
		table = append(table, Func{Name: name, Args: kinds(f), Ret: f, Strict: true, fn: fn})
	}
	for name, fn := range map[string]func(float64) float64{
		"sin": math.Sin, "cos": math.Cos, "tan": math.Tan, "cot": func(x float64) float64 { return 1 / math.Tan(x) },
		"sind": sind, "cosd": cosd, "tand": tand, "cotd": cotd,
	} {
		add(name, trig(fn))
	}
	for name, fn := range map[string]func(float64) float64{
		"asin": math.Asin, "acos": math.Acos, "asind": asind, "acosd": acosd, "atanh": math.Atanh,
	} {
		add(name, inDomain(-1, 1, fn))
	}
	for name, fn := range map[string]func(float64) float64{
		"atan": math.Atan, "atand": func(x float64) float64 { return math.Atan(x) / atan1 * 45 },
		"sinh": math.Sinh, "cosh": math.Cosh, "tanh": math.Tanh, "asinh": math.Asinh,
	} {
		add(name, float1(fn))
	}
	add("acosh", inDomain(1, math.Inf(1), math.Acosh))
	for name, unit := range map[string]float64{"atan2": 1, "atan2d": atan1 / 45} {
		table = append(table, Func{Name: name, Args: kinds(f, f), Ret: f, Strict: true,
			fn: func(_ *Context, a []value.Value) (value.Value, error) {
				x := math.Atan2(a[0].Float(), a[1].Float())
				if unit != 1 {
					x = x / atan1 * 45
				}
				return value.NewFloat(x), nil
			}})
	}
	return table
}

var errInputRange = sqlerr.New(sqlerr.NumericValueOutOfRange, "input is out of range")

// trig is a function of an angle, which must be finite.
func trig(f func(float64) float64) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		if math.IsInf(a[0].Float(), 0) {
			return value.Value{}, errInputRange
		}
		return value.NewFloat(f(a[0].Float())), nil
	}
}

// inDomain is a function that is defined from least to most.
func inDomain(least, most float64, f func(float64) float64) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		if x := a[0].Float(); x < least || x > most {
			return value.Value{}, errInputRange
		}
		return value.NewFloat(f(a[0].Float())), nil
	}
}

// shortFloat writes a float with 6 digits, as C's %g does.
func shortFloat(x float64) string {
	if math.IsNaN(x) {
		return "NaN"
	}
	return strings.Replace(fmt.Sprintf("%.6g", x), "Inf", "inf", 1)
}

// The functions of degrees are exact where the result is: they divide by what the same function of radians gives there.
var (
	atan1         = math.Atan(1)
	sin30         = sinOf(30)
	oneMinusCos60 = 1 - cosOf(60)
	asinHalf      = math.Asin(0.5)
	acosHalf      = math.Acos(0.5)
)

// radian is a degree in radians.
const radian = math.Pi / 180

// sinOf and cosOf round as they do for any degrees, where constants would be exact.
func sinOf(degrees float64) float64 { return math.Sin(degrees * radian) }
func cosOf(degrees float64) float64 { return math.Cos(degrees * radian) }

// sind0to30 and cosd0to60 are exact at the ends of their ranges.
func sind0to30(x float64) float64 { return sinOf(x) / sin30 / 2 }
func cosd0to60(x float64) float64 { return 1 - (1-cosOf(x))/oneMinusCos60/2 }

// sindQuadrant and cosdQuadrant are for [0, 90].
func sindQuadrant(x float64) float64 {
	if x <= 30 {
		return sind0to30(x)
	}
	return cosd0to60(90 - x)
}

func cosdQuadrant(x float64) float64 {
	if x <= 60 {
		return cosd0to60(x)
	}
	return sind0to30(90 - x)
}

// reduce brings an angle to [0, 90]. below and left say in which half planes it was: under the horizontal axis, left of the
// vertical one.
func reduce(x float64) (angle float64, below, left bool) {
	x = math.Mod(x, 360)
	if x < 0 {
		x, below = -x, !below
	}
	if x > 180 {
		x, below = 360-x, !below
	}
	if x > 90 {
		x, left = 180-x, true
	}
	return x, below, left
}

func signed(x float64, negative bool) float64 {
	if negative {
		return -x
	}
	return x
}

func sind(x float64) float64 {
	x, below, _ := reduce(x)
	return signed(sindQuadrant(x), below)
}

func cosd(x float64) float64 {
	x, _, left := reduce(x)
	return signed(cosdQuadrant(x), left)
}

func tand(x float64) float64 {
	x, below, left := reduce(x)
	r := signed(sindQuadrant(x)/cosdQuadrant(x)/(sindQuadrant(45)/cosdQuadrant(45)), below != left)
	return r + 0 // no negative zero
}

func cotd(x float64) float64 {
	x, below, left := reduce(x)
	r := signed(cosdQuadrant(x)/sindQuadrant(x)/(cosdQuadrant(45)/sindQuadrant(45)), below != left)
	return r + 0
}

// asindQuadrant and acosdQuadrant are for [0, 1].
func asindQuadrant(x float64) float64 {
	if x <= 0.5 {
		return math.Asin(x) / asinHalf * 30
	}
	return 90 - math.Acos(x)/acosHalf*60
}

func acosdQuadrant(x float64) float64 {
	if x <= 0.5 {
		return 90 - math.Asin(x)/asinHalf*30
	}
	return math.Acos(x) / acosHalf * 60
}

func asind(x float64) float64 {
	if x < 0 {
		return -asindQuadrant(-x)
	}
	return asindQuadrant(x)
}

func acosd(x float64) float64 {
	if x < 0 {
		return 90 + asindQuadrant(-x)
	}
	return acosdQuadrant(x)
}
