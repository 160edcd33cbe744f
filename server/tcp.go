package server

import (
	"net"
	"time"
)

// setTCP gives the connection its options; see TCPOptions.
//
// TCP_USER_TIMEOUT alone ends only connections on which something is under way. A session that waits sends nothing,
// so that with a timeout keepalive probes begin early enough to be missed in time: its clients are found out as fast
// as those of a session that writes, rounded up to the whole seconds in which the system counts probes.
func (s *session) setTCP(o TCPOptions) {
	if s.tcp == nil {
		return
	}
	if o.UserTimeout == 0 {
		o.UserTimeout = s.srv.cfg.UserTimeout
	}
	probe := s.srv.cfg.KeepAlive
	if o.UserTimeout > 0 && (probe <= 0 || probe > o.UserTimeout/2) {
		probe = o.UserTimeout / 2
	}
	keep := net.KeepAliveConfig{Enable: true, Idle: o.KeepIdle, Interval: o.KeepInterval, Count: o.KeepCount}
	if keep.Idle == 0 {
		keep.Idle = probe
	}
	if keep.Interval == 0 && o.UserTimeout > 0 {
		keep.Interval = probe
	}
	keep.Idle, keep.Interval, keep.Count = min(keep.Idle, maxProbeTime), min(keep.Interval, maxProbeTime), min(keep.Count, maxProbes)
	if keep.Idle < 0 { // the config wants none
		keep = net.KeepAliveConfig{}
	}
	err := s.tcp.SetKeepAliveConfig(keep)
	if err == nil {
		err = setUserTimeout(s.tcp, o.UserTimeout)
	}
	if err != nil {
		s.srv.cfg.Logger.Warn("options of the connection were not set", "session", s.id, "err", err)
	}
}

// What Linux takes at most.
const (
	maxProbeTime   = (1<<15 - 1) * time.Second
	maxProbes      = 127
	maxUserTimeout = (1<<31 - 1) * time.Millisecond
)
