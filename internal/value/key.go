package value

// AppendKey appends the canonical key encoding of v, which stands for v's
// equality class: two keys are the same bytes exactly when Compare is 0, and sort as
// Compare does. No key is a prefix of another of the same kind, so the key of several
// columns is their keys one after another.
func AppendKey(dst []byte, v Value) []byte { panic("skeleton") }

// AppendKeyDesc appends the key of a descending column: the complement, so NULL comes first.
func AppendKeyDesc(dst []byte, v Value) []byte { panic("skeleton") }

// DecodeKey reads one ascending key of kind k from the front of b and returns a
// representative of its class, and what follows. XX001 when b is not such a key.
func DecodeKey(k Kind, b []byte) (v Value, rest []byte, err error) { panic("skeleton") }

// DecodeKeyDesc is DecodeKey for AppendKeyDesc.
func DecodeKeyDesc(k Kind, b []byte) (v Value, rest []byte, err error) { panic("skeleton") }

// KeyPrefix returns the first 8 bytes of a key, big-endian, padded with zeros: keys with
// different prefixes sort as their prefixes.
func KeyPrefix(key []byte) uint64 { panic("skeleton") }

// HashKey returns the xxh3 hash of a key.
func HashKey(key []byte) uint64 { panic("skeleton") }

// Slots is the number of slots that the hash of a primary key falls in.
const Slots = 1 << 14

// Slot returns the slot of a key, below Slots.
func Slot(key []byte) uint16 { panic("skeleton") }
