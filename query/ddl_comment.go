package query

// dropComments drops the comments on an object and its parts.
func (s *Session) dropComments(r ref) error {
	for _, o := range s.catalog().Objects() {
		c := o.Comment
		if c == nil || c.Object != r.oid || r.kind == constraintRef || r.kind == defaultRef || r.kind == columnRef && c.Column != r.num {
			continue
		}
		if err := s.txn.DropObject(o.OID); err != nil {
			return err
		}
	}
	return nil
}
