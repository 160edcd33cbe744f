package plan

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// StoredColumns lists the numbers of the columns that an expression of a table's definition names, ascending.
func StoredColumns(t *schema.Table, text string) []int16 {
	e, err := ParseExpr(text)
	if err != nil {
		return nil // what cannot be read names nothing
	}
	var nums []int16
	ast.Inspect(e, func(n ast.Node) bool {
		if ref, ok := n.(*ast.ColumnRef); ok && len(ref.Parts) > 0 {
			if c, ok := t.Column(ref.Parts[len(ref.Parts)-1].Name); ok {
				nums = append(nums, c.Num)
			}
		}
		return true
	})
	slices.Sort(nums)
	return slices.Compact(nums)
}

// DefaultUses says whether a column's default takes values from a sequence.
func DefaultUses(cat *schema.Catalog, c *schema.Column, sequence *schema.Object) bool {
	if !strings.Contains(c.Default, "nextval") {
		return false
	}
	e, err := ParseExpr(c.Default)
	if err != nil {
		return false
	}
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		call, ok := n.(*ast.FuncCall)
		if !ok || call.FuncName() != "nextval" || len(call.Args) != 1 {
			return true
		}
		arg := call.Args[0]
		if cast, ok := arg.(*ast.TypeCast); ok {
			arg = cast.Arg
		}
		if k, ok := arg.(*ast.Const); ok && k.Kind == ast.String {
			if k.Text == strconv.FormatUint(uint64(sequence.OID), 10) { // as serial columns have it
				found = true
			}
			in, name := splitName(k.Text)
			if r, _ := cat.FindRelation(schema.PublicPath, in, name); r.Object == sequence {
				found = true
			}
		}
		return true
	})
	return found
}

// splitName takes a qualified name apart as it stands in a string: 'S.t' is s.t, '"S".t' is "S".t.
func splitName(text string) (in, name string) {
	var parts []string
	for rest := text; rest != ""; {
		part := ""
		if rest[0] == '"' {
			end := 1
			for end < len(rest) && (rest[end] != '"' || strings.HasPrefix(rest[end:], `""`)) {
				if rest[end] == '"' {
					end++
				}
				end++
			}
			part, rest = strings.ReplaceAll(rest[1:min(end, len(rest))], `""`, `"`), rest[min(end+1, len(rest)):]
			rest = strings.TrimPrefix(rest, ".")
		} else {
			part, rest, _ = strings.Cut(rest, ".")
			part = strings.ToLower(strings.TrimSpace(part))
		}
		parts = append(parts, part)
	}
	switch n := len(parts); n {
	case 0:
		return "", ""
	case 1:
		return "", parts[0]
	default:
		return parts[n-2], parts[n-1]
	}
}

// RowScope names the columns of one table, without qualification or with its name, over its whole row.
func RowScope(t *schema.Table) expr.Scope { return rowScope{t} }
