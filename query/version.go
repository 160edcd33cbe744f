package query

import (
	"strconv"

	"github.com/cachalotdb/cachalot/server"
)

// ServerVersion is what server_version says.
const ServerVersion = server.Version

var serverVersionNum = strconv.Itoa(server.VersionNum)
