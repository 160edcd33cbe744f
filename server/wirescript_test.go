package server_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgproto3/v2"

	"github.com/cachalotdb/cachalot/internal/node"
	"github.com/cachalotdb/cachalot/internal/pgoracle"
)

// Conversations on the wire, as text. A script is a list of blocks: "send" with one client
// message a line, and "until TYPE..." with the messages that the server is expected to
// answer, read until one of each TYPE came, in that order (EOF is the end of the
// connection). testdata/wire/*.txt is what PostgreSQL 15 says: -rewrite writes the
// expectations down from a real one. testdata/wire/own is where we differ on purpose.

var rewrite = flag.Bool("rewrite", false, "write the expectations of testdata/wire/*.txt from a real PostgreSQL 15")

func TestMain(m *testing.M) { pgoracle.Main(m) }

// TestWireScripts runs the scripts against our server.
func TestWireScripts(t *testing.T) {
	for _, dir := range []string{"testdata/wire", "testdata/wire/own"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no scripts in %s: %v", dir, err)
		}
		for _, f := range files {
			t.Run(filepath.Base(f), func(t *testing.T) {
				srv := startServer(t, newTestEngine())
				runScript(t, f, srv.Addr().String(), *rewrite && strings.HasSuffix(dir, "own"))
			})
		}
	}
}

// TestWireScriptsNode runs the scripts against the real engine.
func TestWireScriptsNode(t *testing.T) {
	ctx := context.Background()
	files, err := filepath.Glob("testdata/wire/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			n, err := node.Start(ctx, node.Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := n.Stop(ctx); err != nil {
					t.Error(err)
				}
			}()
			setup := dialClient(t, n.Addr().String())
			setup.start(map[string]string{"user": "cachalot"})
			setup.exec("create table t (a int, b text)")
			runScript(t, f, n.Addr().String(), false)
		})
	}
}

// TestWireScriptsPostgres proves the expectations against a real PostgreSQL 15.
func TestWireScriptsPostgres(t *testing.T) {
	pg := pgoracle.Shared(t)
	files, err := filepath.Glob("testdata/wire/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			setup := dialClient(t, pg.Addr())
			setup.start(map[string]string{"user": "cachalot", "database": "cachalot"})
			setup.exec("drop table if exists t; create table t (a int, b text)")
			runScript(t, f, pg.Addr(), *rewrite)
		})
	}
}

func runScript(t *testing.T, file, addr string, rewrite bool) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	var c *wireClient
	first := true
	for _, block := range strings.SplitAfter(string(text), "\n\n") {
		head, body, _ := strings.Cut(strings.TrimRight(block, "\n"), "\n")
		comment := ""
		for strings.HasPrefix(head, "#") {
			comment += head + "\n"
			head, body, _ = strings.Cut(body, "\n")
		}
		words := strings.Fields(head)
		if len(words) == 0 {
			out.WriteString(block)
			continue
		}
		if words[0] == "connect" || first {
			c = dialClient(t, addr)
			if words[0] != "connect" || len(words) == 1 {
				c.start(map[string]string{"user": "cachalot", "database": "cachalot"})
			}
			first = false
		}
		switch words[0] {
		case "connect":
			out.WriteString(block)
		case "send":
			for _, line := range strings.Split(body, "\n") {
				if err := c.sendLine(line); err != nil {
					t.Fatalf("%s: %q: %v", file, line, err)
				}
			}
			out.WriteString(block)
		case "until":
			got := c.until(words[1:])
			if !rewrite {
				if d := cmp.Diff(strings.Split(body, "\n"), got); d != "" {
					t.Fatalf("%s: after\n%s\n%s (-want +got):\n%s", file, out.String(), head, d)
				}
			}
			fmt.Fprintf(&out, "%s%s\n%s\n\n", comment, head, strings.Join(got, "\n"))
		default:
			t.Fatalf("%s: unknown block %q", file, head)
		}
	}
	if rewrite {
		if err := os.WriteFile(file, []byte(strings.TrimRight(out.String(), "\n")+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// wireClient speaks the protocol message by message.
type wireClient struct {
	t    testing.TB
	conn net.Conn
	// of BackendKeyData
	pid, key uint32
	addr     string
}

func dialClient(t testing.TB, addr string) *wireClient {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(60 * time.Second))
	return &wireClient{t: t, conn: conn, addr: addr}
}

func (c *wireClient) send(msgs ...pgproto3.FrontendMessage) {
	c.t.Helper()
	var buf []byte
	for _, m := range msgs {
		var err error
		if buf, err = m.Encode(buf); err != nil {
			c.t.Fatal(err)
		}
	}
	c.write(buf)
}

func (c *wireClient) write(b []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// start makes a session.
func (c *wireClient) start(params map[string]string) {
	c.t.Helper()
	c.send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersionNumber, Parameters: params})
	got := c.until([]string{"ReadyForQuery"})
	if last := got[len(got)-1]; last != "ReadyForQuery I" {
		c.t.Fatalf("no session: %q", got)
	}
}

// exec runs a simple query and fails the test when it fails.
func (c *wireClient) exec(sql string) []string {
	c.t.Helper()
	c.send(&pgproto3.Query{String: sql})
	got := c.until([]string{"ReadyForQuery"})
	for _, m := range got {
		if strings.HasPrefix(m, "ErrorResponse") {
			c.t.Fatalf("%s: %s", sql, m)
		}
	}
	return got
}

// until reads messages until one of each type came in this order. "ignore=TYPE"
// leaves messages out.
func (c *wireClient) until(types []string) []string {
	c.t.Helper()
	var got []string
	ignore := map[string]bool{}
	for len(types) > 0 {
		if t, ok := strings.CutPrefix(types[0], "ignore="); ok {
			ignore[t] = true
			types = types[1:]
			continue
		}
		name, rest, err := c.receive()
		if err != nil {
			if !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") {
				got = append(got, "error: "+err.Error())
			}
			return append(got, "EOF")
		}
		if name == types[0] {
			types = types[1:]
		}
		if !ignore[name] {
			got = append(got, strings.TrimRight(name+" "+rest, " "))
		}
	}
	return got
}

// receive reads a message and renders its content.
func (c *wireClient) receive() (name, content string, err error) {
	var head [5]byte
	if _, err := io.ReadFull(c.conn, head[:1]); err != nil {
		return "", "", err
	}
	if head[0] == 'N' && c.pid == 0 { // the answer to an SSLRequest has no length
		return "Refused", "", nil
	}
	if _, err := io.ReadFull(c.conn, head[1:]); err != nil {
		return "", "", err
	}
	body := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
	if _, err := io.ReadFull(c.conn, body); err != nil {
		return "", "", err
	}
	name, content = c.render(head[0], body)
	return name, content, nil
}

func (c *wireClient) decode(m pgproto3.BackendMessage, body []byte) {
	if err := m.Decode(body); err != nil {
		c.t.Fatalf("%T: %v", m, err)
	}
}

func (c *wireClient) render(typ byte, body []byte) (name, content string) {
	switch typ {
	case 'R':
		return "Authentication", strconv.Itoa(int(binary.BigEndian.Uint32(body)))
	case 'K':
		c.pid, c.key = binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
		return "BackendKeyData", ""
	case 'S':
		var m pgproto3.ParameterStatus
		c.decode(&m, body)
		return "ParameterStatus", fmt.Sprintf("%q %q", m.Name, m.Value)
	case 'Z':
		return "ReadyForQuery", string(body)
	case 'C':
		return "CommandComplete", strconv.Quote(string(bytes.TrimSuffix(body, []byte{0})))
	case 'T':
		var m pgproto3.RowDescription
		c.decode(&m, body)
		var fields []string
		for _, f := range m.Fields {
			fields = append(fields, fmt.Sprintf("%s:%d:%d:%d", f.Name, f.DataTypeOID, f.DataTypeSize, f.Format))
		}
		return "RowDescription", strings.Join(fields, " ")
	case 'D':
		var m pgproto3.DataRow
		c.decode(&m, body)
		var values []string
		for _, v := range m.Values {
			values = append(values, renderBytes(v))
		}
		return "DataRow", strings.Join(values, " ")
	case 't':
		var m pgproto3.ParameterDescription
		c.decode(&m, body)
		return "ParameterDescription", strings.Trim(fmt.Sprint(m.ParameterOIDs), "[]")
	case 'E', 'N':
		var m pgproto3.ErrorResponse
		c.decode(&m, body)
		name := map[byte]string{'E': "ErrorResponse", 'N': "NoticeResponse"}[typ]
		s := fmt.Sprintf("%s %s %q", m.Severity, m.Code, m.Message)
		for _, f := range []struct{ name, v string }{{"detail", m.Detail}, {"hint", m.Hint}, {"where", m.Where}} {
			if f.v != "" {
				s += fmt.Sprintf(" %s=%q", f.name, f.v)
			}
		}
		if m.Position != 0 {
			s += fmt.Sprintf(" position=%d", m.Position)
		}
		return name, s
	case 'G', 'H':
		name := map[byte]string{'G': "CopyInResponse", 'H': "CopyOutResponse"}[typ]
		return name, hex.EncodeToString(body)
	case 'd':
		return "CopyData", strconv.Quote(string(body))
	case 'v':
		return "NegotiateProtocolVersion", strconv.Quote(string(body))
	}
	names := map[byte]string{'1': "ParseComplete", '2': "BindComplete", '3': "CloseComplete", 'n': "NoData",
		's': "PortalSuspended", 'I': "EmptyQueryResponse", 'c': "CopyDone"}
	if n := names[typ]; n != "" {
		return n, ""
	}
	c.t.Fatalf("unknown message type %q", typ)
	return "", ""
}

func renderBytes(v []byte) string {
	if v == nil {
		return "NULL"
	}
	for _, b := range v {
		if b < ' ' || b > '~' {
			return "0x" + hex.EncodeToString(v)
		}
	}
	return strconv.Quote(string(v))
}

// sendLine sends the message that a line of a script describes.
func (c *wireClient) sendLine(line string) error {
	words, err := splitLine(line)
	if err != nil || len(words) == 0 {
		return err
	}
	arg := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	switch words[0] {
	case "Startup":
		m := &pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersionNumber, Parameters: map[string]string{}}
		for _, w := range words[1:] {
			k, v, _ := strings.Cut(w, "=")
			if k == "version" {
				n, err := strconv.ParseUint(v, 0, 32)
				if err != nil {
					return err
				}
				m.ProtocolVersion = uint32(n)
				continue
			}
			m.Parameters[k] = v
		}
		c.send(m)
	case "SSLRequest":
		c.send(&pgproto3.SSLRequest{})
	case "GSSENCRequest":
		c.send(&pgproto3.GSSEncRequest{})
	case "Query":
		c.send(&pgproto3.Query{String: arg(1)})
	case "Parse":
		m := &pgproto3.Parse{Name: arg(1), Query: arg(2)}
		for _, w := range words[min(3, len(words)):] {
			n, err := strconv.Atoi(w)
			if err != nil {
				return err
			}
			m.ParameterOIDs = append(m.ParameterOIDs, uint32(n))
		}
		c.send(m)
	case "Bind":
		m := &pgproto3.Bind{DestinationPortal: arg(1), PreparedStatement: arg(2)}
		for _, w := range words[min(3, len(words)):] {
			k, v, _ := strings.Cut(w, "=")
			switch k {
			case "p":
				p := []byte(v)
				if v == "NULL" {
					p = nil
				} else if h, ok := strings.CutPrefix(v, "0x"); ok {
					if p, err = hex.DecodeString(h); err != nil {
						return err
					}
				}
				m.Parameters = append(m.Parameters, p)
			case "pf", "rf":
				n, err := strconv.Atoi(v)
				if err != nil {
					return err
				}
				if k == "pf" {
					m.ParameterFormatCodes = append(m.ParameterFormatCodes, int16(n))
				} else {
					m.ResultFormatCodes = append(m.ResultFormatCodes, int16(n))
				}
			default:
				return fmt.Errorf("unknown word %q", w)
			}
		}
		c.send(m)
	case "Describe":
		c.send(&pgproto3.Describe{ObjectType: arg(1)[0], Name: arg(2)})
	case "Close":
		c.send(&pgproto3.Close{ObjectType: arg(1)[0], Name: arg(2)})
	case "Execute":
		n, err := strconv.ParseInt(arg(2), 10, 64)
		if err != nil {
			return err
		}
		c.send(&pgproto3.Execute{Portal: arg(1), MaxRows: uint32(n)})
	case "Sync":
		c.send(&pgproto3.Sync{})
	case "Flush":
		c.send(&pgproto3.Flush{})
	case "Terminate":
		c.send(&pgproto3.Terminate{})
	case "CopyData":
		c.send(&pgproto3.CopyData{Data: []byte(arg(1))})
	case "CopyDone":
		c.send(&pgproto3.CopyDone{})
	case "CopyFail":
		c.send(&pgproto3.CopyFail{Message: arg(1)})
	case "Raw":
		for _, w := range words[1:] {
			b, err := hex.DecodeString(w)
			if err != nil {
				return err
			}
			c.write(b)
		}
	default:
		return fmt.Errorf("unknown message %q", words[0])
	}
	return nil
}

// splitLine splits at spaces outside of quotes; quoted parts are Go strings.
func splitLine(line string) ([]string, error) {
	var words []string
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		var word strings.Builder
		for line != "" && line[0] != ' ' {
			if line[0] == '"' {
				q, err := strconv.QuotedPrefix(line)
				if err != nil {
					return nil, err
				}
				s, err := strconv.Unquote(q)
				if err != nil {
					return nil, err
				}
				word.WriteString(s)
				line = line[len(q):]
				continue
			}
			word.WriteByte(line[0])
			line = line[1:]
		}
		words = append(words, word.String())
	}
	return words, nil
}
