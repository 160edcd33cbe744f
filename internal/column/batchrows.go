//go:build !smallbatches

package column

// BatchRows is the most rows a Batch carries. With the build tag smallbatches, for tests, it is so small that
// small tables have many batches.
const BatchRows = 1024
