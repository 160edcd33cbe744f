package value

// The functions on jsonb take stored bytes (Value.Bytes), the normalised text.

// JSONGet returns member key of an object (->); false when there is none.
func JSONGet(doc, key string) (string, bool) { panic("skeleton") }

// JSONIndex returns element i of an array (->), from the end for i < 0.
func JSONIndex(doc string, i int) (string, bool) { panic("skeleton") }

// JSONPath follows a path of keys and indexes (#>).
func JSONPath(doc string, path []string) (string, bool) { panic("skeleton") }

// JSONText returns a document as ->> gives it: a string without its quotes; false
// for a JSON null.
func JSONText(doc string) (string, bool) { panic("skeleton") }

// JSONTypeof returns "object", "array", "string", "number", "boolean" or "null".
func JSONTypeof(doc string) string { panic("skeleton") }

// JSONContains says whether a contains b (@>).
func JSONContains(a, b string) bool { panic("skeleton") }

// JSONExists says whether key is a top-level key or string element of doc (?).
func JSONExists(doc, key string) bool { panic("skeleton") }

// JSONArrayLength returns the number of elements; 22023 when doc is not an array.
func JSONArrayLength(doc string) (int, error) { panic("skeleton") }

// JSONQuote appends s as a JSON string literal.
func JSONQuote(dst []byte, s string) []byte { panic("skeleton") }

// ToJSONB appends v as to_jsonb gives it; NULL is null.
func ToJSONB(dst []byte, v Value, st *Style) []byte { panic("skeleton") }
