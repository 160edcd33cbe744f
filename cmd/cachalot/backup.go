package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"github.com/cachalotdb/cachalot/internal/human"
	"github.com/cachalotdb/cachalot/internal/vfs"
	"github.com/cachalotdb/cachalot/store"
)

func newBackupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup DSN DIR",
		Short: "Write a consistent backup of a running node into an empty directory",
		Long: `Write what is committed on a running node, as of one moment, into DIR, which must be there and be
empty. Readers, writers and schema changes go on meanwhile. The files are checksummed and synced; the last one
is MANIFEST: a directory without it holds no backup. cachalot check DIR verifies a backup, cachalot
restore makes a data directory of it.

Exit code 0: the backup is complete. 1: it failed, and its files were removed. 2: DIR is missing or not empty,
or no server answers.`,
		Args: exactArgs(2, "a DSN and a directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return backup(cmd, args[0], args[1])
		},
	}
}

func backup(cmd *cobra.Command, dsn, dir string) error {
	if err := store.RequireEmpty(vfs.OS, dir); err != nil {
		return &exitError{exitUsage, err}
	}
	conn, err := pgconn.Connect(cmd.Context(), dsn)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer conn.Close(context.WithoutCancel(cmd.Context())) //nolint:errcheck // the process ends
	shown := newProgress(cmd.ErrOrStderr())
	stream, end := io.Pipe()
	copied := make(chan error, 1)
	go func() {
		_, err := conn.CopyTo(cmd.Context(), end, "BACKUP TO STDOUT")
		end.CloseWithError(err)
		copied <- err
	}()
	start := time.Now()
	m, err := store.ReceiveBackup(cmd.Context(), vfs.OS, dir, stream, shown.parts("backup"))
	stream.CloseWithError(err)
	if cerr := <-copied; err == nil {
		err = cerr
	}
	shown.end()
	if err != nil {
		return fmt.Errorf("no backup was made: %w", withHint(err))
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %s in %s\n", dir, describeBackup(m), rate(m.Bytes(), time.Since(start)))
	return nil
}

// withHint adds the hint of a server's error.
func withHint(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Hint != "" {
		return fmt.Errorf("%w (%s)", err, pg.Hint)
	}
	return err
}

// describeBackup says what a backup holds.
func describeBackup(m *store.BackupManifest) string {
	return fmt.Sprintf("backup of %s, %d tables, %s rows, %.1f MB in %d parts",
		m.Created.Format(time.RFC3339), m.Tables, human.Thousands(int(m.Rows)), float64(m.Bytes())/1e6, len(m.Files))
}

// rate says how long so many bytes have taken.
func rate(bytes int64, d time.Duration) string {
	return fmt.Sprintf("%.1f s (%.0f MB/s)", d.Seconds(), float64(bytes)/1e6/max(d.Seconds(), 1e-3))
}
