//go:build unix && !linux

package vfs

// Preallocate writes zeros, which reserves blocks wherever blocks are not
// copied on write.
func (f *osFile) Preallocate(sizeBytes int64, _ Allocation) error {
	old, err := f.Size()
	if err != nil || old >= sizeBytes {
		return err
	}
	return f.zeroFill(old, sizeBytes)
}
