package tpch

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed queries/*.sql
var files embed.FS

// Query is one of the 22.
type Query struct {
	Number int
	SQL    string
	// Sorted are the columns, from 0, that ORDER BY orders by; their sequence must be the same in two answers, the
	// rows as a whole are compared as a multiset. Empty: there is no order to compare, or one row.
	Sorted []int
}

// sorted has the columns of each query's ORDER BY.
var sorted = map[int][]int{
	1: {0, 1}, 2: {0, 2, 1, 3}, 3: {1, 2}, 4: {0}, 5: {1}, 7: {0, 1, 2}, 8: {0}, 9: {0, 1}, 10: {2}, 11: {1}, 12: {0}, 13: {1, 0}, 15: {0},
	16: {3, 0, 1, 2}, 18: {4, 3}, 20: {0}, 21: {1, 0}, 22: {0},
}

// Queries returns the 22 queries with the parameters of the specification's validation, for a scale.
func Queries(scale float64) ([]Query, error) {
	var out []Query
	for n := 1; n <= 22; n++ {
		text, err := files.ReadFile(fmt.Sprintf("queries/q%02d.sql", n))
		if err != nil {
			return nil, err
		}
		fraction := strconv.FormatFloat(0.0001/scale, 'f', -1, 64)
		out = append(out, Query{n, strings.ReplaceAll(strings.TrimSpace(string(text)), "FRACTION", fraction), sorted[n]})
	}
	return out, nil
}
