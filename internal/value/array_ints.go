package value

// AppendArrayInts appends the integers of the elements that are not NULL; k is the elements' kind, whose
// Rep is RepInt. It is ArrayEach for those who need no values.
func AppendArrayInts(dst []int64, k Kind, s string) []int64 {
	a := viewArray(s)
	w := elemWidth(k)
	if a.nulls == "" && (k == Date || k == Int4) {
		for body := a.body[:4*a.n]; len(body) >= 4; body = body[4:] {
			dst = append(dst, int64(int32(le32(body))))
		}
		return dst
	}
	for i := range a.n {
		if v := a.next(k, w, i); !v.IsNull() {
			dst = append(dst, v.n)
		}
	}
	return dst
}
