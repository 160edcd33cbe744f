package value

// ArrayLen returns the number of elements of an array's stored bytes.
func ArrayLen(s string) int { panic("skeleton") }

// ArrayHasNull says whether an element is NULL.
func ArrayHasNull(s string) bool { panic("skeleton") }

// ArrayElem returns element i (from 0) of an array's stored bytes; k is the
// element's kind. The value shares the bytes of s.
func ArrayElem(k Kind, s string, i int) Value { panic("skeleton") }

// ArrayEach calls yield with each element in turn until it returns false.
func ArrayEach(k Kind, s string, yield func(i int, v Value) bool) { panic("skeleton") }

// ArrayBuilder makes an array's stored bytes element by element. Reset it before use.
type ArrayBuilder struct {
	elem Kind
	n    int
}

// Reset starts an array of elements of kind k. Memory is kept.
func (b *ArrayBuilder) Reset(k Kind) { panic("skeleton") }

// Append adds an element of the builder's kind, or a NULL.
func (b *ArrayBuilder) Append(v Value) { panic("skeleton") }

// Value returns the array.
func (b *ArrayBuilder) Value() Value { panic("skeleton") }

// NewArray returns an array of elements of kind k.
func NewArray(k Kind, elems []Value) Value { panic("skeleton") }
