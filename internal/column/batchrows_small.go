//go:build smallbatches

package column

// BatchRows is the most rows a Batch carries, in tests of what happens between batches.
const BatchRows = 5
