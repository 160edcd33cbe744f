package isolation

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// judgeSerializable says whether ours did what SERIALIZABLE promises.
func judgeSerializable(t *testing.T, pg *target, want, got *trace) {
	t.Helper()
	r := got.run
	if w := want.refused(); r.demand == fails && !w || r.demand == allowed && w {
		t.Fatalf("the script says that this %s, PostgreSQL not:\n%s", r.demand, want)
	}
	w := r.demand == fails || r.demand == "" && want.refused()
	switch g := got.refused(); {
	case g == w && r.reason() != "":
		t.Errorf("no difference, but the script says: %s", r.reason())
	case g != w && r.reason() == "" && w:
		t.Errorf("nobody got 40001:\n%s\nPostgreSQL:\n%s", got, want)
	case g != w && r.reason() == "":
		t.Errorf("40001 for no reason:\n%s\nPostgreSQL:\n%s", got, want)
	}
	if orders, ok := explained(t, pg, got); !ok {
		t.Errorf("no serial order of what was committed explains this (%d tried):\n%s", orders, got)
	}
}

// refused says whether somebody got 40001.
func (tr *trace) refused() bool {
	return slices.ContainsFunc(tr.events, func(e event) bool { return e.answer.code == "40001" })
}

// transaction is what a session committed: its statements and their answers.
type transaction struct {
	session string
	sql     []string
	answers []string
}

// committed returns what was committed, in the order in which it began.
func (tr *trace) committed() []*transaction {
	answers := make([]answer, len(tr.run.steps))
	for _, e := range tr.events {
		if !e.waits {
			answers[e.step] = e.answer
		}
	}
	var all []*transaction
	open := map[string]*transaction{}
	for i, st := range tr.run.steps {
		if strings.HasPrefix(st.sql, `\`) || st.sql == "" {
			delete(open, st.session) // what it has not committed is undone
			continue
		}
		x := open[st.session]
		if x == nil {
			x = &transaction{session: st.session}
			all = append(all, x)
			open[st.session] = x
		}
		x.sql = append(x.sql, tr.sent[i])
		x.answers = append(x.answers, answers[i].text)
		begins := strings.HasPrefix(answers[i].tag, "BEGIN") && answers[i].tag == "BEGIN"
		if tag := answers[i].tag; tag == "COMMIT" || tag == "ROLLBACK" || len(x.sql) == 1 && !begins {
			if tag == "ROLLBACK" || answers[i].code != "" {
				all = slices.DeleteFunc(all, func(y *transaction) bool { return y == x })
			}
			delete(open, st.session)
			continue
		}
		if answers[i].code != "" && isCommit(tr.sent[i]) {
			all = slices.DeleteFunc(all, func(y *transaction) bool { return y == x })
			delete(open, st.session)
		}
	}
	return slices.DeleteFunc(all, func(x *transaction) bool { return open[x.session] == x })
}

func isCommit(sql string) bool {
	word, _, _ := strings.Cut(strings.ToUpper(sql), " ")
	return word == "COMMIT" || word == "END"
}

// explained says whether PostgreSQL gives the same answers, and the same tables in the end, when it
// runs what was committed one after another in some order. A session's own order is kept.
func explained(t *testing.T, pg *target, tr *trace) (orders int, ok bool) {
	t.Helper()
	all := tr.committed()
	if len(all) > 6 {
		t.Fatalf("%d transactions are too many to order", len(all))
	}
	var try func(order, rest []*transaction) bool
	try = func(order, rest []*transaction) bool {
		if len(rest) == 0 {
			orders++
			return replay(t, pg, tr, order)
		}
		for i, x := range rest {
			if slices.ContainsFunc(rest[:i], func(y *transaction) bool { return y.session == x.session }) {
				continue
			}
			if try(append(slices.Clone(order), x), slices.Delete(slices.Clone(rest), i, i+1)) {
				return true
			}
		}
		return false
	}
	ok = try(nil, all)
	return orders, ok
}

// replay says whether the transactions, run in this order, bring what they brought.
func replay(t *testing.T, pg *target, tr *trace, order []*transaction) bool {
	t.Helper()
	emptyPostgres(t)
	prepare(t, pg, tr.run)
	conn := connect(t, pg)
	defer conn.Close(t.Context())
	for _, x := range order {
		for i, sql := range x.sql {
			if a := query(t.Context(), conn, sql); a.text != x.answers[i] {
				return false
			}
		}
	}
	return tables(t, pg, tr.run) == tr.final
}

// String shows a transaction in failures.
func (x *transaction) String() string {
	return fmt.Sprintf("%s: %s", x.session, strings.Join(x.sql, "; "))
}
