// Package history runs clients against a node, over the real wire, writes down what each was told and
// when, and looks for what no correct database could have told them.
//
// Two kinds of histories: single keys that are read, written and written conditionally, which must be
// linearizable (porcupine, https://github.com/anishathalye/porcupine); and transactions that append
// to lists and read them, which must be free of the anomalies that their isolation level forbids
// (package listappend). Everything is drawn from a run's seed but how the goroutines take turns.
//
// Clients are cut off in the middle of a message, before it, or before the answer. The node loses its
// power, with unsynced writes randomly lost or torn (vfs.Mem), or its process is killed by SIGKILL, and
// starts again. What was not answered may have happened, then or later, or not.
package history
