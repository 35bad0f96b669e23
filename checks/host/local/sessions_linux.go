package local

import (
	"context"

	"vigia/checks/host"
)

// Sessions implements host.Running.
func (liveRunning) Sessions(context.Context) ([]host.Session, error) { return nil, host.ErrUnsupported }

// WakeRequests implements host.Running.
func (liveRunning) WakeRequests(context.Context) ([]host.WakeRequest, error) {
	return nil, host.ErrUnsupported
}
