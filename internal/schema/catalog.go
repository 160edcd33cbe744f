package schema

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Catalog is every object of the database at one version. Immutable and safe for concurrent use.
type Catalog struct {
	version   uint64
	nextOID   uint32
	relations map[qualified]Relation
	types     *TypeSet
	schemas   map[string]*Object
	tables    map[uint32]*Table
	objects   map[uint32]*Object
}

// TypeSet is the types that users have made. Catalogs with the same TypeSet have the same types.
type TypeSet struct{ byName map[qualified]*Object }

// with returns the set with an object, or without it if it is nil, in the place of another.
func (s *TypeSet) with(old, o *Object) *TypeSet {
	n := &TypeSet{maps.Clone(s.byName)}
	if old != nil {
		delete(n.byName, qualified{old.Schema, old.Name})
	}
	if o != nil {
		n.byName[qualified{o.Schema, o.Name}] = o
	}
	return n
}

// qualified is the name of an object in its schema.
type qualified struct{ schema, name string }

// Relation is what a name stands for among tables, views, sequences and indexes, which share one name
// space in PostgreSQL. Relations are comparable: equal ones are the same version of the same thing.
type Relation struct {
	// Table is set for a table or materialized view, and for an index, whose table it is.
	Table *Table
	// Index is set for a secondary index.
	Index *Index
	// Key is set for the index of Table's primary key.
	Key bool
	// Object is set for a view or a sequence.
	Object *Object
}

// IsTable says whether the relation is a table or a materialized view: something that has rows of its own.
func (r Relation) IsTable() bool { return r.Table != nil && r.Index == nil && !r.Key }

// IsIndex says whether the relation is an index, that of a primary key included.
func (r Relation) IsIndex() bool { return r.Index != nil || r.Key }

// Empty returns the catalog of a new database: it has the schema public.
func Empty() *Catalog {
	return Bare().WithObject(&Object{OID: publicOID, Kind: SchemaObject, Name: PublicSchema}).Reserve(FirstOID, 0)
}

// Bare returns the catalog of nothing, to which the objects of a checkpoint are added.
func Bare() *Catalog {
	return &Catalog{
		nextOID: FirstOID, relations: map[qualified]Relation{}, types: &TypeSet{map[qualified]*Object{}},
		schemas: map[string]*Object{}, tables: map[uint32]*Table{}, objects: map[uint32]*Object{},
	}
}

// Version counts the changes since the catalog was empty.
func (c *Catalog) Version() uint64 { return c.version }

// NextOID returns an OID above all those in use.
func (c *Catalog) NextOID() uint32 { return c.nextOID }

// Table returns the table of a name in the public schema.
func (c *Catalog) Table(name string) (*Table, bool) {
	r := c.relations[qualified{PublicSchema, name}]
	return r.Table, r.IsTable()
}

// TableByOID returns the table with an OID.
func (c *Catalog) TableByOID(oid uint32) (*Table, bool) {
	t, ok := c.tables[oid]
	return t, ok
}

// Object returns the object, other than a table, with an OID.
func (c *Catalog) Object(oid uint32) (*Object, bool) {
	o, ok := c.objects[oid]
	return o, ok
}

// Relation returns the relation of a schema and name.
func (c *Catalog) Relation(schema, name string) (Relation, bool) {
	r, ok := c.relations[qualified{schema, name}]
	return r, ok
}

// FindRelation returns the relation that a name in a statement stands for; schema is "" when none was written.
func (c *Catalog) FindRelation(p Path, schema, name string) (Relation, bool) {
	if schema != "" {
		return c.Relation(p.schema(schema), name)
	}
	for _, s := range p.Schemas {
		if r, ok := c.relations[qualified{s, name}]; ok {
			return r, true
		}
	}
	return Relation{}, false
}

// Type returns the user's type of a schema and name.
func (c *Catalog) Type(schema, name string) (*Object, bool) {
	o, ok := c.types.byName[qualified{schema, name}]
	return o, ok
}

// FindType returns the user's type that a name in a statement stands for; schema is "" when none was written.
func (c *Catalog) FindType(p Path, schema, name string) (*Object, bool) {
	if !c.HasTypes() {
		return nil, false
	}
	if schema != "" {
		return c.Type(p.schema(schema), name)
	}
	for _, s := range p.Schemas {
		if o, ok := c.types.byName[qualified{s, name}]; ok {
			return o, true
		}
	}
	return nil, false
}

// HasTypes says whether there are types of users.
func (c *Catalog) HasTypes() bool { return len(c.types.byName) > 0 }

// Types returns the types that users have made.
func (c *Catalog) Types() *TypeSet { return c.types }

// Schema returns the schema of a name. Those of the system and the temporary ones are no objects.
func (c *Catalog) Schema(name string) (*Object, bool) {
	o, ok := c.schemas[name]
	return o, ok
}

// IndexNamed finds a secondary index of the public schema by name, with its table.
func (c *Catalog) IndexNamed(name string) (*Table, *Index, bool) {
	r := c.relations[qualified{PublicSchema, name}]
	return r.Table, r.Index, r.Index != nil
}

// RelationExists says whether a table, view, sequence, index or primary key of the public schema has the name.
func (c *Catalog) RelationExists(name string) bool { return c.RelationExistsIn(PublicSchema, name) }

// RelationExistsIn says whether a table, view, sequence, index or primary key of a schema has the name.
func (c *Catalog) RelationExistsIn(schema, name string) bool {
	_, ok := c.relations[qualified{schema, name}]
	return ok
}

// Tables returns all tables by schema and name.
func (c *Catalog) Tables() []*Table {
	return slices.SortedFunc(maps.Values(c.tables), func(a, b *Table) int {
		return cmp.Or(strings.Compare(a.Schema, b.Schema), strings.Compare(a.Name, b.Name))
	})
}

// Objects returns all objects that are no tables, by OID.
func (c *Catalog) Objects() []*Object {
	return slices.SortedFunc(maps.Values(c.objects), func(a, b *Object) int { return cmp.Compare(a.OID, b.OID) })
}

// With returns the catalog with t put in the place of its OID.
func (c *Catalog) With(t *Table) *Catalog {
	n := c.clone()
	if old, ok := n.tables[t.OID]; ok {
		n.forgetTable(old)
	}
	n.tables[t.OID] = t
	n.relations[qualified{t.Schema, t.Name}] = Relation{Table: t}
	n.nextOID = max(n.nextOID, t.OID+1, t.KeyOID+1)
	if !t.HiddenKey && t.KeyName != "" {
		n.relations[qualified{t.Schema, t.KeyName}] = Relation{Table: t, Key: true}
	}
	for _, x := range t.Indexes {
		n.relations[qualified{t.Schema, x.Name}] = Relation{Table: t, Index: x}
		n.nextOID = max(n.nextOID, x.OID+1)
	}
	return n
}

// forgetTable takes the names of a table and its indexes out, where they are still its.
func (c *Catalog) forgetTable(t *Table) {
	forget := func(name string) {
		q := qualified{t.Schema, name}
		if r := c.relations[q]; r.Table != nil && r.Table.OID == t.OID {
			delete(c.relations, q)
		}
	}
	forget(t.Name)
	forget(t.KeyName)
	for _, x := range t.Indexes {
		forget(x.Name)
	}
	delete(c.tables, t.OID)
}

// WithObject returns the catalog with o put in the place of its OID.
func (c *Catalog) WithObject(o *Object) *Catalog {
	n := c.clone()
	if old, ok := n.objects[o.OID]; ok {
		n.forgetObject(old)
	}
	n.objects[o.OID] = o
	switch q := (qualified{o.Schema, o.Name}); {
	case o.Kind == SchemaObject:
		n.schemas[o.Name] = o
	case o.Kind.IsRelation():
		n.relations[q] = Relation{Object: o}
	case o.Kind.IsType():
		n.types = n.types.with(nil, o)
	}
	n.nextOID = max(n.nextOID, o.lastOID()+1)
	return n
}

func (c *Catalog) forgetObject(o *Object) {
	switch q := (qualified{o.Schema, o.Name}); {
	case o.Kind == SchemaObject && c.schemas[o.Name] == o:
		delete(c.schemas, o.Name)
	case o.Kind.IsRelation() && c.relations[q].Object == o:
		delete(c.relations, q)
	case o.Kind.IsType() && c.types.byName[q] == o:
		c.types = c.types.with(o, nil)
	}
	delete(c.objects, o.OID)
}

// Without returns the catalog without the table or object of an OID.
func (c *Catalog) Without(oid uint32) *Catalog {
	n := c.clone()
	if old, ok := n.tables[oid]; ok {
		n.forgetTable(old)
	}
	if old, ok := n.objects[oid]; ok {
		n.forgetObject(old)
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
		version:   c.version + 1,
		nextOID:   c.nextOID,
		relations: maps.Clone(c.relations),
		types:     c.types,
		schemas:   maps.Clone(c.schemas),
		tables:    maps.Clone(c.tables),
		objects:   maps.Clone(c.objects),
	}
}
