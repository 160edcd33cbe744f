package plan

import (
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// QuoteIdent returns a name as it has to be written in SQL: in quotes where it is not plain, or a keyword.
func QuoteIdent(name string) string { return quoteIdent(name) }

// quoteIdent returns a name as it has to be written in SQL.
func quoteIdent(name string) string {
	plain := name != "" && (name[0] < '0' || name[0] > '9')
	for i := 0; i < len(name) && plain; i++ {
		c := name[i]
		plain = c == '_' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
	}
	if plain && lex.CategoryOf(name) <= lex.Unreserved {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

func itoa(n int) string { return strconv.Itoa(n) }
