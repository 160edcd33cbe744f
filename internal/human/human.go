// Package human reads and writes numbers as people do.
package human

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Thousands renders a number with commas.
func Thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// ParseBytes reads a size of at least 1 byte, such as 512MiB, 8GiB or 4GB.
func ParseBytes(text string) (int64, error) {
	digits := strings.TrimRight(text, "kKMGTiB ")
	unit := strings.TrimSpace(text[len(digits):])
	n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
	factor, ok := map[string]int64{
		"": 1, "B": 1,
		"kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
		"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
	}[unit]
	if err != nil || !ok || n < 1 || n > math.MaxInt64/factor {
		return 0, fmt.Errorf("%q is not a size such as 8GiB", text)
	}
	return n * factor, nil
}
