package value

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// What the fields of a date or timestamp mean. PostgreSQL's rules: fields come in nearly any
// order, each fills parts of the date that must still be empty, and DateStyle decides only
// between numbers of one or two digits.

// dateParts is a set of the parts of a date that a field has filled.
type dateParts uint16

const (
	partYear dateParts = 1 << iota
	partMonth
	partDay
	partHour
	partMinute
	partSecond
	partFraction
	partTZ
	partDST
	partDSTMod
	partDOY
	partDOW
	partAMPM
	partEra
	partAbbrev

	partsDate = partYear | partMonth | partDay
	partsTime = partHour | partMinute | partSecond | partFraction
)

// The special results of decodeDateTime.
type specialDate uint8

const (
	specialNone specialDate = iota
	specialEpoch
	specialInfinity
	specialNegInfinity
)

// decodedDate is a local time and the zone's offset.
type decodedDate struct {
	civil
	offset  int64 // seconds east of UTC
	special specialDate
}

// dateError is why a text is no date, before the text and the type's name are known.
type dateError uint8

const (
	dateOK dateError = iota
	dateBadFormat
	dateOverflow   // a field out of range
	dateMDOverflow // month or day out of range: perhaps the wrong DateStyle
	dateZoneOverflow
)

const (
	maxOffsetHours = 15
	maxDateText    = 4096 // bytes of input that are looked at: more is no date
)

// decodeDateTime reads any form of a date or timestamp.
func decodeDateTime(s, typeName string, st *Style) (decodedDate, error) {
	var inline [maxDateFields]dateField
	fields, ok := inline[:0], len(s) <= maxDateText
	if ok {
		fields, ok = lexDate(s, fields)
	}
	if !ok {
		return decodedDate{}, dateBadFormat.error(s, typeName)
	}
	d := dateDecoder{st: st}
	if err := d.decode(fields); err != dateOK {
		if d.badZone != "" {
			return decodedDate{}, errZone(d.badZone)
		}
		return decodedDate{}, err.error(s, typeName)
	}
	return d.out, nil
}

func (e dateError) error(s, typeName string) error {
	switch e {
	case dateOverflow:
		return sqlerr.New(sqlerr.DatetimeFieldOverflow, `date/time field value out of range: "%s"`, s)
	case dateMDOverflow:
		return sqlerr.New(sqlerr.DatetimeFieldOverflow, `date/time field value out of range: "%s"`, s).
			WithHint(`Perhaps you need a different "datestyle" setting.`)
	case dateZoneOverflow:
		return sqlerr.New(sqlerr.InvalidTimeZoneDisplacement, `time zone displacement out of range: "%s"`, s)
	}
	return sqlerr.New(sqlerr.InvalidDatetimeFormat, `invalid input syntax for type %s: "%s"`, typeName, s)
}

// dateDecoder is the state between fields.
type dateDecoder struct {
	st   *Style
	out  decodedDate
	have dateParts

	textMonth bool // the month was a name
	shortYear bool // the year has one or two digits
	julian    bool // the date was a Julian day
	era       int
	meridiem  int
	dayOfYear int
	unit      int // the label before the next field, unitNone for none
	zone      *time.Location
	abbrev    *zoneAbbrev // of a zone whose rules decide
	badZone   string
}

// decode takes the fields as an argument: in d they would live on the heap.
func (d *dateDecoder) decode(fields []dateField) dateError {
	for i := range fields {
		got, err := d.field(fields, i)
		if err != dateOK {
			return err
		}
		if got&d.have != 0 {
			return dateBadFormat
		}
		d.have |= got
	}
	if d.unit != unitNone {
		return dateBadFormat
	}
	if d.out.special != specialNone {
		return dateOK
	}
	return d.finish()
}

// field reads field i and returns the parts that it fills.
func (d *dateDecoder) field(fields []dateField, i int) (dateParts, dateError) {
	f := fields[i].text
	switch fields[i].kind {
	case fieldDate:
		return d.dateField(f)
	case fieldTime:
		if d.unit != unitNone {
			if d.unit != unitTime {
				return 0, dateBadFormat
			}
			d.unit = unitNone
		}
		return partsTime, d.time(f)
	case fieldTZ:
		return partTZ, d.offset(f)
	case fieldNumber:
		if d.unit != unitNone {
			return d.labelled(f)
		}
		return d.plainNumber(f)
	}
	return d.word(f, fields[i+1:])
}

// dateField reads a field with the punctuation of a date, which may also be a zone's name or,
// behind a date, hhmmss-zz.
func (d *dateDecoder) dateField(f string) (dateParts, dateError) {
	if d.unit == unitJulian { // J2451187-05
		return d.julianWithZone(f)
	}
	if d.unit == unitNone && d.have&(partMonth|partDay) != partMonth|partDay {
		return d.date(f)
	}
	if !isDigit(f[0]) && d.unit == unitNone {
		loc, ok := loadNamed(f)
		if !ok {
			d.badZone = f
			return 0, dateBadFormat
		}
		d.zone = loc
		return partTZ, dateOK
	}
	if d.unit != unitNone && d.unit != unitTime {
		return 0, dateBadFormat
	}
	d.unit = unitNone
	minus := strings.IndexByte(f, '-')
	if d.have&partsTime == partsTime || minus < 0 {
		return 0, dateBadFormat
	}
	if err := d.offset(f[minus:]); err != dateOK {
		return 0, err
	}
	got, err := d.runTogether(f[:minus], d.have)
	return got | partTZ, err
}

func (d *dateDecoder) julianWithZone(f string) (dateParts, dateError) {
	end := skipDigits(f, 0)
	day, err := dateInt(f[:end])
	if err != dateOK {
		return 0, err
	}
	d.setJulian(day)
	d.unit = unitNone
	return partsDate | partsTime | partTZ, d.offset(f[end:])
}

func (d *dateDecoder) setJulian(day int) {
	d.out.year, d.out.month, d.out.day = civilOfDays(int64(day) - epochJulian)
	d.julian = true
}

// dateInt reads digits that fit 32 bits.
func dateInt(s string) (int, dateError) {
	if s == "" {
		return 0, dateBadFormat
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0, dateOverflow
	}
	return int(n), dateOK
}

// date reads a date with separators: 2001-02-03, 2/3/01, 3-feb-2001.
func (d *dateDecoder) date(f string) (dateParts, dateError) {
	var inline [4]string
	parts := inline[:0]
	for i := 0; i < len(f); {
		for i < len(f) && !isDigit(f[i]) && !isAlpha(f[i]) {
			i++
		}
		if i == len(f) {
			return 0, dateBadFormat
		}
		start := i
		class := isAlpha
		if isDigit(f[i]) {
			class = isDigit
		}
		for i < len(f) && class(f[i]) {
			i++
		}
		parts = append(parts, f[start:i])
		if i < len(f) { // one separator, or the first byte of what sticks to the number
			i++
		}
	}
	return d.dateOf(parts)
}

// dateOf fills in a month's name first, which tells what the numbers are.
func (d *dateDecoder) dateOf(parts []string) (got dateParts, err dateError) {
	have := d.have
	month := false
	for i, p := range parts {
		if !isAlpha(p[0]) {
			continue
		}
		w, ok := dateWords[p]
		if ok && w.kind == wordIgnore {
			continue
		}
		if !ok || w.kind != wordMonth || have&partMonth != 0 {
			return 0, dateBadFormat
		}
		d.out.month, month = w.n, true
		have |= partMonth
		got |= partMonth
		parts[i] = ""
	}
	for _, p := range parts {
		if p == "" {
			continue
		}
		part, err := d.number(p, month, have)
		if err != dateOK {
			return 0, err
		}
		if have&part != 0 {
			return 0, dateBadFormat
		}
		have |= part
		got |= part
	}
	if have&^(partDOY|partTZ) != partsDate {
		return 0, dateBadFormat
	}
	return got, dateOK
}

// number reads one number of a date, by what the date has so far.
func (d *dateDecoder) number(f string, textMonth bool, have dateParts) (dateParts, dateError) {
	digits := skipDigits(f, 0)
	if digits == 0 {
		return 0, dateBadFormat
	}
	n, err := dateInt(f[:digits])
	if err != dateOK {
		return 0, err
	}
	if digits < len(f) {
		if f[digits] != '.' {
			return 0, dateBadFormat
		}
		if digits > 2 { // 20011225.040506, 040506.789
			return d.runTogether(f, have|partsDate)
		}
		if d.out.micros, err = fraction(f[digits:]); err != dateOK {
			return 0, err
		}
	}
	if len(f) == 3 && have&partsDate == partYear && n >= 1 && n <= 366 {
		d.dayOfYear = n
		return partDOY | partMonth | partDay, dateOK
	}
	part := d.which(len(f), textMonth, have)
	switch part {
	case partYear:
		if have&partsDate == partYear|partMonth { // what was read as year is the day
			d.out.day, d.shortYear = d.out.year, false
			d.out.year = n
			return partDay, dateOK
		}
		d.out.year = n
		d.shortYear = len(f) <= 2
	case partMonth:
		d.out.month = n
	case partDay:
		d.out.day = n
	default:
		return d.runTogether(f, have)
	}
	return part, dateOK
}

// which returns the part that a number of some digits fills; 0 when the date is complete. For a
// year where the date has one already, what was taken for the year is the day.
func (d *dateDecoder) which(digits int, textMonth bool, have dateParts) dateParts {
	yearFirst := digits >= 3 || d.st.DateOrder == OrderYMD
	switch have & partsDate {
	case 0:
		switch {
		case yearFirst:
			return partYear
		case d.st.DateOrder == OrderDMY:
			return partDay
		}
		return partMonth
	case partYear, partDay:
		return partMonth
	case partMonth:
		if textMonth && yearFirst {
			return partYear
		}
		return partDay
	case partYear | partMonth:
		if textMonth && digits >= 3 && d.shortYear {
			return partYear
		}
		return partDay
	case partMonth | partDay:
		return partYear
	}
	return 0
}

// runTogether reads yyyymmdd, yymmdd, hhmmss or hhmm, with a fraction of a second or not.
func (d *dateDecoder) runTogether(f string, have dateParts) (dateParts, dateError) {
	if point := strings.IndexByte(f, '.'); point >= 0 {
		d.out.micros = fractionPrefix(f[point:])
		f = f[:point]
	} else if have&partsDate != partsDate && len(f) >= 6 {
		return partsDate, d.runTogetherDate(f)
	}
	if have&partsTime == partsTime || len(f) != 6 && len(f) != 4 {
		return 0, dateBadFormat
	}
	d.out.hour, _ = dateInt(f[:2])
	d.out.minute, _ = dateInt(f[2:4])
	d.out.sec = 0
	if len(f) == 6 {
		d.out.sec, _ = dateInt(f[4:])
	}
	return partsTime, dateOK
}

func (d *dateDecoder) runTogetherDate(f string) (err dateError) {
	n := len(f)
	d.out.day, _ = dateInt(f[n-2:])
	d.out.month, _ = dateInt(f[n-4 : n-2])
	d.out.year, err = dateInt(f[:n-4])
	if n-4 == 2 {
		d.shortYear = true
	}
	return err
}

// fraction reads ".ddd" as microseconds, rounded.
func fraction(f string) (int, dateError) {
	if skipDigits(f, 1) != len(f) {
		return 0, dateBadFormat
	}
	return fractionPrefix(f), dateOK
}

// fractionPrefix is fraction that ignores what follows the digits.
func fractionPrefix(f string) int {
	end := skipDigits(f, 1)
	if end == 1 {
		return 0
	}
	x, _ := strconv.ParseFloat("0"+f[:end], 64)
	return int(math.RoundToEven(x * microsPerSecond))
}

// plainNumber reads a number without label: a part of a date, or a date or time run together.
func (d *dateDecoder) plainNumber(f string) (dateParts, dateError) {
	point := strings.IndexByte(f, '.')
	switch {
	case point >= 0 && d.have&partsDate == 0:
		return d.date(f)
	case point > 2:
		return d.runTogether(f, d.have)
	case point < 0 && len(f) >= 6 && (d.have&partsDate == 0 || d.have&partsTime == 0):
		return d.runTogether(f, d.have)
	}
	return d.number(f, d.textMonth, d.have)
}

// labelled reads a number behind a label: y2001, J2451187, T040506.
func (d *dateDecoder) labelled(f string) (dateParts, dateError) {
	unit := d.unit
	d.unit = unitNone
	digits := skipDigits(f, 0)
	if digits < len(f) && unit != unitJulian && unit != unitTime && unit != unitSecond {
		return 0, dateBadFormat
	}
	if unit == unitTime {
		got, err := d.runTogether(f, d.have|partsDate)
		if err == dateOK && got != partsTime {
			err = dateBadFormat
		}
		return got, err
	}
	n, err := dateInt(f[:digits])
	if err != dateOK {
		return 0, err
	}
	switch unit {
	case unitYear:
		d.out.year = n
		return partYear, dateOK
	case unitMonth:
		if d.have&partMonth != 0 && d.have&partHour != 0 {
			d.out.minute = n
			return partMinute, dateOK
		}
		d.out.month = n
		return partMonth, dateOK
	case unitDay:
		d.out.day = n
		return partDay, dateOK
	case unitHour:
		d.out.hour = n
		return partHour, dateOK
	case unitMinute:
		d.out.minute = n
		return partMinute, dateOK
	case unitSecond:
		d.out.sec = n
		if digits == len(f) {
			return partSecond, dateOK
		}
		d.out.micros, err = fraction(f[digits:])
		return partSecond | partFraction, err
	case unitJulian:
		return d.julianDay(n, f[digits:])
	}
	return 0, dateBadFormat
}

// julianDay sets a Julian day, and the time of day from its fraction.
func (d *dateDecoder) julianDay(day int, frac string) (dateParts, dateError) {
	d.setJulian(day)
	if frac == "" {
		return partsDate, dateOK
	}
	x, err := strconv.ParseFloat("0"+frac, 64)
	if err != nil {
		return 0, dateBadFormat
	}
	t := civilOf(int64(x * microsPerDay))
	d.out.hour, d.out.minute, d.out.sec, d.out.micros = t.hour, t.minute, t.sec, t.micros
	return partsDate | partsTime, dateOK
}

// time reads hh:mm, hh:mm:ss or mm:ss.fff.
func (d *dateDecoder) time(f string) dateError {
	var n [3]int
	count, i := 0, 0
	for {
		end := skipDigits(f, i)
		if count == len(n) {
			return dateBadFormat
		}
		var err dateError
		if end > i {
			if n[count], err = dateInt(f[i:end]); err != dateOK {
				return err
			}
		}
		count++
		i = end
		if i == len(f) || f[i] != ':' {
			break
		}
		i++
	}
	if count < 2 {
		return dateBadFormat
	}
	micros := 0
	if i < len(f) {
		var err dateError
		if micros, err = fraction(f[i:]); err != dateOK {
			return err
		}
		if count == 2 {
			n = [3]int{0, n[0], n[1]}
		}
	}
	c := &d.out
	c.hour, c.minute, c.sec, c.micros = n[0], n[1], n[2], micros
	if c.minute > 59 || c.sec > 60 || timeOverflows(&c.civil) {
		return dateOverflow
	}
	return dateOK
}

// timeOverflows says that a time of day is past 24:00:00.
func timeOverflows(c *civil) bool {
	return c.hour > 24 ||
		int64(c.hour)*microsPerHour+int64(c.minute)*microsPerMinute+int64(c.sec)*microsPerSecond+int64(c.micros) > microsPerDay
}

// offset reads +hh, +hhmm, +hh:mm or +hh:mm:ss.
func (d *dateDecoder) offset(f string) dateError {
	if f == "" || f[0] != '+' && f[0] != '-' {
		return dateBadFormat
	}
	var n [3]int
	count, i := 0, 1
	for count < len(n) {
		end := skipDigits(f, i)
		if end > i {
			v, err := strconv.ParseInt(f[i:end], 10, 32)
			if err != nil {
				return dateZoneOverflow
			}
			n[count] = int(v)
		}
		count++
		i = end
		if i == len(f) || f[i] != ':' || count == len(n) {
			break
		}
		i++
	}
	if count == 1 && i == len(f) && len(f) > 3 {
		n[0], n[1] = n[0]/100, n[0]%100
	}
	if n[0] > maxOffsetHours || n[1] > 59 || n[2] > 59 {
		return dateZoneOverflow
	}
	if i != len(f) {
		return dateBadFormat
	}
	d.out.offset = int64(n[0]*3600 + n[1]*60 + n[2])
	if f[0] == '-' {
		d.out.offset = -d.out.offset
	}
	return dateOK
}

// word reads a word, after which come the fields of next: a zone's abbreviation before anything
// else, as PostgreSQL does.
func (d *dateDecoder) word(f string, next []dateField) (dateParts, dateError) {
	if a, ok := zoneAbbrevs()[f]; ok {
		return d.abbreviation(&a)
	}
	w, ok := dateWords[f]
	if !ok {
		loc, ok := loadNamed(f)
		if !ok {
			return 0, dateBadFormat
		}
		d.zone = loc
		return partTZ, dateOK
	}
	switch w.kind {
	case wordReserved:
		return d.reserved(w.n)
	case wordMonth:
		return d.monthName(w.n), dateOK
	case wordDSTMod:
		d.out.offset += 3600
		return partDSTMod | partDST, dateOK
	case wordAMPM:
		d.meridiem = w.n
		return partAMPM, dateOK
	case wordEra:
		d.era = w.n
		return partEra, dateOK
	case wordDOW:
		return partDOW, dateOK
	case wordIgnore:
		return 0, dateOK
	case wordUnit:
		if d.unit != unitNone {
			return 0, dateBadFormat
		}
		d.unit = w.n
		return 0, dateOK
	}
	// The "t" of ISO 8601 stands between a date and a time.
	if d.have&partsDate != partsDate || len(next) == 0 {
		return 0, dateBadFormat
	}
	switch next[0].kind {
	case fieldNumber, fieldTime, fieldDate:
		d.unit = unitTime
		return 0, dateOK
	}
	return 0, dateBadFormat
}

func (d *dateDecoder) abbreviation(a *zoneAbbrev) (dateParts, dateError) {
	if a.zone != "" {
		d.abbrev = a
		return partAbbrev | partTZ, dateOK
	}
	d.out.offset = int64(a.offset)
	if a.dst {
		return partDST | partTZ, dateOK
	}
	return partTZ, dateOK
}

// monthName sets the month. A number that was taken for the month before is the day.
func (d *dateDecoder) monthName(month int) dateParts {
	got := partMonth
	if d.have&partMonth != 0 && !d.textMonth && d.have&partDay == 0 && d.out.month >= 1 && d.out.month <= 31 {
		d.out.day = d.out.month
		got = partDay
	}
	d.textMonth = true
	d.out.month = month
	return got
}

func (d *dateDecoder) reserved(word int) (dateParts, dateError) {
	loc := d.st.Location
	today, _ := splitMicros(localOf(d.st.Now, loc))
	switch word {
	case resNow:
		d.out.offset = offsetAt(d.st.Now, loc)
		d.out.civil = civilOf(d.st.Now + d.out.offset*microsPerSecond)
		return partsDate | partsTime | partTZ, dateOK
	case resToday:
		d.setDay(today)
		return partsDate, dateOK
	case resTomorrow:
		d.setDay(today + 1)
		return partsDate, dateOK
	case resYesterday:
		d.setDay(today - 1)
		return partsDate, dateOK
	case resZulu:
		d.out.hour, d.out.minute, d.out.sec = 0, 0, 0
		d.out.offset = 0
		return partsTime | partTZ, dateOK
	case resEpoch:
		d.out.special = specialEpoch
	case resInfinity:
		d.out.special = specialInfinity
	case resNegInfinity:
		d.out.special = specialNegInfinity
	}
	return partsDate | partsTime | partTZ, dateOK
}

func (d *dateDecoder) setDay(days int64) {
	d.out.year, d.out.month, d.out.day = civilOfDays(days)
}

// finish checks the date as a whole and applies era, meridiem and zone.
func (d *dateDecoder) finish() dateError {
	if err := d.checkDate(); err != dateOK {
		return err
	}
	if err := d.applyMeridiem(); err != dateOK {
		return err
	}
	if d.have&partsDate != partsDate {
		return dateBadFormat
	}
	return d.applyZone()
}

// applyMeridiem makes an hour of AM or PM one of 24.
func (d *dateDecoder) applyMeridiem() dateError {
	c := &d.out
	if d.meridiem != 0 && c.hour > 12 {
		return dateOverflow
	}
	switch {
	case d.meridiem == meridiemAM && c.hour == 12:
		c.hour = 0
	case d.meridiem == meridiemPM && c.hour != 12:
		c.hour += 12
	}
	return dateOK
}

func (d *dateDecoder) checkDate() dateError {
	c := &d.out
	if d.have&partYear != 0 && !d.julian {
		switch {
		case d.era == eraBC:
			if c.year <= 0 {
				return dateOverflow
			}
			c.year = 1 - c.year
		case d.shortYear && c.year < 70:
			c.year += 2000
		case d.shortYear && c.year < 100:
			c.year += 1900
		case !d.shortYear && c.year <= 0:
			return dateOverflow
		}
	}
	if d.have&partDOY != 0 {
		d.setDay(daysOfCivil(c.year, 1, 1) + int64(d.dayOfYear) - 1)
	}
	if d.have&partMonth != 0 && (c.month < 1 || c.month > 12) {
		return dateMDOverflow
	}
	if d.have&partDay != 0 && (c.day < 1 || c.day > 31) {
		return dateMDOverflow
	}
	if d.have&partsDate == partsDate && c.day > daysIn(c.year, c.month) {
		return dateOverflow
	}
	return dateOK
}

// applyZone sets the offset where the date decides it.
func (d *dateDecoder) applyZone() dateError {
	local := d.out.seconds()
	switch {
	case d.zone != nil:
		if d.have&partDSTMod != 0 {
			return dateBadFormat
		}
		d.out.offset = offsetOfLocal(local, d.zone)
	case d.abbrev != nil:
		if d.have&partDSTMod != 0 {
			return dateBadFormat
		}
		d.out.offset = d.abbrev.abbrevOffset(local)
	case d.have&partTZ == 0:
		if d.have&partDSTMod != 0 {
			return dateBadFormat
		}
		d.out.offset = offsetOfLocal(local, d.st.Location)
	}
	return dateOK
}
