package differential

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// mostListed is how many differences may be listed.
const mostListed = 20

// listed is a difference that may be: its kind, the two codes and the statement match.
type listed struct {
	kind         kind
	ours, theirs *regexp.Regexp
	statement    *regexp.Regexp
	reason       string
	seen         int
}

// readListed reads testdata/differences.txt: paragraphs of four lines, the kind, two expressions for the codes ("-" where
// there is no error), one for the statement, and the reason.
func readListed(path string) (out []*listed, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var para []string
	flush := func() error {
		if len(para) == 0 {
			return nil
		}
		if len(para) != 4 {
			return fmt.Errorf("%s: %d lines instead of 4: %q", path, len(para), para)
		}
		ours, theirs, _ := strings.Cut(para[1], " ")
		out = append(out, &listed{kind(para[0]), regexp.MustCompile("^(" + ours + ")$"), regexp.MustCompile("^(" + theirs + ")$"), regexp.MustCompile(para[2]), para[3], 0})
		para = nil
		return nil
	}
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		switch line := sc.Text(); {
		case strings.HasPrefix(line, "#"):
		case strings.TrimSpace(line) == "":
			if err := flush(); err != nil {
				return nil, err
			}
		default:
			para = append(para, line)
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	if len(out) > mostListed {
		return nil, fmt.Errorf("%s: %d differences, at most %d may be", path, len(out), mostListed)
	}
	return out, sc.Err()
}

// matches says whether the difference is of a finding.
func (l *listed) matches(f *finding) bool {
	return l.kind == f.kind && l.ours.MatchString(codeOf(f.ours)) && l.theirs.MatchString(codeOf(f.theirs)) && l.statement.MatchString(f.st.String())
}

func codeOf(a *answer) string {
	if a.code == "" {
		return "-"
	}
	return a.code
}
