package query

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/server"
)

// TestParamTypes checks the types that parameters are given where the client leaves them open.
func TestParamTypes(t *testing.T) {
	s := newTestSession(t, open(t))
	s.must("create table t (id int primary key, a int8, b text, c numeric(8,2), d date, e timestamptz, g text[], v varchar(5))")
	for _, c := range []struct{ sql, want string }{
		{"select * from t where id = $1", "integer"},
		{"select * from t where $1 = b and a > $2", "text bigint"},
		{"select * from t where id in ($1, $2)", "integer integer"},
		{"select * from t where id = any($1)", "integer[]"},
		{"select * from t where $1 = any(g)", "text"},
		{"select * from t where g @> $1", "text[]"},
		{"select * from t where d between $1 and $2", "date date"},
		{"select * from t where c < $1 + 1", "integer"},
		{"select * from t where b like $1", "text"},
		{"select * from t where v = $1", "text"},
		{"select id + $1, $2::int8, $3 from t", "integer bigint text"},
		{"select * from t order by id limit $1 offset $2", "bigint bigint"},
		{"insert into t (id, b, c, d, g) values ($1, $2, $3, $4, $5)", "integer text numeric date text[]"},
		{"insert into t (id, b) values ($1, $2), ($3, $4)", "integer text integer text"},
		{"insert into t (id, b) values ($1, default), (5, $2) on conflict (id) do update set b = $3 where t.a = $4 returning $5::text", "integer text text bigint text"},
		{"insert into t (id, a, b) select $1, $2, $3", "integer bigint text"},
		{"insert into t (id, a) select id, $1 from t where b = $2", "bigint text"},
		{"update t set a = $1, e = $2 where id = $3", "bigint timestamp with time zone integer"},
		{"delete from t where id = $1 and e < $2", "integer timestamp with time zone"},
		{"values ($1, 1), (2.5, $2)", "numeric integer"},
		{"select coalesce($1, 5), case when $2 then $3 else 'x' end", "integer boolean text"},
		{"select count(*) from t group by a having count(*) > $1", "bigint"},
		{"select $2, $1::int", "integer text"},
		{"explain select * from t where id = $1", "integer"},
	} {
		p, err := s.Prepare(context.Background(), server.Source{Text: c.sql}, []uint32{})
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		var got []string
		for _, oid := range p.ParamTypes() {
			k, _ := value.KindOfOID(oid)
			got = append(got, k.String())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.sql, got, c.want)
		}
	}
	for sql, code := range map[string]string{
		"select $1 = $2":                          "",
		"select $2::int":                          sqlerr.IndeterminateDatatype,
		"select $1 is null":                       sqlerr.IndeterminateDatatype,
		"select * from t where id = $1 or b = $1": sqlerr.UndefinedFunction,
		"insert into t (id, b) values ($1, $1)":   sqlerr.AmbiguousParameter,
		"select $1 + $2":                          sqlerr.AmbiguousFunction,
		"select 1; select 2":                      sqlerr.SyntaxError,
		"create table x (a int default $1)":       sqlerr.UndefinedParameter,
		"select * from t where id = $0":           sqlerr.UndefinedParameter,
	} {
		_, err := s.Prepare(context.Background(), server.Source{Text: sql}, []uint32{})
		if sqlerr.Code(err) != code {
			t.Errorf("%s: %v, want %s", sql, err, code)
		}
	}
}

// TestPointReads checks that the short path gives what the long one does.
func TestPointReads(t *testing.T) {
	s := newTestSession(t, open(t))
	s.must("create table t (a int, b text, v int, w numeric, primary key (a, b)); insert into t select g, 'k' || g % 3, g * 10, g / 4.0 from generate_series(1, 50) g")
	ctx := context.Background()
	for _, q := range []string{
		"select * from t where a = $1 and b = $2",
		"select v + 1, b || '!', w from t where b = $2 and a = $1 and v > 100",
		"select count(*) from t where a = $1 and b = $2",
		"select v from t where a = $1 and b = $2 and a = 7",
		"select v from t where a = $1 and b = $2 limit 1",
		"select v from t where a = $1 and b in ($2, 'k1') order by v",
	} {
		p, err := s.Prepare(ctx, server.Source{Text: q}, []uint32{})
		if err != nil {
			t.Fatal(err)
		}
		for a := range 52 {
			for _, b := range []string{"k0", "k1", "nope"} {
				portal, err := s.Bind(ctx, p, server.Args{Values: [][]byte{[]byte(fmt.Sprint(a)), []byte(b)}})
				if err != nil {
					t.Fatal(err)
				}
				l := &listing{}
				if _, err := portal.Run(ctx, l, 0); err != nil {
					t.Fatal(err)
				}
				portal.Close()
				// The same without a constant that the planner could take for a key.
				long := strings.NewReplacer("$1", fmt.Sprintf("(%d)", a), "$2", "'"+b+"'", "a =", "a + 0 =").Replace(q)
				if want, got := s.list(long), strings.Join(l.lines, "\n"); want != got {
					t.Fatalf("%s with %d, %s: %q, want %q", q, a, b, got, want)
				}
			}
		}
	}
}

func TestBindErrors(t *testing.T) {
	s := newTestSession(t, open(t))
	s.must("create table t (id int primary key, d date)")
	p, err := s.Prepare(context.Background(), server.Source{Text: "select * from t where id = $1"}, []uint32{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Bind(context.Background(), p, server.Args{Values: [][]byte{[]byte("x")}})
	if sqlerr.Code(err) != sqlerr.InvalidTextRepresentation {
		t.Error(err)
	}
	_, err = s.Bind(context.Background(), p, server.Args{Values: [][]byte{[]byte("abc")}, Formats: []int16{1}})
	if sqlerr.Code(err) != sqlerr.InvalidBinaryRepresentation {
		t.Error(err)
	}
}
