// Package e2e holds tests that use the cachalot binary as people and programs do: psql, pgx, JDBC and the
// command line, over the wire and against PostgreSQL 15 where it can say what is right.
package e2e
