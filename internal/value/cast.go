package value

// CastContext says where a cast may happen by itself, as pg_cast.castcontext. A context
// includes the ones before it.
type CastContext uint8

// The contexts.
const (
	CastNone       CastContext = iota // no such cast
	CastImplicit                      // anywhere in an expression
	CastAssignment                    // on assignment to a column
	CastExplicit                      // only where written
)

// CastAllowed returns the least demanding context in which from is cast to to,
// CastNone when there is no cast. Casts through text (I/O conversion) are included.
func CastAllowed(from, to Kind) CastContext { panic("skeleton") }

// Cast converts v to a type. ctx says how the cast came about: an explicit cast to varchar(n)
// truncates, an assignment raises 22001. 42846 when there is no cast in that context.
func Cast(v Value, to Type, ctx CastContext, st *Style) (Value, error) { panic("skeleton") }

// ApplyMod coerces a value of the type's own kind to the type's modifier: varchar(n)'s length,
// numeric(p,s)'s precision and scale, timestamp(p)'s rounding, and the same for array elements.
func ApplyMod(v Value, t Type, explicit bool) (Value, error) { panic("skeleton") }
