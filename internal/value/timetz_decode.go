package value

import (
	"strings"
	"time"
)

// decodeTime reads any form of a time or timetz. A date in front decides the zone's offset; the zone of a time
// is read and ignored.
func decodeTime(k Kind, s string, st *Style) (Value, error) {
	name := "time"
	if k == Timetz {
		name = "time with time zone"
	}
	var inline [maxDateFields]dateField
	fields, ok := inline[:0], len(s) <= maxDateText
	if ok {
		fields, ok = lexDate(s, fields)
	}
	if !ok {
		return Null(k), dateBadFormat.error(s, name)
	}
	d := dateDecoder{st: st}
	if err := d.decodeTimeOnly(fields); err != dateOK {
		if d.badZone != "" {
			return Null(k), errZone(d.badZone)
		}
		return Null(k), err.error(s, name)
	}
	micros := d.out.timeOfDay()
	if k == Time {
		return NewInt(Time, micros), nil
	}
	return NewTimetz(micros, d.out.offset), nil
}

// decodeTimeOnly is decode for a time of day.
func (d *dateDecoder) decodeTimeOnly(fields []dateField) dateError {
	for i := range fields {
		got, err := d.timeField(fields, i)
		if err != dateOK {
			return err
		}
		if got&d.have != 0 {
			return dateBadFormat
		}
		d.have |= got
	}
	// A label behind the time is ignored, unlike in a timestamp.
	if err := d.checkDate(); err != dateOK {
		return err
	}
	if err := d.applyMeridiem(); err != dateOK {
		return err
	}
	if timeOverflows(&d.out.civil) {
		return dateOverflow
	}
	if d.have&partsTime != partsTime {
		return dateBadFormat
	}
	return d.applyTimeZone()
}

// timeField reads field i and returns the parts that it fills.
func (d *dateDecoder) timeField(fields []dateField, i int) (dateParts, dateError) {
	f := fields[i].text
	last := fields[len(fields)-1].kind
	switch fields[i].kind {
	case fieldDate:
		if i == 0 && len(fields) > 1 && (last == fieldDate || fields[1].kind == fieldTime) {
			return d.date(f)
		}
		return d.timeWithZone(f)
	case fieldTime:
		if d.unit != unitNone && d.unit != unitTime {
			return 0, dateBadFormat
		}
		d.unit = unitNone
		return partsTime, d.time(f)
	case fieldTZ:
		return partTZ, d.offset(f)
	case fieldNumber:
		if d.unit != unitNone {
			if d.unit != unitJulian && d.unit != unitTime {
				return 0, dateBadFormat
			}
			return d.labelled(f)
		}
		point := strings.IndexByte(f, '.')
		switch {
		case point >= 0 && i == 0 && len(fields) > 1 && last == fieldDate:
			return d.date(f)
		case point > 2, point < 0 && len(f) > 4:
			return d.runTogether(f, d.have|partsDate)
		case point >= 0:
			return 0, dateBadFormat
		}
		return d.number(f, false, d.have|partsDate)
	}
	return d.timeWord(f)
}

// timeWithZone reads hhmmss-zz, or the name of a zone.
func (d *dateDecoder) timeWithZone(f string) (dateParts, dateError) {
	if !isDigit(f[0]) {
		loc, ok := loadNamed(f)
		if !ok {
			d.badZone = f
			return 0, dateBadFormat
		}
		d.zone = loc
		return partTZ, dateOK
	}
	minus := strings.IndexByte(f, '-')
	if d.have&partsTime == partsTime || minus < 0 {
		return 0, dateBadFormat
	}
	if err := d.offset(f[minus:]); err != dateOK {
		return 0, err
	}
	got, err := d.runTogether(f[:minus], d.have|partsDate)
	return got | partTZ, err
}

// timeWord is word for a time of day: of the reserved words only now and allballs are times.
func (d *dateDecoder) timeWord(f string) (dateParts, dateError) {
	w, known := dateWords[f]
	if _, abbrev := zoneAbbrevs()[f]; abbrev || !known {
		return d.word(f, nil)
	}
	switch w.kind {
	case wordReserved:
		switch w.n {
		case resNow:
			got, err := d.reserved(resNow)
			d.out.year, d.out.month, d.out.day = 0, 0, 0
			return got & partsTime, err
		case resZulu:
			return d.reserved(resZulu)
		}
		return 0, dateBadFormat
	case wordMonth, wordDOW:
		return 0, dateBadFormat
	case wordTime:
		if d.unit != unitNone {
			return 0, dateBadFormat
		}
		d.unit = unitTime
		return 0, dateOK
	}
	return d.word(f, nil)
}

// applyTimeZone sets the offset where a zone's rules decide it: at the date that was read, or today.
func (d *dateDecoder) applyTimeZone() dateError {
	loc := d.st.Location
	switch {
	case d.zone != nil:
		loc = d.zone
	case d.abbrev != nil:
	case d.have&partTZ != 0:
		return dateOK
	}
	if d.have&partDSTMod != 0 {
		return dateBadFormat
	}
	if d.zone != nil {
		if off, ok := fixedOffset(d.zone); ok {
			d.out.offset = off
			return dateOK
		}
	}
	switch d.have & partsDate {
	case partsDate:
	case 0:
		if d.zone != nil { // its name alone does not say which of its offsets
			return dateBadFormat
		}
		today, _ := splitMicros(localOf(d.st.Now, d.st.Location))
		d.setDay(today)
	default:
		return dateBadFormat
	}
	local := d.out.seconds()
	if d.abbrev != nil {
		d.out.offset = d.abbrev.abbrevOffset(local)
	} else {
		d.out.offset = offsetOfLocal(local, loc)
	}
	return dateOK
}

// fixedOffset returns the seconds east of UTC of a zone that has never had another offset.
func fixedOffset(loc *time.Location) (int64, bool) {
	t := time.Unix(1<<32, 0).In(loc)
	_, off := t.Zone()
	if _, end := t.ZoneBounds(); !end.IsZero() {
		return 0, false
	}
	for {
		start, _ := t.ZoneBounds()
		if start.IsZero() {
			return int64(off), true
		}
		t = start.Add(-time.Second)
		if _, o := t.Zone(); o != off {
			return 0, false
		}
	}
}
