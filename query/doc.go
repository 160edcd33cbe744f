// Package query is one node's SQL engine: sessions, transactions, prepared
// statements and portals over a store.DB. It implements server.Engine.
//
// A statement's way through it:
//
//   - Session.Split gives the text to query/sql/parse, which has a cache;
//   - Session.Prepare finds the statement's Plan in the engine's cache, or has
//     query/plan make it from the syntax tree and the catalog;
//   - Session.Bind turns the parameters into values and makes a Portal;
//   - Portal.Run opens a View of the store, has query/exec build operators from
//     the plan, and pulls batches from them into the server's Sink.
//
// Plans are immutable and shared between sessions; a plan belongs to one
// version of the catalog and is made again when that has changed.
package query
