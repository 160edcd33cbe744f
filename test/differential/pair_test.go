package differential

import (
	"fmt"
	"strings"
	"sync"

	"github.com/cachalotdb/cachalot/internal/sqlgen"
)

// pair is the two engines with the same data.
type pair struct {
	here, there *target
}

// both runs a text on both sides at once.
func (p *pair) both(sql string, extended bool) (ours, theirs *answer) {
	var wg sync.WaitGroup
	wg.Go(func() { theirs = p.there.run(sql) })
	if extended {
		ours = p.here.runExtended(sql)
	} else {
		ours = p.here.run(sql)
	}
	wg.Wait()
	return ours, theirs
}

// load empties both sides and makes the schema there. What only one of the two takes is an error; an index that
// we refuse is left out.
func (p *pair) load(s *sqlgen.Schema) error {
	if err := p.here.reset(); err != nil {
		return err
	}
	if err := p.there.reset(); err != nil {
		return err
	}
	after := s.After
	s.After = nil
	if ours, theirs := p.both(strings.Join(s.Script(), "; "), false); ours.code != "" || theirs.code != "" {
		return fmt.Errorf("%s\nhere: %s\nPostgreSQL: %s", strings.Join(s.Script(), ";\n"), ours, theirs)
	}
	for _, sql := range after {
		ours := p.here.run(sql)
		if ours.code == "0A000" && strings.HasPrefix(sql, "create index") {
			continue
		}
		if theirs := p.there.run(sql); theirs.code != ours.code {
			return fmt.Errorf("%s\nhere: %s\nPostgreSQL: %s", sql, ours, theirs)
		}
		s.After = append(s.After, sql)
	}
	return nil
}

// ask runs a statement on both sides and compares. A write is rolled back, after the tables have been compared. careful
// is for the shrinker, which asks all questions of the simple protocol.
func (p *pair) ask(st *sqlgen.Statement, careful bool) (kind, *answer, *answer) {
	tr := traits{ordered: st.Ordered, loose: st.Loose}
	if !st.Writes {
		sql := st.String()
		ours, theirs := p.both(sql, !careful && len(sql)%4 == 0)
		k := compare(ours, theirs, tr)
		if k == same && st.Inexact && ours.code == "" {
			if again := p.here.run(sql); !identical(ours, again) && st.Ordered {
				return unrepeatable, again, ours
			}
		}
		return k, ours, theirs
	}
	p.both("begin", false)
	defer p.both("rollback", false)
	ours, theirs := p.both(st.String(), false)
	if k := compare(ours, theirs, tr); k != same || ours.code != "" {
		return k, ours, theirs
	}
	for _, t := range st.Tables {
		mine, yours := p.both("select * from "+t, false)
		if k := compare(mine, yours, tr); k != same {
			return k, mine, yours
		}
	}
	return same, ours, theirs
}

// explain runs EXPLAIN of a statement here, which must not fail.
func (p *pair) explain(st *sqlgen.Statement) *answer {
	if !st.Writes {
		return p.here.run("explain " + st.String())
	}
	p.here.run("begin")
	defer p.here.run("rollback")
	return p.here.run("explain " + st.String())
}
