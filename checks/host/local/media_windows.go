package local

import (
	"context"
	"time"

	"vigia/checks/host"
)

// Windows itself remembers what was plugged in, in the registry and its event log, where
// the check reads it.

func listMedia() ([]host.MediaUse, error) { return nil, host.ErrUnsupported }

func bootTime(context.Context) time.Time { return time.Time{} }

func shutdownTime(context.Context) time.Time { return time.Time{} }

func waitForMedia(context.Context, time.Duration) {}
