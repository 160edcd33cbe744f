package value

// Kind names a type. An array kind is its element's kind with ArrayOf set.
// The numbers are stored in logs and checkpoints: they are frozen.
type Kind uint8

// The kinds. Unknown is the type of an untyped literal and of a bare NULL.
const (
	Unknown     Kind = 0
	Bool        Kind = 1
	Int2        Kind = 2
	Int4        Kind = 3
	Int8        Kind = 4
	Float8      Kind = 5
	Numeric     Kind = 6
	Text        Kind = 7
	Varchar     Kind = 8
	Bytea       Kind = 9
	Date        Kind = 10
	Timestamp   Kind = 11
	Timestamptz Kind = 12
	UUID        Kind = 13
	JSONB       Kind = 14
	Bpchar      Kind = 15 // char(n), blank-padded

	Float4       Kind = 16
	Time         Kind = 17
	Timetz       Kind = 18
	Interval     Kind = 19
	JSON         Kind = 20
	OID          Kind = 21
	Name         Kind = 22
	Char         Kind = 23 // "char", one byte
	Regclass     Kind = 24
	Regtype      Kind = 25
	Regproc      Kind = 26
	Regnamespace Kind = 27

	Enum Kind = 28 // of some enum; see NewEnum

	// Reserved: not valid until a version gives them values.
	Record   Kind = 29 // of rows in expressions; not valid, since no column has it
	Jsonpath Kind = 30 // valid: the text of a path as it was written
	Void     Kind = 31

	arrayFlag Kind = 0x80
)

// Rep says which fields of a Value, and which slice of a column.Vec, hold it.
type Rep uint8

// The representations; see the package comment.
const (
	RepInt Rep = iota
	RepFloat
	RepNumeric
	RepBytes
)

// Array returns the kind of arrays of k, of any number of dimensions.
func (k Kind) Array() Kind { return k | arrayFlag }

// IsArray says whether k is an array kind.
func (k Kind) IsArray() bool { return k&arrayFlag != 0 }

// Elem returns the element kind of an array kind, and k itself otherwise.
func (k Kind) Elem() Kind { return k &^ arrayFlag }

// Rep returns the representation of values of kind k.
func (k Kind) Rep() Rep {
	switch k {
	case Bool, Int2, Int4, Int8, Date, Timestamp, Timestamptz,
		Time, Timetz, OID, Char, Regclass, Regtype, Regproc, Regnamespace:
		return RepInt
	case Float4, Float8:
		return RepFloat
	case Numeric:
		return RepNumeric
	}
	return RepBytes
}

// kindInfo is what PostgreSQL's pg_type says of a type.
type kindInfo struct {
	oid, arrayOID uint32
	name          string // format_type's name
	catalogName   string // pg_type.typname
	size          int16  // typlen
}

var kindInfos = [...]kindInfo{
	Unknown:     {705, 0, "unknown", "unknown", -2},
	Bool:        {16, 1000, "boolean", "bool", 1},
	Int2:        {21, 1005, "smallint", "int2", 2},
	Int4:        {23, 1007, "integer", "int4", 4},
	Int8:        {20, 1016, "bigint", "int8", 8},
	Float8:      {701, 1022, "double precision", "float8", 8},
	Numeric:     {1700, 1231, "numeric", "numeric", -1},
	Text:        {25, 1009, "text", "text", -1},
	Varchar:     {1043, 1015, "character varying", "varchar", -1},
	Bytea:       {17, 1001, "bytea", "bytea", -1},
	Date:        {1082, 1182, "date", "date", 4},
	Timestamp:   {1114, 1115, "timestamp without time zone", "timestamp", 8},
	Timestamptz: {1184, 1185, "timestamp with time zone", "timestamptz", 8},
	UUID:        {2950, 2951, "uuid", "uuid", 16},
	JSONB:       {3802, 3807, "jsonb", "jsonb", -1},
	Bpchar:      {1042, 1014, "character", "bpchar", -1},

	Float4:       {700, 1021, "real", "float4", 4},
	Time:         {1083, 1183, "time without time zone", "time", 8},
	Timetz:       {1266, 1270, "time with time zone", "timetz", 12},
	Interval:     {1186, 1187, "interval", "interval", 16},
	JSON:         {114, 199, "json", "json", -1},
	Jsonpath:     {4072, 4073, "jsonpath", "jsonpath", -1},
	OID:          {26, 1028, "oid", "oid", 4},
	Name:         {19, 1003, "name", "name", 64},
	Char:         {18, 1002, `"char"`, "char", 1},
	Regclass:     {2205, 2210, "regclass", "regclass", 4},
	Regtype:      {2206, 2211, "regtype", "regtype", 4},
	Regproc:      {24, 1008, "regproc", "regproc", 4},
	Regnamespace: {4089, 4090, "regnamespace", "regnamespace", 4},
	Enum:         {3500, 2277, "anyenum", "anyenum", -1}, // where the type is not known; else Type.OID

	Record: {2249, 2287, "record", "record", -1}, // of expressions only: it is not Valid
}

// Comparable says whether values of k have an order, so that they can be grouped, sorted and
// indexed: all but json and jsonpath, which PostgreSQL gives no operators.
func (k Kind) Comparable() bool { return k.Elem() != JSON && k.Elem() != Jsonpath }

// Valid says whether k is a kind of this version.
func (k Kind) Valid() bool {
	e := k.Elem()
	return int(e) < len(kindInfos) && kindInfos[e].oid != 0 && e != Record && (!k.IsArray() || e != Unknown)
}

// OID returns the type's OID, as PostgreSQL numbers it.
func (k Kind) OID() uint32 {
	if k.IsArray() {
		return kindInfos[k.Elem()].arrayOID
	}
	return kindInfos[k].oid
}

// Size returns pg_type.typlen: the bytes of a fixed-size type, -1 for a
// variable-length one.
func (k Kind) Size() int16 {
	if k.IsArray() {
		return -1
	}
	return kindInfos[k].size
}

// String returns the type's SQL name, "integer" or "integer[]".
func (k Kind) String() string {
	if k.IsArray() {
		return kindInfos[k.Elem()].name + "[]"
	}
	return kindInfos[k].name
}

// CatalogName returns pg_type.typname: "int4", "_int4".
func (k Kind) CatalogName() string {
	if k.IsArray() {
		return "_" + kindInfos[k.Elem()].catalogName
	}
	return kindInfos[k].catalogName
}

// KindOfOID returns the kind with a type OID.
func KindOfOID(oid uint32) (Kind, bool) {
	if oid == 0 {
		return Unknown, false
	}
	for k := range kindInfos {
		switch oid {
		case kindInfos[k].oid:
			return Kind(k), true
		case kindInfos[k].arrayOID:
			return Kind(k).Array(), true
		}
	}
	return Unknown, false
}

// Type is a kind with PostgreSQL's type modifier, -1 for none: length + 4 of
// varchar(n) and char(n), (precision<<16 | scale) + 4 of numeric(p,s), precision of
// time(p) and timestamp(p); an interval's fields and precision (IntervalTypmod).
type Type struct {
	Kind Kind
	Mod  int32
	// User is the OID of the enum, or of the domain over the type; 0 for a type of the system. For arrays it
	// is that of the elements' type.
	User uint32 `json:",omitempty"`
}

// Of returns the type of a kind without modifier.
func Of(k Kind) Type { return Type{Kind: k, Mod: -1} }
