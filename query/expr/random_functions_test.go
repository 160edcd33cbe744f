package expr

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

var (
	functionCases = flag.Int("functions", 5000, "how many random calls to compare with -postgres")
	functionSeed  = flag.Uint64("functionseed", 1, "seed of the random calls")
)

// TestRandomFunctions compares random calls of exact functions on numbers and texts with PostgreSQL. With -functionseed 0
// it writes testdata/golden_random.txt.
func TestRandomFunctions(t *testing.T) {
	if *postgresDSN == "" {
		t.Skip("no -postgres")
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, *postgresDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	r := rand.New(rand.NewPCG(*functionSeed, 1))
	var out strings.Builder
	bad := 0
	for range *functionCases {
		text := randomCall(r)
		want := askPostgresAbout(ctx, t, conn, text, "")
		if *functionSeed == 0 {
			out.WriteString(text + "\t" + want + "\n")
		}
		if got := goldenAnswer(text); got != want {
			t.Errorf("%s\n got %q\nwant %q", text, got, want)
			if bad++; bad > 30 {
				t.FailNow()
			}
		}
	}
	if *functionSeed == 0 {
		if err := os.WriteFile("testdata/golden_random.txt", []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func pick(r *rand.Rand, list ...string) string { return list[r.IntN(len(list))] }

// randomCall draws a call: # stands for a numeric, @ for an integer, $ for a small one, ~ for a text.
func randomCall(r *rand.Rand) string {
	shape := pick(r, "# + #", "# - #", "# * #", "# / #", "# % #", "power(#, $)", "power(#, #)", "exp(#)", "ln(#)", "log(#)", "log(#, #)", "sqrt(#)",
		"div(#, #)", "gcd(#, #)", "lcm(#, #)", "round(#, $)", "trunc(#, $)", "round(#)", "ceil(#)", "floor(#)", "sign(#)", "abs(#)", "scale(#)",
		"min_scale(#)", "trim_scale(#)", "width_bucket(#, #, #, $)", "(#)::int", "(#)::bigint", "(#)::numeric(10,3)", "(#)::text", "(#)::float8",
		"(#)::real", "# < #", "# = #", "factorial($)", "gcd(@, @)", "lcm(@, @)", "@ / @", "@ % @", "@ * @", "@ << $", "@ >> $", "@ & @", "@ | @",
		"@ # @", "~@", "mod(@, @)", "to_hex(@)", "(@)::float8", "round((#)::float8)", "(@)::numeric / @", "pg_size_pretty(#)",
		"pg_size_pretty((@)::bigint)", "substr(~, $, $)", "left(~, $)", "right(~, $)", "lpad(~, $, ~)", "rpad(~, $, ~)", "split_part(~, ~, $)",
		"overlay(~ placing ~ from $ for $)", "translate(~, ~, ~)", "replace(~, ~, ~)", "btrim(~, ~)", "ltrim(~, ~)", "rtrim(~, ~)",
		"strpos(~, ~)", "repeat(~, $)", "reverse(~)", "initcap(~)", "upper(~)", "lower(~)", "~ like ~", "~ ilike ~", "~ similar to ~",
		"quote_ident(~)", "quote_literal(~)", "encode(convert_to(~, 'UTF8'), 'base64')", "encode(convert_to(~, 'UTF8'), 'escape')",
		"decode(~, 'escape')", "decode(~, 'base64')", "format(~, ~, $)", "ascii(~)", "length(~)", "md5(~)", "~ || ~", "~ < ~",
		"starts_with(~, ~)", "regexp_replace(~, ~, ~)", "regexp_replace(~, ~, ~, 'g')", "regexp_split_to_array(~, ~)", "regexp_count(~, ~)",
		"string_to_array(~, ~)", "parse_ident(~)", "unistr(~)", "concat_ws(~, ~, $, ~)", "set_bit(convert_to(~, 'UTF8'), $, 1)",
		"get_byte(convert_to(~, 'UTF8'), $)", "substring(convert_to(~, 'UTF8') from $ for $)", "normalize(~)", "like_escape(~, ~)",
		"similar_to_escape(~, ~)")
	var b strings.Builder
	quoted := false
	for _, c := range shape {
		if c == '\'' {
			quoted = !quoted
		}
		switch {
		case quoted || !strings.ContainsRune("#@$~", c):
			b.WriteRune(c)
		case c == '#' && !(shape == "@ # @"):
			b.WriteString(randomNumeric(r))
		case c == '@':
			b.WriteString(fmt.Sprintf("(%s)", pick(r, "0", "1", "-1", "7", "-12", "255", "2147483647", "-2147483648", "9223372036854775807", "-9223372036854775808", "1000000007", "462", "32767::smallint", "-5::bigint")))
		case c == '$':
			b.WriteString(fmt.Sprintf("(%d)", r.IntN(14)-4))
		case c == '~' && !(shape == "~@"):
			b.WriteString(randomText(r))
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

func randomNumeric(r *rand.Rand) string {
	if r.IntN(25) == 0 {
		return pick(r, "'NaN'::numeric", "'Infinity'::numeric", "'-Infinity'::numeric", "0.000", "1e30", "1e-30", "0")
	}
	var b strings.Builder
	for range 1 + r.IntN(r.IntN(12)+1) {
		b.WriteByte(byte('0' + r.IntN(10)))
	}
	if r.IntN(3) > 0 {
		b.WriteByte('.')
		for range 1 + r.IntN(r.IntN(16)+1) {
			b.WriteByte(byte('0' + r.IntN(10)))
		}
	}
	return pick(r, "(", "(-") + strings.TrimLeft(b.String(), "0") + "0)::numeric"
}

func randomText(r *rand.Rand) string {
	if r.IntN(12) == 0 {
		return pick(r, "null", "''", "'a'::char(3)", "'ab'::varchar(5)")
	}
	var b strings.Builder
	for range 1 + r.IntN(7) {
		b.WriteString(pick(r, "a", "b", "A", " ", "é", "%", "_", `\`, ",", "1", "ab", ".", "(", "\"", "''", "|", "x", "$s", "=", "Z"))
	}
	return "'" + b.String() + "'"
}
