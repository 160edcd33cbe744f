// Package server speaks the Postgres wire protocol, version 3.0, on behalf of an Engine.
//
// A Server accepts connections; each is a session with one goroutine, which reads a message,
// has the engine answer it and writes the answer. The way of a statement through the files:
//
//	server.go     listener, connections, cancel keys, shutdown
//	startup.go    from the first byte to a session of the engine
//	session.go    the loop: one message after the other, and how errors end
//	wire.go       bytes: frames in, buffered output, limits
//	frontend.go   decoding of what clients send (pgproto3), and what it must not see
//	simple.go     Query
//	extended.go   Parse, Bind, Describe, Execute, Close, Sync; portal.go what Bind makes
//	rows.go       DataRow, straight from column vectors
//	copy.go       the COPY sub-protocol, and the Sink that engines write to
//	response.go   errors, notices, RowDescription; sqlstate.go what becomes of errors without a SQLSTATE
//	interrupt.go  how a cancel request, a shutdown, another session or the watch of vanished clients
//	              (peers.go) reaches a session that is blocked in a read or write
//	busypoll.go   reads that ask a while before they sleep
//	tcp.go        a session's socket options; socket.go the Unix socket
//
// engine.go declares what the server asks of an engine; it imports nothing of ours but values,
// vectors and errors.
//
// # Where it differs from PostgreSQL 15
//
// Conversations are PostgreSQL's, message by message: testdata/wire holds scripts whose
// expectations a real one has written. testdata/wire/own holds those where we differ on purpose:
//
//   - A malformed message ends the connection with 08P01; PostgreSQL answers most with an ERROR
//     and goes on.
//   - A length that is out of bounds gets the same error; PostgreSQL closes without a word.
//   - A cancel request also ends a COPY that waits for its client, and a statement whose client
//     does not read its rows; the framing stays whole.
//   - idle_in_transaction_session_timeout also limits how long a statement waits for its client: for data of
//     a COPY, for the rest of a message, until some of its output is taken.
//   - The statement of a client that has closed its connection is cancelled at once.
//   - Encryption is refused, each kind with an 'N'. There are no passwords: who comes from this
//     machine is let in, others only with Config.Insecure.
//   - FunctionCall and replication connections are refused with 0A000.
package server
