// Package homes makes the objects of the benchmarks: homes of about 1 KB as a CSV
// line, 16 columns with a list of 30 dates and a text, each a function of a seed and its number.
// The lines are byte for byte as Postgres 15 writes them (TimeZone UTC), so a file of them
// is also what a round trip must give back.
package homes

import (
	"bytes"
	"strconv"
	"time"

	"github.com/cachalotdb/cachalot/bench/copywire"
	"github.com/cachalotdb/cachalot/bench/draw"
)

// Table makes the collection.
const Table = `CREATE TABLE home (
	id int PRIMARY KEY,
	countrycode text, town text, adress text,
	owner text, owneremail text, ownerphone text,
	rooms int, bathrooms smallint, surface int,
	priceineuros numeric(10,2), rating float8,
	lastupdate timestamptz, availabledates date[],
	description text, comments jsonb)`

// Index is one of the five indexes.
type Index struct {
	Column string
	// Kind is Cachalot's: dictionary or btree. PostgresKind is what stands for it there.
	Kind, PostgresKind string
}

// Indexes are what the homes are searched by.
var Indexes = []Index{
	{"countrycode", "dictionary", "btree"},
	{"town", "dictionary", "btree"},
	{"availabledates", "dictionary", "gin"},
	{"rooms", "btree", "btree"},
	{"priceineuros", "btree", "btree"},
}

// Statement returns the CREATE INDEX with one of the kinds.
func (x Index) Statement(kind string) string {
	return "CREATE INDEX home_" + x.Column + " ON home USING " + kind + " (" + x.Column + ")"
}

// Generator draws homes by Seed.
type Generator struct{ Seed uint64 }

var countries = [...]struct {
	code  string
	towns [4]string
}{
	{"FR", [4]string{"Paris", "Nice", "Marseille", "Toulouse"}},
	{"US", [4]string{"New York", "Santa Clara", "Chicago", "Seattle"}},
	{"SP", [4]string{"Madrid", "Barcelona", "Sevilia", "Cordoba"}},
	{"CA", [4]string{"Ottawa", "Toronto", "Quebec", "Vancouver"}},
}

var words = [...]string{
	"a", "bright", "quiet", "flat", "house", "near", "the", "metro", "river", "park", "with", "view", "of", "sea",
	"old", "town", "garden", "terrace", "large", "kitchen", "and", "two", "bikes", "free", "parking", "close", "to",
	"beach", "shops", "market", "charming", "spacious", "renovated", "attic", "loft", "fireplace", "piano", "café",
	"family", "friendly", "pets", "welcome", "wifi", "washing", "machine", "lift", "balcony", "sunny", "courtyard", "château",
}

var firstNames = [...]string{"Anna", "Ben", "Chloé", "David", "Eva", "Farid", "Greta", "Hugo", "Inès", "Jan", "Kim", "Léa"}

// dates is how many days each home is free.
const dates = 30

// firstDay is the first day that a home may be free.
var firstDay = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// AppendCSV writes home i, counted from 0, as a line of CSV in the columns of Table.
func (g Generator) AppendCSV(b []byte, i int) []byte {
	source := draw.For(g.Seed, i)
	country := &countries[i%len(countries)]
	owner := source.Below(100_000)
	name := firstNames[owner%len(firstNames)]
	b = strconv.AppendInt(b, int64(i+1), 10)
	b = append(append(b, ','), country.code...)
	b = append(append(b, ','), country.towns[source.Below(4)]...)
	b = strconv.AppendInt(append(b, ','), int64(1+source.Below(200)), 10)
	b = append(b, " rue du chien qui fume,"...)
	b = appendOwner(b, name, owner)
	b = strconv.AppendInt(append(b, ','), int64(1+source.Below(8)), 10)
	b = strconv.AppendInt(append(b, ','), int64(1+source.Below(3)), 10)
	b = strconv.AppendInt(append(b, ','), int64(15+source.Below(200)), 10)
	cents := source.Below(25_000) + 5_000
	b = strconv.AppendInt(append(b, ','), int64(cents/100), 10)
	b = append(b, '.', byte('0'+cents/10%10), byte('0'+cents%10), ',')
	b = strconv.AppendFloat(b, float64(source.Below(50))/10, 'g', -1, 64)
	second := firstDay.Add(time.Duration(source.Below(31_536_000)) * time.Second)
	b = append(second.AppendFormat(append(b, ','), time.DateTime), "+00,"...)
	b = appendDates(b, &source)
	b = append(b, ',')
	b = appendWords(b, &source, 420)
	b = append(b, `,"[{""text"": ""`...)
	b = appendWords(b, &source, 40)
	return append(b, "\"\", \"\"user\"\": \"\"guest\"\"}]\"\n"...)
}

func appendOwner(b []byte, name string, number int) []byte {
	b = strconv.AppendInt(append(append(b, name...), ' '), int64(number), 10)
	b = strconv.AppendInt(append(b, ",owner"...), int64(number), 10)
	b = append(b, "@example.com,+33 6 "...)
	for p := 10_000_000; p > 0; p /= 10 {
		b = append(b, byte('0'+number*7919/p%10))
	}
	return b
}

// appendDates writes 30 days in a row with gaps, in Postgres' form of an array.
func appendDates(b []byte, source *draw.Source) []byte {
	b = append(b, `"{`...)
	day := firstDay.AddDate(0, 0, source.Below(365))
	for n := range dates {
		if n > 0 {
			b = append(b, ',')
		}
		b = day.AppendFormat(b, time.DateOnly)
		day = day.AddDate(0, 0, 1+source.Below(2))
	}
	return append(b, `}"`...)
}

// appendWords writes words until there are so many bytes.
func appendWords(b []byte, source *draw.Source, size int) []byte {
	start := len(b)
	for len(b)-start < size {
		if len(b) > start {
			b = append(b, ' ')
		}
		b = append(b, words[source.Below(len(words))]...)
	}
	return b
}

// CSV returns the homes [from, to) as a file.
func (g Generator) CSV(from, to int) []byte {
	var b bytes.Buffer
	b.ReadFrom(g.Feed("", to).Reader(from, to, nil)) //nolint:errcheck // it makes its rows itself
	return b.Bytes()
}

// Feed returns a feed of so many homes.
func (g Generator) Feed(dsn string, count int) copywire.Feed {
	return copywire.Feed{DSN: dsn, Copy: Copy, Rows: count, Append: g.AppendCSV}
}

// Copy is the statement that takes the lines.
const Copy = "COPY home FROM STDIN (FORMAT csv)"
