package listappend

// Check returns what the level forbids and the history shows: every anomaly without a cycle, and of
// the cycles a shortest one.
func Check(history []*Txn, level Level) []Anomaly {
	o := newOrders(history, level)
	if len(o.anomalies) > 0 {
		return o.anomalies // without an order there is no graph
	}
	if c := newGraph(o).shortest(level.forbidden()); c != nil {
		return []Anomaly{{c.name(), c.text(history)}}
	}
	return nil
}
