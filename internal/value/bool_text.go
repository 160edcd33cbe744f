package value

// boolWords are the spellings of a boolean, each with the least length of a prefix of it
// that is accepted: "o" alone could be "on" or "off".
var boolWords = [...]struct {
	word  string
	least int
	value bool
}{
	{"true", 1, true}, {"false", 1, false}, {"yes", 1, true}, {"no", 1, false},
	{"on", 2, true}, {"off", 2, false}, {"1", 1, true}, {"0", 1, false},
}

func parseBool(s string) (bool, error) {
	if len(s) == 1 && s[0] == 't' {
		return true, nil
	}
	t := trimSpace(s)
	for _, w := range boolWords {
		if len(t) >= w.least && len(t) <= len(w.word) && equalFold(t, w.word[:len(t)]) {
			return w.value, nil
		}
	}
	return false, errSyntax("boolean", s)
}
