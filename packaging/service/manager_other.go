//go:build !windows

package service

import (
	"context"
	"errors"
)

// runManaged implements Run for a service manager that is not here.
func (p Program) runManaged(context.Context) error {
	return errors.New("there is a service manager of Windows only on Windows")
}
