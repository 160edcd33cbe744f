package vfs

// SectorBytes is the unit that Mem writes whole or not at all on power loss.
const SectorBytes = 512

const pageBytes = 4096

type page [pageBytes]byte

// content is the bytes of a file in memory: sparse pages, nil for zeros. Bytes
// at or above size are zero in every page. Pages may be shared between contents;
// who writes must own the page.
type content struct {
	pages []*page // may be shorter than size asks: the rest is zeros
	size  int64
}

func (c *content) page(i int) *page {
	if i < len(c.pages) {
		return c.pages[i]
	}
	return nil
}

func (c *content) setPage(i int, p *page) {
	for i >= len(c.pages) {
		if p == nil {
			return
		}
		c.pages = append(c.pages, nil)
	}
	c.pages[i] = p
}

// share returns a content with the same pages, which neither side may write.
func (c *content) share() content {
	return content{pages: append([]*page(nil), c.pages...), size: c.size}
}

// readAt copies what there is from off on and returns the count.
func (c *content) readAt(p []byte, off int64) int {
	if off >= c.size {
		return 0
	}
	if rest := c.size - off; int64(len(p)) > rest {
		p = p[:rest]
	}
	n := 0
	for n < len(p) {
		i, at := int((off+int64(n))/pageBytes), int((off+int64(n))%pageBytes)
		chunk := min(pageBytes-at, len(p)-n)
		if pg := c.page(i); pg != nil {
			copy(p[n:n+chunk], pg[at:])
		} else {
			clear(p[n : n+chunk])
		}
		n += chunk
	}
	return n
}

// writeAt copies p to off; own(i) is called for each page before it is written
// and returns the page to write to. size follows.
func (c *content) writeAt(p []byte, off int64, own func(i int) *page) {
	for n := 0; n < len(p); {
		i, at := int((off+int64(n))/pageBytes), int((off+int64(n))%pageBytes)
		n += copy(own(i)[at:], p[n:])
	}
	c.size = max(c.size, off+int64(len(p)))
}
