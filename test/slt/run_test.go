package slt

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"time"
)

// tally counts the records of one run and keeps the first failures.
type tally struct {
	total    int // records for us in the files
	run      int
	passed   int
	refused  int // 0A000 where an answer was expected
	leftOut  int // refused, and named in the list
	wrong    int // anything else
	codes    map[string]int
	failures []string // the first of each outcome of each file
	byFile   []string
}

const (
	shownPerFile = 3   // failures of one SQLSTATE that a file shows
	shownText    = 300 // bytes of a statement that a failure shows
)

// runner plays scripts.
type runner struct {
	open     func() (engine, error)
	baseline baseline
	leftOut  leftOut
	// share of the queries that run, in thousandths; those with one label run together.
	share uint64
	seed  uint64
}

// play plays one script to a database of its own.
func (r *runner) play(s *script, t *tally) error {
	e, err := r.open()
	if err != nil {
		return err
	}
	p := player{runner: r, script: s, engine: e, tally: t, labels: map[string]labelled{}, shown: map[string]int{}}
	before, began := *t, time.Now()
	for i := range s.records {
		p.record(&s.records[i])
	}
	t.byFile = append(t.byFile, fmt.Sprintf("%-42s %6d of %6d run, %6d passed, %6d refused, %6d wrong, %6.1f s", s.name,
		t.run-before.run, len(s.records), t.passed-before.passed, t.refused-before.refused+t.leftOut-before.leftOut, t.wrong-before.wrong,
		time.Since(began).Seconds()))
	return e.close()
}

// player plays the records of one script.
type player struct {
	*runner
	script *script
	engine engine
	tally  *tally
	labels map[string]labelled
	shown  map[string]int // failures shown, by SQLSTATE
}

// labelled is the first result of the queries with a label.
type labelled struct {
	line int
	hash string
}

// sampled says whether the query is drawn. Statements all run: the queries need what they make.
func (p *player) sampled(rec *record) bool {
	if !rec.query || p.share >= 1000 || p.leftOut[p.name(rec)] != "" {
		return true
	}
	h := fnv.New64a()
	unit := rec.label
	if unit == "" {
		unit = fmt.Sprint(rec.line)
	}
	fmt.Fprintf(h, "%d/%s/%s", p.seed, p.script.name, unit)
	return h.Sum64()%1000 < p.share
}

func (p *player) name(rec *record) string { return fmt.Sprintf("%s:%d", p.script.name, rec.line) }

func (p *player) record(rec *record) {
	p.tally.total++
	if !p.sampled(rec) {
		return
	}
	p.tally.run++
	res := p.engine.run(rec.sql)
	problem := p.problem(rec, &res)
	reason := p.leftOut[p.name(rec)]
	switch {
	case problem == "" && reason != "":
		p.tally.wrong++
		p.fail(rec, "stale", "passes, but is listed as left out: "+reason)
	case problem == "":
		p.tally.passed++
	case res.code == "0A000" && reason != "":
		p.tally.leftOut++
	case res.code == "0A000":
		p.tally.refused++
		p.fail(rec, res.code, problem)
	default:
		p.tally.wrong++
		p.fail(rec, res.code, problem)
	}
}

// problem says how the answer to a record differs from what it should be; "" if it doesn't.
func (p *player) problem(rec *record, res *result) string {
	if want := p.baseline.of(p.script.name, rec.line); want != "" {
		return baselineDiffers(want, rec, res)
	}
	switch {
	case rec.fails && res.code == "":
		return "no error where one is expected"
	case rec.fails:
		return ""
	case res.code != "":
		return res.outcome()
	case !rec.query:
		return ""
	}
	values, ok := res.rendered(rec.types, rec.order)
	if !ok {
		return fmt.Sprintf("%d columns, want %d", res.columns, len(rec.types))
	}
	if problem := rec.want.differs(values); problem != "" {
		return problem
	}
	return p.labelDiffers(rec, hashOf(values))
}

func (p *player) labelDiffers(rec *record, hash string) string {
	if rec.label == "" {
		return ""
	}
	first, ok := p.labels[rec.label]
	if !ok {
		p.labels[rec.label] = labelled{rec.line, hash}
		return ""
	}
	if first.hash != hash {
		return fmt.Sprintf("another result than line %d, which has the same label %s", first.line, rec.label)
	}
	return ""
}

func (p *player) fail(rec *record, code, problem string) {
	if code == "" {
		code = "rows"
	}
	if p.tally.codes == nil {
		p.tally.codes = map[string]int{}
	}
	p.tally.codes[code]++
	if p.shown[code]++; p.shown[code] > shownPerFile {
		return
	}
	sql := strings.Join(strings.Fields(rec.sql), " ")
	if len(sql) > shownText {
		sql = sql[:shownText] + " ..."
	}
	p.tally.failures = append(p.tally.failures, fmt.Sprintf("%s: %s\n    %s", p.name(rec), problem, sql))
}

// String reports the counts.
func (t *tally) String() string {
	var b strings.Builder
	for _, line := range t.byFile {
		b.WriteString(line + "\n")
	}
	fmt.Fprintf(&b, "%d records, %d run: %d passed, %d refused with 0A000, %d left out, %d wrong\n", t.total, t.run, t.passed, t.refused, t.leftOut, t.wrong)
	for _, code := range slices.SortedFunc(maps.Keys(t.codes), func(x, y string) int { return t.codes[y] - t.codes[x] }) {
		fmt.Fprintf(&b, "%8d %s\n", t.codes[code], code)
	}
	return b.String()
}
