package value

// NumericSum is an exact sum of numerics or of integers, for aggregates. The
// zero NumericSum is empty. Not safe for concurrent use; partial sums merge.
type NumericSum struct {
	count int64
}

// Add adds a numeric that is not NULL.
func (s *NumericSum) Add(v Value) { panic("skeleton") }

// AddWord adds a packed word that is not wide.
func (s *NumericSum) AddWord(word int64) { panic("skeleton") }

// AddInt adds an integer, as a numeric of scale 0.
func (s *NumericSum) AddInt(n int64) { panic("skeleton") }

// Sub takes a numeric out again that was added (for moving windows).
func (s *NumericSum) Sub(v Value) { panic("skeleton") }

// Merge adds another sum.
func (s *NumericSum) Merge(o *NumericSum) { panic("skeleton") }

// Count returns how many values were added.
func (s *NumericSum) Count() int64 { return s.count }

// Sum returns the sum as a numeric; 0 when nothing was added. 22003 when it
// overflows the type.
func (s *NumericSum) Sum() (Value, error) { panic("skeleton") }

// Avg returns the sum divided by the count, with the scale of PostgreSQL's avg;
// NULL when nothing was added.
func (s *NumericSum) Avg() (Value, error) { panic("skeleton") }
