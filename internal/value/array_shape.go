package value

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// Dim is one dimension of an array: Len elements, at least one, numbered from Lower. Both fit an int32, and so
// does Lower+Len.
type Dim struct{ Len, Lower int }

// MaxDims is the largest number of dimensions of an array.
const MaxDims = 6

// arrayHead takes the head of an array's stored bytes apart: the number of dimensions, how many elements there
// are, and how long the head is, the null bitmap not included. The bytes are valid.
func arrayHead(s string) (dims, n, size int) {
	if len(s) < 2 {
		return 0, 0, len(s)
	}
	dims, n, size = int(s[0]&arrayDims), 1, 1
	for range dims {
		length, used := uvarint(s[size:])
		n *= int(length)
		size += used
	}
	if s[0]&arrayLower != 0 {
		for range dims {
			_, used := uvarint(s[size:])
			size += used
		}
	}
	return dims, n, size
}

// plainShape says whether a head byte is that of an empty array or one of one dimension that begins at 1:
// nearly every array there is.
func plainShape(head byte) bool { return head&(arrayDims|arrayLower) <= 1 }

// ArrayDims returns the dimensions of an array's stored bytes, none of an empty one.
func ArrayDims(s string) []Dim { return appendDims(nil, s) }

// appendDims is ArrayDims into memory that the caller has.
func appendDims(dims []Dim, s string) []Dim {
	if len(s) < 2 {
		return nil
	}
	dims = slices.Grow(dims[:0], int(s[0]&arrayDims))[:s[0]&arrayDims]
	at := 1
	for i := range dims {
		n, used := uvarint(s[at:])
		dims[i] = Dim{int(n), 1}
		at += used
	}
	if s[0]&arrayLower != 0 {
		for i := range dims {
			n, used := uvarint(s[at:])
			dims[i].Lower = int(unzigzag(n))
			at += used
		}
	}
	return dims
}

// ArrayNDims returns the number of dimensions, 0 of an empty array.
func ArrayNDims(s string) int {
	if len(s) < 2 {
		return 0
	}
	return int(s[0] & arrayDims)
}

func zigzag(n int64) uint64   { return uint64(n<<1) ^ uint64(n>>63) }
func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// plainDims says whether dims are those of an array that needs no shape in its head.
func plainDims(dims []Dim) bool { return len(dims) == 0 || len(dims) == 1 && dims[0].Lower == 1 }

// appendArrayHead appends the head of an array that is not empty.
func appendArrayHead(dst []byte, dims []Dim, nulls bool) []byte {
	head := byte(len(dims))
	for _, d := range dims {
		if d.Lower != 1 {
			head |= arrayLower
		}
	}
	if nulls {
		head |= arrayNulls
	}
	dst = append(dst, head)
	for _, d := range dims {
		dst = binary.AppendUvarint(dst, uint64(d.Len))
	}
	if head&arrayLower != 0 {
		for _, d := range dims {
			dst = binary.AppendUvarint(dst, zigzag(int64(d.Lower)))
		}
	}
	return dst
}

// validShape reads the head of untrusted stored bytes: the number of elements and the length of the head.
func validShape(s string) (n uint64, size int, ok bool) {
	dims := int(s[0] & arrayDims)
	if s[0]&^(arrayDims|arrayLower|arrayNulls) != 0 || dims == 0 || dims > MaxDims {
		return 0, 0, false
	}
	var lens [MaxDims]uint64
	n, size = 1, 1
	for i := range dims {
		length, used := uvarint(s[size:])
		if used <= 0 || length == 0 || length > maxArrayLen {
			return 0, 0, false
		}
		if n *= length; n > maxArrayLen {
			return 0, 0, false
		}
		lens[i] = length
		size += used
	}
	if s[0]&arrayLower == 0 {
		return n, size, true
	}
	shifted := false
	for i := range dims {
		u, used := uvarint(s[size:])
		lower := unzigzag(u)
		if used <= 0 || lower < math.MinInt32 || lower+int64(lens[i]) > math.MaxInt32 {
			return 0, 0, false
		}
		shifted = shifted || lower != 1
		size += used
	}
	return n, size, shifted
}

// CheckDims returns the number of elements of an array of these dimensions; 54000 when an array can have
// neither so many elements nor such numbers for them.
func CheckDims(dims []Dim) (int, error) {
	if len(dims) == 0 {
		return 0, nil
	}
	n := 1
	for _, d := range dims {
		if d.Len < 0 || d.Len > math.MaxInt32 {
			return 0, errArraySize()
		}
		if n *= d.Len; n > math.MaxInt32 {
			return 0, errArraySize()
		}
	}
	if n > maxArrayLen {
		return 0, errArraySize()
	}
	for _, d := range dims {
		if d.Lower < math.MinInt32 || d.Lower+d.Len > math.MaxInt32 {
			return 0, sqlerr.New(sqlerr.ProgramLimitExceeded, "array lower bound is too large: %d", d.Lower)
		}
	}
	return n, nil
}

func errArraySize() error {
	return sqlerr.New(sqlerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxArrayLen)
}

// ErrTooManyDims is 54000, the complaint about an array of n dimensions.
func ErrTooManyDims(n int) error {
	return sqlerr.New(sqlerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", n, MaxDims)
}

// appendBounds appends the dimensions as a literal begins with them: [1:2][0:1].
func appendBounds(dst []byte, dims []Dim) []byte {
	for _, d := range dims {
		dst = strconv.AppendInt(append(dst, '['), int64(d.Lower), 10)
		dst = strconv.AppendInt(append(dst, ':'), int64(d.Lower+d.Len-1), 10)
		dst = append(dst, ']')
	}
	return dst
}

// FormatDims returns the dimensions as array_dims writes them.
func FormatDims(dims []Dim) string { return string(appendBounds(nil, dims)) }

// compareShape orders arrays of the same elements: by the number of dimensions, then by their lengths, then
// by their lower bounds.
func compareShape(a, b string) int {
	if plainShape(headOf(a)) && plainShape(headOf(b)) {
		return 0
	}
	x, y := ArrayDims(a), ArrayDims(b)
	if c := cmp.Compare(len(x), len(y)); c != 0 {
		return c
	}
	for i := range x {
		if c := cmp.Compare(x[i].Len, y[i].Len); c != 0 {
			return c
		}
	}
	for i := range x {
		if c := cmp.Compare(x[i].Lower, y[i].Lower); c != 0 {
			return c
		}
	}
	return 0
}

func headOf(s string) byte {
	if s == "" {
		return 0
	}
	return s[0]
}

// The key of an array that is not plain begins with keyShaped, and its elements are followed by its shape:
// the number of dimensions, their lengths and their lower bounds, as integers. Plain arrays sort
// among each other as Compare has them, and so do the others; but all plain ones come before, because their
// keys are frozen and leave no room between them. So keys of arrays are for equality, and AppendArrayOrder for order.
const keyShaped = 0xFE

func appendKeyShape(dst []byte, dims []Dim) []byte {
	dst = AppendKeyInt(dst, int64(len(dims)))
	for _, d := range dims {
		dst = AppendKeyInt(dst, int64(d.Len))
	}
	for _, d := range dims {
		dst = AppendKeyInt(dst, int64(d.Lower))
	}
	return dst
}

// shape reads what appendKeyShape wrote behind n elements.
func (d *keyDecoder) shape(n int) []Dim {
	count := d.int()
	if count < 1 || count > MaxDims {
		d.fail()
		return nil
	}
	dims := make([]Dim, count)
	for i := range dims {
		if dims[i].Len = int(d.int()); dims[i].Len < 1 {
			d.fail()
		}
	}
	for i := range dims {
		dims[i].Lower = int(d.int())
	}
	if total, err := CheckDims(dims); err != nil || total != n || plainDims(dims) {
		d.fail()
		return nil
	}
	return dims
}

// AppendArrayOrder appends bytes that sort as Compare has arrays, but for arrays of different shapes whose elements
// are the same: they get the same bytes.
func AppendArrayOrder(dst []byte, v Value) []byte {
	k := v.kind.Elem()
	a, w := viewArray(v.s), elemWidth(k)
	for i := range a.n {
		dst = AppendKey(append(dst, keyElem), a.next(k, w, i))
	}
	return append(dst, keyEnd)
}
