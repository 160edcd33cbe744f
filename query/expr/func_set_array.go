package expr

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// arraySets is the functions on arrays that return rows.
func arraySets() []SetFunc {
	i4 := value.Int4
	subscripts := []SetColumn{{Kind: i4}}
	return []SetFunc{
		{Name: "unnest", Args: kinds(anyArray), Columns: []SetColumn{{Kind: anyElement}}, Strict: true, Rows: unnest},
		{Name: "generate_subscripts", Args: kinds(anyArray, i4), Columns: subscripts, Strict: true, Rows: arraySubscripts},
		{Name: "generate_subscripts", Args: kinds(anyArray, i4, value.Bool), Columns: subscripts, Strict: true, Rows: arraySubscripts},
	}
}

// nextRow fills a row and says whether there was one.
type nextRow = func(row []value.Value) (bool, error)

// rowsOf returns values one a row.
func rowsOf(list []value.Value) nextRow {
	return func(row []value.Value) (bool, error) {
		if len(list) == 0 {
			return false, nil
		}
		row[0], list = list[0], list[1:]
		return true, nil
	}
}

// unnest returns the elements of an array of any shape.
func unnest(_ *Context, args []value.Value) (nextRow, error) {
	return rowsOf(value.ArrayElems(args[0])), nil
}

// arraySubscripts counts through the subscripts of a dimension, backwards with a true third argument.
func arraySubscripts(_ *Context, args []value.Value) (nextRow, error) {
	d, _ := dimOf(args[0], args[1].Int())
	down := len(args) == 3 && args[2].Bool()
	at := 0
	return func(row []value.Value) (bool, error) {
		if at == d.Len {
			return false, nil
		}
		n := d.Lower + at
		if down {
			n = d.Lower + d.Len - 1 - at
		}
		at++
		row[0] = value.NewInt(value.Int4, int64(n))
		return true, nil
	}, nil
}
