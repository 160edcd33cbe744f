package lex

import (
	"fmt"
	"strings"
	"testing"
)

// scanText renders the tokens of a text as kind:value, with the error last.
func scanText(text string, mode Mode) string {
	var toks Tokens
	if err := Scan(text, mode, &toks); err != nil {
		return err.Error()
	}
	names := map[Kind]string{Word: "w", QuotedID: "q", String: "s", BitString: "b", Int: "i", Number: "n",
		Param: "p", Op: "o", Punct: ""}
	var out []string
	for _, t := range toks.List {
		switch t.Kind {
		case EOF:
		case Error:
			out = append(out, fmt.Sprintf("%s@%d", toks.Err.Message, toks.Err.Pos-1))
		default:
			out = append(out, names[t.Kind]+":"+t.Val)
		}
	}
	return strings.Join(out, " ")
}

func TestScan(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"SELECT Foo, \"Bar\"\"s\" FROM é", `w:select w:foo :, q:Bar"s w:from w:é`},
		{"ÀB", "w:Àb"}, // only ASCII is folded
		{"1 1.5 .5 1. 1e5 1.5E-3 12345678901234567890", "i:1 n:1.5 n:.5 n:1. n:1e5 n:1.5E-3 n:12345678901234567890"},
		{"1..10", "i:1 :.. i:10"},
		{"a.b.c", "w:a :. w:b :. w:c"},
		{"a::b := c => d", "w:a ::: w:b ::= w:c :=> w:d"},
		{"a-1 a - -1 a--1\n+2", "w:a o:- i:1 w:a o:- o:- i:1 w:a o:+ i:2"},
		{"a=-1 a@-1 a*-1 a<=+1 a->>1", "w:a o:= o:- i:1 w:a o:@- i:1 w:a o:* o:- i:1 w:a o:<= o:+ i:1 w:a o:->> i:1"},
		{"a!=b a<>b a==b", "w:a o:<> w:b w:a o:<> w:b w:a o:= w:b"},
		{"a*/*x*/b", "w:a o:* w:b"},
		{"/* a /* b */ c */ d -- e\nf", "w:d w:f"},
		{"'a''b' E'a\\'b\\\\' e'\\101\\x42\\u0043\\U00000044'", "s:a'b s:a'b\\ s:ABCD"},
		{"E'\\ud83d\\ude00'", "s:😀"},
		{"'a'  \n  'b' 'c'", "s:ab s:c"},
		{"'a' -- x\n 'b'", "s:a s:b"},
		{"N'x' B'01' x'1F'", "s:x b:b01 b:x1F"},
		{"U&'\\0041!' U&'!0041' UESCAPE '!'", "s:A! s:A"},
		{"U&\"d\\+000061t\"", "q:dat"},
		{"U&'a' UESCAPE '", "unterminated quoted string at or near \"'\"@14"},
		{"$$a'b$$ $x$ $$ $x$ $1 $12", "s:a'b s: $$  p:1 p:12"},
		{"a$1b", "w:a$1b"},
		{"'back\\slash'", "s:back\\slash"},
		{"'x", "unterminated quoted string at or near \"'x\"@0"},
		{"1 'x", "i:1 unterminated quoted string at or near \"'x\"@2"},
		{"\"x", "unterminated quoted identifier at or near \"\"x\"@0"},
		{"\"\"", "zero-length delimited identifier at or near \"\"\"\"@0"},
		{"\"a\x01b\"", "control character not allowed in identifier at or near \"\"a\x01b\"\"@0"},
		{"/* /* */", "unterminated /* comment at or near \"/* /* */\"@0"},
		{"$$x", "unterminated dollar-quoted string at or near \"$$x\"@0"},
		{"12x", "trailing junk after numeric literal at or near \"12x\"@0"},
		{"1e+", "trailing junk after numeric literal at or near \"1e+\"@0"},
		{"$1x", "trailing junk after parameter at or near \"$1x\"@0"},
		{"a { b", "w:a syntax error at or near \"{\"@2"},
		{"E'\\xff'", "invalid byte sequence for encoding \"UTF8\": 0xff@0"},
		{"a \xff", "invalid byte sequence for encoding \"UTF8\": 0xff (SQLSTATE 22021)"},
		{"a \xe2\x28\xa1", "invalid byte sequence for encoding \"UTF8\": 0xe2 0x28 0xa1 (SQLSTATE 22021)"},
		{"a \x00", "invalid byte sequence for encoding \"UTF8\": 0x00 (SQLSTATE 22021)"},
		{"2021-10-19", "i:2021 o:- i:10 o:- i:19"},
	} {
		if got := scanText(c.text, Mode{}); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestScanBareDates(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a=2021-10-19", "w:a o:= s:2021-10-19"},
		{"2021-10-19,2021 -10-19", "s:2021-10-19 :, i:2021 o:- i:10 o:- i:19"},
		{"12021-10-19 2021-10-191 2021-10-19-1", "i:12021 o:- i:10 o:- i:19 i:2021 o:- i:10 o:- i:191 i:2021 o:- i:10 o:- i:19 o:- i:1"},
	} {
		if got := scanText(c.text, Mode{BareDates: true}); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestScanTruncatesNames(t *testing.T) {
	var toks Tokens
	long := strings.Repeat("é", 40)
	if err := Scan("SELECT "+long, Mode{}, &toks); err != nil {
		t.Fatal(err)
	}
	if got, want := toks.List[1].Val, strings.Repeat("é", 31); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(toks.Notices) != 1 || toks.Notices[0].Code != "42622" || toks.Notices[0].Pos != 8 {
		t.Errorf("notices: %v", toks.Notices)
	}
}
