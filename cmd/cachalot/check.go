package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/cachalotdb/cachalot/internal/vfs"
	"github.com/cachalotdb/cachalot/store"
)

func newCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check DIR",
		Short: "Verify a data directory that no server uses, or a backup",
		Long: `Verify a data directory that no server uses: every block of the checkpoint, every
frame of the log and, after recovering both in memory, every invariant. Or a backup: its
manifest, every block and the SHA-256 of every file and, after loading them, every invariant. Nothing is changed.

Exit code 0: nothing is wrong. 1: damage, with its file and offset. 2: there is nothing to check.`,
		Args: exactArgs(1, "one data directory or backup"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := args[0]
			if info, err := os.Stat(dir); err != nil || !info.IsDir() {
				if err == nil {
					err = fmt.Errorf("%s is not a directory", dir)
				}
				return &exitError{exitUsage, err}
			}
			shown := newProgress(cmd.ErrOrStderr())
			if store.IsBackup(vfs.OS, dir) {
				m, err := store.CheckBackup(cmd.Context(), vfs.OS, dir, shown.bytes)
				shown.end()
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s: no damage. A %s.\n", dir, describeBackup(m))
				return nil
			}
			report, err := store.CheckDir(cmd.Context(), vfs.OS, dir, shown.bytes)
			shown.end()
			if err != nil {
				code := exitFailure
				if errors.Is(err, vfs.ErrLocked) || errors.Is(err, fs.ErrPermission) {
					code = exitUsage
				}
				return &exitError{code, err}
			}
			prepared := ""
			if report.Prepared > 0 {
				prepared = fmt.Sprintf(", %d prepared transactions", report.Prepared)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: no damage. Checkpoint %s, %d tables, %d rows%s.\n",
				dir, report.Checkpoint, report.Tables, report.Rows, prepared)
			return nil
		},
	}
}
