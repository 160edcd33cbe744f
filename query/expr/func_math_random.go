package expr

import (
	"math/bits"
	"math/rand/v2"
	"sync"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// randomFuncs is random and setseed.
func randomFuncs() []Func {
	f := value.Float8
	return []Func{
		{Name: "random", Ret: f, Volatility: Volatile, Strict: true, fn: random},
		{Name: "setseed", Args: kinds(f), Ret: value.Text, Volatility: Volatile, Strict: true, fn: setSeed},
	}
}

// seededRandom is PostgreSQL's generator, xoroshiro128**, so that the numbers after a setseed are the same there and
// here. The zero value is not seeded. Safe for concurrent use.
type seededRandom struct {
	mu     sync.Mutex
	seeded bool
	s0, s1 uint64
}

// seed starts the sequence of a number in [-1, 1].
func (g *seededRandom) seed(x float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	state := uint64(int64((1<<52 - 1) * x))
	// splitmix64
	next := func() uint64 {
		state += 0x9E3779B97F4A7C15
		v := state
		v = (v ^ v>>30) * 0xBF58476D1CE4E5B9
		v = (v ^ v>>27) * 0x94D049BB133111EB
		return v ^ v>>31
	}
	g.s0, g.s1, g.seeded = next(), next(), true
}

// next returns the next number in [0, 1); false when there was no seed.
func (g *seededRandom) next() (float64, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.seeded {
		return 0, false
	}
	s0, x := g.s0, g.s1^g.s0
	v := bits.RotateLeft64(s0*5, 7) * 9
	g.s0 = bits.RotateLeft64(s0, 24) ^ x ^ x<<16
	g.s1 = bits.RotateLeft64(x, 37)
	return float64(v>>12) / (1 << 52), true
}

func random(c *Context, _ []value.Value) (value.Value, error) {
	if c.Session != nil {
		if x, ok := c.Session.seed.next(); ok {
			return value.NewFloat(x), nil
		}
		if c.Session.Random != nil {
			return value.NewFloat(c.Session.Random()), nil
		}
	}
	return value.NewFloat(rand.Float64()), nil
}

func setSeed(c *Context, a []value.Value) (value.Value, error) {
	x := a[0].Float()
	if !(x >= -1 && x <= 1) {
		return value.Value{}, sqlerr.New(sqlerr.InvalidParameterValue, "setseed parameter %s is out of allowed range [-1,1]", shortFloat(x))
	}
	if c.Session != nil {
		c.Session.seed.seed(x)
	}
	return value.NewText(""), nil
}
