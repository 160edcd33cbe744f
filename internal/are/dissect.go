package are

import "unicode"

// maxSteps bounds the trials of one match. Back references can ask for more than a life's worth.
const maxSteps = 5_000_000

// dissect divides [begin, end), which is in the language of t, between the pieces of t, and notes the groups. It
// returns false when no division fits the back references.
func (re *Regexp) dissect(t *subre, begin, end int) (bool, error) {
	if err := re.step(); err != nil {
		return false, err
	}
	ok, err := true, error(nil)
	switch t.op {
	case reRef:
		ok = re.repeats(t, begin, end)
	case reCat:
		if t.kids[0].traits&shorter != 0 {
			ok, err = re.divideShort(t, begin, end)
		} else {
			ok, err = re.divideLong(t, begin, end)
		}
	case reAlt:
		ok, err = re.alternative(t, begin, end)
	case reIterate:
		if t.kids[0].traits&shorter != 0 {
			ok, err = re.iterateShort(t, begin, end)
		} else {
			ok, err = re.iterateLong(t, begin, end)
		}
	case reGroup:
		ok, err = re.dissect(t.kids[0], begin, end)
	}
	if ok && t.group > 0 && t.group < len(re.spans) {
		re.spans[t.group] = Span{begin, end}
	}
	return ok, err
}

// maxVisited bounds the instructions that the automata go through in one match, which repetitions of repetitions multiply.
const maxVisited = 200_000_000

// visit counts instructions gone through; false when it was too many, which is then in failed.
func (re *Regexp) visit(n int) bool {
	const check = 1 << 20 // how often to look for an interruption
	before := re.visited
	re.visited += n
	switch {
	case re.failed != nil:
	case re.visited > maxVisited:
		re.failed = ErrSteps
	case re.visited/check != before/check && re.Interrupted != nil:
		re.failed = re.Interrupted()
	}
	return re.failed == nil
}

// step counts a trial.
func (re *Regexp) step() error {
	if re.failed != nil {
		return re.failed
	}
	if re.steps++; re.steps > maxSteps {
		return ErrSteps
	}
	if re.steps%1024 == 0 && re.Interrupted != nil {
		return re.Interrupted()
	}
	return nil
}

// forget clears the groups of a piece.
func (re *Regexp) forget(t *subre) {
	if t.group > 0 && t.group < len(re.spans) {
		re.spans[t.group].From = -1
	}
	for _, k := range t.kids {
		re.forget(k)
	}
}

// divideLong divides between two pieces, the first as long as can be.
func (re *Regexp) divideLong(t *subre, begin, end int) (bool, error) {
	left, right := t.kids[0], t.kids[1]
	for mid := left.dfa.longest(begin, end); mid >= 0; mid = left.dfa.longest(begin, mid-1) {
		if ok, err := re.divideAt(left, right, begin, mid, end); ok || err != nil {
			return ok, err
		}
		if mid == begin {
			break
		}
	}
	return false, nil
}

// divideShort divides between two pieces, the first as short as can be.
func (re *Regexp) divideShort(t *subre, begin, end int) (bool, error) {
	left, right := t.kids[0], t.kids[1]
	for mid := left.dfa.shortest(begin, begin, end); mid >= 0; mid = left.dfa.shortest(begin, mid+1, end) {
		if ok, err := re.divideAt(left, right, begin, mid, end); ok || err != nil {
			return ok, err
		}
		if mid == end {
			break
		}
	}
	return false, nil
}

func (re *Regexp) divideAt(left, right *subre, begin, mid, end int) (bool, error) {
	if err := re.step(); err != nil {
		return false, err
	}
	if !right.dfa.matches(mid, end) {
		re.forget(left)
		re.forget(right)
		return false, nil
	}
	ok, err := re.dissect(left, begin, mid)
	if ok && err == nil {
		ok, err = re.dissect(right, mid, end)
	}
	if !ok && err == nil {
		re.forget(left)
		re.forget(right)
	}
	return ok, err
}

func (re *Regexp) alternative(t *subre, begin, end int) (bool, error) {
	for _, k := range t.kids {
		if !k.dfa.matches(begin, end) {
			continue
		}
		if ok, err := re.dissect(k, begin, end); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// repeats says whether [begin, end) is what a group holds, as often as the reference says.
func (re *Regexp) repeats(t *subre, begin, end int) bool {
	g := re.spans[t.ref]
	if g.From < 0 {
		return false
	}
	n := g.To - g.From
	if n == 0 {
		return begin == end
	}
	if (end-begin)%n != 0 {
		return false
	}
	times := (end - begin) / n
	if times < t.min || t.max != infinite && times > t.max {
		return false
	}
	for at := begin; at < end; at++ {
		if !re.sameRune(re.text.at(at), re.text.at(g.From+(at-begin)%n)) {
			return false
		}
	}
	return true
}

func (re *Regexp) sameRune(a, b rune) bool {
	return a == b || re.flags.FoldCase && unicode.ToLower(a) == unicode.ToLower(b)
}

// rounds says how many rounds a loop over [begin, end) may take. A round of no characters is only for those that
// the minimum asks for.
func rounds(t *subre, begin, end int) (least, most int) {
	least = max(t.min, 1)
	most = end - begin
	if t.max != infinite {
		most = min(most, t.max)
	}
	return least, max(most, least)
}

// iterateLong divides between the rounds of a loop, each as long as can be.
func (re *Regexp) iterateLong(t *subre, begin, end int) (bool, error) {
	if t.min <= 0 && begin == end {
		return re.iterateNothing(t, begin)
	}
	least, most := rounds(t, begin, end)
	ends := make([]int, most+1) // where round k ends; round 1 begins at ends[0]
	ends[0] = begin
	kid := t.kids[0]
	verified := 0
	limit := end
	for k := 1; k > 0; {
		if re.steps++; re.steps > maxSteps {
			return false, ErrSteps
		}
		ends[k] = kid.dfa.longest(ends[k-1], limit)
		retry := true
		if ends[k] < 0 {
			k--
		} else {
			verified = min(verified, k-1)
			switch {
			case ends[k] != end && k >= most:
				k--
			case ends[k] != end && ends[k] == ends[k-1] && (k >= least || least-k < end-ends[k]):
				// An empty round that is not needed.
			case ends[k] != end:
				k++
				limit = end
				retry = false
			case k >= least:
				failed, err := re.verify(kid, ends, k, &verified)
				if failed == 0 || err != nil {
					return err == nil, err
				}
				k = failed
			}
		}
		for retry && k > 0 {
			if prev := ends[k-1]; ends[k] > prev {
				limit = ends[k] - 1
				if limit > prev || k < least && least-k >= end-prev {
					break
				}
			}
			k--
		}
	}
	return false, nil
}

// iterateNothing is a loop over no characters that may take no round: where it prefers long matches it takes one all the
// same if it can, which sets its groups.
func (re *Regexp) iterateNothing(t *subre, at int) (bool, error) {
	kid := t.kids[0]
	if kid.dfa.matches(at, at) {
		ok, err := re.dissect(kid, at, at)
		if ok || err != nil {
			return ok, err
		}
		re.forget(kid)
	}
	return true, nil
}

// verify dissects the rounds up to k that are not verified. It returns the first that fails, 0 when none does.
func (re *Regexp) verify(kid *subre, ends []int, k int, verified *int) (int, error) {
	for i := *verified + 1; i <= k; i++ {
		re.forget(kid)
		ok, err := re.dissect(kid, ends[i-1], ends[i])
		if err != nil {
			return i, err
		}
		if !ok {
			return i, nil
		}
		*verified = i
	}
	return 0, nil
}

// iterateShort divides between the rounds of a loop, each as short as can be.
func (re *Regexp) iterateShort(t *subre, begin, end int) (bool, error) {
	if t.min <= 0 && begin == end {
		return true, nil
	}
	least, most := rounds(t, begin, end)
	ends := make([]int, most+1)
	ends[0] = begin
	kid := t.kids[0]
	verified := 0
	limit := begin
	for k := 1; k > 0; {
		if re.steps++; re.steps > maxSteps {
			return false, ErrSteps
		}
		if limit == ends[k-1] && limit != end && (k >= least || least-k < end-limit) {
			limit++
		}
		if k >= most {
			limit = end
		}
		ends[k] = kid.dfa.shortest(ends[k-1], limit, end)
		retry := true
		if ends[k] < 0 {
			k--
		} else {
			verified = min(verified, k-1)
			switch {
			case ends[k] != end && k >= most:
				k--
			case ends[k] != end:
				k++
				limit = ends[k-1]
				retry = false
			case k >= least:
				failed, err := re.verify(kid, ends, k, &verified)
				if failed == 0 || err != nil {
					return err == nil, err
				}
				k = failed
			}
		}
		for retry && k > 0 {
			if ends[k] < end {
				limit = ends[k] + 1
				break
			}
			k--
		}
	}
	return false, nil
}
