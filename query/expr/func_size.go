package expr

import (
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// sizeFuncs is the functions on sizes in bytes.
func sizeFuncs() []Func {
	t, i8, n := value.Text, value.Int8, value.Numeric
	return []Func{
		{Name: "pg_size_pretty", Args: kinds(i8), Ret: t, Strict: true, fn: sizePretty},
		{Name: "pg_size_pretty", Args: kinds(n), Ret: t, Strict: true, fn: sizePrettyNumeric},
		{Name: "pg_size_bytes", Args: kinds(t), Ret: i8, Strict: true, fn: sizeBytes},
		// What a value takes depends on where PostgreSQL keeps it.
		{Name: "pg_column_size", Args: kinds(anyKind), Ret: value.Int4, Volatility: Stable, Strict: true},
	}
}

// sizeUnits are the units of sizes, 2^10 apart.
var sizeUnits = []string{"bytes", "kB", "MB", "GB", "TB", "PB"}

// A size below these is shown in its unit, bytes and others. In the latter sizes are kept twice as large as they are, so
// that halving rounds them.
const (
	maxBytesShown = 10 * 1024
	maxUnitsShown = 2*maxBytesShown - 1
)

func sizePretty(_ *Context, a []value.Value) (value.Value, error) {
	size := a[0].Int()
	abs := func() uint64 {
		if size < 0 {
			return -uint64(size)
		}
		return uint64(size)
	}
	if abs() < maxBytesShown {
		return value.NewText(textInt64(size) + " bytes"), nil
	}
	size /= 1 << 9
	unit := 1
	for ; unit < len(sizeUnits)-1 && abs() >= maxUnitsShown; unit++ {
		size /= 1 << 10
	}
	if size < 0 {
		size = (size - 1) / 2
	} else {
		size = (size + 1) / 2
	}
	return value.NewText(textInt64(size) + " " + sizeUnits[unit]), nil
}

func textInt64(n int64) string {
	return string(value.AppendText(nil, value.NewInt(value.Int8, n), defaultStyle))
}

func sizePrettyNumeric(_ *Context, a []value.Value) (value.Value, error) {
	size := a[0]
	below := func(limit int64) bool {
		abs := size
		if value.Compare(abs, value.NumericFromInt(0)) < 0 {
			abs = value.NumericNeg(abs)
		}
		return value.Compare(abs, value.NumericFromInt(limit)) < 0
	}
	shown := func(unit int) (value.Value, error) {
		return value.NewText(string(value.AppendText(nil, size, defaultStyle)) + " " + sizeUnits[unit]), nil
	}
	if below(maxBytesShown) {
		return shown(0)
	}
	divide := func(by int64) (err error) {
		size, err = value.NumericDivTrunc(size, value.NumericFromInt(by))
		return err
	}
	if err := divide(1 << 9); err != nil {
		return value.Value{}, err
	}
	unit := 1
	for ; unit < len(sizeUnits)-1 && !below(maxUnitsShown); unit++ {
		if err := divide(1 << 10); err != nil {
			return value.Value{}, err
		}
	}
	one := value.NumericFromInt(1)
	if value.Compare(size, value.NumericFromInt(0)) < 0 {
		one = value.NumericNeg(one)
	}
	var err error
	if size, err = value.NumericAdd(size, one); err == nil {
		err = divide(2)
	}
	if err != nil {
		return value.Value{}, err
	}
	return shown(unit)
}

// sizeBytes is pg_size_bytes: a number and maybe a unit.
func sizeBytes(_ *Context, a []value.Value) (value.Value, error) {
	all := a[0].Bytes()
	s := strings.TrimLeft(all, " \t\n\r\f\v")
	n := sizeNumber(s)
	invalid := sqlerr.New(sqlerr.InvalidParameterValue, "invalid size: \"%s\"", all)
	if n == 0 {
		return value.Value{}, invalid
	}
	size, err := value.Parse(value.Of(value.Numeric), s[:n], defaultStyle)
	if err != nil {
		return value.Value{}, err
	}
	if name := strings.Trim(s[n:], " \t\n\r\f\v"); name != "" {
		unit := 0
		for unit < len(sizeUnits) && !strings.EqualFold(name, sizeUnits[unit]) {
			unit++
		}
		if unit == len(sizeUnits) {
			return value.Value{}, invalid.WithDetail("Invalid size unit: \"%s\".", name).
				WithHint(`Valid units are "bytes", "kB", "MB", "GB", "TB", and "PB".`)
		}
		if size, err = value.NumericMul(size, value.NumericFromInt(1<<(10*unit))); err != nil {
			return value.Value{}, err
		}
	}
	out, err := value.NumericToInt(size, value.Int8)
	return value.NewInt(value.Int8, out), err
}

// sizeNumber returns the length of the number that s begins with: sign, digits, fraction, exponent.
func sizeNumber(s string) int {
	i := 0
	digits := func() int {
		start := i
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		return i - start
	}
	sign := func() {
		if i < len(s) && (s[i] == '-' || s[i] == '+') {
			i++
		}
	}
	sign()
	n := digits()
	if i < len(s) && s[i] == '.' {
		i++
		n += digits()
	}
	if n == 0 {
		return 0
	}
	if end := i; i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		sign()
		if digits() == 0 {
			i = end
		}
	}
	return i
}
