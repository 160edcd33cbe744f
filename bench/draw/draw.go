// Package draw gives the workloads their random numbers.
package draw

// Source is splitmix64: object i's numbers don't depend on those of the objects before it, so that
// any range of objects can be made alone. One goroutine uses it.
type Source uint64

const golden = 0x9e3779b97f4a7c15

// For returns the source of object i.
func For(seed uint64, i int) Source { return Source(seed ^ uint64(i)*golden) }

// Below returns a number from 0 to n-1.
func (s *Source) Below(n int) int {
	*s += golden
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) >> 11 % uint64(n))
}
