package slt

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// mostLeftOut is the share of the records that may be left out.
const mostLeftOut = 0.001

// leftOut names the records that we refuse with 0A000, "file:line", with the reason.
type leftOut map[string]string

// readLeftOut reads lines of "file:line reason"; those that begin with # are comments.
func readLeftOut(path string) (leftOut, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := leftOut{}
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		line := strings.TrimSpace(sc.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, reason, _ := strings.Cut(line, " ")
		if strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s: %s is left out without a reason", path, name)
		}
		out[name] = strings.TrimSpace(reason)
	}
	return out, sc.Err()
}
