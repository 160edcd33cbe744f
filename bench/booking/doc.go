// Package booking is Cachalot's demo BookingMarketplace, made again: homes to
// rent, the queries of a search page over them, and what each must answer.
//
// The homes are a function of a seed, a number and a day, so that the answers are
// counted here, by a loop over the homes, and not by the database that is asked.
// Names and distributions are those of the original, down to its spelling.
package booking
