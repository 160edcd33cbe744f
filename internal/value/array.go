package value

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strings"
)

// An array's stored bytes, frozen because logs and checkpoints hold them:
//
//	head byte     the number of dimensions, 0 when empty; | 0x80 when an element is NULL, | 0x40 when a
//	              dimension begins at another number than 1
//	lengths       uvarint, one a dimension
//	lower bounds  zigzag uvarint, one a dimension; only with 0x40
//	null bitmap   (count+7)/8 bytes, bit i%8 of byte i/8 set for NULL; only with 0x80
//	elements      fixed-width kinds: little-endian, 1, 2, 4, 8 or 16 (uuid, interval: as they
//	              are stored) bytes each, zeros for NULL; others: uvarint length and bytes, length 0 for NULL
//
// A numeric element's bytes are 0 and its packed word as 8 little-endian bytes, or the
// bytes of a wide one, which never begin with 0. A text element is its bytes.
const (
	arrayDims  = 0x07
	arrayLower = 0x40
	arrayNulls = 0x80
)

// elemWidth returns the bytes of a fixed-width element, 0 for one that is not.
func elemWidth(k Kind) int {
	switch k {
	case Bool, Char:
		return 1
	case Int2:
		return 2
	case Int4, Date, Float4, OID, Regclass, Regtype, Regproc, Regnamespace:
		return 4
	case Int8, Float8, Timestamp, Timestamptz, Time, Timetz:
		return 8
	case UUID, Interval:
		return 16
	}
	return 0
}

// arrayView is an array's stored bytes taken apart.
type arrayView struct {
	n     int
	nulls string // the bitmap, "" when there is none
	body  string
}

func viewArray(s string) arrayView {
	if len(s) < 2 {
		return arrayView{}
	}
	var v arrayView
	if plainShape(s[0]) {
		n, used := uvarint(s[1:])
		v = arrayView{n: int(n), body: s[1+used:]}
	} else {
		_, n, size := arrayHead(s)
		v = arrayView{n: n, body: s[size:]}
	}
	if s[0]&arrayNulls != 0 {
		size := (v.n + 7) / 8
		v.nulls, v.body = v.body[:size], v.body[size:]
	}
	return v
}

func (a arrayView) isNull(i int) bool {
	return a.nulls != "" && a.nulls[i/8]&(1<<(i%8)) != 0
}

// next returns element i, the first of body, and moves body past it. w is the kind's elemWidth.
func (a *arrayView) next(k Kind, w, i int) Value {
	var elem string
	if w > 0 {
		elem, a.body = a.body[:w], a.body[w:]
	} else {
		elem, a.body = cutElem(a.body)
	}
	switch {
	case a.isNull(i):
		return Null(k)
	case w > 0:
		return fixedElem(k, elem)
	}
	return varElem(k, elem)
}

// ArrayLen returns the number of elements of an array's stored bytes.
func ArrayLen(s string) int { return viewArray(s).n }

// ArrayHasNull says whether an element is NULL.
func ArrayHasNull(s string) bool { return s != "" && s[0]&arrayNulls != 0 }

// ArrayElem returns element i (from 0) of an array's stored bytes; k is the element's
// kind. The value shares the bytes of s. For kinds that are not of fixed width it walks
// from the front: use ArrayEach for all of them.
func ArrayElem(k Kind, s string, i int) Value {
	a := viewArray(s)
	if a.isNull(i) {
		return Null(k)
	}
	if w := elemWidth(k); w > 0 {
		return fixedElem(k, a.body[i*w:(i+1)*w])
	}
	body := a.body
	for ; i > 0; i-- {
		_, body = cutElem(body)
	}
	elem, _ := cutElem(body)
	return varElem(k, elem)
}

// ArrayEach calls yield with each element in turn until it returns false.
func ArrayEach(k Kind, s string, yield func(i int, v Value) bool) {
	a := viewArray(s)
	w := elemWidth(k)
	for i := range a.n {
		if !yield(i, a.next(k, w, i)) {
			return
		}
	}
}

// cutElem splits the first length-prefixed element off.
func cutElem(body string) (elem, rest string) {
	n, used := uvarint(body)
	end := used + int(n)
	return body[used:end], body[end:]
}

func fixedElem(k Kind, b string) Value {
	switch k {
	case Bool, Char:
		return NewInt(k, int64(b[0]))
	case Int2:
		return NewInt(k, int64(int16(uint16(b[0])|uint16(b[1])<<8)))
	case Int4, Date:
		return NewInt(k, int64(int32(le32(b))))
	case OID, Regclass, Regtype, Regproc, Regnamespace:
		return NewInt(k, int64(le32(b)))
	case Float4:
		return NewFloat4(math.Float32frombits(le32(b)))
	case Float8:
		return Value{kind: k, set: true, n: int64(le64(b))}
	case UUID, Interval:
		return NewBytes(k, b)
	}
	return NewInt(k, int64(le64(b)))
}

func varElem(k Kind, b string) Value {
	if k != Numeric {
		return NewBytes(k, b)
	}
	if b[0] == 0 {
		return NewNumericWord(int64(le64(b[1:])), "")
	}
	return NewNumericWord(WideNumeric, b)
}

func le32(b string) uint32 {
	_ = b[3]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func le64(b string) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// ValidArray says whether s is the stored bytes of an array of elements of kind k: what
// comes from a log or a file is checked once, then read without checks.
func ValidArray(k Kind, s string) bool {
	if s == "\x00" {
		return true
	}
	if len(s) < 2 {
		return false
	}
	n, size, ok := validShape(s)
	if !ok || n > uint64(len(s))*8 {
		return false
	}
	body := s[size:]
	if s[0]&arrayNulls != 0 {
		size := int(n+7) / 8
		if len(body) < size {
			return false
		}
		body = body[size:]
	}
	a := viewArray(s)
	if w := elemWidth(k); w > 0 {
		return len(body) == int(n)*w
	}
	for i := range int(n) {
		size, used := uvarint(body)
		if used <= 0 || size > uint64(len(body)-used) {
			return false
		}
		elem := body[used : used+int(size)]
		if k == Numeric && !a.isNull(i) && !validNumericElem(elem) {
			return false
		}
		body = body[used+int(size):]
	}
	return body == ""
}

func validNumericElem(b string) bool {
	if b == "" {
		return false
	}
	if b[0] != 0 {
		return validWide(b)
	}
	return len(b) == 9 && b[1] <= maxPackedScale
}

// ArrayBuilder makes an array's stored bytes element by element. Reset it before use.
// Not safe for concurrent use.
type ArrayBuilder struct {
	elem  Kind
	n     int
	nulls []byte
	body  []byte
	any   bool // an element is NULL
	dims  []Dim
}

// Reset starts an array of elements of kind k. Memory is kept.
func (b *ArrayBuilder) Reset(k Kind) {
	b.elem, b.n, b.any, b.dims = k, 0, false, nil
	b.nulls, b.body = b.nulls[:0], b.body[:0]
}

// Len returns the number of elements so far.
func (b *ArrayBuilder) Len() int { return b.n }

// Append adds an element of the builder's kind, or a NULL.
func (b *ArrayBuilder) Append(v Value) {
	if b.n%8 == 0 {
		b.nulls = append(b.nulls, 0)
	}
	if v.IsNull() {
		b.any = true
		b.nulls[b.n/8] |= 1 << (b.n % 8)
		v = Value{kind: b.elem} // zeros for a fixed width, length 0 otherwise
	}
	b.n++
	switch w := elemWidth(b.elem); w {
	case 0:
		b.appendVar(v)
	case 16:
		if v.IsNull() {
			v.s = strings.Repeat("\x00", 16)
		}
		b.body = append(b.body, v.s...)
	default:
		b.body = appendFixed(b.body, elemWord(v), w)
	}
}

// elemWord returns the number whose low bytes are a fixed-width element: that of the value, but of a
// float4 its own 32 bits.
func elemWord(v Value) int64 {
	if v.kind == Float4 && v.set {
		return int64(math.Float32bits(float32(v.Float())))
	}
	return v.n
}

// appendFixed appends the w low bytes of n, little-endian.
func appendFixed(dst []byte, n int64, w int) []byte {
	switch w {
	case 1:
		return append(dst, byte(n))
	case 2:
		return binary.LittleEndian.AppendUint16(dst, uint16(n))
	case 4:
		return binary.LittleEndian.AppendUint32(dst, uint32(n))
	}
	return binary.LittleEndian.AppendUint64(dst, uint64(n))
}

func (b *ArrayBuilder) appendVar(v Value) {
	if b.elem == Numeric && v.set && !IsWide(v.n) {
		b.body = append(b.body, 9, 0)
		b.body = binary.LittleEndian.AppendUint64(b.body, uint64(v.n))
		return
	}
	b.body = binary.AppendUvarint(b.body, uint64(len(v.s)))
	b.body = append(b.body, v.s...)
}

// Shape gives the array its dimensions: of as many elements as are in it in the end. Without it there is one, from 1.
// The caller has them from CheckDims or from another array.
func (b *ArrayBuilder) Shape(dims []Dim) {
	b.dims = nil
	if !plainDims(dims) {
		b.dims = dims
	}
}

// Value returns the array.
func (b *ArrayBuilder) Value() Value {
	return NewBytes(b.elem.Array(), b.bytes())
}

func (b *ArrayBuilder) bytes() string {
	if b.n == 0 {
		return "\x00"
	}
	nulls := b.nulls
	if !b.any {
		nulls = nil
	}
	var plain [1]Dim
	dims, size := b.dims, arrayHeadBytes(b.n)
	if dims == nil {
		plain[0] = Dim{b.n, 1}
		dims = plain[:]
	} else {
		size = 1 + len(dims)*2*binary.MaxVarintLen32
	}
	buf := make([]byte, 0, size+len(nulls)+len(b.body))
	buf = appendArrayHead(buf, dims, b.any)
	buf = append(buf, nulls...)
	return ownedString(append(buf, b.body...))
}

// arrayHeadBytes returns the bytes of the head and the count of n elements.
func arrayHeadBytes(n int) int { return 1 + (bits.Len(uint(n))+6)/7 }

// NewArray returns an array of one dimension of elements of kind k.
func NewArray(k Kind, elems []Value) Value {
	var b ArrayBuilder
	b.Reset(k)
	for _, e := range elems {
		b.Append(e)
	}
	return b.Value()
}

// NewShapedArray returns an array of elements of kind k, whose number is that of CheckDims.
func NewShapedArray(k Kind, dims []Dim, elems []Value) Value {
	var b ArrayBuilder
	b.Reset(k)
	for _, e := range elems {
		b.Append(e)
	}
	b.Shape(dims)
	return b.Value()
}

// maxArrayLen is PostgreSQL's limit on the number of elements.
const maxArrayLen = math.MaxInt32 / 16
