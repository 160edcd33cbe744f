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
	unnamed *portal
	named   map[string]*portal
}

// get returns a portal, or 34000.
func (ps *portals) get(name string) (*portal, error) {
	p := ps.unnamed
	if name != "" {
		p = ps.named[name]
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

// put stores a portal under its name, which is free.
func (ps *portals) put(p *portal) {
	if p.name == "" {
		ps.unnamed = p
		return
	}
	if ps.named == nil {
		ps.named = make(map[string]*portal)
	}
	ps.named[p.name] = p
}

// close closes a portal, if there is one of the name.
func (ps *portals) close(name string) {
	if name == "" {
		if p := ps.unnamed; p != nil {
			ps.unnamed = nil
			p.Close()
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
