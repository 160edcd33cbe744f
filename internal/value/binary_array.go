package value

import (
	"encoding/binary"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// appendBinaryArray appends: dimensions, whether there are NULLs, the element's OID, length and
// lower bound of each dimension, then each element with its length in front, -1 for NULL. Four bytes each.
func appendBinaryArray(dst []byte, v Value) []byte {
	k := v.kind.Elem()
	var room [MaxDims]Dim
	dims := appendDims(room[:0], v.s)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(dims)))
	dst = binary.BigEndian.AppendUint32(dst, uint32(b2i(ArrayHasNull(v.s))))
	dst = binary.BigEndian.AppendUint32(dst, k.OID())
	for _, d := range dims {
		dst = binary.BigEndian.AppendUint32(dst, uint32(d.Len))
		dst = binary.BigEndian.AppendUint32(dst, uint32(d.Lower))
	}
	ArrayEach(k, v.s, func(_ int, e Value) bool {
		if e.IsNull() {
			dst = append(dst, 0xFF, 0xFF, 0xFF, 0xFF)
			return true
		}
		at := len(dst)
		dst = AppendBinary(append(dst, 0, 0, 0, 0), e)
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
		return true
	})
	return dst
}

// binaryReader takes 32-bit numbers off a message. Past the end it returns zeros and short is set.
type binaryReader struct {
	b     []byte
	short bool
}

func (r *binaryReader) int32() int32 {
	if len(r.b) < 4 {
		r.short, r.b = true, nil
		return 0
	}
	n := int32(binary.BigEndian.Uint32(r.b))
	r.b = r.b[4:]
	return n
}

func parseBinaryArray(t Type, b []byte) (Value, error) {
	elem := Type{Kind: t.Kind.Elem(), Mod: t.Mod, User: t.User}
	r := binaryReader{b: b}
	dims, flags, oid := r.int32(), r.int32(), uint32(r.int32())
	switch {
	case r.short:
		return Null(t.Kind), errBinary("")
	case dims < 0:
		return Null(t.Kind), sqlerr.New(sqlerr.InvalidBinaryRepresentation, "invalid number of dimensions: %d", dims)
	case dims > MaxDims:
		return Null(t.Kind), ErrTooManyDims(int(dims))
	case flags != 0 && flags != 1:
		return Null(t.Kind), sqlerr.New(sqlerr.InvalidBinaryRepresentation, "invalid array flags")
	case oid != elem.Kind.OID():
		return Null(t.Kind), errElemOID(oid, elem.Kind)
	}
	shape := make([]Dim, dims)
	for i := range shape {
		shape[i].Len, shape[i].Lower = int(r.int32()), int(r.int32())
	}
	if r.short {
		return Null(t.Kind), errBinary("")
	}
	n, err := CheckDims(shape)
	if err != nil {
		return Null(t.Kind), err
	}
	var builder ArrayBuilder
	builder.Reset(elem.Kind)
	if err := readElements(&r, &builder, elem, n); err != nil {
		return Null(t.Kind), err
	}
	if n > 0 {
		builder.Shape(shape)
	}
	if len(r.b) > 0 {
		return Null(t.Kind), errBinary("")
	}
	return builder.Value(), nil
}

func errElemOID(got uint32, want Kind) error {
	name := "unknown"
	if k, ok := KindOfOID(got); ok {
		name = k.String()
	}
	return sqlerr.New(sqlerr.DatatypeMismatch,
		"binary data has array element type %d (%s) instead of expected %d (%s)", got, name, want.OID(), want)
}

func readElements(r *binaryReader, builder *ArrayBuilder, elem Type, n int) error {
	for range n {
		size := r.int32()
		if r.short || size < -1 || int(size) > len(r.b) {
			return errBinary("")
		}
		if size == -1 {
			builder.Append(Null(elem.Kind))
			continue
		}
		v, err := ParseBinary(elem, r.b[:size])
		if err != nil {
			return err
		}
		builder.Append(v)
		r.b = r.b[size:]
	}
	return nil
}
