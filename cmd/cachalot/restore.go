package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachalotdb/cachalot/internal/vfs"
	"github.com/cachalotdb/cachalot/store"
)

func newRestoreCommand() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "restore DIR --data NEWDIR",
		Short: "Make a data directory of a backup",
		Long: `Make NEWDIR, which must be missing or empty, a data directory with what the backup in DIR holds:
every checksum is verified first, then NEWDIR.restoring is filled, synced, and given its name. Start
it with cachalot serve --data NEWDIR.

Exit code 0: it is done. 1: the backup is damaged, not complete, or could not be written; NEWDIR is as it was.
2: the command line is wrong, or NEWDIR is not empty.`,
		Args: exactArgs(1, "the directory of one backup"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if data == "" {
				return usageError(cmd, fmt.Errorf("say where the data goes: --data NEWDIR"))
			}
			return restore(cmd, args[0], data)
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "data `directory` to make")
	return cmd
}

func restore(cmd *cobra.Command, dir, data string) error {
	if real, err := filepath.EvalSymlinks(data); err == nil {
		data = real // the directory is filled beside its place, on the same disk
	}
	if err := store.RequireEmpty(vfs.OS, data); err != nil && !vfs.IsNotExist(err) {
		return &exitError{exitUsage, err}
	}
	shown := newProgress(cmd.ErrOrStderr())
	start := time.Now()
	m, err := store.RestoreBackup(cmd.Context(), vfs.OS, dir, data, shown.parts("restore"))
	shown.end()
	if err != nil {
		return fmt.Errorf("nothing was restored: %w", err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: restored from %s in %s\n", data, describeBackup(m), rate(m.Bytes(), time.Since(start)))
	return nil
}
