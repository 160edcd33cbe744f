package expr

import (
	"errors"

	"github.com/cachalotdb/cachalot/internal/are"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// maxRegexps bounds the compiled patterns that a Context keeps.
const maxRegexps = 64

// regexKey is what a compiled pattern is kept under.
type regexKey struct {
	pattern string
	flags   are.Flags
}

// regexp returns a compiled pattern, from the context's cache if it can. 2201B when it is malformed.
func (c *Context) regexp(pattern string, flags are.Flags) (*are.Regexp, error) {
	key := regexKey{pattern, flags}
	if re, ok := c.regex[key]; ok {
		return re, nil
	}
	re, err := are.Compile(pattern, flags)
	switch {
	case errors.Is(err, are.ErrBasic):
		return nil, errBasicRegexp
	case err != nil:
		return nil, sqlerr.New(sqlerr.InvalidRegularExpression, "invalid regular expression: %s", err)
	}
	ctx := c.ctx()
	re.Interrupted = func() error {
		if ctx.Err() != nil {
			return canceled(ctx)
		}
		return nil
	}
	if c.regex == nil || len(c.regex) >= maxRegexps {
		c.regex = make(map[regexKey]*are.Regexp)
	}
	c.regex[key] = re
	return re, nil
}

var errBasicRegexp = sqlerr.NotSupported("POSIX basic regular expressions are not supported")

// regexError gives an error of matching its SQLSTATE.
func regexError(err error) error {
	if errors.Is(err, are.ErrSteps) {
		return sqlerr.New(sqlerr.StatementTooComplex, "%s", err)
	}
	return err
}

// matchRegexp says whether a pattern matches anywhere in s.
func matchRegexp(re *are.Regexp, s string) (bool, error) {
	ok, err := re.Match(s)
	return ok, regexError(err)
}
