package store

import (
	"github.com/cachalotdb/cachalot/index"
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
)

// indexBatch collects the pairs that rows bring to an index, to one after the other. They are those of
// partIndex.each, made by the column and not by the row: where a value is told by a word of 8 bytes (an
// integer, a numeric that is not wide, the code of a text), or is a list of such, the key of a word is encoded
// once a batch, however many rows have it. One goroutine uses it, the one that writes to the part.
type indexBatch struct {
	index.Entries
	encoded int      // bytes of keys, of those made row by row
	rows    []uint32 // that wait for flush
	words   []int64  // of an array of integers: the elements, each with its row in rows
	scratch []byte
	vec     column.Vec
}

// indexBatchRows is about how many rows, or elements, wait for flush: they are still in the first cache.
const indexBatchRows = 512

// begin empties the batch for the rows of an index.
func (b *indexBatch) begin(x *partIndex) {
	b.encoded = 0
	if b.Reset(); x.unique == nil && x.tree != nil {
		b.ResetUnhashed()
	}
}

// addRow takes a row that the index covers.
func (b *indexBatch) addRow(x *partIndex, row uint32) {
	switch {
	case len(x.def.Columns) > 1:
		b.addKey(x, row)
		return
	case !x.array:
		b.rows = append(b.rows, row)
	default:
		b.addArray(x, row)
	}
	if len(b.rows) >= indexBatchRows {
		b.flush(x)
	}
}

// addKey makes the pair of a row's key at once. The column is no list.
func (b *indexBatch) addKey(x *partIndex, row uint32) {
	b.scratch = x.AppendKey(b.scratch[:0], row)
	b.encoded += len(b.scratch)
	b.Add(b.scratch, row)
}

func (b *indexBatch) addArray(x *partIndex, row uint32) {
	v := x.part.column(x.def.Columns[0].Num).Get(row)
	if v.IsNull() {
		return
	}
	if v.Kind().Elem().Rep() != value.RepInt {
		b.scratch = x.eachElem(v, b.scratch, func(key []byte) {
			b.encoded += len(key)
			b.Add(key, row)
		})
		return
	}
	b.words = value.AppendArrayInts(b.words, v.Kind().Elem(), v.Bytes())
	for len(b.rows) < len(b.words) {
		b.rows = append(b.rows, row)
	}
}

// pairs returns how many pairs there are and will be when what waits is flushed.
func (b *indexBatch) pairs() int { return b.Len() + len(b.rows) }

// flush makes pairs of what waits.
func (b *indexBatch) flush(x *partIndex) {
	if len(b.rows) == 0 {
		return
	}
	c := x.def.Columns[0]
	col := x.part.column(c.Num)
	if x.array {
		elem := col.Type().Kind.Elem()
		b.AddWords(b.words, b.rows, func(dst []byte, word int64) []byte {
			return appendIndexValue(dst, c, value.NewInt(elem, word))
		})
	} else {
		col.Gather(&b.vec, b.rows)
		b.addVec(c)
	}
	b.rows, b.words = b.rows[:0], b.words[:0]
}

// addVec makes pairs of vec, the values of rows.
func (b *indexBatch) addVec(c schema.IndexColumn) {
	v := &b.vec
	valueOf := b.fillWords()
	if valueOf == nil {
		for i, row := range b.rows {
			b.scratch = appendIndexValue(b.scratch[:0], c, v.Value(i))
			b.Add(b.scratch, row)
		}
		clear(v.S) // or it would keep the column's chunks
		return
	}
	if v.Nulls != nil {
		b.addNulls(c)
	}
	b.AddWords(b.words, b.rows, func(dst []byte, word int64) []byte {
		return appendIndexValue(dst, c, valueOf(word))
	})
}

// fillWords puts the words of vec's values in words and returns what a word stands for; nil when
// there are none.
func (b *indexBatch) fillWords() (valueOf func(word int64) value.Value) {
	v := &b.vec
	k, dict := v.Kind, v.Dict
	switch {
	case v.Codes != nil:
		for _, code := range v.Codes {
			b.words = append(b.words, int64(code))
		}
		return func(word int64) value.Value { return value.NewBytes(k, dict.String(uint32(word))) }
	case k.Rep() == value.RepInt:
		b.words = append(b.words, v.I...)
		return func(word int64) value.Value { return value.NewInt(k, word) }
	case k.Rep() == value.RepNumeric && v.S == nil:
		b.words = append(b.words, v.I...)
		return func(word int64) value.Value { return value.NewNumericWord(word, "") }
	}
	return nil
}

// addNulls makes pairs of the NULLs in vec and leaves the others in rows and words.
func (b *indexBatch) addNulls(c schema.IndexColumn) {
	b.scratch = appendIndexValue(b.scratch[:0], c, value.Null(b.vec.Kind))
	n := 0
	for i, row := range b.rows {
		if b.vec.Nulls[i] {
			b.Add(b.scratch, row)
			continue
		}
		b.rows[n], b.words[n] = row, b.words[i]
		n++
	}
	b.rows, b.words = b.rows[:n], b.words[:n]
}
