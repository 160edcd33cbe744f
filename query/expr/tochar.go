package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

func timeToChar(_ *Context, a []value.Value) (value.Value, error) {
	return value.Value{}, sqlerr.NotSupported("to_char is not supported")
}
func numberToChar(_ *Context, a []value.Value) (value.Value, error) {
	return value.Value{}, sqlerr.NotSupported("to_char is not supported")
}
func parseTimestamp(_ *Context, a []value.Value) (value.Value, error) {
	return value.Value{}, sqlerr.NotSupported("to_timestamp is not supported")
}
func parseDate(_ *Context, a []value.Value) (value.Value, error) {
	return value.Value{}, sqlerr.NotSupported("to_date is not supported")
}
