package plan

import (
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/store"
)

// keyRange is the interval of index keys that begin with prefix and whose next column meets c. NULLs
// meet nothing and stay outside.
func keyRange(xc schema.IndexColumn, prefix []byte, c *constraint) store.KeyRange {
	col := &schema.Index{Columns: []schema.IndexColumn{xc}}
	enc := func(v value.Value) []byte { return store.IndexKey(append([]byte(nil), prefix...), col, v) }
	after := func(key []byte) []byte { return value.KeySuccessor(nil, key) }
	if c.kind == startsWith {
		lo, hi := prefixBounds(c.values[0].Bytes())
		c = &constraint{lo: bound{value.NewText(lo), true, true}}
		if hi != "" {
			c.hi = bound{value.NewText(hi), true, false}
		}
	}
	// In a descending column the ends change places.
	first, last := c.lo, c.hi
	if xc.Desc {
		first, last = last, first
	}
	var r store.KeyRange
	null := value.Null(c.kindOf())
	switch {
	case first.set && first.inclusive:
		r.Lo = enc(first.value)
	case first.set:
		r.Lo = after(enc(first.value))
	case xc.NullsFirst:
		r.Lo = after(enc(null))
	default:
		r.Lo = prefix
	}
	switch {
	case last.set && last.inclusive:
		r.Hi = after(enc(last.value))
	case last.set:
		r.Hi = enc(last.value)
	case !xc.NullsFirst:
		r.Hi = enc(null)
	default:
		r.Hi = after(prefix)
	}
	if len(r.Lo) == 0 {
		r.Lo = nil
	}
	return r
}

func (c *constraint) kindOf() value.Kind {
	if c.lo.set {
		return c.lo.value.Kind()
	}
	return c.hi.value.Kind()
}

// prefixBounds returns the texts that begin with a prefix as an interval [lo, hi); hi is "" when
// it has no end. Bytes compare as unsigned.
func prefixBounds(prefix string) (lo, hi string) {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xFF {
			b[i]++
			return prefix, string(b[:i+1])
		}
	}
	return prefix, ""
}
