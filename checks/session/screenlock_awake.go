package session

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// wakeFact is a program that keeps the sessions of a machine from falling idle.
type wakeFact struct {
	Program string `json:"program"`
	User    string `json:"user,omitempty"`
	// Since is when the request was first there, in UTC to the hour.
	Since time.Time `json:"since"`
}

// observeAwake lists the requests that defeat the lock. A system that does not tell them
// is told of in Coverage and is no gap in what the settings say.
func observeAwake(ctx context.Context, h *host.Host, r *reader) []wakeFact {
	requests, err := h.Running.WakeRequests(ctx)
	if err != nil {
		if !errors.Is(err, host.ErrUnsupported) && !errors.Is(err, host.ErrNotRecorded) {
			r.Miss("/run/systemd/inhibit", err)
		}
		return nil
	}
	var out []wakeFact
	for _, w := range requests {
		if w.Since.IsZero() || !strings.Contains(w.What, "idle") && !strings.Contains(w.What, "display") {
			continue
		}
		out = append(out, wakeFact{w.Program, w.User, w.Since.UTC().Truncate(time.Hour)})
	}
	return out
}

// judgeAwake gives a finding for each request that has stood for longer than anybody works
// without a pause. Players and presentations ask for an hour or two, and counters and
// video walls are known to whoever decides.
func judgeAwake(facts []wakeFact, longest int64, at time.Time) []checks.Finding {
	var out []checks.Finding
	for _, f := range facts {
		if hours := at.Sub(f.Since).Hours(); longest > 0 && hours*3600 > float64(longest) {
			out = append(out, checks.Finding{Key: "awake/" + f.Program, Status: checks.Warn,
				Reason: checks.Because("screenlock.kept_awake", "program", f.Program, "since", f.Since.Format("2006-01-02"),
					"hours", strconv.FormatInt(longest/3600, 10))})
		}
	}
	return out
}
