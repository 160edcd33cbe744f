// Package slt runs the sqllogictest scripts of SLT_DIR (default ../shared/slt beside the
// repository), which are not part of it: see the README there for their format. What PostgreSQL 15
// answers otherwise than a script expects is in that directory's pg15-baseline.json, and
// counts as right; what we refuse is named, with its reason, in testdata/leftout.txt.
//
// Normal runs take a sample of each file's queries, drawn by -slt.seed; CACHALOT_FULL=1 runs all
// records. By default the engine runs in this process; -slt.wire puts the wire in between, and -slt.postgres=DSN
// plays the scripts to PostgreSQL, which proves the runner: nothing may fail.
package slt
