package expr

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

func TestSessionFunctions(t *testing.T) {
	settings := map[string]string{"work_mem": "4MB"}
	c := goldenContext()
	c.Session = &Session{
		User: "u", SessionUser: "s", Database: "d", Version: "v", SearchPath: publicPath, BackendPID: 42,
		Setting: func(name string) (string, bool) { v, ok := settings[name]; return v, ok },
		SetConfig: func(name, val string, local bool) (string, error) {
			settings[name] = val
			return val, nil
		},
		Random:  func() float64 { return 0.5 },
		Entropy: func(b []byte) { clear(b) },
	}
	for _, test := range [][2]string{
		{"current_user", "u"}, {"session_user", "s"}, {"current_database()", "d"}, {"version()", "v"}, {"current_schema", "public"},
		{"pg_backend_pid()", "42"}, {"current_setting('work_mem')", "4MB"}, {"current_setting('nosuch')", "42704"},
		{"current_setting('nosuch', true)", "NULL"}, {"set_config('a.b', 'x', false)", "x"}, {"current_setting('a.b')", "x"},
		{"random()", "0.5"}, {"gen_random_uuid()", "00000000-0000-4000-8000-000000000000"}, {"current_schemas(true)", "{pg_catalog,public}"},
		{"txid_current()", "0A000"}, {"now()", "2025-09-28 00:00:00+00"}, {"current_date", "2025-09-28"},
		{"localtimestamp(0)", "2025-09-28 00:00:00"},
	} {
		e, err := bindText(test[0], nil)
		var v value.Value
		if err == nil {
			v, err = EvalConst(c, e)
		}
		got := sqlerr.Code(err)
		switch {
		case err != nil:
		case v.IsNull():
			got = "NULL"
		default:
			got = string(value.AppendText(nil, v, defaultStyle))
		}
		if got != test[1] {
			t.Errorf("%s is %s (%v), want %s", test[0], got, err, test[1])
		}
	}
}

func TestSleepIsCancelled(t *testing.T) {
	e, err := bindText("pg_sleep(3600)", nil)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		start := time.Now()
		_, err := EvalConst(&Context{Ctx: ctx}, e)
		if sqlerr.Code(err) != sqlerr.QueryCanceled || time.Since(start) != time.Minute {
			t.Errorf("ended after %v with %v", time.Since(start), err)
		}
	})
}

// publicPath is the search path of a new database.
func publicPath(implicit bool) []string {
	if implicit {
		return []string{"pg_catalog", "public"}
	}
	return []string{"public"}
}
