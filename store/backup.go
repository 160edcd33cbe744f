package store

import (
	"path/filepath"
	"strings"
)

const (
	backupManifest   = "MANIFEST"
	backupPartSuffix = ".cbk"
)

// isBackupFile says whether a file is named as those of a backup are.
func isBackupFile(path string) bool {
	return filepath.Base(path) == backupManifest || strings.HasSuffix(path, backupPartSuffix)
}
