package value

import "github.com/cachalotdb/cachalot/internal/jsonpath"

// Valid says whether v's representation is one that this package makes: what a log or a file
// holds is checked with it before anything else reads it. It reads all of v's bytes.
func Valid(v Value) bool {
	if !v.kind.Valid() {
		return false
	}
	if !v.set {
		return v.n == 0 && v.s == ""
	}
	switch v.kind.Rep() {
	case RepInt:
		return fitsInt(v.n, v.kind) && v.s == ""
	case RepFloat:
		f := v.Float()
		return v.s == "" && NewFloat(f).n == v.n && (v.kind == Float8 || f != f || float64(float32(f)) == f)
	case RepNumeric:
		if IsWide(v.n) {
			return validWide(v.s)
		}
		_, scale := UnpackNumeric(v.n)
		return scale <= maxPackedScale && v.s == ""
	}
	switch v.kind {
	case UUID, Interval:
		return len(v.s) == 16
	case Name:
		return len(v.s) <= maxName && CheckUTF8(v.s) == nil
	case Jsonpath:
		_, err := jsonpath.Parse(v.s)
		return err == nil && CheckUTF8(v.s) == nil
	case JSON:
		return CheckUTF8(v.s) == nil && checkJSON(v.s) == nil
	case Bytea:
		return true
	case Enum:
		return len(v.s) > enumHead && CheckUTF8(v.s[enumHead:]) == nil
	case JSONB:
		doc, err := parseJSON(v.s)
		return err == nil && doc == v.s && CheckUTF8(v.s) == nil
	}
	if !v.kind.IsArray() {
		return CheckUTF8(v.s) == nil
	}
	return validElements(v)
}

func validElements(v Value) bool {
	k := v.kind.Elem()
	if !ValidArray(k, v.s) {
		return false
	}
	ok := true
	ArrayEach(k, v.s, func(_ int, e Value) bool {
		ok = e.IsNull() || Valid(e)
		return ok
	})
	return ok
}
