package value

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// OIDNames knows the names of what regclass and its kin number. Safe for concurrent use.
type OIDNames interface {
	// OIDOf returns the oid of the object of kind k (Regclass, Regproc, Regnamespace) that a name
	// means, or the error of there being none.
	OIDOf(k Kind, name string) (uint32, error)
	// NameOf returns the name to print for an oid, quoted and qualified as needed; false when there is no
	// such object.
	NameOf(k Kind, oid uint32) (string, bool)
}

// parseOID reads an oid, or what regclass and its kin take: a number, - for none, or a name.
func parseOID(k Kind, s string, st *Style) (int64, error) {
	if k == OID {
		return parseOIDNumber(s)
	}
	if s == "-" {
		return 0, nil
	}
	if s != "" && skipDigits(s, 0) == len(s) {
		return parseOIDNumber(s)
	}
	if k == Regtype {
		if st.Types != nil {
			name, array := strings.CutSuffix(strings.TrimSpace(s), "[]")
			if t, ok := st.Types.FindType("", name); ok {
				if array && t.Kind == Enum {
					t.Kind = t.Kind.Array()
				}
				if t.Kind.Elem() != Enum {
					return int64(t.User), nil
				}
				return int64(t.OID()), nil
			}
		}
		return oidOfType(s)
	}
	if st.Names == nil {
		return 0, sqlerr.NotSupported("a name as %s is not supported here", k)
	}
	oid, err := st.Names.OIDOf(k, s)
	return int64(oid), err
}

// parseOIDNumber reads 32 bits with or without sign: -1 is 4294967295.
func parseOIDNumber(s string) (int64, error) {
	t := trimSpace(s)
	n, err := strconv.ParseInt(t, 10, 64)
	switch {
	case err == nil && n >= -1<<31 && n < 1<<32:
		return int64(uint32(n)), nil
	case err == nil, isRange(err):
		return 0, errValueRange(OID, s)
	}
	return 0, errSyntax(OID.String(), s)
}

func isRange(err error) bool {
	e, ok := err.(*strconv.NumError)
	return ok && e.Err == strconv.ErrRange
}

// oidOfType returns the oid of a type's name, with or without modifier and brackets.
func oidOfType(s string) (int64, error) {
	name, array := strings.CutSuffix(strings.TrimSpace(s), "[]")
	if i := strings.IndexByte(name, '('); i >= 0 {
		if j := strings.IndexByte(name, ')'); j > i {
			name = name[:i] + name[j+1:]
		}
	}
	k, ok := ParseTypeName(name)
	if bare := strings.TrimPrefix(name, "_"); !ok && bare != name {
		if k, ok = ParseTypeName(bare); ok && k.CatalogName() == bare {
			k = k.Array()
		}
	}
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "char":
		k, ok = Bpchar, true
	case "unknown":
		k, ok = Unknown, true
	}
	if !ok {
		return 0, sqlerr.New(sqlerr.UndefinedObject, `type "%s" does not exist`, s)
	}
	if array {
		k = k.Array()
	}
	return int64(k.OID()), nil
}

// appendReg appends what regclass and its kin print: the name, or the number of what there is not.
func appendReg(dst []byte, v Value, st *Style) []byte {
	oid := uint32(v.n)
	if oid == 0 {
		return append(dst, '-')
	}
	if v.kind == Regtype {
		if k, ok := KindOfOID(oid); ok {
			return append(dst, k.String()...)
		}
		if st.Types != nil {
			if name, ok := st.Types.TypeName(oid); ok {
				return append(dst, name...)
			}
			if name, ok := st.Types.TypeName(oid - 1); ok {
				return append(append(dst, name...), "[]"...)
			}
		}
	} else if st.Names != nil {
		if name, ok := st.Names.NameOf(v.kind, oid); ok {
			return append(dst, name...)
		}
	}
	return appendUint(dst, uint64(oid))
}

// toOID is the cast of a number, or of an oid of another sort.
func toOID(v Value, to Kind) (Value, error) {
	if v.kind == Int8 && v.n != int64(uint32(v.n)) {
		return Null(to), sqlerr.New(sqlerr.NumericValueOutOfRange, "OID out of range")
	}
	return NewInt(to, int64(uint32(v.n))), nil
}

// parseChar returns the byte of a "char": the first one, or that of three octal digits behind a backslash.
func parseChar(s string) byte {
	if len(s) == 4 && s[0] == '\\' && isOctal(s[1]) && isOctal(s[2]) && isOctal(s[3]) {
		return (s[1]-'0')<<6 | (s[2]-'0')<<3 | (s[3] - '0')
	}
	if s == "" {
		return 0
	}
	return s[0]
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

// appendChar appends a "char": nothing for byte 0, a backslash and octal digits for one that is not ASCII.
func appendChar(dst []byte, c byte) []byte {
	switch {
	case c == 0:
		return dst
	case c < utf8.RuneSelf:
		return append(dst, c)
	}
	return append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
}

// intToChar is the cast of an integer, a signed byte, to "char".
func intToChar(n int64) (Value, error) {
	if n != int64(int8(n)) {
		return Null(Char), sqlerr.New(sqlerr.NumericValueOutOfRange, `"char" out of range`)
	}
	return NewInt(Char, int64(uint8(n))), nil
}

// maxName is the bytes of the longest name.
const maxName = 63

// parseName returns a name, cut to maxName bytes of whole characters.
func parseName(s string) Value {
	if len(s) > maxName {
		n := maxName
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	return NewBytes(Name, s)
}
