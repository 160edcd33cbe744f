package main

import "strings"

// splitter cuts a stream of lines into statements at semicolons that stand outside of
// quotes, comments and dollar quotes. The server has the last word on what they mean.
type splitter struct {
	text strings.Builder // of the statement so far
	in   string          // what it is within: ', ", /*, E' or a dollar quote's tag
	deep int             // of nested comments
}

// empty says whether nothing but space was read since the last statement.
func (s *splitter) empty() bool { return strings.TrimSpace(s.text.String()) == "" }

// rest returns a last statement without a semicolon, "" for none.
func (s *splitter) rest() string {
	text := strings.TrimSpace(s.text.String())
	*s = splitter{}
	return text
}

// add takes a line and returns the statements that end in it.
func (s *splitter) add(line string) []string {
	var done []string
	for len(line) > 0 {
		n, ends := s.step(line)
		if ends {
			if !s.empty() {
				done = append(done, strings.TrimLeft(s.text.String(), " \t\r\n")+";")
			}
			s.text.Reset()
		} else {
			s.text.WriteString(line[:n])
		}
		line = line[n:]
	}
	return done
}

// step returns how many bytes of line belong together, and whether they are a semicolon that ends a statement.
func (s *splitter) step(line string) (n int, ends bool) {
	switch s.in {
	case "":
		return s.outside(line)
	case "/*":
		return s.comment(line), false
	case "E'":
		if line[0] == '\\' && len(line) > 1 {
			return 2, false
		}
		return s.until(line, "'"), false
	default:
		return s.until(line, s.in), false
	}
}

func (s *splitter) outside(line string) (n int, ends bool) {
	switch {
	case line[0] == ';':
		return 1, true
	case strings.HasPrefix(line, "--"):
		return len(line), false
	case strings.HasPrefix(line, "/*"):
		s.in, s.deep = "/*", 1
		return 2, false
	case line[0] == '"':
		s.in = `"`
	case line[0] == '\'':
		s.in = "'"
	case (line[0] == 'e' || line[0] == 'E') && strings.HasPrefix(line[1:], "'"):
		s.in = "E'"
		return 2, false
	case line[0] == '$':
		if tag := dollarTag(line); tag != "" {
			s.in = tag
			return len(tag), false
		}
	case isWord(line[0]):
		n = 1
		for n < len(line) && (isWord(line[n]) || line[n] == '$') {
			n++
		}
		return n, false // whole, so that the e of type'x' and the $ of a$b$ start nothing
	}
	return 1, false
}

func (s *splitter) comment(line string) int {
	switch {
	case strings.HasPrefix(line, "/*"):
		s.deep++
		return 2
	case strings.HasPrefix(line, "*/"):
		if s.deep--; s.deep == 0 {
			s.in = ""
		}
		return 2
	}
	return 1
}

// until ends what s is within where line begins with end.
func (s *splitter) until(line, end string) int {
	if strings.HasPrefix(line, end) {
		s.in = ""
		return len(end)
	}
	return 1
}

// dollarTag returns the tag of a dollar quote that line begins with: $$, $body$.
func dollarTag(line string) string {
	for i := 1; i < len(line); i++ {
		switch {
		case line[i] == '$':
			return line[:i+1]
		case !isWord(line[i]) || i == 1 && line[i] >= '0' && line[i] <= '9':
			return ""
		}
	}
	return ""
}

func isWord(c byte) bool {
	return c == '_' || c >= 0x80 || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}
