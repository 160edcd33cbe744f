package copyfmt

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

// Options are a COPY's checked options; ParseOptions makes them.
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
}

// Option is one option as written: its name as the new syntax has it
// ("force_not_null"), and its value.
type Option struct {
	Name  string
	Value string   // of a constant
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
func ParseOptions(list []Option, dir Direction) (*Options, error) { panic("skeleton") }

// CheckColumns returns 42P10 when a FORCE option names a column that is not
// among the copied ones.
func (o *Options) CheckColumns(columns []Column) error { panic("skeleton") }
