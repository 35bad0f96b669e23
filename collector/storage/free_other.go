//go:build !linux

package storage

import "errors"

// Free is for Linux alone, where collectors run.
func Free(string) (left, whole uint64, err error) { return 0, 0, errors.ErrUnsupported }
