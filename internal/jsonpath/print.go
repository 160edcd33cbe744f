package jsonpath

import (
	"fmt"
	"strconv"
)

// String returns the path in its canonical form, which reads as the same path.
func (p *Path) String() string {
	w := printer{}
	if p.Strict {
		w.text("strict ")
	}
	w.item(p.Root, false, true)
	return string(w.out)
}

type printer struct{ out []byte }

func (w *printer) text(s string) { w.out = append(w.out, s...) }

// priority is that of an operator: operands of no higher one stand in parentheses.
func priority(op Op) int {
	switch op {
	case Or:
		return 0
	case And:
		return 1
	case Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, StartsWith:
		return 2
	case Add, Sub:
		return 3
	case Mul, Div, Mod:
		return 4
	case Plus, Minus:
		return 5
	}
	return 6
}

// operand writes an operand of an operator.
func (w *printer) operand(x *Item, op Op) { w.item(x, false, priority(x.Op) <= priority(op)) }

// item writes an item with its steps. inKey says that it is one of them; brackets that an operator stands in parentheses.
func (w *printer) item(x *Item, inKey, brackets bool) {
	for ; x != nil; x, inKey, brackets = x.Next, true, true {
		w.one(x, inKey, brackets)
	}
}

func (w *printer) one(x *Item, inKey, brackets bool) {
	switch x.Op {
	case Null:
		w.text("null")
	case True:
		w.text("true")
	case False:
		w.text("false")
	case Number:
		if x.Next != nil {
			w.text("(" + x.Text + ")")
		} else {
			w.text(x.Text)
		}
	case String:
		w.quoted(x.Text)
	case Variable:
		w.text("$")
		w.quoted(x.Text)
	case Root:
		w.text("$")
	case Current:
		w.text("@")
	case Last:
		w.text("last")
	case Key:
		w.text(".")
		w.quoted(x.Text)
	case AnyKey:
		w.text(".*")
	case AnyItem:
		w.text("[*]")
	case Index:
		w.subscripts(x.Subscripts)
	case Any:
		w.text(".**" + levelsOf(x.First, x.Last))
	case Filter:
		w.wrapped("?(", x.Left, ")")
	case Exists:
		w.wrapped("exists (", x.Left, ")")
	case Not:
		w.wrapped("!(", x.Left, ")")
	case IsUnknown:
		w.wrapped("(", x.Left, ") is unknown")
	case Type, Size, Abs, Floor, Ceiling, Double, KeyValue:
		w.text("." + x.Op.String() + "()")
	case Datetime:
		w.wrapped(".datetime(", x.Left, ")")
	default:
		if brackets {
			w.text("(")
		}
		w.operator(x)
		if brackets {
			w.text(")")
		}
	}
}

// wrapped writes an argument between two texts.
func (w *printer) wrapped(open string, x *Item, end string) {
	w.text(open)
	w.item(x, false, false)
	w.text(end)
}

func (w *printer) operator(x *Item) {
	switch x.Op {
	case Plus, Minus:
		w.text(x.Op.String())
		w.operand(x.Left, x.Op)
	case LikeRegex:
		w.operand(x.Left, x.Op)
		w.text(" like_regex ")
		w.quoted(x.Text)
		if x.Flags != 0 {
			w.text(` flag "`)
			for i, c := range "ismxq" {
				if x.Flags&(1<<i) != 0 {
					w.text(string(c))
				}
			}
			w.text(`"`)
		}
	default:
		w.operand(x.Left, x.Op)
		w.text(" " + x.Op.String() + " ")
		w.operand(x.Right, x.Op)
	}
}

func (w *printer) subscripts(list []Subscript) {
	for i, s := range list {
		if i == 0 {
			w.text("[")
		} else {
			w.text(",")
		}
		w.item(s.From, false, false)
		if s.To != nil {
			w.text(" to ")
			w.item(s.To, false, false)
		}
	}
	w.text("]")
}

func levelsOf(first, last uint32) string {
	name := func(n uint32) string {
		if n == Leaves {
			return "last"
		}
		return strconv.FormatUint(uint64(n), 10)
	}
	switch {
	case first == 0 && last == Leaves:
		return ""
	case first == last:
		return "{" + name(first) + "}"
	}
	return "{" + name(first) + " to " + name(last) + "}"
}

// quoted writes a string as JSON has it.
func (w *printer) quoted(s string) {
	w.text(`"`)
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			w.out = append(w.out, '\\', c)
		case '\b':
			w.text(`\b`)
		case '\f':
			w.text(`\f`)
		case '\n':
			w.text(`\n`)
		case '\r':
			w.text(`\r`)
		case '\t':
			w.text(`\t`)
		default:
			if c < ' ' {
				w.text(fmt.Sprintf(`\u%04x`, c))
			} else {
				w.out = append(w.out, c)
			}
		}
	}
	w.text(`"`)
}
