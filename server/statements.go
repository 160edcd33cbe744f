package server

import (
	"iter"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// Statements holds a session's prepared statements by name; "" is the unnamed
// one of the extended protocol. One goroutine at a time may use it. The zero
// value is empty and ready.
type Statements struct {
	byName map[string]Prepared
	// names are the named ones in the order of their making.
	names   []string
	unnamed Prepared
}

// Lookup returns the statement with a name.
func (s *Statements) Lookup(name string) (Prepared, bool) {
	if name == "" {
		return s.unnamed, s.unnamed != nil
	}
	p, ok := s.byName[name]
	return p, ok
}

// Get is Lookup with PostgreSQL's error: 26000.
func (s *Statements) Get(name string) (Prepared, error) {
	p, ok := s.Lookup(name)
	switch {
	case ok:
		return p, nil
	case name == "":
		return nil, sqlerr.New(sqlerr.InvalidSQLStatementName, "unnamed prepared statement does not exist")
	}
	return nil, sqlerr.New(sqlerr.InvalidSQLStatementName, "prepared statement \"%s\" does not exist", name)
}

// find is Get for a name in a message's bytes.
func (s *Statements) find(name []byte) (Prepared, error) {
	if p, ok := s.byName[string(name)]; ok { // no string is made for a look-up
		return p, nil
	}
	return s.Get(string(name))
}

// Put stores a statement. The unnamed one is replaced; a name in use is 42P05.
func (s *Statements) Put(name string, p Prepared) error {
	if name == "" {
		s.unnamed = p
		return nil
	}
	if err := s.Free(name); err != nil {
		return err
	}
	if s.byName == nil {
		s.byName = make(map[string]Prepared)
	}
	s.byName[name] = p
	s.names = append(s.names, name)
	return nil
}

// Free returns 42P05 when a name is in use.
func (s *Statements) Free(name string) error {
	if _, taken := s.byName[name]; taken {
		return sqlerr.New(sqlerr.DuplicatePreparedStatement, "prepared statement \"%s\" already exists", name)
	}
	return nil
}

// Delete forgets a statement and says whether there was one.
func (s *Statements) Delete(name string) bool {
	if name == "" {
		had := s.unnamed != nil
		s.unnamed = nil
		return had
	}
	if _, ok := s.byName[name]; !ok {
		return false
	}
	delete(s.byName, name)
	for i, n := range s.names {
		if n == name {
			s.names = append(s.names[:i], s.names[i+1:]...)
			break
		}
	}
	return true
}

// Clear forgets all statements, the unnamed one included.
func (s *Statements) Clear() { *s = Statements{} }

// All yields the named statements in the order of their making.
func (s *Statements) All() iter.Seq2[string, Prepared] {
	return func(yield func(string, Prepared) bool) {
		for _, n := range s.names {
			if !yield(n, s.byName[n]) {
				return
			}
		}
	}
}
