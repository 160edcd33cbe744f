package value

import (
	"bufio"
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/zeebo/xxh3"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// The files of testdata/oracle hold one operation a line with what PostgreSQL 15 answered:
//
//	parse "numeric" "1e5" "" -> "100000"
//	op "numeric" "1" "/" "0" -> ! 22012 "division by zero" "" ""
//
// An answer is the text, NULL, or an error: SQLSTATE, message, detail, hint, and where in a
// JSON text. To ask a
// server again (after adding lines, whose answers may be left empty):
//
//	go test ./internal/value -run TestOracle -pg "host=/tmp user=postgres"
var oracleDSN = flag.String("pg", "", "connection string of a PostgreSQL 15 that rewrites the answers of testdata/oracle")

// oracleNow is what the server's now() is pinned to where dates depend on it: never.
var oracleNow = mustParse(Timestamptz, "2024-02-29 13:14:15.161718+00").Int()

func mustParse(k Kind, s string) Value {
	v, err := Parse(Of(k), s, DefaultStyle())
	if err != nil {
		panic(fmt.Sprintf("parse %s %q: %v", k, s, err))
	}
	return v
}

func TestOracle(t *testing.T) {
	files, err := filepath.Glob("testdata/oracle/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no oracle files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			if *oracleDSN != "" {
				askOracle(t, file)
			}
			checkOracle(t, file)
		})
	}
}

// oracleCase is one line.
type oracleCase struct {
	line   int
	args   []string // the operation first
	answer string   // as written, after the arrow
}

func readOracle(t *testing.T, file string) (cases []oracleCase, lines []string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, 1<<20)
	for n := 1; scan.Scan(); n++ {
		line := scan.Text()
		lines = append(lines, line)
		if line == "" || line[0] == '#' {
			continue
		}
		c, err := parseOracleLine(line)
		if err != nil {
			t.Fatalf("%s:%d: %v", file, n, err)
		}
		c.line = n
		cases = append(cases, c)
	}
	return cases, lines
}

func parseOracleLine(line string) (oracleCase, error) {
	var c oracleCase
	op, rest, _ := strings.Cut(line, " ")
	c.args = append(c.args, op)
	for {
		rest = strings.TrimLeft(rest, " ")
		if after, ok := strings.CutPrefix(rest, "->"); ok {
			c.answer = strings.TrimSpace(after)
			return c, nil
		}
		if rest == "" {
			return c, nil
		}
		q, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return c, fmt.Errorf("%q: %w", rest, err)
		}
		arg, _ := strconv.Unquote(q)
		c.args = append(c.args, arg)
		rest = rest[len(q):]
	}
}

func formatAnswer(text string, null bool, err error) string {
	if err != nil {
		e := sqlerr.As(err)
		if e == nil {
			return "! " + strconv.Quote(err.Error())
		}
		text := fmt.Sprintf("! %s %q %q %q", e.Code, e.Message, e.Detail, e.Hint)
		if where, _, _ := strings.Cut(e.Where, "\n"); strings.HasPrefix(where, "JSON data") {
			text += " " + strconv.Quote(where)
		}
		return text
	}
	if null {
		return "NULL"
	}
	if len(text) > maxAnswer {
		return fmt.Sprintf("%q... %d bytes, xxh3 %016x", text[:40], len(text), xxh3.HashString(text))
	}
	return strconv.Quote(text)
}

// maxAnswer is the length from which on an answer is kept as its hash.
const maxAnswer = 500

func checkOracle(t *testing.T, file string) {
	cases, _ := readOracle(t, file)
	bad := 0
	for _, c := range cases {
		text, null, err := evalOracle(c.args)
		if got := formatAnswer(text, null, err); got != c.answer {
			t.Errorf("%s:%d: %q\n got %s\nwant %s", file, c.line, c.args, got, c.answer)
			if bad++; bad > 60 {
				t.Fatal("too many")
			}
		}
	}
}

// askOracle rewrites the answers of a file with the server's.
func askOracle(t *testing.T, file string) {
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, *oracleDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	cases, lines := readOracle(t, file)
	for _, c := range cases {
		sql, err := oracleSQL(c.args)
		if err != nil {
			t.Fatalf("%s:%d: %v", file, c.line, err)
		}
		var quoted []string
		for _, a := range c.args[1:] {
			quoted = append(quoted, strconv.Quote(a))
		}
		lines[c.line-1] = c.args[0] + " " + strings.Join(quoted, " ") + " -> " + ask(ctx, conn, sql)
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func ask(ctx context.Context, conn *pgconn.PgConn, sql string) string {
	results, err := conn.Exec(ctx, sql).ReadAll()
	if pe, ok := err.(*pgconn.PgError); ok {
		return formatAnswer("", false, &sqlerr.Error{Code: pe.Code, Message: pe.Message, Detail: pe.Detail, Hint: pe.Hint, Where: pe.Where})
	}
	if err != nil {
		return formatAnswer("", false, err)
	}
	last := results[len(results)-1]
	v := last.Rows[0][0]
	return formatAnswer(string(v), v == nil, nil)
}

// sqlText quotes a literal.
func sqlText(s string) string {
	return "E'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// parseStyle reads "sql,dmy Europe/Paris intervals=iso_8601": DateStyle, TimeZone and others, any may be missing.
func parseStyle(s string) (*Style, string) {
	st := DefaultStyle()
	st.Now = oracleNow
	var sql strings.Builder
	sql.WriteString("SET datestyle = 'iso,mdy'; SET timezone = 'UTC'; SET bytea_output = 'hex'; SET extra_float_digits = 1; SET intervalstyle = 'postgres';")
	for word := range strings.FieldsSeq(s) {
		style, order, isStyle := strings.Cut(word, ",")
		switch {
		case isStyle:
			st.DateFormat = map[string]DateFormat{"iso": DateISO, "sql": DateSQL, "postgres": DatePostgres, "german": DateGerman}[style]
			st.DateOrder = map[string]DateOrder{"mdy": OrderMDY, "dmy": OrderDMY, "ymd": OrderYMD}[order]
			fmt.Fprintf(&sql, "SET datestyle = '%s';", word)
		case word == "escape":
			st.ByteaEscape = true
			sql.WriteString("SET bytea_output = 'escape';")
		case strings.HasPrefix(word, "intervals="):
			name := word[len("intervals="):]
			st.Intervals = map[string]IntervalStyle{"postgres_verbose": IntervalPostgresVerbose, "sql_standard": IntervalSQL,
				"iso_8601": IntervalISO}[name]
			fmt.Fprintf(&sql, "SET intervalstyle = '%s';", name)
		case strings.HasPrefix(word, "digits="):
			st.FloatDigits, _ = strconv.Atoi(word[len("digits="):])
			fmt.Fprintf(&sql, "SET extra_float_digits = %d;", st.FloatDigits)
		default:
			loc, err := LoadZoneName(word)
			if err != nil {
				panic(err)
			}
			st.Location = loc
			fmt.Fprintf(&sql, "SET timezone = '%s';", word)
		}
	}
	return st, sql.String()
}

// parseTypeText reads "numeric(10,2)[]".
func parseTypeText(s string) Type {
	name, array := strings.CutSuffix(s, "[]")
	mod := int32(-1)
	if i := strings.IndexByte(name, '('); i >= 0 {
		var p, q int
		n, _ := fmt.Sscanf(name[i:], "(%d,%d)", &p, &q)
		if n == 0 {
			fmt.Sscanf(name[i:], "(%d)", &p)
		}
		end := strings.IndexByte(name, ')')
		name = name[:i] + name[end+1:]
		switch name {
		case "numeric":
			mod = NumericTypmod(p, q)
		case "varchar", "bpchar":
			mod = CharTypmod(p)
		default:
			mod = int32(p)
		}
	}
	k, ok := ParseTypeName(name)
	if !ok {
		panic("type " + s)
	}
	if array {
		k = k.Array()
	}
	return Type{Kind: k, Mod: mod}
}

// oracleSQL is the statement that asks for a case.
func oracleSQL(a []string) (string, error) {
	switch a[0] {
	case "parse": // type, text, style
		_, set := parseStyle(a[3])
		return set + "SELECT " + sqlText(a[2]) + "::" + a[1], nil
	case "binary": // type, text: hex of the wire form
		name := parseTypeText(a[1]).Kind
		send := name.CatalogName() + "_send"
		switch {
		case name.IsArray():
			send = "array_send"
		case name == Time, name == Timetz, name == Interval, name == JSON:
		case name == Date, name == Timestamp, name == Timestamptz, name == UUID, name == JSONB, name == Numeric:
			send = map[Kind]string{Date: "date_send", Timestamp: "timestamp_send", Timestamptz: "timestamptz_send",
				UUID: "uuid_send", JSONB: "jsonb_send", Numeric: "numeric_send"}[name]
		case name == Float4, name == OID, name == Name, name == Char, name == Regtype:
			send = name.CatalogName() + "send"
		case name == Bool, name == Int2, name == Int4, name == Int8, name == Float8, name == Bytea, name == Text, name == Varchar, name == Bpchar:
			send = name.CatalogName() + "send"
		}
		return "SET timezone = 'UTC'; SELECT encode(" + send + "(" + sqlText(a[2]) + "::" + a[1] + "), 'hex')", nil
	case "cmp": // type, a, b
		x, y := sqlText(a[2])+"::"+a[1], sqlText(a[3])+"::"+a[1]
		if k := parseTypeText(a[1]).Kind; k == Text || k == Bpchar {
			x += ` COLLATE "C"`
		}
		return fmt.Sprintf("SET timezone = 'UTC'; SELECT (%s > %s)::int - (%s < %s)::int", x, y, x, y), nil
	case "op": // numeric a op b
		return fmt.Sprintf("SELECT %s::numeric %s %s::numeric", sqlText(a[1]), a[2], sqlText(a[3])), nil
	case "fn": // name, numeric arguments
		args := make([]string, len(a)-2)
		for i, x := range a[2:] {
			args[i] = sqlText(x) + "::numeric"
			if i == 1 && (a[1] == "round" || a[1] == "trunc") {
				args[i] = sqlText(x) + "::int"
			}
		}
		return "SELECT " + a[1] + "(" + strings.Join(args, ", ") + ")", nil
	case "agg": // name, numerics
		return "SELECT " + a[1] + "(x::numeric) FROM unnest(ARRAY[" + quoteAll(a[2:]) + "]::text[]) x", nil
	case "cast": // from, text, to, style
		_, set := parseStyle(a[4])
		// The first cast must not be folded into the second by being a literal's own type.
		return set + "SELECT x::" + a[3] + " FROM (SELECT " + sqlText(a[2]) + "::" + a[1] + " AS x OFFSET 0) q", nil
	case "assign": // from, text, to
		return "CREATE TEMP TABLE IF NOT EXISTS assign_t(); DROP TABLE assign_t; CREATE TEMP TABLE assign_t (x " + a[3] +
			"); INSERT INTO assign_t SELECT x FROM (SELECT " + sqlText(a[2]) + "::" + a[1] + " AS x OFFSET 0) q RETURNING x", nil
	case "extract": // field, type, text, style
		_, set := parseStyle(a[4])
		return set + "SELECT extract(" + a[1] + " FROM " + sqlText(a[3]) + "::" + a[2] + ")", nil
	case "date_part":
		_, set := parseStyle(a[4])
		return set + "SELECT date_part(" + sqlText(a[1]) + ", " + sqlText(a[3]) + "::" + a[2] + ")", nil
	case "date_trunc":
		_, set := parseStyle(a[4])
		return set + "SELECT date_trunc(" + sqlText(a[1]) + ", " + sqlText(a[3]) + "::" + a[2] + ")", nil
	case "atzone": // type, text, zone
		return "SET timezone = 'UTC'; SET datestyle = 'iso,mdy'; SELECT " + sqlText(a[2]) + "::" + a[1] + " AT TIME ZONE " + sqlText(a[3]), nil
	case "date+": // date, days
		return "SELECT " + sqlText(a[1]) + "::date + " + a[2], nil
	case "date-":
		return "SELECT " + sqlText(a[1]) + "::date - " + sqlText(a[2]) + "::date", nil
	case "json": // function, document, argument
		return jsonSQL(a)
	}
	return "", fmt.Errorf("unknown operation %q", a[0])
}

func quoteAll(list []string) string {
	q := make([]string, len(list))
	for i, s := range list {
		q[i] = sqlText(s)
	}
	return strings.Join(q, ", ")
}

func jsonSQL(a []string) (string, error) {
	doc := sqlText(a[2]) + "::jsonb"
	switch a[1] {
	case "->", "->>", "?":
		return "SELECT " + doc + " " + a[1] + " " + sqlText(a[3]) + "::text", nil
	case "->i":
		return "SELECT " + doc + " -> " + a[3], nil
	case "#>":
		return "SELECT " + doc + " #> " + sqlText(a[3]) + "::text[]", nil
	case "@>":
		return "SELECT " + doc + " @> " + sqlText(a[3]) + "::jsonb", nil
	case "typeof":
		return "SELECT jsonb_typeof(" + doc + ")", nil
	case "length":
		return "SELECT jsonb_array_length(" + doc + ")", nil
	case "to_jsonb": // type, text
		return "SET timezone = 'UTC'; SET datestyle = 'iso,mdy'; SELECT to_jsonb(" + sqlText(a[3]) + "::" + a[2] + ")", nil
	}
	return "", fmt.Errorf("unknown json function %q", a[1])
}

// evalOracle is our own answer to a case.
func evalOracle(a []string) (text string, null bool, err error) {
	v, st, err := evalCase(a)
	if err != nil || v.IsNull() {
		return "", v.IsNull(), err
	}
	return string(AppendText(nil, v, st)), false, nil
}

func parseText(typ, s string, st *Style) (Value, error) {
	// A literal's cast is explicit: varchar(n) truncates.
	return Cast(NewBytes(Unknown, s), parseTypeText(typ), CastExplicit, st)
}

func evalCase(a []string) (Value, *Style, error) {
	st := DefaultStyle()
	switch a[0] {
	case "parse":
		st, _ = parseStyle(a[3])
		v, err := parseText(a[1], a[2], st)
		return v, st, err
	case "binary":
		v, err := parseText(a[1], a[2], st)
		if err != nil {
			return v, st, err
		}
		b := AppendBinary(nil, v)
		if back, err := ParseBinary(Of(v.Kind()), b); err != nil || back != v {
			return v, st, fmt.Errorf("binary round trip of %v: %v, %v", v, back, err)
		}
		return NewText(hex.EncodeToString(b)), st, nil
	case "cmp":
		x, err := parseText(a[1], a[2], st)
		if err != nil {
			return x, st, err
		}
		y, err := parseText(a[1], a[3], st)
		if err != nil {
			return y, st, err
		}
		return NewInt(Int4, int64(Compare(x, y))), st, nil
	case "op":
		v, err := evalOp(a)
		return v, st, err
	case "fn":
		v, err := evalFn(a)
		return v, st, err
	case "agg":
		var s, half NumericSum
		for i, x := range a[2:] {
			n, err := parseNumeric(x)
			if err != nil {
				return n, st, err
			}
			if i%2 == 0 {
				s.Add(n)
			} else {
				half.Add(n)
			}
		}
		s.Merge(&half)
		if a[1] == "avg" {
			v, err := s.Avg()
			return v, st, err
		}
		if s.Count() == 0 {
			return Null(Numeric), st, nil
		}
		v, err := s.Sum()
		return v, st, err
	case "cast", "assign":
		ctx := CastAssignment
		if a[0] == "cast" {
			ctx = CastExplicit
			st, _ = parseStyle(a[4])
		}
		v, err := parseText(a[1], a[2], st)
		if err != nil {
			return v, st, err
		}
		v, err = Cast(v, parseTypeText(a[3]), ctx, st)
		return v, st, err
	case "extract", "date_part", "date_trunc":
		st, _ = parseStyle(a[4])
		v, err := parseText(a[2], a[3], st)
		if err != nil {
			return v, st, err
		}
		switch a[0] {
		case "extract":
			v, err = Extract(a[1], v, st)
		case "date_part":
			v, err = DatePart(a[1], v, st)
		default:
			if v.Kind() == Date {
				if v, err = DateToTimestamptz(v, st.Location); err != nil {
					return v, st, err
				}
			}
			v, err = DateTrunc(a[1], v, st.Location)
		}
		return v, st, err
	case "atzone":
		v, err := parseText(a[1], a[2], st)
		if err != nil {
			return v, st, err
		}
		if isInfinite(v.Int()) { // PostgreSQL does not look at the zone then
			return v, st, nil
		}
		loc, err := LoadZone(a[3])
		if err != nil {
			return v, st, err
		}
		if v.Kind() == Timestamp {
			v, err = TimestampToTimestamptz(v, loc)
		} else {
			v, err = TimestamptzToTimestamp(v, loc)
		}
		return v, st, err
	case "date+":
		v, err := parseText("date", a[1], st)
		if err != nil {
			return v, st, err
		}
		n, _ := strconv.ParseInt(a[2], 10, 64)
		v, err = DateAddDays(v, n)
		return v, st, err
	case "date-":
		x, err := parseText("date", a[1], st)
		if err != nil {
			return x, st, err
		}
		y, err := parseText("date", a[2], st)
		if err != nil {
			return y, st, err
		}
		v, err := DateDiff(x, y)
		return v, st, err
	case "json":
		v, err := evalJSON(a, st)
		return v, st, err
	}
	return Value{}, st, fmt.Errorf("unknown operation %q", a[0])
}

func evalOp(a []string) (Value, error) {
	x, err := parseNumeric(a[1])
	if err != nil {
		return x, err
	}
	y, err := parseNumeric(a[3])
	if err != nil {
		return y, err
	}
	switch a[2] {
	case "+":
		return NumericAdd(x, y)
	case "-":
		return NumericSub(x, y)
	case "*":
		return NumericMul(x, y)
	case "/":
		return NumericDiv(x, y)
	case "%":
		return NumericMod(x, y)
	}
	return NumericPower(x, y)
}

func evalFn(a []string) (Value, error) {
	x, err := parseNumeric(a[2])
	if err != nil {
		return x, err
	}
	var y Value
	n := 0
	if len(a) > 3 {
		if a[1] == "round" || a[1] == "trunc" {
			n, _ = strconv.Atoi(a[3])
		} else if y, err = parseNumeric(a[3]); err != nil {
			return y, err
		}
	}
	switch a[1] {
	case "round":
		return NumericRound(x, n)
	case "trunc":
		return NumericTrunc(x, n)
	case "ceil":
		return NumericCeil(x), nil
	case "floor":
		return NumericFloor(x), nil
	case "abs":
		return NumericAbs(x), nil
	case "sign":
		return NumericSign(x), nil
	case "-":
		return NumericNeg(x), nil
	case "trim_scale":
		return NumericTrimScale(x), nil
	case "scale":
		s, ok := NumericScale(x)
		if !ok {
			return Null(Int4), nil
		}
		return NewInt(Int4, int64(s)), nil
	case "div":
		return NumericDivTrunc(x, y)
	case "sqrt":
		return NumericSqrt(x)
	case "exp":
		return NumericExp(x)
	case "ln":
		return NumericLn(x)
	case "log":
		return NumericLog(x, y)
	case "power":
		return NumericPower(x, y)
	}
	return x, fmt.Errorf("unknown function %q", a[1])
}

func evalJSON(a []string, st *Style) (Value, error) {
	if a[1] == "to_jsonb" {
		v, err := parseText(a[2], a[3], st)
		if err != nil {
			return v, err
		}
		return NewBytes(JSONB, string(ToJSONB(nil, v, st))), nil
	}
	v, err := parseText("jsonb", a[2], st)
	if err != nil {
		return v, err
	}
	doc := v.Bytes()
	found := func(s string, ok bool) (Value, error) {
		if !ok {
			return Null(JSONB), nil
		}
		return NewBytes(JSONB, s), nil
	}
	switch a[1] {
	case "->":
		return found(JSONGet(doc, a[3]))
	case "->>":
		s, ok := JSONGet(doc, a[3])
		if ok {
			s, ok = JSONText(s)
		}
		return found(s, ok)
	case "->i":
		i, _ := strconv.Atoi(a[3])
		return found(JSONIndex(doc, i))
	case "#>":
		path, err := parseText("text[]", a[3], st)
		if err != nil {
			return path, err
		}
		var steps []string
		ArrayEach(Text, path.Bytes(), func(_ int, e Value) bool {
			steps = append(steps, e.Bytes())
			return true
		})
		return found(JSONPath(doc, steps))
	case "?":
		return NewBool(JSONExists(doc, a[3])), nil
	case "@>":
		other, err := parseText("jsonb", a[3], st)
		return NewBool(JSONContains(doc, other.Bytes())), err
	case "typeof":
		return NewText(JSONTypeof(doc)), nil
	case "length":
		n, err := JSONArrayLength(doc)
		return NewInt(Int4, int64(n)), err
	}
	return v, fmt.Errorf("unknown json function %q", a[1])
}
