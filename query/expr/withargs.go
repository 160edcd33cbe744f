package expr

// WithArgs returns the call of the same function with other arguments, which are of the kinds of the old ones.
func (e *Call) WithArgs(args ...Expr) *Call {
	c := *e
	c.Args = args
	return &c
}
