package scan

import (
	"context"
	"sync"
	"time"

	"vigia/checks/host"
)

// ReasonBattery ends a scan whose time was over while the machine ran on its battery.
const ReasonBattery Reason = "power.battery"

// How a scan that nobody waits for makes way for others.
const (
	lookEvery   = 10 * time.Second // between two looks at the load
	batteryWait = 30 * time.Second // between two looks on battery, when nothing is read
	busyFactor  = 3                // so many times as long as it worked it rests when others wait
)

// A yielder has a scan rest while the machine has nothing to spare: on battery until it
// is on power again, and most of the time while somebody works.
type yielder struct {
	load func() host.Load // nil: it never rests

	mu   sync.Mutex
	last time.Time // when the load was looked at
}

// yield rests if need be. It returns why the scan has to end, or empty.
func (y *yielder) yield(ctx context.Context) Reason {
	if y.load == nil {
		return ""
	}
	y.mu.Lock()
	defer y.mu.Unlock() // the others rest too
	if y.last.IsZero() {
		y.last = time.Now().Add(-lookEvery)
	}
	worked := time.Since(y.last)
	if worked < lookEvery {
		return ""
	}
	load := y.load()
	for load.Battery {
		if !sleep(ctx, batteryWait) {
			return ReasonBattery
		}
		load = y.load()
	}
	if load.Busy {
		sleep(ctx, busyFactor*min(worked, lookEvery)) // the walk notices the context's end
	}
	y.last = time.Now()
	return ""
}

// sleep tells whether the time passed before the context ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
