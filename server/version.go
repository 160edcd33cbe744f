package server

// What the server says of itself. Drivers read the leading number of
// server_version to learn which catalog queries it understands.
const (
	Version    = "15.8 (Cachalot 0.1)" // server_version
	VersionNum = 150008                // server_version_num
)
