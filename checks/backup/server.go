package backup

import (
	"context"
	"errors"

	"vigia/checks"
	"vigia/checks/format/pgcontrol"
	"vigia/checks/host"
)

// observeServer reads how far a PostgreSQL server wrote, where the source is the folder
// of one: the times of its files prove little, and the place in its log a lot.
func observeServer(ctx context.Context, h *host.Host, source string) (serverFacts, bool) {
	if !native(h.OS, source) {
		return serverFacts{}, false
	}
	if _, err := h.Files.Stat(ctx, join(h.OS, source, "PG_VERSION")); err != nil {
		return serverFacts{}, false
	}
	var f serverFacts
	b, err := h.Files.ReadRange(ctx, join(h.OS, join(h.OS, source, "global"), "pg_control"), 0, pgcontrol.Size)
	if err != nil {
		f.Why = checks.WhyUnread(err)
		return f, true
	}
	c, err := pgcontrol.Parse(b)
	f.Version = c.Version
	switch {
	case errors.Is(err, pgcontrol.ErrVersion):
		f.Why = "version"
		return f, true
	case err != nil:
		f.Why = "control"
		return f, true
	}
	f.Checkpoint, f.Time = pgcontrol.LSN(c.Checkpoint), c.Time
	f.Stopped = c.State == pgcontrol.ShutDown
	if !f.Stopped {
		_, err := h.Files.Stat(ctx, join(h.OS, source, "postmaster.pid"))
		if err != nil && checks.WhyUnread(err) != "absent" {
			f.Why = checks.WhyUnread(err)
		}
		f.Crashed = err != nil || c.State != pgcontrol.Running
	}
	return f, true
}
