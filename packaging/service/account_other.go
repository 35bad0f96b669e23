//go:build !windows

package service

import (
	"os"
	"strconv"
)

// Account is that of this process: its SID on Windows, its user id elsewhere.
func Account() (string, error) { return strconv.Itoa(os.Geteuid()), nil }
