package copyfmt

import (
	"slices"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// Format is one of COPY's formats.
type Format uint8

// The formats.
const (
	Text Format = iota
	CSV
	Binary
)

// Header says what the first line is.
type Header uint8

// The kinds of header.
const (
	NoHeader    Header = iota // data
	WithHeader                // column names: written, or skipped when reading
	MatchHeader               // column names that must be those of the columns
)

// Options are a COPY's checked options; ParseOptions makes them. Immutable.
type Options struct {
	Format    Format
	Header    Header
	Delimiter byte
	Null      string // the text that stands for NULL
	Quote     byte   // CSV
	Escape    byte   // CSV

	ForceQuoteAll bool
	ForceQuote    []string // columns always quoted, but for NULL (CSV, TO)
	ForceNotNull  []string // columns never matched with Null (CSV, FROM)
	ForceNull     []string // columns matched with Null even when quoted (CSV, FROM)

	// Freeze is allowed only into a table that the transaction itself made or emptied. It changes nothing else here.
	Freeze bool
}

// Option is one option as written: its name as the new syntax has it
// ("force_not_null"), and its value.
type Option struct {
	Name  string
	Value string   // of a constant: its text, "true" or "false" of a boolean
	Set   bool     // a constant was written
	List  []string // of a list of names
	Star  bool     // *, for force_quote
	Pos   int      // byte offset in the statement
}

// Direction says which way rows go.
type Direction uint8

// The directions.
const (
	From Direction = iota // COPY FROM: Decoder
	To                    // COPY TO: Encoder
)

// ParseOptions checks a statement's options and fills in the defaults.
// Messages, codes and the order of checks are PostgreSQL's.
func ParseOptions(list []Option, dir Direction) (*Options, error) {
	w := &written{}
	for i, o := range list {
		for _, before := range list[:i] {
			if before.Name == o.Name {
				return nil, sqlerr.New(sqlerr.SyntaxError, "conflicting or redundant options").At(o.Pos)
			}
		}
		if err := w.take(o, dir); err != nil {
			return nil, err
		}
	}
	return w.finish(dir)
}

// written are the options as they were written, before defaults.
type written struct {
	Options
	delimiter, null, quote, escape *string
}

// take reads one option.
func (w *written) take(o Option, dir Direction) error {
	text := func(to **string) error {
		if !o.Set {
			return sqlerr.New(sqlerr.SyntaxError, "%s requires a parameter", o.Name)
		}
		*to = &o.Value
		return nil
	}
	names := func(to *[]string) error {
		if o.List == nil {
			return sqlerr.New(sqlerr.InvalidParameterValue,
				"argument to option \"%s\" must be a list of column names", o.Name).At(o.Pos)
		}
		*to = o.List
		return nil
	}
	switch o.Name {
	case "format":
		return w.takeFormat(o)
	case "freeze":
		var err error
		w.Freeze, err = boolean(o)
		return err
	case "delimiter":
		return text(&w.delimiter)
	case "null":
		return text(&w.null)
	case "header":
		return w.takeHeader(o, dir)
	case "quote":
		return text(&w.quote)
	case "escape":
		return text(&w.escape)
	case "force_quote":
		if o.Star {
			w.ForceQuoteAll = true
			return nil
		}
		return names(&w.ForceQuote)
	case "force_not_null":
		return names(&w.ForceNotNull)
	case "force_null":
		return names(&w.ForceNull)
	case "encoding":
		return takeEncoding(o)
	}
	return sqlerr.New(sqlerr.SyntaxError, "option \"%s\" not recognized", o.Name).At(o.Pos)
}

func (w *written) takeFormat(o Option) error {
	if !o.Set {
		return sqlerr.New(sqlerr.SyntaxError, "%s requires a parameter", o.Name)
	}
	switch o.Value {
	case "text":
		w.Format = Text
	case "csv":
		w.Format = CSV
	case "binary":
		w.Format = Binary
	default:
		return sqlerr.New(sqlerr.InvalidParameterValue, "COPY format \"%s\" not recognized", o.Value).At(o.Pos)
	}
	return nil
}

// boolean reads an on/off option; no value is on.
func boolean(o Option) (bool, error) {
	if !o.Set {
		return true, nil
	}
	switch strings.ToLower(o.Value) {
	case "true", "on", "1":
		return true, nil
	case "false", "off", "0":
		return false, nil
	}
	return false, sqlerr.New(sqlerr.SyntaxError, "%s requires a Boolean value", o.Name)
}

func (w *written) takeHeader(o Option, dir Direction) error {
	on, err := boolean(o)
	switch {
	case err == nil && on:
		w.Header = WithHeader
	case err == nil:
	case strings.EqualFold(o.Value, "match") && dir == To:
		return sqlerr.NotSupported("cannot use \"%s\" with HEADER in COPY TO", o.Value)
	case strings.EqualFold(o.Value, "match"):
		w.Header = MatchHeader
	default:
		return sqlerr.New(sqlerr.SyntaxError, "%s requires a Boolean value or \"match\"", o.Name)
	}
	return nil
}

// takeEncoding accepts the one encoding there is, by the names that PostgreSQL knows it by.
func takeEncoding(o Option) error {
	name := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(o.Value))
	switch {
	case !o.Set:
		return sqlerr.New(sqlerr.SyntaxError, "%s requires a parameter", o.Name)
	case name == "utf8" || name == "unicode":
		return nil
	case slices.Contains(otherEncodings, name):
		return sqlerr.NotSupported("encoding \"%s\" is not supported", o.Value).At(o.Pos)
	}
	return sqlerr.New(sqlerr.InvalidParameterValue,
		"argument to option \"%s\" must be a valid encoding name", o.Name).At(o.Pos)
}

// otherEncodings are names that PostgreSQL has and we do not serve.
var otherEncodings = []string{
	"sqlascii", "latin1", "latin2", "latin3", "latin4", "latin5", "latin6", "latin7", "latin8", "latin9", "latin10",
	"iso88591", "iso88592", "iso88595", "iso88596", "iso88597", "iso88598", "iso88599", "iso885915", "iso885916",
	"win1250", "win1251", "win1252", "win1253", "win1254", "win1255", "win1256", "win1257", "win1258", "win866", "win874",
	"windows1250", "windows1251", "windows1252", "windows1253", "windows1254", "windows1255", "windows1256", "windows1257", "windows1258",
	"koi8r", "koi8u", "koi8", "eucjp", "euccn", "euckr", "euctw", "eucjis2004", "shiftjis2004", "sjis", "shiftjis", "mskanji",
	"big5", "gbk", "gb18030", "uhc", "johab", "muleinternal", "alt", "tcvn", "tcvn5712", "abc", "vscii",
}

// finish checks the options against each other.
func (w *written) finish(dir Direction) (*Options, error) {
	o := w.Options
	csv, binary := o.Format == CSV, o.Format == Binary
	or := func(s *string, def string) string {
		if s != nil {
			return *s
		}
		return def
	}
	delimiter, quote := "\t", "\""
	o.Null = or(w.null, "\\N")
	if csv {
		delimiter = ","
		o.Null = or(w.null, "")
	}
	delimiter = or(w.delimiter, delimiter)
	quote = or(w.quote, quote)
	escape := or(w.escape, quote)

	syntax := func(msg string) error { return sqlerr.New(sqlerr.SyntaxError, "%s", msg) }
	value := func(msg string) error { return sqlerr.New(sqlerr.InvalidParameterValue, "%s", msg) }
	no := func(msg string) error { return sqlerr.NotSupported("%s", msg) }
	has := func(list []string) bool { return len(list) > 0 }
	switch {
	case binary && w.delimiter != nil:
		return nil, syntax("cannot specify DELIMITER in BINARY mode")
	case binary && w.null != nil:
		return nil, syntax("cannot specify NULL in BINARY mode")
	case len(delimiter) != 1:
		return nil, no("COPY delimiter must be a single one-byte character")
	case strings.ContainsAny(delimiter, "\r\n"):
		return nil, value("COPY delimiter cannot be newline or carriage return")
	case strings.ContainsAny(o.Null, "\r\n"):
		return nil, value("COPY null representation cannot use newline or carriage return")
	case !csv && strings.Contains("\\.abcdefghijklmnopqrstuvwxyz0123456789", delimiter):
		return nil, value("COPY delimiter cannot be \"" + delimiter + "\"")
	case binary && o.Header != NoHeader:
		return nil, no("cannot specify HEADER in BINARY mode")
	case !csv && w.quote != nil:
		return nil, no("COPY quote available only in CSV mode")
	case csv && len(quote) != 1:
		return nil, no("COPY quote must be a single one-byte character")
	case csv && delimiter == quote:
		return nil, value("COPY delimiter and quote must be different")
	case !csv && w.escape != nil:
		return nil, no("COPY escape available only in CSV mode")
	case csv && len(escape) != 1:
		return nil, no("COPY escape must be a single one-byte character")
	case !csv && (has(o.ForceQuote) || o.ForceQuoteAll):
		return nil, no("COPY force quote available only in CSV mode")
	case (has(o.ForceQuote) || o.ForceQuoteAll) && dir == From:
		return nil, no("COPY force quote only available using COPY TO")
	case !csv && has(o.ForceNotNull):
		return nil, no("COPY force not null available only in CSV mode")
	case has(o.ForceNotNull) && dir == To:
		return nil, no("COPY force not null only available using COPY FROM")
	case !csv && has(o.ForceNull):
		return nil, no("COPY force null available only in CSV mode")
	case has(o.ForceNull) && dir == To:
		return nil, no("COPY force null only available using COPY FROM")
	case strings.Contains(o.Null, delimiter):
		return nil, no("COPY delimiter must not appear in the NULL specification")
	case csv && strings.Contains(o.Null, quote):
		return nil, no("CSV quote character must not appear in the NULL specification")
	}
	o.Delimiter = delimiter[0]
	if csv {
		o.Quote, o.Escape = quote[0], escape[0]
	}
	return &o, nil
}

// CheckColumns returns 42P10 when a FORCE option names a column that is not
// among the copied ones. That the column exists at all is the caller's to check.
func (o *Options) CheckColumns(columns []Column) error {
	for _, force := range []struct {
		option string
		names  []string
	}{{"FORCE_QUOTE", o.ForceQuote}, {"FORCE_NOT_NULL", o.ForceNotNull}, {"FORCE_NULL", o.ForceNull}} {
		for _, name := range force.names {
			if !slices.ContainsFunc(columns, func(c Column) bool { return c.Name == name }) {
				return sqlerr.New(sqlerr.InvalidColumnReference, "%s column \"%s\" not referenced by COPY", force.option, name)
			}
		}
	}
	return nil
}
