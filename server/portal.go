package server

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// portal is a bound statement of the extended protocol. It lives until it is
// closed, replaced (the unnamed one), or its transaction ends.
type portal struct {
	Portal
	name    string
	kind    Kind
	text    string // of its statement, for positions
	formats []int16
	done    bool   // it ran to its end
	tag     string // how
}

// portals are a session's portals by name; the zero value is empty.
type portals struct {
	unnamed *portal // nil or memory
	memory  portal
	named   map[string]*portal
}

// get returns the portal of a name in a message's bytes, or 34000.
func (ps *portals) get(name []byte) (*portal, error) {
	p := ps.unnamed
	if len(name) > 0 {
		p = ps.named[string(name)] // no string is made for a look-up
	}
	if p == nil {
		return nil, sqlerr.New(sqlerr.InvalidCursorName, "portal \"%s\" does not exist", name)
	}
	return p, nil
}

// free closes the unnamed portal, which is about to be replaced, and returns 42P03 for a
// name in use.
func (ps *portals) free(name string) error {
	if name == "" {
		ps.close("")
		return nil
	}
	if ps.named[name] != nil {
		return sqlerr.New(sqlerr.DuplicateCursor, "cursor \"%s\" already exists", name)
	}
	return nil
}

// add stores a portal under a name, which is free. It keeps no reference to formats.
func (ps *portals) add(name string, bound Portal, p Prepared, text string, formats []int16) {
	to := &ps.memory
	if name == "" {
		ps.unnamed = to
	} else {
		to = new(portal)
		if ps.named == nil {
			ps.named = make(map[string]*portal)
		}
		ps.named[name] = to
	}
	*to = portal{Portal: bound, name: name, kind: p.Kind(), text: text, formats: append(to.formats[:0], formats...)}
}

// close closes a portal, if there is one of the name.
func (ps *portals) close(name string) {
	if name == "" {
		if p := ps.unnamed; p != nil {
			ps.unnamed = nil
			p.Close()
			p.Portal = nil
		}
		return
	}
	if p := ps.named[name]; p != nil {
		delete(ps.named, name)
		p.Close()
	}
}

func (ps *portals) closeAll() { ps.closeAllBut(nil) }

// closeAllBut closes all portals but the one that is running.
func (ps *portals) closeAllBut(running Portal) {
	if p := ps.unnamed; p != nil && (running == nil || p.Portal != running) {
		ps.close("")
	}
	for name, p := range ps.named {
		if running == nil || p.Portal != running {
			ps.close(name)
		}
	}
}
