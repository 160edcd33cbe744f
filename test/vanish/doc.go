// Package vanish lets clients go without a word: in a transaction, in a COPY, in the middle of a result or of a
// message, while they wait for a lock or sleep; by closing the connection, by a reset, or by the loss of the network.
// Others must get their locks at once, or when the timeout is over that was set, and nothing may be left behind.
//
//	CACHALOT_FULL=1                10,000 clients instead of some hundred
//	CACHALOT_VANISH_CLIENTS=n      so many
package vanish
