package store

import "time"

// crowd says how many committers there are of late, so that a group's leader knows whom to wait for.
//
// Clients that commit again and again fall into two groups that take turns: while one syncs the other waits, and each
// commit takes two syncs. A leader that waits a little for those who have just been answered gets all of them into one.
// He waits at most half as long as a sync takes, only when so many were there lately, and more and more seldom when they
// do not come in that time: then what the clients do between commits takes longer than a sync, and waiting only adds to it.
type crowd struct {
	lately [crowdGroups]int // committers there at the end of each of the last groups
	next   int
	sync   time.Duration // how long a sync takes, a moving average
	want   int           // how many the leader waits for; 0 when he does not
	missed int           // waits in a row that were in vain
	skip   int           // groups to go before the next wait
	full   chan struct{} // receives a token when they have come; buffered by one
}

const (
	crowdGroups = 8
	// maxGather bounds the wait on disks that take long.
	maxGather = 2 * time.Millisecond
	// minGather is the shortest wait that a timer can keep.
	minGather = 100 * time.Microsecond
	// maxMissed in a row make a leader wait once in 1<<maxMissed groups.
	maxMissed = 6
)

// size returns how many committers may come.
func (c *crowd) size() (n int) {
	for _, k := range c.lately {
		n = max(n, k)
	}
	return n
}

// note takes down how many committers there were at a group's end.
func (c *crowd) note(n int) {
	c.lately[c.next] = n
	c.next = (c.next + 1) % crowdGroups
}

func (c *crowd) synced(d time.Duration) {
	if c.sync == 0 {
		c.sync = d
	}
	c.sync += (d - c.sync) / 8
}

// came tells that the queue has grown to n.
func (c *crowd) came(n int) {
	if c.want > 0 && n >= c.want {
		c.want = 0
		c.full <- struct{}{}
	}
}

// gather waits a moment for those who are likely to commit soon, if the group will be synced.
func (l *localLog) gather() {
	if l.wal == nil {
		return
	}
	l.mu.Lock()
	c := &l.crowd
	want, patience := c.size(), min(c.sync/2, maxGather)
	syncs := false
	for _, p := range l.queue {
		syncs = syncs || p.sync
	}
	if !syncs || len(l.queue) >= want || patience < minGather {
		l.mu.Unlock()
		return
	}
	if c.skip > 0 {
		c.skip--
		l.mu.Unlock()
		return
	}
	if c.full == nil {
		c.full = make(chan struct{}, 1)
	}
	c.want = want
	l.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-c.full:
		l.mu.Lock()
		c.missed = 0
		l.mu.Unlock()
		return
	case <-timer.C:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.want == 0 { // they came in the same moment
		<-c.full
		return
	}
	c.want = 0
	c.missed = min(c.missed+1, maxMissed)
	c.skip = 1<<c.missed - 1
}
