package sqltest

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Block is one step of a script.
type Block struct {
	Line     int // of its first line, from 1
	Comment  []string
	Head     string
	Session  string
	Sorted   bool
	Names    bool
	Cachalot bool
	SQL      string
	Want     string // each line ends with a newline
}

// Read reads a script.
func Read(path string) ([]Block, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var blocks []Block
	var b *Block
	var comment []string
	inOutput := false
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 16<<20)
	for n := 1; sc.Scan(); n++ {
		line := sc.Text()
		switch {
		case b == nil && (line == "" || strings.HasPrefix(line, "#")):
			comment = append(comment, line)
		case b == nil:
			blocks = append(blocks, Block{Line: n, Head: line, Comment: comment})
			b, comment, inOutput = &blocks[len(blocks)-1], nil, false
			if err := b.parseHead(); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", path, n, err)
			}
		case line == "----" && !inOutput:
			inOutput = true
		case line == "" && inOutput:
			b = nil
		case inOutput:
			b.Want += line + "\n"
		default:
			b.SQL += line + "\n"
		}
	}
	return blocks, sc.Err()
}

func (b *Block) parseHead() error {
	words := strings.Fields(b.Head)
	if words[0] != "sql" {
		return fmt.Errorf("unknown block %q", b.Head)
	}
	for i := 1; i < len(words); i++ {
		switch words[i] {
		case "session":
			if i++; i == len(words) {
				return fmt.Errorf("session without name")
			}
			b.Session = words[i]
		case "sorted":
			b.Sorted = true
		case "names":
			b.Names = true
		case "cachalot":
			b.Cachalot = true
		default:
			return fmt.Errorf("unknown word %q", words[i])
		}
	}
	return nil
}

// Write writes a script back.
func Write(path string, blocks []Block) error {
	var out strings.Builder
	for i, b := range blocks {
		comment := b.Comment
		if i > 0 {
			out.WriteByte('\n')
			for len(comment) > 0 && comment[0] == "" {
				comment = comment[1:]
			}
		}
		for _, c := range comment {
			out.WriteString(c + "\n")
		}
		out.WriteString(b.Head + "\n" + b.SQL + "----\n" + b.Want)
	}
	return os.WriteFile(path, []byte(out.String()), 0o644)
}

// Runner runs one block and returns its output.
type Runner interface {
	Run(b *Block) string
	Close()
}

// sortLines sorts the lines of rows, which are those before the first that begins a message.
func sortLines(lines []string) { slices.Sort(lines) }
