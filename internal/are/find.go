package are

// begin makes t the text being matched.
func (re *Regexp) begin(t *Text) {
	re.text = t
	re.steps, re.visited, re.failed = 0, 0, nil
}

// Find finds the first match that begins at character from or later. m gets the match and its groups, as far as it has
// room. The error is ErrSteps or that of Interrupted.
func (re *Regexp) Find(t *Text, from int, m []Span) (bool, error) {
	re.begin(t)
	if re.hasRef {
		return re.findChecked(from, m)
	}
	stop := t.Len()
	// Where the first match ends is behind where one begins.
	last := re.search.shortest(from, from, stop)
	if last < 0 || len(m) == 0 {
		return last >= 0, re.failed
	}
	begin, end := from, -1
	for ; begin <= last; begin++ {
		if end = re.end(begin, begin, stop); end >= 0 {
			break
		}
	}
	if re.failed != nil {
		return false, re.failed
	}
	re.spans = re.cleared(len(m))
	if len(m) > 1 {
		if _, err := re.dissect(re.root, begin, end); err != nil {
			return false, err
		}
	}
	re.spans[0] = Span{begin, end}
	copy(m, re.spans)
	return true, nil
}

// end returns where a match from begin ends: by the pattern's preference the first or last place in [least, stop].
func (re *Regexp) end(begin, least, stop int) int {
	if re.root.traits&shorter != 0 {
		return re.root.dfa.shortest(begin, least, stop)
	}
	return re.root.dfa.longest(begin, stop)
}

// cleared returns room for n spans, none of which is set.
func (re *Regexp) cleared(n int) []Span {
	n = max(n, re.groups+1)
	if cap(re.spans) < n {
		re.spans = make([]Span, n)
	}
	s := re.spans[:n]
	for i := range s {
		s[i].From = -1
	}
	return s
}

// findChecked is Find with back references: only dissecting tells whether what the automaton takes is a match. As
// PostgreSQL does, it does not look for a match of nothing at the end of a text when it looked before it in vain.
func (re *Regexp) findChecked(from int, m []Span) (bool, error) {
	stop := re.text.Len()
	for begin := from; ; {
		last := re.search.shortest(begin, begin, stop)
		if last < 0 {
			return false, re.failed
		}
		for ; begin <= last; begin++ {
			if ok, err := re.findFrom(begin, m); ok || err != nil {
				return ok, err
			}
		}
		if begin >= stop {
			return false, nil
		}
	}
}

// findFrom finds the match with back references that begins at a place.
func (re *Regexp) findFrom(begin int, m []Span) (bool, error) {
	least, stop := begin, re.text.Len()
	for least <= stop {
		end := re.end(begin, least, stop)
		if end < 0 {
			return false, re.failed
		}
		re.spans = re.cleared(len(m))
		if ok, err := re.dissect(re.root, begin, end); ok || err != nil {
			re.spans[0] = Span{begin, end}
			copy(m, re.spans)
			return ok, err
		}
		if re.root.traits&shorter != 0 {
			least = end + 1
		} else {
			stop = end - 1
		}
	}
	return false, nil
}
