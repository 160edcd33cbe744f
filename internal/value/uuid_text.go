package value

// parseUUID returns the 16 bytes: 32 hexadecimal digits with a hyphen allowed after each group
// of four, in braces or not.
func parseUUID(s string) (string, error) {
	var out [16]byte
	i := 0
	braces := len(s) > 0 && s[0] == '{'
	if braces {
		i++
	}
	for b := range out {
		if i+1 >= len(s) {
			return "", errSyntax("uuid", s)
		}
		hi, lo := hexDigit(s[i]), hexDigit(s[i+1])
		if hi > 15 || lo > 15 {
			return "", errSyntax("uuid", s)
		}
		out[b] = hi<<4 | lo
		i += 2
		if b%2 == 1 && b < len(out)-1 && i < len(s) && s[i] == '-' {
			i++
		}
	}
	if braces {
		if i >= len(s) || s[i] != '}' {
			return "", errSyntax("uuid", s)
		}
		i++
	}
	if i != len(s) {
		return "", errSyntax("uuid", s)
	}
	return string(out[:]), nil
}

func appendUUID(dst []byte, s string) []byte {
	for i := range len(s) {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, lowerHex[s[i]>>4], lowerHex[s[i]&15])
	}
	return dst
}
