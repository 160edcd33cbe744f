package exec

import "context"

// concat yields the rows of its inputs one input after another.
type concat struct {
	in []Operator
	at int
}

func (c *concat) Next(ctx context.Context, r *Rows) (bool, error) {
	for c.at < len(c.in) {
		ok, err := c.in[c.at].Next(ctx, r)
		if ok || err != nil {
			return ok, err
		}
		c.at++
	}
	return false, nil
}

func (c *concat) Close() {
	for _, op := range c.in {
		op.Close()
	}
}
