package expr

import (
	"strings"
	"unicode/utf8"
)

// templateNode is a piece of a template of to_char, to_date, to_timestamp and to_number: a pattern, or one character
// of other text.
type templateNode struct {
	key  *templateKey // nil for text
	text string       // the character
	// separator and space say what the character is, in a template of dates: to_date takes others there.
	separator, space bool

	fill      bool   // FM: no padding
	localized bool   // TM: names as the locale has them, which is C; they are not padded
	ordinal   string // TH or th
}

// templateKey is a pattern that a template may have.
type templateKey struct {
	name  string // as it is written
	id    string // in capitals: what it means
	digit bool   // it reads digits, so that the number in front of it must keep to its width
	week  weekConvention
}

// weekConvention says which calendar a pattern of a date counts in: they do not mix.
type weekConvention uint8

const (
	anyWeeks weekConvention = iota
	gregorianWeeks
	isoWeeks
)

// dateKeys are the patterns of dates, longer ones before those that they begin with.
var dateKeys = makeDateKeys()

func makeDateKeys() map[byte][]*templateKey {
	keys := make(map[byte][]*templateKey)
	add := func(digit bool, week weekConvention, ids ...string) {
		for _, id := range ids {
			names := []string{id, strings.ToLower(id)}
			switch id {
			case "DAY", "DY", "MONTH", "MON":
				names = append(names, id[:1]+strings.ToLower(id[1:]))
			}
			for _, name := range names {
				keys[name[0]] = append(keys[name[0]], &templateKey{name: name, id: id, digit: digit, week: week})
			}
		}
	}
	add(false, anyWeeks, "A.D.", "A.M.", "AD", "AM", "B.C.", "BC", "P.M.", "PM", "FX", "OF", "TZH")
	add(true, anyWeeks, "TZM")
	add(false, anyWeeks, "TZ", "FF1", "FF2", "FF3", "FF4", "FF5", "FF6", "DAY")
	add(true, gregorianWeeks, "DDD", "DD")
	add(false, anyWeeks, "DY")
	add(true, gregorianWeeks, "D")
	add(true, anyWeeks, "CC", "HH24", "HH12", "HH", "J", "MI", "MS", "Q", "SSSSS", "SSSS", "SS", "US")
	add(true, isoWeeks, "IDDD", "ID", "IW", "IYYY", "IYY", "IY", "I")
	add(true, gregorianWeeks, "MM")
	add(false, gregorianWeeks, "MONTH", "MON", "RM")
	add(true, gregorianWeeks, "WW", "W", "Y,YYY", "YYYY", "YYY", "YY", "Y")
	return keys
}

// numberKeys are the patterns of numbers.
var numberKeys = makeNumberKeys()

func makeNumberKeys() map[byte][]*templateKey {
	keys := make(map[byte][]*templateKey)
	for _, id := range []string{",", ".", "0", "9", "B", "C", "D", "EEEE", "FM", "G", "L", "MI", "PL", "PR", "RN", "SG", "SP", "S", "TH", "V"} {
		names := []string{id}
		if lower := strings.ToLower(id); lower != id {
			names = append(names, lower)
		}
		for _, name := range names {
			keys[name[0]] = append(keys[name[0]], &templateKey{name: name, id: id})
		}
	}
	return keys
}

func findKey(keys map[byte][]*templateKey, s string) *templateKey {
	for _, k := range keys[s[0]] {
		if strings.HasPrefix(s, k.name) {
			return k
		}
	}
	return nil
}

// parseDateTemplate splits a template of dates.
func parseDateTemplate(s string) []templateNode {
	var nodes []templateNode
	for s != "" {
		var n templateNode
		switch {
		case strings.HasPrefix(s, "FM"), strings.HasPrefix(s, "fm"):
			n.fill, s = true, s[2:]
		case strings.HasPrefix(s, "TM"), strings.HasPrefix(s, "tm"):
			n.localized, s = true, s[2:]
		}
		if s == "" {
			break
		}
		if n.key = findKey(dateKeys, s); n.key == nil {
			nodes, s = appendTemplateText(nodes, s)
			continue
		}
		s = s[len(n.key.name):]
		switch {
		case strings.HasPrefix(s, "TH"), strings.HasPrefix(s, "th"):
			n.ordinal, s = s[:2], s[2:]
		case strings.HasPrefix(s, "SP"): // spelling, which PostgreSQL knows and ignores
			s = s[2:]
		}
		nodes = append(nodes, n)
	}
	return nodes
}

// appendTemplateText adds the text that s begins with: a part in quotes, or one character.
func appendTemplateText(nodes []templateNode, s string) ([]templateNode, string) {
	if s[0] != '"' {
		if strings.HasPrefix(s, `\"`) {
			s = s[1:]
		}
		_, size := utf8.DecodeRuneInString(s)
		return append(nodes, templateNode{text: s[:size], separator: isSeparator(s[0]), space: isSpace(s[0])}), s[size:]
	}
	s = s[1:]
	for s != "" && s[0] != '"' {
		if s[0] == '\\' && len(s) > 1 {
			s = s[1:]
		}
		_, size := utf8.DecodeRuneInString(s)
		nodes = append(nodes, templateNode{text: s[:size]})
		s = s[size:]
	}
	return nodes, strings.TrimPrefix(s, `"`)
}

// isSeparator says that a character is punctuation.
func isSeparator(c byte) bool {
	return c > 0x20 && c < 0x7f && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z')
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// ordinalSuffix returns the English suffix of the number that digits end with.
func ordinalSuffix(digits, th string) string {
	last := digits[len(digits)-1]
	if len(digits) > 1 && digits[len(digits)-2] == '1' {
		last = '0'
	}
	s := "th"
	switch last {
	case '1':
		s = "st"
	case '2':
		s = "nd"
	case '3':
		s = "rd"
	}
	if th == "TH" {
		return strings.ToUpper(s)
	}
	return s
}
