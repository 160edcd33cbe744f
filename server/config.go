package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"
)

// Config is what a Server is made from. The zero value of each field but
// Engine is its default.
type Config struct {
	// Engine answers the statements. Required.
	Engine Engine

	// Listen is the TCP address to listen on; default 127.0.0.1:48401. Port 0
	// takes a free one, see Server.Addr.
	Listen string

	// SocketDir is the directory of a Unix socket for clients of this machine, .s.PGSQL.PORT as
	// PostgreSQL calls it. Default: none.
	SocketDir string

	// Insecure lets clients from other machines in without a password, and so
	// lets Listen be an address that is not loopback.
	Insecure bool

	// User says whether a role exists. Default: "cachalot" alone does.
	User func(name string) bool

	// Database says whether a database exists. Default: "cachalot" alone does.
	Database func(name string) bool

	// MaxConnections is how many sessions there may be; default 1,000. One more is
	// refused with 53300. Cancel requests do not count.
	MaxConnections int

	// MaxMessageBytes bounds the body of a message of a client (a statement's text,
	// all parameters of a Bind, one CopyData); default 1 GiB, PostgreSQL's own limit.
	// Memory is taken as bytes arrive, whatever length a header claims.
	MaxMessageBytes int

	// StartupTimeout is how long a connection may take to become a session; default 60 s.
	StartupTimeout time.Duration

	// WriteTimeout closes a connection whose client takes no byte for so long while
	// the server has something for it. Default 0: wait for ever, as PostgreSQL does; a
	// cancel request still ends such a statement.
	WriteTimeout time.Duration

	// KeepAlive is the idle time before TCP keepalive probes; default 60 s,
	// negative: no probes.
	KeepAlive time.Duration

	// UserTimeout is TCP_USER_TIMEOUT: how long sent bytes may stay unacknowledged
	// before the connection is dropped (Linux only). Default 0: the system's. Sessions change it with
	// tcp_user_timeout.
	UserTimeout time.Duration

	// Logger takes the server's own events; nil discards them. Errors of
	// statements go to clients and, at debug level, here.
	Logger *slog.Logger
}

// The defaults and fixed limits.
const (
	defaultListen          = "127.0.0.1:48401"
	defaultName            = "cachalot" // user and database
	defaultMaxConnections  = 1000
	defaultMaxMessageBytes = 1 << 30
	defaultStartupTimeout  = 60 * time.Second
	defaultKeepAlive       = 60 * time.Second
)

// withDefaults returns the config with defaults for zero values.
func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = defaultListen
	}
	isDefaultName := func(name string) bool { return name == defaultName }
	if c.User == nil {
		c.User = isDefaultName
	}
	if c.Database == nil {
		c.Database = isDefaultName
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = defaultMaxConnections
	}
	if c.MaxMessageBytes == 0 {
		c.MaxMessageBytes = defaultMaxMessageBytes
	}
	if c.StartupTimeout == 0 {
		c.StartupTimeout = defaultStartupTimeout
	}
	if c.KeepAlive == 0 {
		c.KeepAlive = defaultKeepAlive
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// validate returns what is wrong with a config that has its defaults.
func (c Config) validate() error {
	if c.Engine == nil {
		return errors.New("server: Config.Engine is nil")
	}
	if c.MaxConnections < 0 {
		return fmt.Errorf("server: MaxConnections %d is negative", c.MaxConnections)
	}
	if c.MaxMessageBytes < minMessageLimit || c.MaxMessageBytes > defaultMaxMessageBytes {
		return fmt.Errorf("server: MaxMessageBytes %d is not between %d and %d",
			c.MaxMessageBytes, minMessageLimit, defaultMaxMessageBytes)
	}
	if c.StartupTimeout < 0 || c.WriteTimeout < 0 || c.UserTimeout < 0 {
		return errors.New("server: a timeout is negative")
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("server: listen address: %w", err)
	}
	if !c.Insecure && !isLoopbackHost(host) {
		return fmt.Errorf("server: refusing to listen on %q without a password: use a loopback address, or Insecure", c.Listen)
	}
	return nil
}

// isLoopbackHost says whether a listen address's host is reached from this machine only.
func isLoopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// minMessageLimit is the least MaxMessageBytes: what PostgreSQL allows a
// message that holds only names.
const minMessageLimit = 10_000
