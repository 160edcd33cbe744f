package booking

import (
	"fmt"
	"slices"
	"sort"

	"github.com/cachalotdb/cachalot/bench/copywire"
)

// Order is what a step promises of the order of its rows.
type Order int

// The orders.
const (
	Unordered Order = iota
	PriceAscending
	PriceDescending
)

// Step is one query of the search page, in Cachalot's words and in Postgres', with what it must answer.
type Step struct {
	Number   int    // of the original demo
	Name     string // what it asks
	Cachalot string // "" where Cachalot has no words for it
	Postgres string
	Published

	// Homes says that whole homes are asked for; then Rows and Checksum say which.
	Homes bool
	Order Order
	// Rows is how many rows there are.
	Rows int
	// Checksum is the sum of the ids of the homes. 0 with TopPrices.
	Checksum int64
	// TopPrices are the prices of the rows, where ties leave open which homes they are.
	TopPrices []int32
	// Lines are all rows otherwise: the fields as text, joined by |, sorted.
	Lines []string
}

// Published is what Cachalot DB v2 published for a step with 1,000,000 homes on two nodes.
type Published struct {
	README string // its README
	Log    string // test_results/win2p.txt of 2024-01-14
}

// Steps returns the queries of the original's steps 3 to 9 and 11 with their answers, which
// are counted in one pass over the homes. Step 10 is full text.
func (m Market) Steps() ([]Step, error) {
	if err := m.validate(); err != nil {
		return nil, err
	}
	today := m.day(0)
	const paris = "town = 'Paris'"
	parisToday := paris + " AND availabledates CONTAINS '" + today + "'"
	parisTodayPG := paris + " AND availabledates @> ARRAY['" + today + "'::date]"
	totals := "SELECT countrycode, town, count(*), sum(rooms), sum(priceineuros) FROM home%s GROUP BY ROLLUP (countrycode, town)"
	steps := []Step{
		{Number: 3, Name: "in Paris", Homes: true,
			Cachalot:  "SELECT FROM home WHERE " + paris,
			Postgres:  "SELECT * FROM home WHERE " + paris,
			Published: Published{"113", "1,019"}},
		{Number: 4, Name: "in Paris, 150 to 200 euros, over 2 rooms", Homes: true,
			Cachalot:  "SELECT FROM home WHERE " + paris + " AND priceineuros >= 150 AND PriceInEuros <= 200 AND rooms > 2",
			Postgres:  "SELECT * FROM home WHERE " + paris + " AND priceineuros BETWEEN 150 AND 200 AND rooms > 2",
			Published: Published{"", "141-150"}},
		{Number: 5, Name: "in Paris, free today", Homes: true,
			Cachalot:  "SELECT FROM home WHERE " + parisToday,
			Postgres:  "SELECT * FROM home WHERE " + parisTodayPG,
			Published: Published{"", "224-230"}},
		{Number: 6, Name: "in Paris, free today, 10 dearest", Homes: true, Order: PriceDescending,
			Cachalot:  "SELECT FROM home WHERE " + parisToday + " ORDER BY PriceInEuros DESCENDING TAKE 10",
			Postgres:  "SELECT * FROM home WHERE " + parisTodayPG + " ORDER BY priceineuros DESC LIMIT 10",
			Published: Published{"22", "21-22"}},
		{Number: 7, Name: "in Paris, free today, by price", Homes: true, Order: PriceAscending,
			Cachalot:  "SELECT FROM home WHERE " + parisToday + " ORDER BY PriceInEuros",
			Postgres:  "SELECT * FROM home WHERE " + parisTodayPG + " ORDER BY priceineuros",
			Published: Published{"", "244-249"}},
		{Number: 8, Name: "distinct countries and towns",
			Cachalot:  "SELECT DISTINCT CountryCode, Town FROM home",
			Postgres:  "SELECT DISTINCT countrycode, town FROM home",
			Published: Published{"", "138"}},
		{Number: 9, Name: "distinct towns",
			Cachalot:  "SELECT DISTINCT Town FROM home",
			Postgres:  "SELECT DISTINCT town FROM home",
			Published: Published{"", "<1"}},
		{Number: 11, Name: "pivot of countries and towns with totals",
			Postgres:  fmt.Sprintf(totals, ""),
			Published: Published{"28", "182"}},
		{Number: 11, Name: "pivot of the French towns with totals",
			Postgres:  fmt.Sprintf(totals, " WHERE countrycode = 'FR'"),
			Published: Published{"", "100"}},
	}
	m.answer(steps)
	return steps, nil
}

// answer fills in what each step must give, in one pass over the homes.
func (m Market) answer(steps []Step) {
	day := copywire.Day(m.Today)
	var prices []int32 // in Paris, free today
	take := func(n int, h Home) {
		steps[n].Rows++
		steps[n].Checksum += int64(h.ID)
	}
	var all, french pivot
	for i := range m.Count {
		h := m.Home(i)
		all.add(h)
		if h.CountryCode == "FR" {
			french.add(h)
		}
		if h.Town != "Paris" {
			continue
		}
		take(0, h)
		if h.Price >= 150 && h.Price <= 200 && h.Rooms > 2 {
			take(1, h)
		}
		if slices.Contains(h.AvailableDates, day) {
			take(2, h)
			take(4, h)
			prices = append(prices, h.Price)
		}
	}
	slices.SortFunc(prices, func(a, b int32) int { return int(b - a) })
	steps[3].TopPrices = prices[:min(10, len(prices))]
	steps[3].Rows = len(steps[3].TopPrices)
	for town := range all.towns {
		steps[5].Lines = append(steps[5].Lines, town.country+"|"+town.name)
		steps[6].Lines = append(steps[6].Lines, town.name)
	}
	steps[7].Lines, steps[8].Lines = all.lines(), french.lines()
	for i := range steps[5:] {
		s := &steps[5+i]
		sort.Strings(s.Lines)
		s.Rows = len(s.Lines)
	}
}

type town struct{ country, name string }

type total struct{ homes, rooms, price int64 }

func (t *total) add(h Home) {
	t.homes++
	t.rooms += int64(h.Rooms)
	t.price += int64(h.Price)
}

// pivot is GROUP BY ROLLUP (countrycode, town), done by hand.
type pivot struct {
	towns     map[town]*total
	countries map[string]*total
	whole     total
}

func (p *pivot) add(h Home) {
	if p.towns == nil {
		p.towns, p.countries = map[town]*total{}, map[string]*total{}
	}
	key := town{h.CountryCode, h.Town}
	if p.towns[key] == nil {
		p.towns[key] = &total{}
	}
	if p.countries[h.CountryCode] == nil {
		p.countries[h.CountryCode] = &total{}
	}
	p.towns[key].add(h)
	p.countries[h.CountryCode].add(h)
	p.whole.add(h)
}

func (p *pivot) lines() []string {
	line := func(country, town string, t *total) string {
		return fmt.Sprintf("%s|%s|%d|%d|%d", country, town, t.homes, t.rooms, t.price)
	}
	lines := []string{line("", "", &p.whole)}
	for c, t := range p.countries {
		lines = append(lines, line(c, "", t))
	}
	for k, t := range p.towns {
		lines = append(lines, line(k.country, k.name, t))
	}
	return lines
}
