// Package schema is the catalog: tables, columns and indexes as immutable
// values. A Catalog never changes; With and Without return a new one that
// shares what did not change. The store keeps one per version and changes it
// only inside a commit record (see store).
package schema
