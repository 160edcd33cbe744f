package value

import (
	"encoding/binary"
)

// A record's bytes, which are never stored in tables: the number of fields, and for each its name, its
// kind, and its value.
//
//	count   uvarint
//	name    uvarint length and bytes, of each field
//	kind    byte
//	state   byte, 0 for NULL, which has nothing after it
//	number  8 bytes little-endian, of kinds that are not RepBytes
//	bytes   uvarint length and bytes, of the others and of numerics

// NewRecord returns the record of some values. A field without a name has "f1", "f2", ... by its place; names may be
// nil.
func NewRecord(names []string, vals []Value) Value {
	b := binary.AppendUvarint(nil, uint64(len(vals)))
	for i, v := range vals {
		name := ""
		if names != nil {
			name = names[i]
		}
		b = appendCounted(b, name)
		b = append(b, byte(v.kind))
		if !v.set {
			b = append(b, 0)
			continue
		}
		b = append(b, 1)
		rep := v.kind.Rep()
		if rep != RepBytes {
			b = binary.LittleEndian.AppendUint64(b, uint64(v.n))
		}
		if rep == RepBytes || rep == RepNumeric {
			b = appendCounted(b, v.s)
		}
	}
	return Value{kind: Record, set: true, s: string(b)}
}

func appendCounted(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// RecordEach calls yield with the name and value of each field of a record that is not NULL until it returns false. The
// name is "" for a field that has none of its own.
func RecordEach(v Value, yield func(i int, name string, x Value) bool) {
	r := recordReader{s: v.s}
	for i := range r.uvarint() {
		name := r.counted()
		if !yield(int(i), name, r.value()) {
			return
		}
	}
}

// RecordField returns field i of a record that is not NULL; NULL when it has fewer.
func RecordField(v Value, i int) Value {
	var out Value
	RecordEach(v, func(k int, _ string, x Value) bool {
		if k == i {
			out = x
		}
		return k < i
	})
	return out
}

// FieldName is the name of field i, from 0, of a record whose fields have none: "f1".
func FieldName(i int) string { return "f" + string(appendInt(nil, int64(i)+1)) }

// RecordLen returns the number of fields of a record that is not NULL.
func RecordLen(v Value) int {
	r := recordReader{s: v.s}
	return int(r.uvarint())
}

// recordReader reads the bytes of a record from the front.
type recordReader struct{ s string }

func (r *recordReader) uvarint() uint64 {
	n, used := uvarint(r.s)
	r.s = r.s[used:]
	return n
}

func (r *recordReader) counted() string {
	n := r.uvarint()
	s := r.s[:n]
	r.s = r.s[n:]
	return s
}

func (r *recordReader) value() Value {
	v := Value{kind: Kind(r.s[0]), set: r.s[1] != 0}
	r.s = r.s[2:]
	if !v.set {
		return v
	}
	rep := v.kind.Rep()
	if rep != RepBytes {
		v.n = int64(le64(r.s))
		r.s = r.s[8:]
	}
	if rep == RepBytes || rep == RepNumeric {
		v.s = r.counted()
	}
	return v
}

// compareRecord orders records field by field, a shorter one first. Fields of kinds that do not compare are in the order of
// the kinds: the operators refuse them before.
func compareRecord(a, b Value) int {
	x, y := recordReader{s: a.s}, recordReader{s: b.s}
	n, m := x.uvarint(), y.uvarint()
	for range min(n, m) {
		x.counted()
		y.counted()
		v, w := x.value(), y.value()
		if v.set && w.set && classOf(v.kind) != classOf(w.kind) {
			return compareInt(int64(v.kind), int64(w.kind))
		}
		if c := Compare(v, w); c != 0 {
			return c
		}
	}
	return compareInt(int64(n), int64(m))
}

// appendKeyRecord appends the keys of the fields. The tag before them keeps a record whose first field is NULL apart
// from NULL.
func appendKeyRecord(dst []byte, v Value) []byte {
	dst = append(dst, keyFixed)
	RecordEach(v, func(_ int, _ string, x Value) bool {
		dst = AppendKey(dst, x)
		return true
	})
	return dst
}

// appendRecord is record_out: (1,"a b",).
func appendRecord(dst []byte, v Value, st *Style) []byte {
	dst = append(dst, '(')
	RecordEach(v, func(i int, _ string, x Value) bool {
		if i > 0 {
			dst = append(dst, ',')
		}
		if x.set {
			dst = appendRecordField(dst, AppendText(nil, x, st))
		}
		return true
	})
	return append(dst, ')')
}

func appendRecordField(dst, text []byte) []byte {
	quote := len(text) == 0
	for _, c := range text {
		switch c {
		case '"', '\\', '(', ')', ',', ' ', '\t', '\n', '\v', '\f', '\r':
			quote = true
		}
	}
	if !quote {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	for _, c := range text {
		if c == '"' || c == '\\' {
			dst = append(dst, c)
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// appendBinaryRecord is record_send.
func appendBinaryRecord(dst []byte, v Value) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(RecordLen(v)))
	RecordEach(v, func(_ int, _ string, x Value) bool {
		dst = binary.BigEndian.AppendUint32(dst, x.kind.OID())
		if !x.set {
			dst = binary.BigEndian.AppendUint32(dst, ^uint32(0))
			return true
		}
		at := len(dst)
		dst = AppendBinary(append(dst, 0, 0, 0, 0), x)
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
		return true
	})
	return dst
}

// appendJSONRecord is the object of a record's fields, with outer between them and sep between the elements of arrays.
func appendJSONRecord(dst []byte, v Value, st *Style, outer, sep string) []byte {
	dst = append(dst, '{')
	RecordEach(v, func(i int, name string, x Value) bool {
		if i > 0 {
			dst = append(dst, outer...)
		}
		if name == "" {
			name = FieldName(i)
		}
		dst = append(JSONQuote(dst, name), ':')
		dst = appendJSONOf(dst, x, st, sep)
		return true
	})
	return append(dst, '}')
}
