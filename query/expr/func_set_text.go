package expr

import (
	"strings"
	"unicode/utf8"

	"github.com/cachalotdb/cachalot/internal/are"
	"github.com/cachalotdb/cachalot/internal/value"
)

// textSetFuncs is the set-returning functions on strings.
func textSetFuncs() []SetFunc {
	t := value.Text
	text, array := []SetColumn{{Kind: t}}, []SetColumn{{Kind: t.Array()}}
	return append(numericSeriesFuncs(), []SetFunc{
		{Name: "string_to_table", Args: kinds(t, t), Columns: text, Rows: stringToTable},
		{Name: "string_to_table", Args: kinds(t, t, t), Columns: text, Rows: stringToTable},
		{Name: "regexp_split_to_table", Args: kinds(t, t), Columns: text, Strict: true, Rows: regexpSplitToTable},
		{Name: "regexp_split_to_table", Args: kinds(t, t, t), Columns: text, Strict: true, Rows: regexpSplitToTable},
		{Name: "regexp_matches", Args: kinds(t, t), Columns: array, Strict: true, Rows: regexpMatches},
		{Name: "regexp_matches", Args: kinds(t, t, t), Columns: array, Strict: true, Rows: regexpMatches},
	}...)
}

// stringToTable is string_to_table(string, separator, what stands for NULL). A NULL separator splits between all characters.
func stringToTable(_ *Context, a []value.Value) (nextRow, error) {
	if a[0].IsNull() || a[0].Bytes() == "" {
		return rowsOf(nil), nil
	}
	s := a[0].Bytes()
	null := len(a) == 3 && !a[2].IsNull()
	piece := func(p string) value.Value {
		if null && p == a[2].Bytes() {
			return value.Null(value.Text)
		}
		return value.NewText(p)
	}
	sep, done := a[1].Bytes(), false
	return func(row []value.Value) (bool, error) {
		if done {
			return false, nil
		}
		switch at := strings.Index(s, sep); {
		case a[1].IsNull():
			_, n := utf8.DecodeRuneInString(s)
			row[0], s = piece(s[:n]), s[n:]
			done = s == ""
		case sep == "" || at < 0:
			row[0], done = piece(s), true
		default:
			row[0], s = piece(s[:at]), s[at+len(sep):]
		}
		return true, nil
	}, nil
}

func regexpSplitToTable(c *Context, a []value.Value) (nextRow, error) {
	re, _, err := c.regexArg(a, 2, "regexp_split_to_table")
	if err != nil {
		return nil, err
	}
	var list []value.Value
	err = splitMatches(re, re.Text(a[0].Bytes()), func(s string) { list = append(list, value.NewText(s)) })
	return rowsOf(list), err
}

// regexpMatches is regexp_matches: the first match or, with g, all.
func regexpMatches(c *Context, a []value.Value) (nextRow, error) {
	re, global, err := c.regexArg(a, 2, "")
	if err != nil {
		return nil, err
	}
	var list []value.Value
	t := re.Text(a[0].Bytes())
	err = regexMatches(re, t, 0, re.Groups(), func(m []are.Span) bool {
		list = append(list, matchArray(t, m))
		return global
	})
	return rowsOf(list), err
}
