package isolation

import "github.com/cachalotdb/cachalot/internal/node"

// nodeBlocking asks the node's lock table who waits for whom.
func nodeBlocking(n *node.Node, pids []uint32) map[uint32][]int32 {
	by := map[uint32][]int32{}
	for _, pid := range pids {
		by[pid] = n.DB().BlockingPIDs(int32(pid))
	}
	return by
}
