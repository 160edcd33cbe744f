package store

import (
	"encoding/binary"

	"github.com/cachalotdb/cachalot/internal/value"
)

// condKind is one of the closed set of conditions that Apply evaluates on the
// newest committed version of an operation's key.
type condKind uint8

const (
	condNone    condKind = 0
	condAbsent  condKind = 1 // there is no such row
	condExists  condKind = 2 // there is one
	condVersion condKind = 3 // there is one and it began at a timestamp
	condFeed    condKind = 4 // there is one and a feed of this very transaction wrote it
	condCompare condKind = 5 // a column compared with a constant is true
	condAnd     condKind = 6
	condOr      condKind = 7
	condNot     condKind = 8
)

// maxCondDepth bounds the nesting of conditions in a record.
const maxCondDepth = 32

// compareOp is the operator of a condCompare.
type compareOp uint8

const (
	compareEq compareOp = iota
	compareNe
	compareLt
	compareLe
	compareGt
	compareGe
)

// cond is a condition. Comparisons follow SQL: with a NULL they are unknown,
// and only a condition that is true holds.
type cond struct {
	kind    condKind
	version uint64 // condVersion: the timestamp; condFeed: the status
	op      compareOp
	col     int16
	val     value.Value
	args    []cond
}

func (c *cond) append(dst []byte) []byte {
	dst = append(dst, byte(c.kind))
	switch c.kind {
	case condVersion, condFeed:
		return binary.AppendUvarint(dst, c.version)
	case condCompare:
		dst = append(dst, byte(c.op))
		dst = binary.AppendUvarint(dst, uint64(c.col))
		return value.AppendStored(dst, c.val)
	case condAnd, condOr, condNot:
		dst = binary.AppendUvarint(dst, uint64(len(c.args)))
		for i := range c.args {
			dst = c.args[i].append(dst)
		}
	}
	return dst
}

func (d *decoder) cond(depth int) cond {
	c := cond{kind: condKind(d.byte())}
	switch c.kind {
	case condNone, condAbsent, condExists:
	case condVersion, condFeed:
		c.version = d.uvarint()
	case condCompare:
		c.op = compareOp(d.byte())
		c.col = int16(d.uvarint())
		c.val = d.value()
		if c.op > compareGe || c.col < 1 {
			d.fail()
		}
	case condAnd, condOr, condNot:
		if depth == maxCondDepth {
			d.fail()
			return c
		}
		c.args = make([]cond, d.count(1))
		for i := range c.args {
			c.args[i] = d.cond(depth + 1)
		}
		if c.kind == condNot && len(c.args) != 1 {
			d.fail()
		}
	default:
		d.fail()
	}
	return c
}

// truth is SQL's three-valued logic.
type truth int8

const (
	isFalse truth = iota
	unknown
	isTrue
)

// candidate is the newest version of a key as a condition sees it.
type candidate interface {
	exists() bool
	began() uint64 // timestamp, or the reference to a pending status
	column(num int16) value.Value
}

// eval evaluates c on a row. It is pure: every replica and every replay gets
// the same answer.
func (c *cond) eval(row candidate) truth {
	switch c.kind {
	case condAbsent:
		return truthOf(!row.exists())
	case condExists:
		return truthOf(row.exists())
	case condVersion:
		return truthOf(row.exists() && row.began() == c.version)
	case condFeed:
		return truthOf(row.exists() && row.began() == statusRef(c.version))
	case condCompare:
		return c.compare(row)
	case condAnd:
		t := isTrue
		for i := range c.args {
			t = min(t, c.args[i].eval(row))
		}
		return t
	case condOr:
		t := isFalse
		for i := range c.args {
			t = max(t, c.args[i].eval(row))
		}
		return t
	case condNot:
		return isTrue - c.args[0].eval(row)
	}
	return isTrue
}

func (c *cond) compare(row candidate) truth {
	if !row.exists() {
		return unknown
	}
	v := row.column(c.col)
	if v.IsNull() || c.val.IsNull() {
		return unknown
	}
	n := value.Compare(v, c.val)
	switch c.op {
	case compareEq:
		return truthOf(n == 0)
	case compareNe:
		return truthOf(n != 0)
	case compareLt:
		return truthOf(n < 0)
	case compareLe:
		return truthOf(n <= 0)
	case compareGt:
		return truthOf(n > 0)
	}
	return truthOf(n >= 0)
}

func truthOf(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}
