package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"
)

const defaultDSN = "postgres://cachalot@127.0.0.1:48401/cachalot?sslmode=disable"

func newSQLCommand() *cobra.Command {
	var commands, files []string
	cmd := &cobra.Command{
		Use:   "sql [DSN]",
		Short: "Send SQL to a server: a shell where psql is not at hand",
		Long: `Send SQL to a server and print what it answers. Without -c and -f, statements are read
from standard input, each up to its semicolon. DSN is as psql takes it; the default
is ` + defaultDSN + `

Exit code 0: all went well. 1: a statement of -c failed. 2: no server answered, or the connection was lost.
3: a statement of -f or of standard input failed; what follows it in a script is not sent.`,
		Args: cobra.ArbitraryArgs,
	}
	cmd.Flags().StringArrayVarP(&commands, "command", "c", nil, "send this `SQL` (may be given more than once)")
	cmd.Flags().StringArrayVarP(&files, "file", "f", nil, "send the statements of this `file`, - for standard input")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usageError(cmd, fmt.Errorf("unknown argument %q", args[1]))
		}
		dsn := defaultDSN
		if len(args) == 1 {
			dsn = args[0]
		} else if env := os.Getenv("CACHALOT_DSN"); env != "" {
			dsn = env
		}
		sh, err := connectShell(cmd, dsn)
		if err != nil {
			return &exitError{exitUsage, err}
		}
		defer sh.close()
		return sh.runAll(cmd, commands, files)
	}
	return cmd
}

// shell sends statements over one connection and prints answers. One goroutine uses it.
type shell struct {
	ctx  context.Context
	conn *pgconn.PgConn
	in   *bufio.Reader // data of a COPY ... FROM STDIN in -c
	out  *bufio.Writer
	errs io.Writer
}

func connectShell(cmd *cobra.Command, dsn string) (*shell, error) {
	cfg, err := pgconn.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	errs := cmd.ErrOrStderr()
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { printServerMessage(errs, (*pgconn.PgError)(n), "") }
	conn, err := pgconn.ConnectConfig(cmd.Context(), cfg)
	if err != nil {
		return nil, err
	}
	return &shell{
		ctx:  cmd.Context(),
		conn: conn,
		in:   bufio.NewReader(cmd.InOrStdin()),
		out:  bufio.NewWriter(cmd.OutOrStdout()),
		errs: errs,
	}, nil
}

func (sh *shell) close() {
	sh.out.Flush()                               //nolint:errcheck // the process ends
	sh.conn.Close(context.WithoutCancel(sh.ctx)) //nolint:errcheck // as above
}

// runAll runs what the command line asks for: -c before -f, standard input where there is neither.
func (sh *shell) runAll(cmd *cobra.Command, commands, files []string) error {
	for _, text := range commands {
		if err := sh.statement(text, sh.in); err != nil {
			return sh.failed(err, text, exitFailure)
		}
	}
	for _, name := range files {
		if err := sh.file(name); err != nil {
			return err
		}
	}
	if len(commands)+len(files) > 0 {
		return nil
	}
	f, ok := cmd.InOrStdin().(*os.File)
	return sh.script(sh.in, ok && isTerminal(f))
}

func (sh *shell) file(name string) error {
	if name == "-" {
		return sh.script(sh.in, false)
	}
	f, err := os.Open(name)
	if err != nil {
		return &exitError{exitFailure, err}
	}
	defer f.Close()
	return sh.script(bufio.NewReader(f), false)
}

// failed prints a statement's error and returns how the process ends. Nothing is printed twice.
func (sh *shell) failed(err error, text string, code int) error {
	sh.out.Flush() //nolint:errcheck // the error counts more
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		printServerMessage(sh.errs, pg, text)
		err = nil
	}
	if sh.conn.IsClosed() {
		if err == nil {
			err = errors.New("the connection was lost")
		}
		return &exitError{exitUsage, err}
	}
	return &exitError{code, err}
}

// script reads statements and runs each when its semicolon has come. A person may go on
// after an error, a script ends.
func (sh *shell) script(in *bufio.Reader, interactive bool) error {
	var s splitter
	prompt := func() {
		if interactive {
			mark := "=> "
			if !s.empty() {
				mark = "-> "
			}
			fmt.Fprint(sh.out, "cachalot"+mark)
			sh.out.Flush() //nolint:errcheck // a terminal that is gone ends the input too
		}
	}
	for prompt(); ; prompt() {
		line, readErr := in.ReadString('\n')
		if interactive && s.empty() && isFarewell(line) {
			return nil
		}
		texts := s.add(line)
		if readErr != nil {
			if rest := s.rest(); rest != "" {
				texts = append(texts, rest)
			}
		}
		for _, text := range texts {
			if err := sh.statement(text, in); err != nil {
				end := sh.failed(err, text, exitScript)
				if !interactive || sh.conn.IsClosed() {
					return end
				}
			}
		}
		if errors.Is(readErr, io.EOF) {
			return nil
		}
		if readErr != nil {
			return readErr
		}
	}
}

func isFarewell(line string) bool {
	switch strings.TrimSuffix(strings.TrimSpace(line), ";") {
	case "\\q", "exit", "quit":
		return true
	}
	return false
}

var (
	copyFrom = regexp.MustCompile(`(?is)^\s*copy\s.*\sfrom\s+stdin\b`)
	copyTo   = regexp.MustCompile(`(?is)^\s*copy\s.*\sto\s+stdout\b`)
)

// statement sends a text and prints the answers. Data of a COPY ... FROM STDIN is read from in, up to a line \.
// or its end.
func (sh *shell) statement(text string, in *bufio.Reader) error {
	var tag pgconn.CommandTag
	var err error
	switch {
	case copyFrom.MatchString(text):
		tag, err = sh.conn.CopyFrom(sh.ctx, &copyData{in: in}, text)
	case copyTo.MatchString(text):
		_, err = sh.conn.CopyTo(sh.ctx, sh.out, text)
		return errors.Join(err, sh.out.Flush())
	default:
		return sh.query(text)
	}
	if err == nil {
		fmt.Fprintln(sh.out, tag)
	}
	return errors.Join(err, sh.out.Flush())
}

func (sh *shell) query(text string) error {
	answers := sh.conn.Exec(sh.ctx, text)
	for answers.NextResult() {
		r := answers.ResultReader()
		if len(r.FieldDescriptions()) > 0 {
			if err := printTable(sh.out, r); err != nil {
				break // Close returns it
			}
			continue
		}
		if tag, err := r.Close(); err == nil && tag.String() != "" {
			fmt.Fprintln(sh.out, tag)
		}
	}
	err := answers.Close()
	return errors.Join(err, sh.out.Flush())
}

// copyData gives the lines of a COPY's data up to one that says \. alone.
type copyData struct {
	in    *bufio.Reader
	line  []byte
	ended bool
}

func (c *copyData) Read(p []byte) (int, error) {
	for len(c.line) == 0 {
		if c.ended {
			return 0, io.EOF
		}
		line, err := c.in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		c.ended = err != nil
		if strings.TrimRight(string(line), "\r\n") == `\.` {
			c.ended, line = true, nil
		}
		c.line = line
	}
	n := copy(p, c.line)
	c.line = c.line[n:]
	return n, nil
}
