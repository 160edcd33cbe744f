package value

// The key of a jsonb, which sorts as PostgreSQL's btree order of jsonb does: by type, then
// containers by their number of members before the members themselves.
//
//	01 null | 02 string (as text) | 03 number (as numeric) | 04 false | 05 true
//	10 count elements...           array; at top level a 01 follows the count
//	11 count (key value)...        object; keys as text
//
// A scalar at top level is, as in PostgreSQL, an array of one element, told from a real
// one by 00 after the count.
const (
	keyJSONNull   = 0x01
	keyJSONString = 0x02
	keyJSONNumber = 0x03
	keyJSONFalse  = 0x04
	keyJSONTrue   = 0x05
	keyJSONArray  = 0x10
	keyJSONObject = 0x11

	keyJSONScalar = 0x00
	keyJSONReal   = 0x01
)

func appendKeyJSON(dst []byte, doc string) []byte {
	switch doc[0] {
	case '{':
		return appendKeyJSONValue(dst, doc)
	case '[':
		dst = AppendKeyInt(append(dst, keyJSONArray), int64(jsonCount(doc)))
		return appendKeyJSONElems(append(dst, keyJSONReal), doc)
	}
	dst = AppendKeyInt(append(dst, keyJSONArray), 1)
	return appendKeyJSONValue(append(dst, keyJSONScalar), doc)
}

func appendKeyJSONValue(dst []byte, doc string) []byte {
	switch doc[0] {
	case '{':
		dst = AppendKeyInt(append(dst, keyJSONObject), int64(jsonCount(doc)))
		for m := membersOf(doc); m.next(); {
			dst = AppendKeyBytes(dst, jsonUnquote(m.key))
			dst = appendKeyJSONValue(dst, m.value)
		}
		return dst
	case '[':
		dst = AppendKeyInt(append(dst, keyJSONArray), int64(jsonCount(doc)))
		return appendKeyJSONElems(dst, doc)
	case '"':
		return AppendKeyBytes(append(dst, keyJSONString), jsonUnquote(doc))
	case 'n':
		return append(dst, keyJSONNull)
	case 'f':
		return append(dst, keyJSONFalse)
	case 't':
		return append(dst, keyJSONTrue)
	}
	return appendKeyNumeric(append(dst, keyJSONNumber), jsonNumber(doc))
}

func appendKeyJSONElems(dst []byte, doc string) []byte {
	for m := membersOf(doc); m.next(); {
		dst = appendKeyJSONValue(dst, m.value)
	}
	return dst
}

// compareJSON orders documents as their keys.
func compareJSON(a, b string) int {
	if a == b {
		return 0
	}
	var bufA, bufB [256]byte
	ka, kb := appendKeyJSON(bufA[:0], a), appendKeyJSON(bufB[:0], b)
	return compareBytes(ka, kb)
}

// json reads the key of a document and returns its normalised text.
func (d *keyDecoder) json() []byte {
	if len(d.b) == 0 || d.b[0] == keyJSONObject {
		return d.jsonValue(nil)
	}
	if d.byte() != keyJSONArray {
		d.fail()
		return nil
	}
	n := d.int()
	switch d.byte() {
	case keyJSONReal:
		return d.jsonElems(nil, n)
	case keyJSONScalar:
		if n != 1 || len(d.b) == 0 || d.b[0] >= keyJSONArray {
			d.fail()
		}
		return d.jsonValue(nil)
	}
	d.fail()
	return nil
}

func (d *keyDecoder) jsonValue(dst []byte) []byte {
	if d.depth > maxJSONDepth {
		d.fail()
	}
	d.depth++
	defer func() { d.depth-- }()
	switch d.byte() {
	case keyJSONNull:
		return append(dst, "null"...)
	case keyJSONFalse:
		return append(dst, "false"...)
	case keyJSONTrue:
		return append(dst, "true"...)
	case keyJSONString:
		return JSONQuote(dst, d.jsonString())
	case keyJSONNumber:
		return d.jsonNumber(dst)
	case keyJSONArray:
		return d.jsonElems(dst, d.int())
	case keyJSONObject:
		return d.jsonMembers(dst, d.int())
	}
	d.fail()
	return dst
}

// jsonString reads a string, which is UTF-8 without a zero byte in any document.
func (d *keyDecoder) jsonString() string {
	s := string(d.bytes())
	if CheckUTF8(s) != nil {
		d.fail()
	}
	return s
}

func (d *keyDecoder) jsonNumber(dst []byte) []byte {
	v := d.numeric()
	if d.bad || toDecimal(v).form != finite {
		d.fail()
		return dst
	}
	return appendNumeric(dst, v)
}

func (d *keyDecoder) jsonElems(dst []byte, n int64) []byte {
	if n < 0 || n > int64(len(d.b)) { // an element is a byte at least
		d.fail()
	}
	dst = append(dst, '[')
	for i := int64(0); i < n && !d.bad; i++ {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = d.jsonValue(dst)
	}
	return append(dst, ']')
}

func (d *keyDecoder) jsonMembers(dst []byte, n int64) []byte {
	if n < 0 || n > int64(len(d.b)) {
		d.fail()
	}
	dst = append(dst, '{')
	last := ""
	for i := int64(0); i < n && !d.bad; i++ {
		key := d.jsonString()
		if i > 0 {
			if !jsonKeyLess(last, key) {
				d.fail()
			}
			dst = append(dst, ", "...)
		}
		last = key
		dst = append(JSONQuote(dst, key), ": "...)
		dst = d.jsonValue(dst)
	}
	return append(dst, '}')
}
