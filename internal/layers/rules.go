package layers

import (
	"fmt"
	"sort"
	"strings"
)

// A pattern is a package's path, or a path and all below it.
type pattern string

func (p pattern) matches(pkg string) bool {
	root, tree := strings.CutSuffix(string(p), "/...")
	return pkg == root || tree && strings.HasPrefix(pkg, root+"/")
}

// order is the parsed Rules: what stands below each pattern, near and far.
type order struct {
	below map[pattern]map[pattern]bool
}

// parseRules reads text in the form of Rules.
func parseRules(text string) (*order, error) {
	o := &order{below: map[pattern]map[pattern]bool{}}
	for _, line := range statements(text) {
		low, high, ok := strings.Cut(line, "<")
		if !ok {
			return nil, fmt.Errorf("rule %q has no <", line)
		}
		lows := names(low)
		for _, h := range names(high) {
			if o.below[h] == nil {
				o.below[h] = map[pattern]bool{}
			}
			for _, l := range lows {
				if l == "NONE" {
					continue
				}
				// A rule stands after those of what it names, which also keeps circles out.
				reach, known := o.below[l]
				if !known {
					return nil, fmt.Errorf("rule %q names %s, which has no rule above it", line, l)
				}
				o.below[h][l] = true
				for r := range reach {
					o.below[h][r] = true
				}
			}
		}
	}
	return o, nil
}

// place returns the pattern of a package: the longest one that matches.
func (o *order) place(pkg string) (pattern, bool) {
	var best pattern
	for p := range o.below {
		if p.matches(pkg) && len(p) > len(best) {
			best = p
		}
	}
	return best, best != ""
}

// allows says whether one package may import another. Packages of one tree are free among themselves.
func (o *order) allows(from, to string) error {
	fromPlace, ok := o.place(from)
	if !ok {
		return fmt.Errorf("%s has no place in Rules", from)
	}
	toPlace, ok := o.place(to)
	if !ok {
		return fmt.Errorf("%s has no place in Rules", to)
	}
	if fromPlace == toPlace || o.below[fromPlace][toPlace] {
		return nil
	}
	return fmt.Errorf("%s imports %s, which does not stand below it", from, to)
}

// patterns returns all patterns, sorted.
func (o *order) patterns() []pattern {
	var all []pattern
	for p := range o.below {
		all = append(all, p)
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	return all
}

// modules is the parsed Modules: who may import a module.
type modules map[string][]pattern

func parseModules(text string) (modules, error) {
	m := modules{}
	for _, line := range statements(text) {
		name, users, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("line %q has no colon", line)
		}
		m[strings.TrimSpace(name)] = names(users)
	}
	return m, nil
}

// allows says whether a package may import a path of another module.
func (m modules) allows(from, path string) error {
	for module, users := range m {
		if path != module && !strings.HasPrefix(path, module+"/") {
			continue
		}
		for _, u := range users {
			if u.matches(from) {
				return nil
			}
		}
		return fmt.Errorf("%s imports %s, which Modules keeps to %s", from, path, users)
	}
	return fmt.Errorf("%s imports %s, which Modules does not name", from, path)
}

// statements splits text at semicolons, without comments.
func statements(text string) []string {
	var code strings.Builder
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		code.WriteString(line + "\n")
	}
	var all []string
	for s := range strings.SplitSeq(code.String(), ";") {
		if s = strings.TrimSpace(s); s != "" {
			all = append(all, s)
		}
	}
	return all
}

func names(list string) []pattern {
	var all []pattern
	for n := range strings.SplitSeq(list, ",") {
		if n = strings.TrimSpace(n); n != "" {
			all = append(all, pattern(n))
		}
	}
	return all
}
