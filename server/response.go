package server

import (
	"encoding/binary"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgproto3/v2"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// send appends a message to the output.
func (w *wire) send(msg pgproto3.BackendMessage) {
	out, err := msg.Encode(w.out)
	if err != nil { // too long for the protocol
		w.sendTooLong()
		return
	}
	w.out = out
}

// sendTooLong takes the place of a message that the protocol has no room for.
func (w *wire) sendTooLong() {
	w.out = appendError(w.out, "ERROR", sqlerr.New(sqlerr.ProgramLimitExceeded, "message is too long"), 0)
}

// Messages without content, encoded once.
const (
	parseComplete      = "1\x00\x00\x00\x04"
	bindComplete       = "2\x00\x00\x00\x04"
	closeComplete      = "3\x00\x00\x00\x04"
	noData             = "n\x00\x00\x00\x04"
	portalSuspended    = "s\x00\x00\x00\x04"
	emptyQueryResponse = "I\x00\x00\x00\x04"
	copyDone           = "c\x00\x00\x00\x04"
)

func (w *wire) sendFixed(msg string) { w.out = append(w.out, msg...) }

// appendError appends an ErrorResponse; position is in characters from 1, 0 for none.
func appendError(dst []byte, severity string, e *sqlerr.Error, position int) []byte {
	msg := errorFields(severity, e, position)
	dst, _ = msg.Encode(dst) // fields are far below the longest message
	return dst
}

// appendNotice appends a NoticeResponse.
func appendNotice(dst []byte, severity string, e *sqlerr.Error, position int) []byte {
	msg := pgproto3.NoticeResponse(errorFields(severity, e, position))
	dst, _ = msg.Encode(dst)
	return dst
}

// errorFields returns the fields of an ErrorResponse. A zero byte would end a
// field early and is left out.
func errorFields(severity string, e *sqlerr.Error, position int) pgproto3.ErrorResponse {
	clean := func(s string) string {
		if strings.IndexByte(s, 0) >= 0 {
			s = strings.ReplaceAll(s, "\x00", "")
		}
		return s
	}
	return pgproto3.ErrorResponse{
		Severity:            severity,
		SeverityUnlocalized: severity,
		Code:                e.Code,
		Message:             clean(e.Message),
		Detail:              clean(e.Detail),
		Hint:                clean(e.Hint),
		Position:            int32(position),
		Where:               clean(e.Where),
		SchemaName:          clean(e.Schema),
		TableName:           clean(e.Table),
		ColumnName:          clean(e.Column),
		DataTypeName:        clean(e.DataType),
		ConstraintName:      clean(e.Constraint),
	}
}

// position turns an error's byte offset in a statement, which begins at offset bytes in
// the message's text, into the message's character position; 0 when it has none.
func position(text string, offset int, e *sqlerr.Error) int {
	if e.Pos == 0 {
		return 0
	}
	at := offset + e.Pos - 1
	if at < 0 || at > len(text) {
		return 0
	}
	return utf8.RuneCountInString(text[:at]) + 1
}

// sendCommandComplete appends a CommandComplete.
func (w *wire) sendCommandComplete(tag string) {
	w.out = append(w.out, 'C')
	w.out = appendUint32(w.out, uint32(4+len(tag)+1))
	w.out = append(w.out, tag...)
	w.out = append(w.out, 0)
}

// sendRowDescription appends a RowDescription; formats are as in a Bind.
func (w *wire) sendRowDescription(columns []Column, formats []int16) {
	if len(columns) > math.MaxUint16 {
		w.sendTooLong()
		return
	}
	start := len(w.out)
	out := append(w.out, 'T', 0, 0, 0, 0)
	out = appendUint16(out, uint16(len(columns)))
	for i := range columns {
		c := &columns[i]
		out = append(out, c.Name...)
		out = append(out, 0)
		out = appendUint32(out, c.TableOID)
		out = appendUint16(out, uint16(c.AttNum))
		out = appendUint32(out, c.Type.OID())
		out = appendUint16(out, uint16(c.Type.Kind.Size()))
		out = appendUint32(out, uint32(c.Type.Mod))
		out = appendUint16(out, uint16(formatOf(formats, i)))
	}
	binary.BigEndian.PutUint32(out[start+1:], uint32(len(out)-start-1))
	w.out = out
}

// formatOf returns the format of value i: none means text, one is for all.
func formatOf(formats []int16, i int) int16 {
	switch len(formats) {
	case 0:
		return 0
	case 1:
		return formats[0]
	}
	return formats[i]
}

// checkFormats returns 22023 for a format code that is not known.
func checkFormats(formats []int16) error {
	for _, f := range formats {
		if f != 0 && f != 1 {
			return sqlerr.New(sqlerr.InvalidParameterValue, "unsupported format code: %d", f)
		}
	}
	return nil
}
