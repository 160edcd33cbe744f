package expr

import "github.com/cachalotdb/cachalot/internal/value"

// catalogClasses are the OIDs of the system catalogs that obj_description takes by name.
var catalogClasses = map[string]uint32{
	"pg_class": 1259, "pg_type": 1247, "pg_namespace": 2615, "pg_constraint": 2606, "pg_database": 1262, "pg_proc": 1255,
}

// commentFuncs is the functions about the comments on objects.
func commentFuncs() []Func {
	find := func(c *Context, object int64, class uint32, column int64) (value.Value, error) {
		if f := c.session().Comment; f != nil {
			if text, ok := f(uint32(object), class, int16(column)); ok {
				return value.NewText(text), nil
			}
		}
		return value.Null(value.Text), nil
	}
	return []Func{
		{Name: "obj_description", Args: kinds(value.OID, value.Name), Ret: value.Text, Volatility: Stable, Strict: true,
			fn: func(c *Context, a []value.Value) (value.Value, error) {
				class, ok := catalogClasses[a[1].Bytes()]
				if !ok {
					return value.Null(value.Text), nil
				}
				return find(c, a[0].Int(), class, 0)
			}},
		{Name: "obj_description", Args: kinds(value.OID), Ret: value.Text, Volatility: Stable, Strict: true,
			fn: func(c *Context, a []value.Value) (value.Value, error) { return find(c, a[0].Int(), 0, 0) }},
		{Name: "col_description", Args: kinds(value.OID, value.Int4), Ret: value.Text, Volatility: Stable, Strict: true,
			fn: func(c *Context, a []value.Value) (value.Value, error) {
				return find(c, a[0].Int(), catalogClasses["pg_class"], a[1].Int())
			}},
	}
}
