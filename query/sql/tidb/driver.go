// Package tidb reads the rewritten text of package rewrite with TiDB's parser
// and turns its tree, with the notes, into ours. It is the only importer of
// pingcap/tidb; no type of it is in this package's interface.
package tidb

import (
	"fmt"
	"io"

	tast "github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
)

// TiDB's parser makes its leaves through these hooks, which are global to the
// process. The rewritten text has no literals but small numbers.
func init() {
	tast.NewValueExpr = func(v any, _, _ string) tast.ValueExpr { return &number{value: v} }
	tast.NewParamMarkerExpr = func(int) tast.ParamMarkerExpr { return &paramMarker{} }
	tast.NewDecimal = func(s string) (any, error) { return s, nil }
	tast.NewHexLiteral = func(s string) (any, error) { return s, nil }
	tast.NewBitLiteral = func(s string) (any, error) { return s, nil }
}

// number is a literal of the rewritten text.
type number struct {
	tast.TexprNode
	value any
}

// note returns the number of the literal's note, or -1.
func (n *number) note() int {
	switch v := n.value.(type) {
	case int64:
		return int(v)
	case uint64:
		return int(v)
	}
	return -1
}

// Restore is part of TiDB's interface.
func (n *number) Restore(ctx *format.RestoreCtx) error {
	ctx.WritePlain(fmt.Sprint(n.value))
	return nil
}

// Format is part of TiDB's interface.
func (n *number) Format(w io.Writer) { fmt.Fprint(w, n.value) }

// Accept is part of TiDB's interface.
func (n *number) Accept(v tast.Visitor) (tast.Node, bool) {
	m, _ := v.Enter(n)
	return v.Leave(m)
}

// SetValue is part of TiDB's interface.
func (n *number) SetValue(v any) { n.value = v }

// GetValue is part of TiDB's interface.
func (n *number) GetValue() any { return n.value }

// GetDatumString is part of TiDB's interface.
func (n *number) GetDatumString() string { return fmt.Sprint(n.value) }

// GetString is part of TiDB's interface.
func (n *number) GetString() string { return fmt.Sprint(n.value) }

// GetProjectionOffset is part of TiDB's interface.
func (n *number) GetProjectionOffset() int { return -1 }

// SetProjectionOffset is part of TiDB's interface.
func (n *number) SetProjectionOffset(int) {}

// paramMarker is there for TiDB's hook only: the rewriter emits no "?".
type paramMarker struct{ number }

// SetOrder is part of TiDB's interface.
func (*paramMarker) SetOrder(int) {}
