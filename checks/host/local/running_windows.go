package local

import (
	"context"

	"vigia/checks/host"
)

// liveRunning tells what runs on this machine. It keeps nothing.
type liveRunning struct{}

var _ host.Running = liveRunning{}

// Services implements host.Running.
func (liveRunning) Services(context.Context) ([]host.Service, error) { return nil, host.ErrUnsupported }

// Processes implements host.Running.
func (liveRunning) Processes(context.Context) ([]host.Process, error) {
	return nil, host.ErrUnsupported
}
