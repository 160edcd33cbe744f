package slt

import (
	"flag"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var (
	seed     = flag.Uint64("slt.seed", 0, "seed of the sample; 0: another each time")
	share    = flag.Uint64("slt.share", 0, "thousandths of the queries to run; 0: all with CACHALOT_FULL=1, else a sample")
	only     = flag.String("slt.only", "", "run only files whose name contains this")
	onWire   = flag.Bool("slt.wire", false, "play the scripts over the wire")
	postgres = flag.String("slt.postgres", "", "DSN of a PostgreSQL to play the scripts to; its public schema is dropped")
)

// sampleShare is how many of a thousand queries a normal run draws.
const sampleShare = 150

// scriptsDir returns where the scripts are. Without them the test is skipped, loudly, in CI too: the
// repository may stand alone there, since the scripts' licence keeps them out of it.
func scriptsDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SLT_DIR")
	if dir == "" {
		dir = "../../../shared/slt"
	}
	if _, err := os.Stat(filepath.Join(dir, "test")); err != nil {
		t.Logf("NO SQLLOGICTEST SCRIPTS: nothing of them is tested here. Set SLT_DIR to a directory that has them: %v", err)
		t.Skip("NO SQLLOGICTEST SCRIPTS")
	}
	return dir
}

// scriptNames lists the scripts below dir.
func scriptNames(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".test") {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if rel = filepath.ToSlash(rel); strings.Contains(rel, *only) {
			names = append(names, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func newRunner(t *testing.T, dir string) *runner {
	t.Helper()
	base, err := readBaseline(filepath.Join(dir, "pg15-baseline.json"))
	if err != nil {
		t.Fatal(err)
	}
	left, err := readLeftOut("testdata/leftout.txt")
	if err != nil {
		t.Fatal(err)
	}
	r := &runner{open: openInProcess, baseline: base, leftOut: left, share: *share, seed: *seed}
	switch {
	case *postgres != "":
		r.open, r.leftOut = func() (engine, error) { return openPostgres(*postgres) }, nil
	case *onWire:
		r.open = openNode
	}
	if r.share == 0 {
		r.share = sampleShare
		if os.Getenv("CACHALOT_FULL") != "" {
			r.share = 1000
		}
	}
	if r.seed == 0 {
		r.seed = rand.Uint64()
	}
	return r
}

// TestScripts plays the scripts: what PostgreSQL 15 passes, passes here.
func TestScripts(t *testing.T) {
	dir := scriptsDir(t)
	r := newRunner(t, dir)
	t.Logf("-slt.seed %d -slt.share %d", r.seed, r.share)
	var counts tally
	for _, name := range scriptNames(t, filepath.Join(dir, "test")) {
		s, err := readScript(filepath.Join(dir, "test"), name)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.play(s, &counts); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	for _, f := range counts.failures {
		t.Log(f)
	}
	t.Logf("\n%s", &counts)
	if counts.refused+counts.wrong > 0 {
		t.Errorf("%d refused, %d wrong", counts.refused, counts.wrong)
	}
	if float64(len(r.leftOut)) > mostLeftOut*float64(counts.total) && *only == "" {
		t.Errorf("%d of %d records are left out, more than %g", len(r.leftOut), counts.total, mostLeftOut)
	}
}
