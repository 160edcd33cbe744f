package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// The pseudo kinds of declared arguments and results. They never leave the registry.
const (
	anyKind value.Kind = 0x60 + iota // "any": no conversion at all
	anyElement
	anyArray
	anyNonArray
	anyCompatible
	anyCompatibleArray
	anyCompatibleNonArray
)

func isPseudo(k value.Kind) bool { return k >= anyKind && k <= anyCompatibleNonArray }

// undeterminedIn says whether a declared pseudo kind got no kind from the actual arguments:
// PostgreSQL does not guess.
func undeterminedIn(declared, args []value.Kind) bool {
	for i, d := range declared {
		if (d == anyArray || d == anyElement || d == anyNonArray) && args[i] == value.Unknown {
			return true
		}
	}
	return false
}

func errUndetermined(pos int) error {
	return sqlerr.New(sqlerr.DatatypeMismatch, "could not determine polymorphic type because input has type unknown").At(pos)
}

// polymorphic replaces the pseudo kinds of declared arguments and result by what
// the actual kinds make them. It fails when they disagree, or when the result
// cannot be known.
func polymorphic(declared []value.Kind, ret value.Kind, actual []value.Kind) ([]value.Kind, value.Kind, bool) {
	poly := isPseudo(ret)
	for _, k := range declared {
		poly = poly || isPseudo(k)
	}
	if !poly {
		return declared, ret, true
	}
	elem := value.Unknown   // what anyelement stands for
	common := value.Unknown // what anycompatible stands for
	compatible := false
	for i, d := range declared {
		a := actual[i]
		if a == value.Unknown {
			compatible = compatible || d == anyCompatible || d == anyCompatibleArray || d == anyCompatibleNonArray
			continue
		}
		switch d {
		case anyArray:
			if a = a.Elem(); elem != value.Unknown && elem != a {
				return nil, 0, false
			}
			elem = a
		case anyElement, anyNonArray:
			if elem != value.Unknown && elem != a {
				return nil, 0, false
			}
			elem = a
		case anyCompatible, anyCompatibleArray, anyCompatibleNonArray:
			compatible = true
			if d == anyCompatibleArray {
				a = a.Elem()
			}
			var ok bool
			if common, ok = commonKind(common, a); !ok {
				return nil, 0, false
			}
		}
	}
	if compatible && common == value.Unknown {
		common = value.Text
	}
	// Every actual kind must reach the common one.
	args := make([]value.Kind, len(declared))
	for i, d := range declared {
		args[i] = substitute(d, actual[i], elem, common)
		if d == anyCompatible || d == anyCompatibleArray || d == anyCompatibleNonArray {
			if args[i] == value.Unknown || !canCoerce(actual[i], args[i], value.CastImplicit) {
				return nil, 0, false
			}
		}
	}
	return args, substitute(ret, ret, elem, common), true
}

func substitute(declared, actual, elem, common value.Kind) value.Kind {
	switch declared {
	case anyElement, anyNonArray:
		return elem
	case anyArray:
		if elem == value.Unknown || elem.IsArray() { // no arrays of arrays
			return value.Unknown
		}
		return elem.Array()
	case anyCompatible, anyCompatibleNonArray:
		return common
	case anyCompatibleArray:
		if common.IsArray() || common == value.Unknown {
			return value.Unknown
		}
		return common.Array()
	}
	if declared == anyKind {
		return actual
	}
	return declared
}

// commonKind is one step of select_common_type: the kind that both can become.
func commonKind(have, next value.Kind) (value.Kind, bool) {
	switch {
	case next == value.Unknown || next == have:
		return have, true
	case have == value.Unknown:
		return next, true
	case category(have) != category(next):
		return have, false
	}
	if !preferred(have) && canCoerce(have, next, value.CastImplicit) && !canCoerce(next, have, value.CastImplicit) {
		return next, true
	}
	return have, true
}
