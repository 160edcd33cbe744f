package exec

import (
	"context"
	"sync"

	"github.com/cachalotdb/cachalot/internal/column"
)

// gather runs its inputs on goroutines of their own and yields their rows one input
// after another, as concat does.
type gather struct {
	in      []Operator
	workers int

	lanes  []chan lane
	free   chan *column.Batch
	cancel context.CancelFunc
	wait   sync.WaitGroup
	at     int
	last   *column.Batch
}

// lane is what a worker hands over: a batch of its own, an error, or the word that its input has ended.
type lane struct {
	batch *column.Batch
	err   error
	done  bool
}

// laneDepth is how many batches an input may be ahead of the reader.
const laneDepth = 32

// start sets the workers off. Each takes the next input that nobody has taken. They live until Close: a
// portal may be suspended between two calls of Next that have contexts of their own.
func (g *gather) start(ctx context.Context) {
	ctx, g.cancel = context.WithCancel(context.WithoutCancel(ctx))
	g.lanes = make([]chan lane, len(g.in))
	todo := make(chan int, len(g.in))
	for i := range g.in {
		g.lanes[i] = make(chan lane, laneDepth)
		todo <- i
	}
	close(todo)
	g.free = make(chan *column.Batch, laneDepth*len(g.in))
	for range min(g.workers, len(g.in)) {
		g.wait.Add(1)
		go func() {
			defer g.wait.Done()
			for i := range todo {
				g.run(ctx, i)
			}
		}()
	}
}

// run sends all rows of one input.
func (g *gather) run(ctx context.Context, i int) {
	send := func(l lane) bool {
		select {
		case g.lanes[i] <- l:
			return true
		case <-ctx.Done():
			return false
		}
	}
	var idx []uint32
	var r Rows
	err := Guard(func() error {
		for {
			ok, err := g.in[i].Next(ctx, &r)
			if err != nil || !ok {
				return err
			}
			b := g.batch()
			copyRows(b, &r, &idx)
			if !send(lane{batch: b}) {
				return Canceled(ctx)
			}
		}
	})
	send(lane{err: err, done: err == nil})
}

// batch returns memory for a batch.
func (g *gather) batch() *column.Batch {
	select {
	case b := <-g.free:
		return b
	default:
		return new(column.Batch)
	}
}

// copyRows makes b a copy of the rows that count.
func copyRows(b *column.Batch, r *Rows, idx *[]uint32) {
	if len(b.Vecs) != len(r.Vecs) {
		b.Vecs = make([]column.Vec, len(r.Vecs))
	}
	b.N = r.Count()
	if r.Sel != nil {
		*idx = indexes(*idx, r.Sel)
		for i := range r.Vecs {
			b.Vecs[i].Pick(&r.Vecs[i], *idx)
		}
		return
	}
	for i := range r.Vecs {
		b.Vecs[i].Reset(r.Vecs[i].Kind)
		b.Vecs[i].AppendVec(&r.Vecs[i], 0, r.N)
	}
}

func (g *gather) Next(ctx context.Context, r *Rows) (bool, error) {
	if g.lanes == nil {
		g.start(ctx)
	}
	if g.last != nil {
		select {
		case g.free <- g.last:
		default:
		}
		g.last = nil
	}
	for g.at < len(g.lanes) {
		var l lane
		select {
		case l = <-g.lanes[g.at]:
		case <-ctx.Done():
			return false, Canceled(ctx)
		}
		switch {
		case l.done:
			g.at++
		case l.err != nil:
			return false, l.err
		default:
			g.last = l.batch
			r.set(l.batch, nil)
			return true, nil
		}
	}
	return false, nil
}

func (g *gather) Close() {
	if g.cancel != nil {
		g.cancel()
		g.wait.Wait()
	}
	for _, op := range g.in {
		op.Close()
	}
}
