package server

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// peerWatch is an epoll of its own beside that of Go's runtime, which does not tell of a connection that nobody
// reads. It is edge-triggered: of each connection it tells once.
type peerWatch struct {
	file *os.File // the epoll, itself watched by the runtime's; nil when it could not be had
	raw  syscall.RawConn
}

func (p *peerWatch) open() error {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // os.NewFile asks for it
		unix.Close(fd)
		return fmt.Errorf("epoll: %w", err)
	}
	file := os.NewFile(uintptr(fd), "epoll")
	raw, err := file.SyscallConn()
	if err != nil {
		file.Close()
		return fmt.Errorf("epoll: %w", err)
	}
	p.file, p.raw = file, raw
	return nil
}

// watch adds a session's connection. Closing it takes it out again.
func (p *peerWatch) watch(s *session) {
	conn, ok := s.w.conn.(syscall.Conn)
	if !ok || p.file == nil {
		return
	}
	raw, err := conn.SyscallConn()
	if err == nil {
		event := unix.EpollEvent{Events: unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(s.id)}
		var addErr error
		err = p.raw.Control(func(epoll uintptr) {
			addErr = raw.Control(func(fd uintptr) {
				addErr = unix.EpollCtl(int(epoll), unix.EPOLL_CTL_ADD, int(fd), &event)
			})
		})
		if err == nil {
			err = addErr
		}
	}
	if err != nil {
		s.srv.cfg.Logger.Warn("client is not watched", "session", s.id, "err", err)
	}
}

// run calls gone with the id of each session whose client closes its connection, until close.
func (p *peerWatch) run(gone func(id uint32)) {
	var events [64]unix.EpollEvent
	for {
		n := 0
		err := p.raw.Read(func(epoll uintptr) bool {
			var err error
			n, err = unix.EpollWait(int(epoll), events[:], 0)
			return n > 0 || err != nil
		})
		if err != nil {
			return
		}
		for _, e := range events[:max(n, 0)] {
			gone(uint32(e.Fd))
		}
	}
}

func (p *peerWatch) close() { p.file.Close() }
