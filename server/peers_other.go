//go:build !linux

package server

// peerWatch needs Linux's epoll: elsewhere a vanished client is noticed when the server next reads or writes.
type peerWatch struct{}

func (*peerWatch) open() error      { return errNotHere }
func (*peerWatch) watch(*session)   {}
func (*peerWatch) run(func(uint32)) {}
func (*peerWatch) close()           {}
