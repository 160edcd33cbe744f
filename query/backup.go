package query

import (
	"bufio"
	"context"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/server"
)

// backupMessageBytes is about the size of a CopyData message of a backup.
const backupMessageBytes = 256 << 10

// backup runs BACKUP TO STDOUT: the stream that `cachalot backup` turns into files. It holds a snapshot
// and no lock, so that writers and DDL go on.
func (s *Session) backup(ctx context.Context, sink server.Sink) error {
	if s.inBlock() {
		return sqlerr.New(sqlerr.ActiveSQLTransaction, "BACKUP cannot run inside a transaction block")
	}
	out, err := sink.CopyOut(server.CopyHeader{Binary: true})
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(out, backupMessageBytes)
	if _, err := s.engine.db.Backup(ctx, w); err != nil {
		return err
	}
	return w.Flush()
}
