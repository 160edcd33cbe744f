package server

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgproto3/v2"
)

// FuzzConn is a client that sends arbitrary bytes, behind a good startup packet or from the first byte
// on. The session must not panic or hang, must not take memory for bytes that have not
// come, must answer in whole messages, with no more ReadyForQuery than were asked for, and the same
// however the network cuts the bytes; and a message that it takes must be what its bytes say.
//
// Seeds are what real clients sent: testdata/traffic.
func FuzzConn(f *testing.F) {
	for _, piece := range trafficPieces(f) {
		f.Add(piece, true, uint8(3))
	}
	whole, err := os.ReadFile("testdata/traffic/pgbench_prepared_select.bin")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, false, uint8(0))
	f.Add([]byte("\x00\x00\x00\x08\x04\xd2\x16\x2f\x00\x00\x00\x10\x04\xd2\x16\x2e\x00\x00\x00\x01\x00\x00\x00\x02"), false, uint8(0))
	f.Add([]byte("P\x00\x00\x00\x0a\x00$1\x00\x00\x00B\x00\x00\x00\x10\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff\x00\x00E\x00\x00\x00\x09\x00\x00\x00\x00\x00S\x00\x00\x00\x04"),
		true, uint8(1)) // a NULL, and little else
	f.Fuzz(func(t *testing.T, data []byte, started bool, cut uint8) {
		if len(data) > 1<<16 {
			return
		}
		if started {
			checkMessages(t, data)
			data = append(startupBytes(t), data...)
		}
		out := converse(t, data, len(data))
		if cut > 0 {
			if again := converse(t, data, int(cut)); !bytes.Equal(out, again) {
				t.Fatalf("%q is answered %q, and in pieces of %d %q", data, out, cut, again)
			}
		}
		checkAnswer(t, data, out, started)
	})
}

func startupBytes(t *testing.T) []byte {
	m := pgproto3.StartupMessage{ProtocolVersion: protocolVersion, Parameters: map[string]string{"user": defaultName}}
	b, err := m.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// trafficPieces cuts the recordings, without their startup packets, into pieces
// that each end with a Sync or a Query, and leaves out those that have the same messages as another:
// a few short inputs are each tried more often.
func trafficPieces(f *testing.F) [][]byte {
	f.Helper()
	files, err := filepath.Glob("testdata/traffic/*.bin")
	if err != nil || len(files) == 0 {
		f.Fatalf("no recordings: %v", err)
	}
	const wanted = 300
	var pieces [][]byte
	seen := map[string]bool{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for code := uint32(0); code != protocolVersion; { // an SSLRequest may come first
			code = binary.BigEndian.Uint32(data[4:])
			data = data[binary.BigEndian.Uint32(data):]
		}
		begin, types := 0, ""
		for at := 0; at < len(data); {
			typ := data[at]
			types += string(typ)
			at += 1 + int(binary.BigEndian.Uint32(data[at+1:]))
			if at == len(data) || at-begin >= wanted && (typ == msgSync || typ == msgQuery) {
				if !seen[types] {
					pieces = append(pieces, data[begin:at])
				}
				seen[types] = true
				begin, types = at, ""
			}
		}
	}
	return pieces
}

// checkMessages decodes each message of data by itself: one that is accepted must be encoded as
// the bytes that it was.
func checkMessages(t *testing.T, data []byte) {
	t.Helper()
	for len(data) >= 5 {
		end := 1 + int64(binary.BigEndian.Uint32(data[1:]))
		if end < 5 || end > int64(len(data)) {
			return
		}
		checkMessage(t, data[:end])
		for at := 5; at+4 <= int(end) && end < 64; at++ { // lengths and counts that no client sends
			for _, n := range []uint32{1<<31 - 1, 1 << 31, 1<<32 - 2} {
				wrong := bytes.Clone(data[:end])
				binary.BigEndian.PutUint32(wrong[at:], n)
				checkMessage(t, wrong)
			}
		}
		data = data[end:]
	}
}

// checkMessage is checkMessages for one.
func checkMessage(t *testing.T, b []byte) {
	t.Helper()
	var msg pgproto3.FrontendMessage
	body := bytes.Clone(b[5:])
	var err error
	switch b[0] {
	case msgBind:
		var m bindMessage
		err = m.decode(body)
		msg = &pgproto3.Bind{DestinationPortal: string(m.portal), PreparedStatement: string(m.statement),
			ParameterFormatCodes: m.formats, Parameters: m.params, ResultFormatCodes: m.resultFormats}
	case msgClose:
		var m objectMessage
		err = m.decode(body)
		msg = &pgproto3.Close{ObjectType: m.kind, Name: string(m.name)}
	case msgDescribe:
		var m objectMessage
		err = m.decode(body)
		msg = &pgproto3.Describe{ObjectType: m.kind, Name: string(m.name)}
	case msgExecute:
		var m executeMessage
		err = m.decode(body)
		msg = &pgproto3.Execute{Portal: string(m.portal), MaxRows: m.maxRows}
	case msgParse:
		msg = &pgproto3.Parse{}
		err = decode(msg, body)
	case msgQuery:
		msg = &pgproto3.Query{}
		err = decode(msg, body)
	case msgCopyFail:
		msg = &pgproto3.CopyFail{}
		err = decode(msg, body)
	default:
		return
	}
	if err != nil {
		return
	}
	if again, err := msg.Encode(nil); err != nil || !bytes.Equal(again, b) {
		t.Fatalf("%q is taken for %+v, which is %q, %v", b, msg, again, err)
	}
}

// converse serves a connection on which data comes in pieces of cut bytes, and returns the answer.
func converse(t *testing.T, data []byte, cut int) []byte {
	t.Helper()
	hang := time.AfterFunc(20*time.Second, func() { panic(fmt.Sprintf("no end of %q", data)) })
	defer hang.Stop()
	faults := &faultLog{}
	srv, err := New(Config{Engine: fuzzEngine{}, Logger: slog.New(faults)})
	if err != nil {
		t.Fatal(err)
	}
	conn := &fuzzConn{t: t, in: data, cut: max(1, cut)}
	ses := newSession(srv, conn)
	ses.run(context.Background())
	srv.leave(ses)
	if faults.first != "" {
		t.Fatalf("%q: %s", data, faults.first)
	}
	// The secret of BackendKeyData is all that differs from time to time.
	secret := appendUint32([]byte("K\x00\x00\x00\x0c\x00\x00\x00\x01"), ses.secret)
	return bytes.Replace(conn.out, secret, append(secret[:9:9], 0, 0, 0, 0), 1)
}

// checkAnswer checks that an answer is whole messages, and that each ReadyForQuery had a cause.
func checkAnswer(t *testing.T, data, out []byte, started bool) {
	t.Helper()
	ready, causes := 0, 1
	for len(out) > 0 {
		if !started && out[0] == 'N' && (len(out) == 1 || out[1] != 0) { // to an SSLRequest
			out = out[1:]
			continue
		}
		if len(out) < 5 {
			t.Fatalf("%q: the answer ends with %q", data, out)
		}
		n := int64(binary.BigEndian.Uint32(out[1:]))
		if n < 4 || n+1 > int64(len(out)) || !bytes.ContainsRune([]byte("1237CDEGHINRSTZKcdnstv"), rune(out[0])) {
			t.Fatalf("%q: no message: %q", data, out)
		}
		if out[0] == 'Z' {
			ready++
		}
		out = out[n+1:]
	}
	for _, c := range data {
		if c == msgSync || c == msgQuery || c == msgFunctionCall {
			causes++
		}
	}
	if ready > causes {
		t.Fatalf("%q: %d ReadyForQuery", data, ready)
	}
}

// fuzzConn is a connection on which in comes, cut bytes with each read, and then the end.
type fuzzConn struct {
	t    *testing.T
	in   []byte
	cut  int
	read int
	out  []byte
}

// Read also looks at what memory it is offered: the decoder must not believe a length before
// the bytes are there.
func (c *fuzzConn) Read(p []byte) (int, error) {
	if len(p) > 4*copyBufferBytes+4*c.read {
		c.t.Fatalf("after %d bytes there is room for %d more", c.read, len(p))
	}
	n := copy(p[:min(c.cut, len(p))], c.in[c.read:])
	c.read += n
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (c *fuzzConn) Write(p []byte) (int, error) {
	c.out = append(c.out, p...)
	if len(c.out) > 1<<26 {
		c.t.Fatalf("%d bytes of answer to %d", len(c.out), len(c.in))
	}
	return len(p), nil
}

func (c *fuzzConn) Close() error                     { return nil }
func (c *fuzzConn) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (c *fuzzConn) RemoteAddr() net.Addr             { return c.LocalAddr() }
func (c *fuzzConn) SetDeadline(time.Time) error      { return nil }
func (c *fuzzConn) SetReadDeadline(time.Time) error  { return nil }
func (c *fuzzConn) SetWriteDeadline(time.Time) error { return nil }

// faultLog keeps the first event of level Error: panics, and errors without a SQLSTATE.
type faultLog struct{ first string }

func (l *faultLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }
func (l *faultLog) WithAttrs([]slog.Attr) slog.Handler               { return l }
func (l *faultLog) WithGroup(string) slog.Handler                    { return l }

func (l *faultLog) Handle(_ context.Context, r slog.Record) error {
	if l.first == "" {
		l.first = r.Message
		r.Attrs(func(a slog.Attr) bool { l.first += "\n" + a.String(); return true })
	}
	return nil
}
