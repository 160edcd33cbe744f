package expr

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"math/bits"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// byteaFuncs is the functions on byteas that texts do not have in the same form.
func byteaFuncs() []Func {
	t, by, i4, i8, b := value.Text, value.Bytea, value.Int4, value.Int8, value.Bool
	return []Func{
		{Name: "bit_length", Args: kinds(by), Ret: i4, Strict: true, fn: textInt(func(s string) int { return 8 * len(s) })},
		{Name: "position", Args: kinds(by, by), Ret: i4, Strict: true, fn: positionBytes},
		{Name: "overlay", Args: kinds(by, by, i4), Ret: by, Strict: true, fn: overlayBytes},
		{Name: "overlay", Args: kinds(by, by, i4, i4), Ret: by, Strict: true, fn: overlayBytes},
		{Name: "btrim", Args: kinds(by, by), Ret: by, Strict: true, fn: trimBytes(true, true)},
		{Name: "ltrim", Args: kinds(by, by), Ret: by, Strict: true, fn: trimBytes(true, false)},
		{Name: "rtrim", Args: kinds(by, by), Ret: by, Strict: true, fn: trimBytes(false, true)},
		{Name: "get_byte", Args: kinds(by, i4), Ret: i4, Strict: true, fn: getByte},
		{Name: "set_byte", Args: kinds(by, i4, i4), Ret: by, Strict: true, fn: setByte},
		{Name: "get_bit", Args: kinds(by, i8), Ret: i4, Strict: true, fn: getBit},
		{Name: "set_bit", Args: kinds(by, i8, i4), Ret: by, Strict: true, fn: setBit},
		{Name: "bit_count", Args: kinds(by), Ret: i8, Strict: true, fn: bitCount},
		{Name: "md5", Args: kinds(by), Ret: t, Strict: true, fn: text1(md5Hex)},
		{Name: "sha224", Args: kinds(by), Ret: by, Strict: true, fn: digest(func(b []byte) []byte { s := sha256.Sum224(b); return s[:] })},
		{Name: "sha256", Args: kinds(by), Ret: by, Strict: true, fn: digest(func(b []byte) []byte { s := sha256.Sum256(b); return s[:] })},
		{Name: "sha384", Args: kinds(by), Ret: by, Strict: true, fn: digest(func(b []byte) []byte { s := sha512.Sum384(b); return s[:] })},
		{Name: "sha512", Args: kinds(by), Ret: by, Strict: true, fn: digest(func(b []byte) []byte { s := sha512.Sum512(b); return s[:] })},
		{Name: "like", Args: kinds(by, by), Ret: b, Strict: true, fn: likeBytes(false)},
		{Name: "notlike", Args: kinds(by, by), Ret: b, Strict: true, fn: likeBytes(true)},
	}
}

func newBytea(s string) value.Value { return value.NewBytes(value.Bytea, s) }

func md5Hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func digest(sum func([]byte) []byte) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		return newBytea(string(sum([]byte(a[0].Bytes())))), nil
	}
}

func positionBytes(_ *Context, a []value.Value) (value.Value, error) {
	return value.NewInt(value.Int4, int64(strings.Index(a[0].Bytes(), a[1].Bytes())+1)), nil
}

func overlayBytes(_ *Context, a []value.Value) (value.Value, error) {
	s, t := a[0].Bytes(), a[1].Bytes()
	from, to, err := overlaySpan(a, len(t))
	if err != nil {
		return value.Value{}, err
	}
	n := int64(len(s))
	return newBytea(s[:min(from, n)] + t + s[min(to, n):]), nil
}

func trimBytes(front, back bool) impl {
	return func(_ *Context, a []value.Value) (value.Value, error) {
		s, set := a[0].Bytes(), a[1].Bytes()
		for front && s != "" && strings.IndexByte(set, s[0]) >= 0 {
			s = s[1:]
		}
		for back && s != "" && strings.IndexByte(set, s[len(s)-1]) >= 0 {
			s = s[:len(s)-1]
		}
		return newBytea(s), nil
	}
}

// byteIndex refuses an index that is not below n.
func byteIndex(i int64, n int) error {
	if i < 0 || i >= int64(n) {
		return sqlerr.New(sqlerr.ArraySubscriptError, "index %d out of valid range, 0..%d", i, n-1)
	}
	return nil
}

func getByte(_ *Context, a []value.Value) (value.Value, error) {
	s, i := a[0].Bytes(), a[1].Int()
	if err := byteIndex(i, len(s)); err != nil {
		return value.Value{}, err
	}
	return value.NewInt(value.Int4, int64(s[i])), nil
}

func setByte(_ *Context, a []value.Value) (value.Value, error) {
	s, i := []byte(a[0].Bytes()), a[1].Int()
	if err := byteIndex(i, len(s)); err != nil {
		return value.Value{}, err
	}
	s[i] = byte(a[2].Int())
	return newBytea(string(s)), nil
}

func getBit(_ *Context, a []value.Value) (value.Value, error) {
	s, i := a[0].Bytes(), a[1].Int()
	if err := byteIndex(i, 8*len(s)); err != nil {
		return value.Value{}, err
	}
	return value.NewInt(value.Int4, int64(s[i/8]>>(i%8)&1)), nil
}

func setBit(_ *Context, a []value.Value) (value.Value, error) {
	s, i, bit := []byte(a[0].Bytes()), a[1].Int(), a[2].Int()
	if err := byteIndex(i, 8*len(s)); err != nil {
		return value.Value{}, err
	}
	if bit != 0 && bit != 1 {
		return value.Value{}, sqlerr.New(sqlerr.InvalidParameterValue, "new bit must be 0 or 1")
	}
	s[i/8] = s[i/8]&^(1<<(i%8)) | byte(bit)<<(i%8)
	return newBytea(string(s)), nil
}

func bitCount(_ *Context, a []value.Value) (value.Value, error) {
	n := 0
	for _, c := range []byte(a[0].Bytes()) {
		n += bits.OnesCount8(c)
	}
	return value.NewInt(value.Int8, int64(n)), nil
}
