package local

import (
	"context"
	"fmt"

	"golang.org/x/sys/unix"

	"vigia/checks/host"
)

// Clock implements host.Running by adjtimex(2), which only reads when it is asked to
// set nothing. Who disciplines the clock the kernel does not know.
func (liveRunning) Clock(ctx context.Context) (host.Clock, error) {
	if err := ctx.Err(); err != nil {
		return host.Clock{}, err
	}
	var t unix.Timex
	if _, err := unix.Adjtimex(&t); err != nil {
		return host.Clock{}, fmt.Errorf("read the state of the clock: %w", err)
	}
	return clockState(int64(t.Status), int64(t.Maxerror)), nil //nolint:unconvert // 32 bits wide on some processors
}

// clockState reads what the kernel says: status bits of sys/timex.h, and the largest
// error in microseconds, which grows by itself while nobody corrects the clock.
func clockState(status, maxError int64) host.Clock {
	c := host.Clock{Synchronised: status&unix.STA_UNSYNC == 0}
	if c.Synchronised {
		c.Error = max(maxError, 0)
	}
	return c
}
