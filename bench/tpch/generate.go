package tpch

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"
)

// poolSize is the length of the text that comments are cut from.
const poolSize = 2 << 20

// Generator makes the rows of a scale: 1 is six million lineitems.
type Generator struct {
	scale float64
	pool  string
}

// NewGenerator returns a generator of a scale of 0.001 or more. The same scale gives the same rows.
func NewGenerator(scale float64) *Generator {
	return &Generator{scale: scale, pool: textPool(poolSize)}
}

// suppliers is how many suppliers there are, of which parts, customers and orders have multiples.
func (g *Generator) suppliers() int { return max(int(10000*g.scale+0.5), 10) }
func (g *Generator) parts() int     { return 20 * g.suppliers() }
func (g *Generator) customers() int { return 15 * g.suppliers() }
func (g *Generator) orders() int    { return 150 * g.suppliers() }

// Write writes a table in the text format of COPY. orders and lineitem are made of the same draws.
func (g *Generator) Write(table string, to io.Writer) error {
	w := bufio.NewWriterSize(to, 1<<16)
	write := map[string]func(*bufio.Writer){
		"region": g.regionRows, "nation": g.nationRows, "part": g.partRows, "supplier": g.supplierRows, "partsupp": g.partsuppRows,
		"customer": g.customerRows, "orders": g.orderRows, "lineitem": g.lineitemRows,
	}[table]
	if write == nil {
		return fmt.Errorf("no table %s", table)
	}
	write(w)
	return w.Flush()
}

// random returns a table's source of randomness.
func random(table uint64) *rand.Rand { return rand.New(rand.NewPCG(19920101, table)) }

func (g *Generator) comment(r *rand.Rand, min, max int) string {
	n := min + r.IntN(max-min+1)
	from := r.IntN(len(g.pool) - n)
	return strings.TrimSpace(g.pool[from : from+n])
}

func cents(n int) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

const addressLetters = "0123456789abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ,"

func address(r *rand.Rand) string {
	b := make([]byte, 10+r.IntN(31))
	for i := range b {
		b[i] = addressLetters[r.IntN(len(addressLetters))]
	}
	return string(b)
}

func phone(r *rand.Rand, nation int) string {
	return fmt.Sprintf("%d-%03d-%03d-%04d", nation+10, 100+r.IntN(900), 100+r.IntN(900), 1000+r.IntN(9000))
}

func (g *Generator) regionRows(w *bufio.Writer) {
	r := random(1)
	for i, name := range []string{"AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"} {
		fmt.Fprintf(w, "%d\t%s\t%s\n", i, name, g.comment(r, 31, 115))
	}
}

var nations = []struct {
	name   string
	region int
}{
	{"ALGERIA", 0}, {"ARGENTINA", 1}, {"BRAZIL", 1}, {"CANADA", 1}, {"EGYPT", 4}, {"ETHIOPIA", 0}, {"FRANCE", 3}, {"GERMANY", 3}, {"INDIA", 2},
	{"INDONESIA", 2}, {"IRAN", 4}, {"IRAQ", 4}, {"JAPAN", 2}, {"JORDAN", 4}, {"KENYA", 0}, {"MOROCCO", 0}, {"MOZAMBIQUE", 0}, {"PERU", 1},
	{"CHINA", 2}, {"ROMANIA", 3}, {"SAUDI ARABIA", 4}, {"VIETNAM", 2}, {"RUSSIA", 3}, {"UNITED KINGDOM", 3}, {"UNITED STATES", 1},
}

func (g *Generator) nationRows(w *bufio.Writer) {
	r := random(2)
	for i, n := range nations {
		fmt.Fprintf(w, "%d\t%s\t%d\t%s\n", i, n.name, n.region, g.comment(r, 31, 114))
	}
}

var (
	colors = strings.Fields(`almond antique aquamarine azure beige bisque black blanched blue blush brown burlywood burnished chartreuse chiffon
		chocolate coral cornflower cornsilk cream cyan dark deep dim dodger drab firebrick floral forest frosted gainsboro ghost goldenrod green grey
		honeydew hot indian ivory khaki lace lavender lawn lemon light lime linen magenta maroon medium metallic midnight mint misty moccasin navajo
		navy olive orange orchid pale papaya peach peru pink plum powder puff purple red rose rosy royal saddle salmon sandy seashell sienna sky slate
		smoke snow spring steel tan thistle tomato turquoise violet wheat white yellow`)
	types = [3][]string{
		{"STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"},
		{"ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED"},
		{"TIN", "NICKEL", "BRASS", "STEEL", "COPPER"},
	}
	containers = [2][]string{{"SM", "LG", "MED", "JUMBO", "WRAP"}, {"CASE", "BOX", "BAG", "JAR", "PKG", "PACK", "CAN", "DRUM"}}
	segments   = []string{"AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"}
	priorities = []string{"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"}
	instructs  = []string{"DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"}
	modes      = []string{"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"}
)

// retailCents is the price of a part.
func retailCents(part int) int { return 90000 + part/10%20001 + 100*(part%1000) }

func (g *Generator) partRows(w *bufio.Writer) {
	r := random(3)
	for p := 1; p <= g.parts(); p++ {
		var name []string
		for _, i := range r.Perm(len(colors))[:5] {
			name = append(name, colors[i])
		}
		maker := 1 + r.IntN(5)
		fmt.Fprintf(w, "%d\t%s\tManufacturer#%d\tBrand#%d%d\t%s %s %s\t%d\t%s %s\t%s\t%s\n", p, strings.Join(name, " "), maker, maker, 1+r.IntN(5),
			pick(r, types[0]), pick(r, types[1]), pick(r, types[2]), 1+r.IntN(50), pick(r, containers[0]), pick(r, containers[1]),
			cents(retailCents(p)), g.comment(r, 5, 22))
	}
}

func (g *Generator) supplierRows(w *bufio.Writer) {
	r := random(4)
	n := g.suppliers()
	special := r.Perm(n)[:max(n/1000, 1)*10] // five of 10,000 complain, and five recommend; more of few
	kind := map[int]string{}
	for i, s := range special {
		kind[s+1] = []string{"Complaints", "Recommends"}[i%2]
	}
	for s := 1; s <= n; s++ {
		nation := r.IntN(25)
		comment := g.comment(r, 25, 100)
		if word := kind[s]; word != "" {
			comment = fmt.Sprintf("%.20s Customer %.20s %s", comment, g.comment(r, 5, 20), word)
		}
		fmt.Fprintf(w, "%d\tSupplier#%09d\t%s\t%d\t%s\t%s\t%s\n", s, s, address(r), nation, phone(r, nation), cents(r.IntN(1099999)-99999), comment)
	}
}

// supplierOf is the i-th of a part's four suppliers.
func (g *Generator) supplierOf(part, i int) int {
	s := g.suppliers()
	return (part+i*(s/4+(part-1)/s))%s + 1
}

func (g *Generator) partsuppRows(w *bufio.Writer) {
	r := random(5)
	for p := 1; p <= g.parts(); p++ {
		for i := range 4 {
			fmt.Fprintf(w, "%d\t%d\t%d\t%s\t%s\n", p, g.supplierOf(p, i), 1+r.IntN(9999), cents(100+r.IntN(99901)), g.comment(r, 49, 198))
		}
	}
}

func (g *Generator) customerRows(w *bufio.Writer) {
	r := random(6)
	for c := 1; c <= g.customers(); c++ {
		nation := r.IntN(25)
		fmt.Fprintf(w, "%d\tCustomer#%09d\t%s\t%d\t%s\t%s\t%s\t%s\n", c, c, address(r), nation, phone(r, nation), cents(r.IntN(1099999)-99999),
			pick(r, segments), g.comment(r, 29, 116))
	}
}

var (
	firstDay   = time.Date(1992, 1, 1, 0, 0, 0, 0, time.UTC)
	orderDays  = int(time.Date(1998, 12, 31, 0, 0, 0, 0, time.UTC).Sub(firstDay).Hours()/24) - 151 + 1
	currentDay = int(time.Date(1995, 6, 17, 0, 0, 0, 0, time.UTC).Sub(firstDay).Hours() / 24)
	dates      = makeDates()
)

// makeDates renders the days that occur.
func makeDates() []string {
	out := make([]string, 3000)
	for i := range out {
		out[i] = firstDay.AddDate(0, 0, i).Format(time.DateOnly)
	}
	return out
}

// order is an order with its lines.
type order struct {
	key, customer, day int
	lines              []lineitem
}

type lineitem struct {
	part, supplier, quantity, discount, tax int // discount and tax in percent
	ship, commit, receipt                   int // days
}

// eachOrder calls f for all orders. The draws are those of one source, so that orders and lineitem agree.
func (g *Generator) eachOrder(f func(o *order)) {
	r := random(7)
	o := &order{}
	for i := range g.orders() {
		o.key = i/8*32 + i%8 + 1 // a quarter of the keys is used
		o.customer = 1 + r.IntN(g.customers())
		for o.customer%3 == 0 { // a third of the customers orders nothing
			o.customer = 1 + r.IntN(g.customers())
		}
		o.day = r.IntN(orderDays)
		o.lines = o.lines[:0]
		for range 1 + r.IntN(7) {
			part := 1 + r.IntN(g.parts())
			l := lineitem{part: part, supplier: g.supplierOf(part, r.IntN(4)), quantity: 1 + r.IntN(50), discount: r.IntN(11), tax: r.IntN(9),
				ship: o.day + 1 + r.IntN(121), commit: o.day + 30 + r.IntN(61)}
			l.receipt = l.ship + 1 + r.IntN(30)
			o.lines = append(o.lines, l)
		}
		f(o)
	}
}

func (l *lineitem) priceCents() int { return l.quantity * retailCents(l.part) }

func (l *lineitem) status() string {
	if l.ship > currentDay {
		return "O"
	}
	return "F"
}

// totalCents is the price of all lines with tax and discount.
func (o *order) totalCents() (total int) {
	for i := range o.lines {
		l := &o.lines[i]
		total += (l.priceCents()*(100+l.tax)*(100-l.discount) + 5000) / 10000
	}
	return total
}

func (o *order) status() string {
	open := 0
	for i := range o.lines {
		if o.lines[i].status() == "O" {
			open++
		}
	}
	switch open {
	case 0:
		return "F"
	case len(o.lines):
		return "O"
	}
	return "P"
}

func (g *Generator) orderRows(w *bufio.Writer) {
	r := random(8)
	clerks := max(int(1000*g.scale), 10)
	g.eachOrder(func(o *order) {
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\t%s\tClerk#%09d\t0\t%s\n", o.key, o.customer, o.status(), cents(o.totalCents()), dates[o.day],
			pick(r, priorities), 1+r.IntN(clerks), g.comment(r, 19, 78))
	})
}

func (g *Generator) lineitemRows(w *bufio.Writer) {
	r := random(9)
	g.eachOrder(func(o *order) {
		for i := range o.lines {
			l := &o.lines[i]
			flag := "N"
			if l.receipt <= currentDay {
				flag = pick(r, []string{"R", "A"})
			}
			fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%d\t%s\t0.%02d\t0.%02d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", o.key, l.part, l.supplier, i+1, l.quantity,
				cents(l.priceCents()), l.discount, l.tax, flag, l.status(), dates[l.ship], dates[l.commit], dates[l.receipt],
				pick(r, instructs), pick(r, modes), g.comment(r, 10, 43))
		}
	})
}
