package wal

// crcShift returns the CRC32C of a string followed by n zero bytes from that of
// the string, less the part that does not depend on it; with it the CRC of
// a concatenation is crc(ab) = crcShift(crc(a), len(b)) ^ crc(b). It costs about
// a microsecond for any n. (The method of zlib's crc32_combine.)
func crcShift(crc uint32, n int64) uint32 {
	for k := 3; n > 0; k, n = k+1, n>>1 { // x^(8n): bits of n weigh 2^3 and up
		if n&1 != 0 {
			crc = crcMultiply(crcPowers[k], crc)
		}
	}
	return crc
}

const castagnoliReflected = 0x82f63b78

// crcPowers[k] is x^(2^k) modulo the polynomial.
var crcPowers = func() (t [64]uint32) {
	t[0] = 1 << 30 // x: bit 31 is x^0
	for k := 1; k < len(t); k++ {
		t[k] = crcMultiply(t[k-1], t[k-1])
	}
	return t
}()

// crcMultiply multiplies two polynomials modulo the Castagnoli polynomial.
func crcMultiply(a, b uint32) uint32 {
	product := uint32(0)
	for bit := uint32(1) << 31; bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		if b&1 != 0 {
			b = b>>1 ^ castagnoliReflected
		} else {
			b >>= 1
		}
	}
	return product
}
