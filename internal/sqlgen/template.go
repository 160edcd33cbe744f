package sqlgen

import (
	"fmt"
	"strconv"
	"strings"
)

// template is a form of expression: SQL text with holes in braces.
//
//	{int4}     an expression of that type
//	{@int4}    a column or a literal of that type
//	{#0..5}    an integer literal of the range
//	{|a|b}     one of the words
//	{=1}       what the first hole was filled with, again
type template struct {
	text  string
	ret   Type
	parts []part
	args  []Type
	risky bool // it may fail at run time
}

type part struct {
	text   string   // outside of holes
	typ    Type     // {type}
	lo, hi int      // {#lo..hi}
	words  []string // {|..}
	leaf   bool     // {@type}
	back   int      // {=n}, from 1
	kind   partKind
}

type partKind uint8

const (
	partText partKind = iota
	partExpr
	partRange
	partWords
	partBack
)

// parseTemplate reads a template; it panics at what is not one, since all are in the program.
func parseTemplate(ret Type, text string) template {
	t := template{text: text, ret: ret}
	for rest := text; rest != ""; {
		before, after, found := strings.Cut(rest, "{")
		if before != "" {
			t.parts = append(t.parts, part{text: before})
		}
		if !found {
			break
		}
		end := closing(after)
		hole := after[:end]
		rest = after[end+1:]
		switch {
		case strings.HasPrefix(hole, "#"):
			lo, hi, _ := strings.Cut(hole[1:], "..")
			t.parts = append(t.parts, part{kind: partRange, lo: mustInt(lo), hi: mustInt(hi)})
		case strings.HasPrefix(hole, "|"):
			t.parts = append(t.parts, part{kind: partWords, words: splitWords(hole[1:])})
		case strings.HasPrefix(hole, "="):
			t.parts = append(t.parts, part{kind: partBack, back: mustInt(hole[1:])})
		case strings.HasPrefix(hole, "@"):
			t.parts = append(t.parts, part{kind: partExpr, typ: Type(hole[1:]), leaf: true})
			t.args = append(t.args, Type(hole[1:]))
		default:
			if pools[Type(hole)] == nil { // a brace of SQL
				t.parts = append(t.parts, part{text: "{" + hole + "}"})
				continue
			}
			t.parts = append(t.parts, part{kind: partExpr, typ: Type(hole)})
			t.args = append(t.args, Type(hole))
		}
	}
	return t
}

// closing returns the place of the brace that closes what s is the inside of.
func closing(s string) int {
	depth := 0
	for i, c := range s {
		switch {
		case c == '{':
			depth++
		case c == '}' && depth == 0:
			return i
		case c == '}':
			depth--
		}
	}
	panic(fmt.Sprintf("sqlgen: %q has no closing brace", s))
}

// splitWords splits at bars that are not inside of quotes.
func splitWords(s string) (words []string) {
	from, quoted := 0, false
	for i, c := range s {
		if c == '\'' {
			quoted = !quoted
		} else if c == '|' && !quoted {
			words = append(words, s[from:i])
			from = i + 1
		}
	}
	return append(words, s[from:])
}

func mustInt(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic("sqlgen: " + err.Error())
	}
	return n
}

// fill makes an expression of a template; arg and leaf make what fills a hole of a type.
func (g *Generator) fill(t *template, arg, leaf func(Type) *Node) *Node {
	parts := []any{"("}
	var filled []*Node
	for _, p := range t.parts {
		switch p.kind {
		case partText:
			parts = append(parts, p.text)
		case partExpr:
			fill := arg
			if p.leaf {
				fill = leaf
			}
			n := fill(p.typ)
			filled = append(filled, n)
			parts = append(parts, n)
		case partRange:
			parts = append(parts, strconv.Itoa(p.lo+g.IntN(p.hi-p.lo+1)))
		case partWords:
			parts = append(parts, g.pick(p.words...))
		case partBack:
			parts = append(parts, filled[p.back-1])
		}
	}
	return typed(t.ret, append(parts, ")")...)
}

// library holds the templates by the type of what they return.
type library map[Type][]*template

// add adds templates that return a type.
func (l library) add(ret Type, texts ...string) {
	for _, text := range texts {
		t := parseTemplate(ret, text)
		l[ret] = append(l[ret], &t)
	}
}

// addRisky adds templates that may fail at run time.
func (l library) addRisky(ret Type, texts ...string) {
	for _, text := range texts {
		t := parseTemplate(ret, text)
		t.risky = true
		l[ret] = append(l[ret], &t)
	}
}

// each calls add with every type of a list in place of T in the texts; ret may be T too.
func (l library) each(types []Type, ret Type, texts ...string) {
	for _, t := range types {
		for _, text := range texts {
			r := ret
			if r == "T" {
				r = t
			}
			l.add(r, strings.ReplaceAll(text, "{T}", "{"+string(t)+"}"))
		}
	}
}
