package booking

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// Queryer is a connection that answers queries: a *pgx.Conn or a pool.
type Queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// ErrWrong is wrapped by the errors that say that an answer is wrong.
var ErrWrong = errors.New("wrong answer")

// Run sends one of the step's texts, reads the whole answer and checks it.
func (s *Step) Run(ctx context.Context, q Queryer, text string) error {
	rows, err := q.Query(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	if s.Homes {
		err = s.checkHomes(rows)
	} else {
		err = s.checkLines(rows)
	}
	if rows.Err() != nil {
		return rows.Err()
	}
	if err != nil {
		return fmt.Errorf("%w to %s: %w", ErrWrong, text, err)
	}
	return nil
}

// checkHomes reads homes and compares their number, ids and order with what they must be.
func (s *Step) checkHomes(rows pgx.Rows) error {
	id, price := -1, -1
	for i, f := range rows.FieldDescriptions() {
		switch f.Name {
		case "id":
			id = i
		case "priceineuros":
			price = i
		}
	}
	if id < 0 || price < 0 || len(rows.FieldDescriptions()) != 13 {
		return fmt.Errorf("%d columns, id and priceineuros at %d and %d", len(rows.FieldDescriptions()), id, price)
	}
	idBinary := rows.FieldDescriptions()[id].Format == pgtype.BinaryFormatCode
	n, sum, last := 0, int64(0), int32(0)
	for rows.Next() {
		raw := rows.RawValues()
		if idBinary {
			sum += int64(int32(binary.BigEndian.Uint32(raw[id])))
		} else {
			sum += int64(parseDigits(raw[id]))
		}
		if s.Order != Unordered {
			p, err := s.price(rows, price)
			if err != nil {
				return err
			}
			if n > 0 && (s.Order == PriceAscending && p < last || s.Order == PriceDescending && p > last) {
				return fmt.Errorf("row %d costs %d after one of %d", n, p, last)
			}
			if s.TopPrices != nil && n < len(s.TopPrices) && p != s.TopPrices[n] {
				return fmt.Errorf("row %d costs %d, not %d", n, p, s.TopPrices[n])
			}
			last = p
		}
		n++
	}
	if rows.Err() != nil {
		return nil // the caller's
	}
	if n != s.Rows {
		return fmt.Errorf("%d rows, not %d", n, s.Rows)
	}
	if s.TopPrices == nil && sum != s.Checksum {
		return fmt.Errorf("the sum of the ids is %d, not %d", sum, s.Checksum)
	}
	return nil
}

// price returns the price of the current row.
func (s *Step) price(rows pgx.Rows, column int) (int32, error) {
	raw := rows.RawValues()[column]
	if rows.FieldDescriptions()[column].Format == pgtype.TextFormatCode {
		return parseDigits(raw), nil
	}
	// One digit to base 10,000, weight 0, positive, no decimals: 50 to 299.
	if len(raw) != 10 || binary.BigEndian.Uint64(raw) != 1<<48 {
		return 0, fmt.Errorf("a price of %x", raw)
	}
	return int32(binary.BigEndian.Uint16(raw[8:])), nil
}

// parseDigits returns the number that text holds, -1 where it holds none.
func parseDigits(text []byte) int32 {
	n := int32(0)
	for _, c := range text {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int32(c-'0')
	}
	return n
}

// checkLines reads all rows as text and compares them with what they must be.
func (s *Step) checkLines(rows pgx.Rows) error {
	var lines []string
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return err
		}
		fields := make([]string, len(values))
		for i, v := range values {
			fields[i] = fieldText(v)
		}
		lines = append(lines, strings.Join(fields, "|"))
	}
	sort.Strings(lines)
	if rows.Err() == nil && !slices.Equal(lines, s.Lines) {
		return fmt.Errorf("rows\n%s\nnot\n%s", strings.Join(lines, "\n"), strings.Join(s.Lines, "\n"))
	}
	return nil
}

// fieldText renders a field: NULL as nothing, a whole numeric as an integer.
func fieldText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case pgtype.Numeric:
		if n, err := v.Int64Value(); err == nil {
			return fmt.Sprint(n.Int64)
		}
	}
	return fmt.Sprint(v)
}
