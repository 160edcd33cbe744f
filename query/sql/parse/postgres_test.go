package parse

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cachalotdb/cachalot/internal/pgoracle"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

func TestMain(m *testing.M) { pgoracle.Main(m) }

// oracle asks a real PostgreSQL 15 whether it can parse a text.
type oracle struct {
	t    testing.TB
	conn *pgconn.PgConn
}

func newOracle(t testing.TB) *oracle {
	t.Helper()
	conn, err := pgconn.Connect(context.Background(), pgoracle.Shared(t).DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return &oracle{t, conn}
}

// before is put before the text: its failure comes after the whole has been
// parsed and before anything of it is run.
const before = "select 1/0;"

// parse returns PostgreSQL's syntax error for the text, nil when it has none.
func (o *oracle) parse(text string) *pgconn.PgError {
	o.t.Helper()
	_, err := o.conn.Exec(context.Background(), before+text).ReadAll()
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		o.t.Fatalf("PostgreSQL said %v to %s", err, text)
	}
	if pe.Code == sqlerr.DivisionByZero {
		return nil
	}
	return pe
}

// comparison counts agreements.
type comparison struct {
	accepted, refused       int
	sameText, samePlace     int
	tooLenient, tooStrict   int
	lenientText, strictText []string
	otherText               []string
}

func (c *comparison) add(text string, want *pgconn.PgError, got error) {
	mine := sqlerr.As(got)
	if mine != nil && mine.Code == sqlerr.UndefinedParameter {
		mine = nil // PostgreSQL finds this after the syntax check
	}
	switch {
	case want == nil && mine == nil:
		c.accepted++
	case want == nil:
		c.tooStrict++
		c.strictText = append(c.strictText, fmt.Sprintf("%v\n\t%.300q", mine, text))
	case mine == nil:
		c.tooLenient++
		c.lenientText = append(c.lenientText, fmt.Sprintf("%s\n\t%.300q", want.Message, text))
	default:
		c.refused++
		place := int(want.Position) - len(before)
		minePlace := 0
		if mine.Pos > 0 {
			minePlace = utf8.RuneCountInString(text[:mine.Pos-1]) + 1
		}
		if mine.Message == want.Message {
			c.sameText++
		}
		if minePlace == place || want.Position == 0 && mine.Pos == 0 {
			c.samePlace++
		}
		if mine.Message != want.Message || minePlace != place {
			c.otherText = append(c.otherText, fmt.Sprintf("want %q at %d, got %q at %d\n\t%.300q",
				want.Message, place, mine.Message, minePlace, text))
		}
	}
}

func (c *comparison) log(t *testing.T) {
	t.Logf("both accept %d, both refuse %d (same text %d, same place %d), we accept more %d, we refuse more %d",
		c.accepted, c.refused, c.sameText, c.samePlace, c.tooLenient, c.tooStrict)
	for _, list := range [][]string{c.lenientText, c.strictText, c.otherText} {
		for i, s := range list {
			if i == 25 {
				break
			}
			t.Log(s)
		}
		t.Log("----")
	}
}

// TestSyntaxAgreesWithPostgres: on statements of real clients with tokens
// deleted, doubled, swapped or cut off, our verdict, message and place are
// PostgreSQL's, but for a few per mille.
func TestSyntaxAgreesWithPostgres(t *testing.T) {
	o := newOracle(t)
	var c comparison
	rng := rand.New(rand.NewSource(1))
	all := corpus(t)
	for _, file := range slices.Sorted(maps.Keys(all)) {
		for _, text := range all[file] {
			for range 5 {
				m := mutate(rng, text)
				want := o.parse(m)
				_, got := parse(m, Options{})
				c.add(m, want, got)
			}
		}
	}
	c.log(t)
	if n := c.accepted + c.refused; (c.tooLenient+c.tooStrict)*100 > n || c.sameText*100 < c.refused*98 || c.samePlace*100 < c.refused*97 || n < 5000 {
		t.Error("too many differences")
	}
}

// TestSQLLogicTestAgreesWithPostgres compares the verdict on a sample of them.
func TestSQLLogicTestAgreesWithPostgres(t *testing.T) {
	o := newOracle(t)
	var c comparison
	i := 0
	sltStatements(t, func(text string) {
		i++
		_, got := parse(text, Options{})
		if i%97 == 0 || got != nil {
			c.add(text, o.parse(text), got)
		}
	})
	c.log(t)
	if c.tooLenient+c.tooStrict > 0 {
		t.Error("verdicts differ")
	}
}

// mutate deletes, doubles or swaps a token, or cuts the text off after one.
func mutate(rng *rand.Rand, text string) string {
	var toks lex.Tokens
	if lex.Scan(text, lex.Mode{}, &toks) != nil || len(toks.List) < 3 {
		return text
	}
	l := toks.List[:len(toks.List)-1]
	a := l[rng.Intn(len(l))]
	b := l[rng.Intn(len(l))]
	if a.Start > b.Start {
		a, b = b, a
	}
	switch rng.Intn(4) {
	case 0:
		return text[:a.Start] + text[a.End:]
	case 1:
		return text[:a.End] + " " + text[a.Start:]
	case 2:
		if a == b {
			return text
		}
		return text[:a.Start] + text[b.Start:b.End] + text[a.End:b.Start] + text[a.Start:a.End] + text[b.End:]
	}
	return text[:a.End]
}

// TestGoldenAgreesWithPostgres: the golden statements in PostgreSQL's own
// language parse there too, and the errors are the same.
func TestGoldenAgreesWithPostgres(t *testing.T) {
	o := newOracle(t)
	var c comparison
	for _, file := range goldenFiles(t) {
		if strings.Contains(file, "cachalot") || strings.Contains(file, "bare") {
			continue
		}
		for _, g := range readGolden(t, file) {
			_, got := parse(g.text, Options{})
			c.add(g.text, o.parse(g.text), got)
		}
	}
	c.log(t)
	if c.tooLenient+c.tooStrict > 0 {
		t.Error("verdicts differ")
	}
}
