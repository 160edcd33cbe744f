package expr

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// windowFuncs is the window functions; every aggregate is one as well.
func windowFuncs() []WindowFunc {
	i4, i8, f := value.Int4, value.Int8, value.Float8
	return []WindowFunc{
		{Name: "row_number", Kind: RowNumber, Ret: i8},
		{Name: "rank", Kind: Rank, Ret: i8},
		{Name: "dense_rank", Kind: DenseRank, Ret: i8},
		{Name: "percent_rank", Kind: PercentRank, Ret: f},
		{Name: "cume_dist", Kind: CumeDist, Ret: f},
		{Name: "ntile", Kind: Ntile, Args: kinds(i4), Ret: i4},
		{Name: "lag", Kind: Lag, Args: kinds(anyElement), Ret: anyElement},
		{Name: "lag", Kind: Lag, Args: kinds(anyElement, i4), Ret: anyElement},
		{Name: "lag", Kind: Lag, Args: kinds(anyCompatible, i4, anyCompatible), Ret: anyCompatible},
		{Name: "lead", Kind: Lead, Args: kinds(anyElement), Ret: anyElement},
		{Name: "lead", Kind: Lead, Args: kinds(anyElement, i4), Ret: anyElement},
		{Name: "lead", Kind: Lead, Args: kinds(anyCompatible, i4, anyCompatible), Ret: anyCompatible},
		{Name: "first_value", Kind: FirstValue, Args: kinds(anyElement), Ret: anyElement},
		{Name: "last_value", Kind: LastValue, Args: kinds(anyElement), Ret: anyElement},
		{Name: "nth_value", Kind: NthValue, Args: kinds(anyElement, i4), Ret: anyElement},
	}
}

// windows is the window functions by name.
var windows = func() map[string][]*WindowFunc {
	table := windowFuncs()
	byName := make(map[string][]*WindowFunc, len(table))
	for i := range table {
		f := &table[i]
		byName[f.Name] = append(byName[f.Name], f)
	}
	return byName
}()

// IsWindow says whether name is the name of a function that wants OVER; every aggregate may have it.
func IsWindow(name string) bool { return len(windows[name]) > 0 }
