package expr

import "github.com/cachalotdb/cachalot/internal/value"

// SameKeys says whether values of two kinds have comparable key encodings.
func SameKeys(a, b value.Kind) bool { return keyClass(a) == keyClass(b) }

func keyClass(k value.Kind) value.Kind {
	switch k {
	case value.Int2, value.Int4:
		return value.Int8
	case value.Varchar, value.Unknown:
		return value.Text
	case value.Int2.Array(), value.Int4.Array():
		return value.Int8.Array()
	case value.Varchar.Array():
		return value.Text.Array()
	}
	return k
}
