package expr

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// Overload resolution: PostgreSQL's func_select_candidate and its kin
// (parse_func.c, parse_oper.c, parse_coerce.c), step for step.

// category is pg_type.typcategory.
func category(k value.Kind) byte {
	if isPseudo(k) {
		return 'P'
	}
	if k.IsArray() {
		return 'A'
	}
	switch k {
	case value.Interval:
		return 'T'
	case value.Bool:
		return 'B'
	case value.Int2, value.Int4, value.Int8, value.Float4, value.Float8, value.Numeric,
		value.OID, value.Regclass, value.Regtype, value.Regproc, value.Regnamespace:
		return 'N'
	case value.Text, value.Varchar, value.Bpchar, value.Name:
		return 'S'
	case value.Date, value.Timestamp, value.Timestamptz, value.Time, value.Timetz:
		return 'D'
	case value.Char:
		return 'Z'
	case value.Enum:
		return 'E'
	case value.Unknown:
		return 'X'
	}
	return 'U'
}

// preferred is pg_type.typispreferred.
func preferred(k value.Kind) bool {
	switch k {
	case value.Bool, value.Float8, value.OID, value.Text, value.Timestamptz, value.Interval:
		return true
	}
	return false
}

// canCoerce says whether values of from can stand where to is wanted, in a context.
func canCoerce(from, to value.Kind, ctx value.CastContext) bool {
	if from == to || from == value.Unknown {
		return true
	}
	switch to {
	case anyKind, anyElement, anyCompatible:
		return true
	case anyArray, anyCompatibleArray:
		return from.IsArray()
	case anyNonArray, anyCompatibleNonArray:
		return !from.IsArray()
	}
	if isPseudo(to) || isPseudo(from) {
		return false
	}
	allowed := value.CastAllowed(from, to)
	return allowed != value.CastNone && allowed <= ctx
}

// candidate is an overload with its declared arguments spread to the number of actual ones.
type candidate struct {
	fn   any // *Func or *AggFunc
	args []value.Kind
	// variadic says that the last argument was spread.
	variadic bool
	// place is where each actual argument goes, nil when they are in order and complete. rest has a place for each
	// declared argument, and the default of those that have one.
	place []int
	rest  []value.Value
}

// spread returns the declared kinds for n actual arguments.
func spread(declared []value.Kind, variadic bool, n int) ([]value.Kind, bool) {
	if !variadic {
		return declared, len(declared) == n
	}
	if n < len(declared) {
		return nil, false
	}
	args := make([]value.Kind, n)
	last := declared[len(declared)-1]
	copy(args, declared[:len(declared)-1])
	for i := len(declared) - 1; i < n; i++ {
		args[i] = last
	}
	return args, true
}

// exact returns the candidate with exactly these kinds.
func exact(list []candidate, actual []value.Kind) (candidate, bool) {
next:
	for _, c := range list {
		for i, k := range actual {
			if c.args[i] != k {
				continue next
			}
		}
		return c, true
	}
	return candidate{}, false
}

// accepts says whether a candidate takes the actual kinds by implicit casts.
func (c candidate) accepts(actual []value.Kind) bool {
	for i, k := range actual {
		if !canCoerce(k, c.args[i], value.CastImplicit) {
			return false
		}
	}
	_, _, ok := polymorphic(c.args, value.Unknown, actual)
	return ok
}

// outcome is how a resolution ended.
type outcome uint8

const (
	found outcome = iota
	notFound
	ambiguous
	undetermined // found, but all arguments of a polymorphic function are of unknown type
)

// choose picks the best candidate for the actual kinds.
func choose(list []candidate, actual []value.Kind) (candidate, outcome) {
	var fit []candidate
	for _, c := range list {
		if c.accepts(actual) {
			fit = append(fit, c)
		}
	}
	switch len(fit) {
	case 0:
		return candidate{}, notFound
	case 1:
		return fit[0], found
	}
	unknowns := 0
	for _, k := range actual {
		if k == value.Unknown {
			unknowns++
		}
	}
	// Most exact matches, then most exact or preferred kinds.
	fit = best(fit, func(c candidate) int {
		n := 0
		for i, k := range actual {
			if k != value.Unknown && c.args[i] == k {
				n++
			}
		}
		return n
	})
	if len(fit) == 1 {
		return fit[0], found
	}
	fit = best(fit, func(c candidate) int {
		n := 0
		for i, k := range actual {
			if k != value.Unknown && (c.args[i] == k || category(k) == category(c.args[i]) && preferred(c.args[i])) {
				n++
			}
		}
		return n
	})
	if len(fit) == 1 {
		return fit[0], found
	}
	if unknowns == 0 {
		return candidate{}, ambiguous
	}
	if narrowed, ok := byUnknownCategory(fit, actual); ok {
		fit = narrowed
		if len(fit) == 1 {
			return fit[0], found
		}
	}
	// Assume that the unknown ones are of the known ones' kind, if that is one.
	if unknowns < len(actual) {
		known := value.Unknown
		for _, k := range actual {
			if k == value.Unknown || k == known {
				continue
			}
			if known != value.Unknown {
				return candidate{}, ambiguous
			}
			known = k
		}
		assumed := make([]value.Kind, len(actual))
		for i := range assumed {
			assumed[i] = known
		}
		var last candidate
		n := 0
		for _, c := range fit {
			if c.accepts(assumed) {
				last = c
				n++
			}
		}
		if n == 1 {
			return last, found
		}
	}
	return candidate{}, ambiguous
}

// byUnknownCategory keeps the candidates whose kinds at the unknown places have the
// category that all agree on, or the string category if any accepts it.
func byUnknownCategory(fit []candidate, actual []value.Kind) ([]candidate, bool) {
	type slot struct {
		category  byte
		preferred bool
	}
	slots := make([]slot, len(actual))
	for i, k := range actual {
		if k != value.Unknown {
			continue
		}
		s := &slots[i]
		conflict := false
		for _, c := range fit {
			cat, pref := category(c.args[i]), preferred(c.args[i])
			switch {
			case s.category == 0:
				*s = slot{cat, pref}
			case cat == s.category:
				s.preferred = s.preferred || pref
			case cat == 'S':
				*s = slot{cat, pref}
				conflict = false
			case s.category != 'S':
				conflict = true
			}
		}
		if conflict {
			return nil, false
		}
	}
	var kept []candidate
	for _, c := range fit {
		keep := true
		for i, k := range actual {
			if k != value.Unknown {
				continue
			}
			if category(c.args[i]) != slots[i].category || slots[i].preferred && !preferred(c.args[i]) {
				keep = false
			}
		}
		if keep {
			kept = append(kept, c)
		}
	}
	return kept, len(kept) > 0
}

// best keeps the candidates with the highest score.
func best(list []candidate, score func(candidate) int) []candidate {
	top := -1
	var kept []candidate
	for _, c := range list {
		switch n := score(c); {
		case n > top:
			top, kept = n, append(kept[:0:0], c)
		case n == top:
			kept = append(kept, c)
		}
	}
	return kept
}
