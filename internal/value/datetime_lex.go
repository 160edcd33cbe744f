package value

// The text of a date or timestamp as a list of fields. What a field is depends on its first byte and
// the punctuation inside; what it means is decided in datetime_decode.go.

// fieldKind is the kind of a field.
type fieldKind uint8

const (
	fieldNumber  fieldKind = iota // 2001, 040506.789
	fieldString                   // january, est
	fieldDate                     // 2001-02-03, 3-feb-2001, america/new_york
	fieldTime                     // 04:05:06.789
	fieldTZ                       // +02:00, -5
	fieldSpecial                  // +infinity
)

// dateField is one field, in lower case.
type dateField struct {
	kind fieldKind
	text string
}

// maxDateFields is PostgreSQL's MAXDATEFIELDS.
const maxDateFields = 25

// lowerASCII returns s with small letters, s itself when it has no others.
func lowerASCII(s string) string {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				b[i] = lowerByte(b[i])
			}
			return ownedString(b)
		}
	}
	return s
}

// dateLexer splits the text.
type dateLexer struct {
	in  string
	pos int
}

func isDigit(c byte) bool { return c-'0' <= 9 }
func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isPunct(c byte) bool { return c > ' ' && c < 0x7f && !isDigit(c) && !isAlpha(c) }

// cur returns the byte at pos, 0 at the end.
func (l *dateLexer) cur() byte {
	if l.pos < len(l.in) {
		return l.in[l.pos]
	}
	return 0
}

// skip moves over bytes of a class.
func (l *dateLexer) skip(class func(byte) bool) {
	for l.pos < len(l.in) && class(l.in[l.pos]) {
		l.pos++
	}
}

// lexDate returns the fields of s, false when it has a byte that cannot be there.
func lexDate(s string, fields []dateField) ([]dateField, bool) {
	l := dateLexer{in: lowerASCII(s)}
	for l.pos < len(l.in) {
		c := l.cur()
		start := l.pos
		var kind fieldKind
		switch {
		case isSpace(c):
			l.pos++
			continue
		case isDigit(c):
			kind = l.digits()
		case c == '.':
			l.pos++
			l.skip(isDigit)
			kind = fieldNumber
		case isAlpha(c):
			kind = l.word()
		case c == '+' || c == '-':
			var ok bool
			if start, kind, ok = l.signed(); !ok {
				return nil, false
			}
		case isPunct(c):
			l.pos++
			continue
		default:
			return nil, false
		}
		if len(fields) == maxDateFields {
			return nil, false
		}
		fields = append(fields, dateField{kind: kind, text: l.in[start:l.pos]})
		// A sign may stand apart from its number: it joins it here.
		if f := &fields[len(fields)-1]; (kind == fieldTZ || kind == fieldSpecial) && len(f.text) > 1 && isSpace(f.text[1]) {
			f.text = f.text[:1] + trimSpace(f.text[1:])
		}
	}
	return fields, true
}

// digits reads what begins with a digit: a time, a date or a number.
func (l *dateLexer) digits() fieldKind {
	l.skip(isDigit)
	switch delim := l.cur(); delim {
	case ':':
		l.skip(func(c byte) bool { return isDigit(c) || c == ':' || c == '.' })
		return fieldTime
	case '-', '/', '.':
		l.pos++
		if !isDigit(l.cur()) { // a month's name, as in 3-feb-2001
			l.skip(func(c byte) bool { return isDigit(c) || isAlpha(c) || c == delim })
			return fieldDate
		}
		l.skip(isDigit)
		if l.cur() == delim {
			l.skip(func(c byte) bool { return isDigit(c) || c == delim })
			return fieldDate
		}
		if delim == '.' {
			return fieldNumber
		}
		return fieldDate
	}
	return fieldNumber
}

// word reads what begins with a letter: a word, a date with a month's name in front, or the name of
// a time zone with punctuation inside.
func (l *dateLexer) word() fieldKind {
	start := l.pos
	l.skip(isAlpha)
	switch c := l.cur(); {
	case c == '-' || c == '/' || c == '.':
	case c == '+' || isDigit(c):
		if _, known := dateWords[l.in[start:l.pos]]; known {
			return fieldString
		}
	default:
		return fieldString
	}
	l.skip(func(c byte) bool {
		return isDigit(c) || isAlpha(c) || c == '+' || c == '-' || c == '/' || c == '_' || c == '.' || c == ':'
	})
	return fieldDate
}

// signed reads a time zone's offset or a signed word; blanks may follow the sign.
func (l *dateLexer) signed() (start int, kind fieldKind, ok bool) {
	start = l.pos
	l.pos++
	l.skip(isSpace)
	switch c := l.cur(); {
	case isDigit(c):
		l.skip(func(c byte) bool { return isDigit(c) || c == ':' || c == '.' || c == '-' })
		return start, fieldTZ, true
	case isAlpha(c):
		l.skip(isAlpha)
		return start, fieldSpecial, true
	}
	return start, 0, false
}

// dateWordKind is what a word of a date means.
type dateWordKind uint8

const (
	wordReserved dateWordKind = iota
	wordMonth
	wordDOW
	wordAMPM
	wordEra
	wordUnit
	wordDSTMod
	wordTime // the "t" of ISO 8601
	wordIgnore
)

type dateWord struct {
	kind dateWordKind
	n    int
}

// The reserved words.
const (
	resEpoch = iota
	resInfinity
	resNegInfinity
	resNow
	resToday
	resTomorrow
	resYesterday
	resZulu
)

// The units that label a number, as in y2001m02d04.
const (
	unitNone = iota
	unitYear
	unitMonth
	unitDay
	unitHour
	unitMinute
	unitSecond
	unitJulian
	unitTime
	unitOther // known, and never valid in a date
)

const (
	meridiemAM = 1
	meridiemPM = 2

	eraAD = 0
	eraBC = 1
)

// dateWords are PostgreSQL's date tokens (datetktbl), time zones apart.
var dateWords = map[string]dateWord{
	"-infinity": {wordReserved, resNegInfinity},
	"infinity":  {wordReserved, resInfinity}, "epoch": {wordReserved, resEpoch},
	"now": {wordReserved, resNow}, "today": {wordReserved, resToday},
	"tomorrow": {wordReserved, resTomorrow}, "yesterday": {wordReserved, resYesterday},
	"allballs": {wordReserved, resZulu},

	"am": {wordAMPM, meridiemAM}, "pm": {wordAMPM, meridiemPM},
	"ad": {wordEra, eraAD}, "bc": {wordEra, eraBC},
	"at": {wordIgnore, 0}, "on": {wordIgnore, 0},
	"dst": {wordDSTMod, 0}, "t": {wordTime, 0},

	"y": {wordUnit, unitYear}, "m": {wordUnit, unitMonth}, "d": {wordUnit, unitDay},
	"h": {wordUnit, unitHour}, "mm": {wordUnit, unitMinute}, "s": {wordUnit, unitSecond},
	"j": {wordUnit, unitJulian}, "jd": {wordUnit, unitJulian}, "julian": {wordUnit, unitJulian},
	"dow": {wordUnit, unitOther}, "doy": {wordUnit, unitOther},
	"isodow": {wordUnit, unitOther}, "isoyear": {wordUnit, unitOther},

	"jan": {wordMonth, 1}, "january": {wordMonth, 1}, "feb": {wordMonth, 2}, "february": {wordMonth, 2},
	"mar": {wordMonth, 3}, "march": {wordMonth, 3}, "apr": {wordMonth, 4}, "april": {wordMonth, 4},
	"may": {wordMonth, 5}, "jun": {wordMonth, 6}, "june": {wordMonth, 6}, "jul": {wordMonth, 7},
	"july": {wordMonth, 7}, "aug": {wordMonth, 8}, "august": {wordMonth, 8}, "sep": {wordMonth, 9},
	"sept": {wordMonth, 9}, "september": {wordMonth, 9}, "oct": {wordMonth, 10}, "october": {wordMonth, 10},
	"nov": {wordMonth, 11}, "november": {wordMonth, 11}, "dec": {wordMonth, 12}, "december": {wordMonth, 12},

	"sun": {wordDOW, 0}, "sunday": {wordDOW, 0}, "mon": {wordDOW, 1}, "monday": {wordDOW, 1},
	"tue": {wordDOW, 2}, "tues": {wordDOW, 2}, "tuesday": {wordDOW, 2}, "wed": {wordDOW, 3},
	"weds": {wordDOW, 3}, "wednesday": {wordDOW, 3}, "thu": {wordDOW, 4}, "thur": {wordDOW, 4},
	"thurs": {wordDOW, 4}, "thursday": {wordDOW, 4}, "fri": {wordDOW, 5}, "friday": {wordDOW, 5},
	"sat": {wordDOW, 6}, "saturday": {wordDOW, 6},
}
