package server

import (
	"fmt"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Decode returns parameter i (from 0) as a value of a type, read in the format that
// it came in. Errors name the parameter as PostgreSQL's do.
func (a Args) Decode(i int, t value.Type, st *value.Style) (value.Value, error) {
	raw := a.Values[i]
	if raw == nil {
		return value.Null(t.Kind), nil
	}
	if formatOf(a.Formats, i) == 1 {
		v, err := value.ParseBinary(t, raw)
		if err != nil {
			if e := sqlerr.As(err); e != nil && e.Message == "incorrect binary data format" {
				err = sqlerr.New(e.Code, "incorrect binary data format in bind parameter %d", i+1)
			}
			return v, a.inParameter(err, i, "")
		}
		return v, nil
	}
	if err := value.CheckUTF8(string(raw)); err != nil {
		return value.Null(t.Kind), a.inParameter(err, i, "")
	}
	v, err := value.ParseBytes(t, raw, st)
	if err != nil {
		return v, a.inParameter(err, i, " = '...'") // PostgreSQL shows no values by default either
	}
	return v, nil
}

// inParameter adds the error context of parameter i.
func (a Args) inParameter(err error, i int, text string) error {
	e := sqlerr.As(err)
	if e == nil || e.Where != "" {
		return err
	}
	portal := "unnamed portal"
	if a.Portal != "" {
		portal = fmt.Sprintf("portal \"%s\"", a.Portal)
	}
	return e.WithWhere("%s parameter $%d%s", portal, i+1, text)
}
