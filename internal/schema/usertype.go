package schema

import "github.com/cachalotdb/cachalot/internal/value"

// Enum is the definition of an enum type.
type Enum struct {
	ArrayOID uint32      `json:"arrayOID,omitempty"`
	Labels   []EnumLabel `json:"labels"` // in order
	// NextID is above the ids of all labels there ever were.
	NextID uint32 `json:"nextID"`
}

// EnumLabel is one value of an enum. Its id is what rows hold, so that it can be renamed.
type EnumLabel struct {
	ID   uint32 `json:"id"`
	Name string `json:"name"`
}

// Domain is the definition of a domain over a base type.
type Domain struct {
	ArrayOID uint32        `json:"arrayOID,omitempty"`
	Type     value.Type    `json:"type"`
	NotNull  bool          `json:"notNull,omitempty"`
	Default  string        `json:"default,omitempty"` // SQL text, "" for none
	Checks   []DomainCheck `json:"checks,omitempty"`
}

// DomainCheck is a CHECK of a domain, over the name value.
type DomainCheck struct {
	Name string `json:"name"`
	Expr string `json:"expr"` // SQL text
}
