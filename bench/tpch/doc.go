// Package tpch has the 22 queries of the TPC-H specification, a generator of its tables, and what compares
// two servers' answers and times.
//
// The generator follows the distributions of the specification's section 4.2 (sizes, sparse order keys, customers
// without orders, dates that follow each other, prices from keys, comments from a grammar), from a seed of
// its own: the rows are not those of the TPC's dbgen, so that results are not TPC-H results; they
// compare two systems on the same data.
package tpch
