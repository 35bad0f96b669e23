package local

import (
	"context"

	"vigia/checks/host"
)

// Clock implements host.Running. Windows keeps no such state in its kernel: how its
// time service is set up is in the registry, and how it fares in the event log.
func (liveRunning) Clock(context.Context) (host.Clock, error) {
	return host.Clock{}, host.ErrUnsupported
}
