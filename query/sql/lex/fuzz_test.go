package lex

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// FuzzScan: no input panics; tokens are in order, and between them are only blanks and
// comments; each token on its own is read as the same token; and its value is the one that a
// second, simpler reading of its bytes gives. Seeds are the statements of real clients.
func FuzzScan(f *testing.F) {
	for _, s := range []string{"SELECT 'a''b', E'\\u0041', U&'\\0041' UESCAPE '!', $a$x$a$, $1 -- c\n/* /* */ */",
		"E'a\\x41\\101\\n\\'' E'\\ud83d\\ude00' U&'\\d83d\\de00\\+000041'",
		"1.5e-3..2 a::b <= >= != == ->> @- \"q\"\"\"", "B'01' X'F' N'x' '1'\n'2' 2021-10-19"} {
		f.Add(s, false)
		f.Add(s, true)
	}
	files, err := filepath.Glob("../../../test/corpus/*.jsonl")
	if err != nil || len(files) == 0 {
		f.Fatalf("no corpus of real traffic: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for i, line := range bytes.Split(data, []byte("\n")) {
			var l struct{ Statement string }
			if i%9 == 0 && json.Unmarshal(line, &l) == nil {
				f.Add(l.Statement, false)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string, bare bool) {
		var toks Tokens
		mode := Mode{BareDates: bare}
		if Scan(text, mode, &toks) != nil {
			return
		}
		end := 0
		for i, tok := range toks.List {
			if int(tok.Start) < end || int(tok.End) > len(text) || tok.End < tok.Start {
				t.Fatalf("token %d %+v after %d in %q", i, tok, end, text)
			}
			if gap := text[end:tok.Start]; tok.Kind != Error && !isGap(gap) {
				t.Fatalf("lost %q before %+v in %q", gap, tok, text)
			}
			end = int(tok.End)
			if last := i == len(toks.List)-1; last != (tok.Kind == EOF || tok.Kind == Error) {
				t.Fatalf("token %d of %d is %+v in %q", i, len(toks.List), tok, text)
			} else if !last {
				checkToken(t, tok, text[tok.Start:tok.End], mode)
			}
		}
		if (toks.Err != nil) != (toks.List[len(toks.List)-1].Kind == Error) {
			t.Fatalf("error %v in %q", toks.Err, text)
		}
	})
}

// isGap says whether s is nothing but blanks and comments.
func isGap(s string) bool {
	for s != "" {
		switch {
		case strings.HasPrefix(s, "--"):
			n := strings.IndexAny(s, "\r\n")
			if n < 0 {
				return true
			}
			s = s[n:]
		case strings.HasPrefix(s, "/*"):
			depth := 0
			for ok := true; ok; ok = depth > 0 {
				n := strings.Index(s, "*/")
				if n < 0 {
					return false
				}
				if begin := strings.Index(s, "/*"); begin >= 0 && begin < n {
					depth++
					s = s[begin+2:]
					continue
				}
				depth--
				s = s[n+2:]
			}
		case strings.ContainsRune(" \t\n\r\f", rune(s[0])):
			s = s[1:]
		default:
			return false
		}
	}
	return true
}

// checkToken checks a token against its bytes.
func checkToken(t *testing.T, tok Token, raw string, mode Mode) {
	t.Helper()
	var alone Tokens
	if err := Scan(raw, mode, &alone); err != nil || len(alone.List) != 2 || int(alone.List[0].End) != len(raw) ||
		alone.List[0].Kind != tok.Kind || alone.List[0].Val != tok.Val {
		t.Fatalf("%+v: %q alone is %+v, %v", tok, raw, alone.List, err)
	}
	want, known := naiveValue(tok.Kind, raw)
	if known && len(want) > maxName && (tok.Kind == Word || tok.Kind == QuotedID) {
		want = tok.Val // cut: TestScanTruncatesNames
	}
	if known && tok.Val != want {
		t.Fatalf("%q has the value %q, want %q", raw, tok.Val, want)
	}
	if tok.Kind == Op && (strings.Contains(raw, "--") || strings.Contains(raw, "/*") || strings.Trim(raw, "~!@#^&|`?+-*/%<>=") != "") {
		t.Fatalf("%q is an operator", raw)
	}
}

var (
	rePlain   = regexp.MustCompile(`(?s)^[nN]?'((?:[^']|'')*)'$`)
	reEscape  = regexp.MustCompile(`(?s)^[eE]'((?:[^'\\]|''|\\.)*)'$`)
	reUnicode = regexp.MustCompile(`(?s)^[uU]&(?:'((?:[^']|'')*)'|"((?:[^"]|"")*)")$`)
	reBits    = regexp.MustCompile(`(?s)^([bBxX])'([^']*)'$`)

	reEscapes = regexp.MustCompile(`(?s)''|\\(?:x[0-9a-fA-F]{1,2}|[0-7]{1,3}|(?:u|U0000)[dD][89abAB][0-9a-fA-F]{2}\\u[0-9a-fA-F]{4}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)`)
	reUnits   = regexp.MustCompile(`(?s)\\\\|\\\+[0-9a-fA-F]{6}|\\[0-9a-fA-F]{4}|.`)
)

// naiveValue returns the value of a token's bytes; false for forms that it does not know
// (literals of several pieces, UESCAPE).
func naiveValue(k Kind, raw string) (string, bool) {
	switch k {
	case Word:
		return strings.Map(func(r rune) rune {
			if r >= 'A' && r <= 'Z' {
				r += 'a' - 'A'
			}
			return r
		}, raw), true
	case Int, Number, Punct:
		return raw, true
	case Param:
		return raw[1:], true
	case Op:
		return strings.NewReplacer("!=", "<>", "==", "=").Replace(raw), len(raw) == 2
	case BitString:
		m := reBits.FindStringSubmatch(raw)
		if m == nil {
			return "", false
		}
		return strings.ToLower(m[1]) + m[2], true
	}
	if raw[0] == '$' {
		tag := raw[:strings.IndexByte(raw[1:], '$')+2]
		return strings.TrimSuffix(raw[len(tag):], tag), true
	}
	if m := rePlain.FindStringSubmatch(raw); m != nil {
		return strings.ReplaceAll(m[1], "''", "'"), true
	}
	if raw[0] == '"' {
		return strings.ReplaceAll(raw[1:len(raw)-1], `""`, `"`), true
	}
	if m := reEscape.FindStringSubmatch(raw); m != nil {
		return reEscapes.ReplaceAllStringFunc(m[1], naiveEscape), true
	}
	if m := reUnicode.FindStringSubmatch(raw); m != nil {
		return naiveUnicode(strings.ReplaceAll(m[1], "''", "'") + strings.ReplaceAll(m[2], `""`, `"`)), true
	}
	return "", false
}

// naiveEscape decodes one escape of an escape string.
func naiveEscape(s string) string {
	num := func(digits string, base int) rune {
		n, _ := strconv.ParseUint(digits, base, 32)
		return rune(n)
	}
	switch c := s[1]; {
	case len(s) == 2 && strings.IndexByte("bfnrtv", c) >= 0:
		return string("\b\f\n\r\t\v"[strings.IndexByte("bfnrtv", c)])
	case c == 'x' && len(s) > 2:
		return string([]byte{byte(num(s[2:], 16))})
	case c >= '0' && c <= '7':
		return string([]byte{byte(num(s[1:], 8))})
	case len(s) > 10: // a surrogate pair
		half := strings.Index(s, `\u`)
		if half == 0 {
			half = 6
		}
		return string(utf16.DecodeRune(num(s[2:half], 16), num(s[half+2:], 16)))
	case len(s) > 5:
		return string(num(s[2:], 16))
	}
	return s[1:]
}

// naiveUnicode decodes the content of a U& literal.
func naiveUnicode(s string) string {
	var units []uint16
	for _, m := range reUnits.FindAllString(s, -1) {
		if len(m) > 4 && m[0] == '\\' {
			n, _ := strconv.ParseUint(strings.TrimLeft(m, `\+`), 16, 32)
			if n < 0x10000 {
				units = append(units, uint16(n))
				continue
			}
			m = string(rune(n))
		}
		units = append(units, utf16.Encode([]rune(strings.ReplaceAll(m, `\\`, `\`)))...)
	}
	return string(utf16.Decode(units))
}
