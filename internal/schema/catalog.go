package schema

import (
	"maps"
	"slices"
	"strings"
)

// Catalog is every table at one version. Immutable and safe for concurrent use.
type Catalog struct {
	version uint64
	nextOID uint32
	byName  map[string]*Table
	byOID   map[uint32]*Table
}

// Empty returns the catalog of a new database.
func Empty() *Catalog {
	return &Catalog{nextOID: FirstOID, byName: map[string]*Table{}, byOID: map[uint32]*Table{}}
}

// Version counts the changes since the catalog was empty.
func (c *Catalog) Version() uint64 { return c.version }

// NextOID returns an OID above all those in use.
func (c *Catalog) NextOID() uint32 { return c.nextOID }

// Table returns the table of a name in the public schema.
func (c *Catalog) Table(name string) (*Table, bool) {
	t, ok := c.byName[name]
	return t, ok
}

// TableByOID returns the table with an OID.
func (c *Catalog) TableByOID(oid uint32) (*Table, bool) {
	t, ok := c.byOID[oid]
	return t, ok
}

// IndexNamed finds a secondary index by name, with its table.
func (c *Catalog) IndexNamed(name string) (*Table, *Index, bool) {
	for _, t := range c.byOID {
		if x, ok := t.Index(name); ok {
			return t, x, true
		}
	}
	return nil, nil, false
}

// RelationExists says whether a table, an index or a primary key has the name; they share
// one name space, as in PostgreSQL.
func (c *Catalog) RelationExists(name string) bool {
	if _, ok := c.byName[name]; ok {
		return true
	}
	for _, t := range c.byOID {
		if _, ok := t.Index(name); ok || t.KeyName == name && !t.HiddenKey {
			return true
		}
	}
	return false
}

// Tables returns all tables by name.
func (c *Catalog) Tables() []*Table {
	return slices.SortedFunc(maps.Values(c.byOID), func(a, b *Table) int { return strings.Compare(a.Name, b.Name) })
}

// With returns the catalog with t put in the place of its OID.
func (c *Catalog) With(t *Table) *Catalog {
	n := c.clone()
	if old, ok := n.byOID[t.OID]; ok {
		delete(n.byName, old.Name)
	}
	n.byOID[t.OID] = t
	n.byName[t.Name] = t
	n.nextOID = max(n.nextOID, t.OID+1, t.KeyOID+1)
	for _, x := range t.Indexes {
		n.nextOID = max(n.nextOID, x.OID+1)
	}
	return n
}

// Without returns the catalog without the table of an OID.
func (c *Catalog) Without(oid uint32) *Catalog {
	n := c.clone()
	if old, ok := n.byOID[oid]; ok {
		delete(n.byName, old.Name)
		delete(n.byOID, oid)
	}
	return n
}

// Reserve returns the catalog with NextOID at least oid, as a restored one
// must have so that the OIDs of dropped objects are not given again.
func (c *Catalog) Reserve(oid uint32, version uint64) *Catalog {
	n := c.clone()
	n.nextOID = max(n.nextOID, oid)
	n.version = version
	return n
}

func (c *Catalog) clone() *Catalog {
	return &Catalog{
		version: c.version + 1,
		nextOID: c.nextOID,
		byName:  maps.Clone(c.byName),
		byOID:   maps.Clone(c.byOID),
	}
}
