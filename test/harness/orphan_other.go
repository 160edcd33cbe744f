//go:build !linux

package harness

import "syscall"

// dieWithParent is a wish that only Linux grants.
var dieWithParent *syscall.SysProcAttr
