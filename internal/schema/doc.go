// Package schema is the catalog: schemas, tables with their columns, indexes and constraints, views, sequences, enums,
// domains and comments, as immutable values. A Catalog never changes; With, WithObject and Without return a new one that
// shares what did not change. The store keeps one per version and changes it only inside a commit record (see store).
//
// Tables and their indexes, views and sequences are relations: they share one name space in a schema, as types do. Names without a
// schema are looked for along a Path. A view keeps the text of its query and what each name in it stood for.
package schema
