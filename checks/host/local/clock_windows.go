package local

import (
	"context"

	"vigia/checks/host"
)

// Clock implements host.Running.
func (liveRunning) Clock(context.Context) (host.Clock, error) {
	return host.Clock{}, host.ErrUnsupported
}
