package harness

import "syscall"

// dieWithParent makes a process end with the test's, also when that is killed.
var dieWithParent = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
