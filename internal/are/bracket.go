package are

import "unicode"

// character returns the set of one character, or of its upper and lower case when case does not count.
func (p *parser) character(r rune) set {
	var s set
	p.addCharacter(&s, r)
	return s
}

func (p *parser) addCharacter(s *set, r rune) {
	if !p.re.flags.FoldCase {
		s.ranges = append(s.ranges, runeRange{lo: r, hi: r})
		return
	}
	lo, up := unicode.ToLower(r), unicode.ToUpper(r)
	s.ranges = append(s.ranges, runeRange{lo: lo, hi: lo})
	if up != lo {
		s.ranges = append(s.ranges, runeRange{lo: up, hi: up})
	}
}

// classSet is the set of a class or, complemented, of what is not in it.
func (p *parser) classSet(c class, complement bool) set {
	return set{classes: []class{p.folded(c)}, negate: complement}
}

// folded returns the class that stands for c: without regard to case, upper and lower are all letters.
func (p *parser) folded(c class) class {
	if p.re.flags.FoldCase && (c == upper || c == lower) {
		return alpha
	}
	return c
}

// bracket reads a bracket expression.
func (p *parser) bracket() set {
	var s set
	if p.lex.tok.value == 0 {
		s.negate, s.noNewline = true, p.re.flags.NewlineEnd
	}
	p.lex.next()
	for !p.see(tokCloseBracket) && !p.see(tokEnd) {
		p.bracketPart(&s)
	}
	if p.lex.err == nil && !p.see(tokCloseBracket) {
		p.fail(ErrBracket)
	}
	p.lex.next()
	return s
}

// bracketPart reads a character, a range or a class.
func (p *parser) bracketPart(s *set) {
	var lo rune
	switch tok := p.lex.tok; tok.kind {
	case tokRange: // a-b-c
		p.fail(ErrRange)
		return
	case tokPlain:
		lo = tok.value
		p.lex.next()
		if !p.see(tokRange) {
			p.addCharacter(s, lo)
			return
		}
	case tokCollating:
		lo = p.element(ErrCollate)
	case tokEquivalent:
		p.addCharacter(s, p.element(ErrCollate))
		return
	case tokClass:
		c, ok := classNames[p.name()]
		if !ok {
			p.fail(ErrClass)
			return
		}
		s.classes = append(s.classes, p.folded(c))
		return
	case tokClassS:
		s.classes = append(s.classes, class(tok.value))
		p.lex.next()
		return
	case tokClassC:
		s.without = append(s.without, class(tok.value))
		p.lex.next()
		return
	default:
		p.fail(ErrBracket)
		return
	}
	hi := lo
	if p.eat(tokRange) {
		switch tok := p.lex.tok; tok.kind {
		case tokPlain, tokRange:
			hi = tok.value
			p.lex.next()
		case tokCollating:
			hi = p.element(ErrCollate)
		default:
			p.fail(ErrRange)
			return
		}
	}
	if hi < lo {
		p.fail(ErrRange)
		return
	}
	if lo == hi {
		p.addCharacter(s, lo)
		return
	}
	s.ranges = append(s.ranges, runeRange{lo, hi, p.re.flags.FoldCase})
}

// name reads what is inside of [. .] and its kin.
func (p *parser) name() string {
	p.lex.next()
	var name []rune
	for p.see(tokPlain) {
		name = append(name, p.lex.tok.value)
		p.lex.next()
	}
	if p.see(tokClose) {
		p.lex.next()
	}
	return string(name)
}

// element reads a collating element: a character, or the name of one.
func (p *parser) element(err error) rune {
	name := p.name()
	if list := []rune(name); len(list) == 1 {
		return list[0]
	}
	r, ok := characterNames[name]
	if !ok {
		p.fail(err)
	}
	return r
}

// characterNames are POSIX' names of characters.
var characterNames = map[string]rune{
	"NUL": 0, "SOH": 1, "STX": 2, "ETX": 3, "EOT": 4, "ENQ": 5, "ACK": 6, "BEL": 7, "alert": 7, "BS": 8, "backspace": 8,
	"HT": 9, "tab": 9, "LF": 10, "newline": 10, "VT": 11, "vertical-tab": 11, "FF": 12, "form-feed": 12, "CR": 13,
	"carriage-return": 13, "SO": 14, "SI": 15, "DLE": 16, "DC1": 17, "DC2": 18, "DC3": 19, "DC4": 20, "NAK": 21, "SYN": 22,
	"ETB": 23, "CAN": 24, "EM": 25, "SUB": 26, "ESC": 27, "IS4": 28, "FS": 28, "IS3": 29, "GS": 29, "IS2": 30, "RS": 30,
	"IS1": 31, "US": 31, "space": ' ', "exclamation-mark": '!', "quotation-mark": '"', "number-sign": '#',
	"dollar-sign": '$', "percent-sign": '%', "ampersand": '&', "apostrophe": '\'', "left-parenthesis": '(',
	"right-parenthesis": ')', "asterisk": '*', "plus-sign": '+', "comma": ',', "hyphen": '-', "hyphen-minus": '-',
	"period": '.', "full-stop": '.', "slash": '/', "solidus": '/', "zero": '0', "one": '1', "two": '2', "three": '3',
	"four": '4', "five": '5', "six": '6', "seven": '7', "eight": '8', "nine": '9', "colon": ':', "semicolon": ';',
	"less-than-sign": '<', "equals-sign": '=', "greater-than-sign": '>', "question-mark": '?', "commercial-at": '@',
	"left-square-bracket": '[', "backslash": '\\', "reverse-solidus": '\\', "right-square-bracket": ']', "circumflex": '^',
	"circumflex-accent": '^', "underscore": '_', "low-line": '_', "grave-accent": '`', "left-brace": '{',
	"left-curly-bracket": '{', "vertical-line": '|', "right-brace": '}', "right-curly-bracket": '}', "tilde": '~', "DEL": 127,
}
