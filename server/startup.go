package server

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgproto3/v2"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// Codes in the place of a protocol version.
const (
	cancelRequestCode = 80877102
	sslRequestCode    = 80877103
	gssRequestCode    = 80877104

	protocolVersion = pgproto3.ProtocolVersionNumber // 3.0
)

var errStartupTimeout = errors.New("client took too long to start")

// startup takes a connection from its first byte to a session of the engine. It
// answers a CancelRequest and returns errTerminate after it.
func (s *session) startup(ctx context.Context) error {
	s.startIdleTimer(s.srv.cfg.StartupTimeout)
	params, err := s.negotiate()
	if err != nil {
		return err
	}
	if err := s.srv.enter(s); err != nil {
		return fatalError{err}
	}
	if err := s.srv.authenticate(params, s.w.conn.RemoteAddr()); err != nil {
		return fatalError{err}
	}
	s.w.send(&pgproto3.AuthenticationOk{})
	user, database, settings, refusal := s.srv.admit(params)
	if refusal != nil {
		return fatalError{refusal}
	}
	eng, err := s.srv.cfg.Engine.NewSession(ctx, SessionConfig{
		User:            user,
		Database:        database,
		RemoteAddr:      s.w.conn.RemoteAddr().String(),
		ProcessID:       s.id,
		ApplicationName: settings["application_name"],
		Settings:        settings,
		Statements:      &s.stmts,
		Notice:          s.notice,
		Notify:          s.notify,
		ParameterStatus: s.parameterStatus,
		Cancel:          func() { s.cancelStatement(errUserCancel) },
		Terminate:       func() { s.terminate(errShutdown, true) },
		Waits:           func() ClientWait { return ClientWait(s.waits.Load()) },
		SetTCP:          s.setTCP,
	})
	if err != nil {
		e := clientError(ctx, err)
		if e == errInternal {
			s.srv.cfg.Logger.Error("session refused without a SQLSTATE", "session", s.id, "err", err)
		}
		return fatalError{e}
	}
	s.stopIdleTimer()
	s.eng = eng
	s.limits, _ = eng.(IdleLimiter)
	s.observed, _ = eng.(Observed)
	s.srv.peers.watch(s)
	s.sendChangedParameters()
	s.w.send(&pgproto3.BackendKeyData{ProcessID: s.id, SecretKey: s.secret})
	return nil
}

// notice sends a notice of the running statement.
func (s *session) notice(severity string, n *sqlerr.Error) {
	s.w.out = appendNotice(s.w.out, severity, n, position(s.text, s.textOffset, n))
}

// negotiate reads packets until a StartupMessage comes. Encryption is offered by none of
// the answers: 'N' to each request.
func (s *session) negotiate() (map[string]string, error) {
	asked := map[uint32]bool{}
	for {
		packet, err := s.w.startupPacket()
		if err != nil {
			return nil, err
		}
		code := binary.BigEndian.Uint32(packet)
		switch {
		case code == cancelRequestCode:
			var m pgproto3.CancelRequest
			if m.Decode(packet) == nil {
				s.srv.cancelRequest(m.ProcessID, m.SecretKey)
			}
			return nil, errTerminate
		case (code == sslRequestCode || code == gssRequestCode) && !asked[code]:
			asked[code] = true
			s.w.out = append(s.w.out, 'N')
			if err := s.w.flush(); err != nil {
				return nil, err
			}
		default:
			return s.startupMessage(packet)
		}
	}
}

// startupMessage decodes a StartupMessage. A newer minor version and unknown protocol options
// are negotiated down.
func (s *session) startupMessage(packet []byte) (map[string]string, error) {
	version := binary.BigEndian.Uint32(packet)
	major, minor := version>>16, version&0xffff
	if major != protocolVersion>>16 {
		return nil, fatalError{sqlerr.NotSupported(
			"unsupported frontend protocol %d.%d: server supports 3.0 to 3.0", major, minor)}
	}
	if len(packet) == 5 && packet[4] == 0 { // no parameter at all; the decoder would call it malformed
		return map[string]string{}, nil
	}
	binary.BigEndian.PutUint32(packet, protocolVersion) // the only one that the decoder takes
	var m pgproto3.StartupMessage
	if err := m.Decode(packet); err != nil {
		return nil, protocolError("invalid startup packet layout: expected terminator as last byte")
	}
	var unknown []string
	for name := range m.Parameters {
		if strings.HasPrefix(name, "_pq_.") {
			unknown = append(unknown, name)
			delete(m.Parameters, name)
		}
	}
	if minor > 0 || len(unknown) > 0 {
		s.w.sendNegotiateProtocolVersion(unknown)
	}
	return m.Parameters, nil
}

// sendNegotiateProtocolVersion says that we speak 3.0 and which options we do not know.
// pgproto3 has no such message.
func (w *wire) sendNegotiateProtocolVersion(unknown []string) {
	w.out = append(w.out, 'v')
	size := len(w.out)
	w.out = appendUint32(w.out, 0)
	w.out = appendUint32(w.out, protocolVersion)
	w.out = appendUint32(w.out, uint32(len(unknown)))
	for _, name := range unknown {
		w.out = append(append(w.out, name...), 0)
	}
	binary.BigEndian.PutUint32(w.out[size:], uint32(len(w.out)-size))
}

// authenticate checks that a client is who it says: without passwords, that it
// is on this machine. It fills in the database's name.
func (srv *Server) authenticate(params map[string]string, remote net.Addr) *sqlerr.Error {
	user := params["user"]
	if user == "" {
		return sqlerr.New(sqlerr.InvalidAuthorizationSpec, "no PostgreSQL user name specified in startup packet")
	}
	if params["database"] == "" {
		params["database"] = user
	}
	if !srv.cfg.Insecure && !isLocal(remote) {
		return sqlerr.New(sqlerr.InvalidAuthorizationSpec,
			"no pg_hba.conf entry for host \"%s\", user \"%s\", database \"%s\", no encryption",
			hostOf(remote), user, params["database"])
	}
	return nil
}

// admit checks that role and database exist, and takes the run-time settings
// from the startup parameters.
func (srv *Server) admit(params map[string]string) (user, database string, settings map[string]string, err *sqlerr.Error) {
	user, database = params["user"], params["database"]
	if r := params["replication"]; r != "" && r != "false" && r != "off" && r != "no" && r != "0" {
		return "", "", nil, sqlerr.NotSupported("replication connections are not supported")
	}
	if !srv.cfg.User(user) {
		return "", "", nil, sqlerr.New(sqlerr.InvalidAuthorizationSpec, "role \"%s\" does not exist", user)
	}
	if !srv.cfg.Database(database) {
		return "", "", nil, sqlerr.New(sqlerr.InvalidCatalogName, "database \"%s\" does not exist", database)
	}
	settings, err = parseOptions(params["options"])
	if err != nil {
		return "", "", nil, err
	}
	for name, v := range params {
		switch name {
		case "user", "database", "options", "replication":
		default:
			settings[strings.ToLower(name)] = v
		}
	}
	return user, database, settings, nil
}

// isLocal says whether a client is on this machine.
func isLocal(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}

func hostOf(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.IP.String()
	}
	return a.String()
}

// parseOptions reads the startup parameter options: -c name=value and
// --name=value, split at spaces that no backslash precedes.
func parseOptions(s string) (map[string]string, *sqlerr.Error) {
	settings := map[string]string{}
	words := splitOptions(s)
	for i := 0; i < len(words); i++ {
		word := words[i]
		setting, ok := strings.CutPrefix(word, "--")
		if !ok {
			setting, ok = strings.CutPrefix(word, "-c")
			if ok && setting == "" && i+1 < len(words) {
				i++
				setting = words[i]
			}
		}
		name, v, hasValue := strings.Cut(setting, "=")
		if !ok || setting == "" {
			return nil, sqlerr.New(sqlerr.SyntaxError, "invalid command-line argument for server process: %s", word).
				WithHint("The settings that can be given here are those of SET: -c name=value.")
		}
		if !hasValue {
			return nil, sqlerr.New(sqlerr.SyntaxError, "-c %s requires a value", setting)
		}
		// As PostgreSQL does, dashes stand for underscores.
		settings[strings.ToLower(strings.ReplaceAll(name, "-", "_"))] = v
	}
	return settings, nil
}

// splitOptions splits at white space; a backslash makes the next byte plain.
func splitOptions(s string) []string {
	var words []string
	var word []byte
	inWord := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f' {
			if inWord {
				words = append(words, string(word))
			}
			word, inWord = word[:0], false
			continue
		}
		inWord = true
		if c == '\\' && i+1 < len(s) {
			i++
			c = s[i]
		}
		word = append(word, c)
	}
	if inWord {
		words = append(words, string(word))
	}
	return words
}

// startupTimedOut says whether startup has had its time; see stalled.
func (s *session) startupTimedOut(now time.Time) bool {
	return s.eng == nil && !s.waitUntil.IsZero() && !now.Before(s.waitUntil)
}
