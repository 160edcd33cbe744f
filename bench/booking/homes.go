package booking

import (
	"fmt"
	"time"

	"github.com/cachalotdb/cachalot/bench/copywire"
	"github.com/cachalotdb/cachalot/bench/draw"
)

// Home is an apartment or house to rent.
type Home struct {
	ID             int32
	CountryCode    string
	Town           string
	Address        string
	Rooms          int32
	Bathrooms      int32
	Price          int32     // whole euros a night
	LastUpdate     time.Time // year 1 where it was never set
	AvailableDates []int32   // as copywire.Day counts
	Comments       string    // JSON
}

// Market is a set of homes: Count of them, drawn by Seed, as they are on Today.
type Market struct {
	Count int
	Seed  uint64
	Today time.Time // a day, in UTC
}

// NewMarket returns the market of today.
func NewMarket(count int, seed uint64) Market {
	return Market{Count: count, Seed: seed, Today: time.Now().UTC().Truncate(24 * time.Hour)}
}

var (
	countries = [4]string{"FR", "US", "SP", "CA"}
	towns     = [4][4]string{
		{"Paris", "Nice", "Marseille", "Toulouse"},
		{"New York", "Santa Clara", "Chicago", "Seattle"},
		{"Madrid", "Barcelona", "Sevilia", "Cordoba"},
		{"Ottawa", "Toronto", "Quebec", "Vancouver"},
	}
)

// Towns is how many towns there are.
const Towns = 16

// special are the last homes, which the original's full-text step looks for.
var special = [...]struct{ address, town, comments string }{
	{"14 rue de la mort qui tue", "Paris", `[{"user": "john", "text": "beautiful view"}, {"user": "mary", "text": "close to the metro"}]`},
	{"15 allée de l'amour", "Paris", `[{"user": "john", "text": "ps4"}, {"user": "mary", "text": "close to the metro"}]`},
	{"156 db du gral Le Clerc", "Nice", `[{"user": "john", "text": "wonderful sea view"}, {"user": "mary", "text": "close to beach"}]`},
}

// Home returns home i of Count, counted from 0; its ID is i + 1.
func (m Market) Home(i int) Home {
	source := draw.For(m.Seed, i)
	below := func(n int) int32 { return int32(source.Below(n)) }
	h := Home{
		ID:          int32(i + 1),
		CountryCode: countries[i%4],
		Town:        towns[i%4][below(4)],
		Address:     "14 rue du chien qui fume",
		Bathrooms:   1 + below(3),
		Rooms:       1 + below(4),
		Price:       50 + below(250),
		LastUpdate:  m.Today,
		Comments:    "[]",
	}
	if n := i - (m.Count - len(special)); n >= 0 {
		s := special[n]
		h.CountryCode, h.Town, h.Address, h.Comments = "FR", s.town, s.address, s.comments
		h.LastUpdate = time.Time{}
		return h
	}
	today := copywire.Day(m.Today)
	if i%10 == 0 {
		h.AvailableDates = append(h.AvailableDates, today)
	}
	if i%100 == 0 {
		h.AvailableDates = append(h.AvailableDates, today+1)
	}
	return h
}

// Table makes the collection, and Indexes its indexes, in Cachalot's kinds: what is
// looked up by value has a dictionary, what is compared or sorted a B-tree.
const Table = `CREATE TABLE home (
	id int PRIMARY KEY,
	countrycode text, town text, adress text,
	owner text, owneremail text, ownerphone text,
	rooms int, bathrooms int, priceineuros numeric,
	lastupdate timestamptz, availabledates date[], comments jsonb)`

// Indexes are the statements that make the indexes of Table.
var Indexes = []string{
	"CREATE INDEX home_countrycode ON home USING dictionary (countrycode)",
	"CREATE INDEX home_town ON home USING dictionary (town)",
	"CREATE INDEX home_bathrooms ON home USING dictionary (bathrooms)",
	"CREATE INDEX home_lastupdate ON home USING dictionary (lastupdate)",
	"CREATE INDEX home_availabledates ON home USING dictionary (availabledates)",
	"CREATE INDEX home_rooms ON home USING btree (rooms)",
	"CREATE INDEX home_priceineuros ON home USING btree (priceineuros)",
}

// Feed returns the feed of all homes over so many connections.
func (m Market) Feed(dsn string, connections int) copywire.Feed {
	return copywire.Feed{
		DSN:         dsn,
		Copy:        "COPY home FROM STDIN (FORMAT binary)",
		Header:      copywire.Header,
		Trailer:     copywire.Trailer,
		Rows:        m.Count,
		Connections: connections,
		Append:      func(b []byte, i int) []byte { return m.Home(i).append(b) },
	}
}

// append writes the home as a row of Table.
func (h Home) append(b []byte) []byte {
	b = copywire.Row(b, 13)
	b = copywire.Int4(b, h.ID)
	b = copywire.Text(b, h.CountryCode)
	b = copywire.Text(b, h.Town)
	b = copywire.Text(b, h.Address)
	b = copywire.Null(copywire.Null(copywire.Null(b))) // the owner is not known
	b = copywire.Int4(b, h.Rooms)
	b = copywire.Int4(b, h.Bathrooms)
	b = copywire.Numeric(b, int64(h.Price), 0)
	b = copywire.TimestampTZ(b, h.LastUpdate)
	b = copywire.Dates(b, h.AvailableDates)
	return copywire.JSONB(b, h.Comments)
}

// day returns the SQL text of a date n days after today.
func (m Market) day(n int) string { return m.Today.AddDate(0, 0, n).Format(time.DateOnly) }

func (m Market) validate() error {
	if m.Count < 100 || m.Count > 100_000_000 {
		return fmt.Errorf("a market has 100 to 100,000,000 homes, not %d", m.Count)
	}
	return nil
}
