package session

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// wakeFact is what keeps the sessions of a machine from falling idle.
type wakeFact struct {
	Program string `json:"program"` // empty where the system does not tell it
	User    string `json:"user,omitempty"`
	// Since is when the request was first there, in UTC to the hour.
	Since time.Time `json:"since"`
	// Seen is when it was last there, in UTC to the hour, if Since is no more than that it
	// was there each time that the machine was looked at.
	Seen time.Time `json:"seen,omitzero"`
}

// maxUnseen is for how long nobody may have looked for a request to be the same one.
const maxUnseen = 3 * time.Hour

// observeAwake lists the requests that defeat the lock. A system that does not tell them
// is told of in Coverage and is no gap in what the settings say.
func observeAwake(ctx context.Context, h *host.Host, r *reader) []wakeFact {
	requests, err := h.Running.WakeRequests(ctx)
	if err != nil {
		if !errors.Is(err, host.ErrUnsupported) && !errors.Is(err, host.ErrNotRecorded) {
			source := "/run/systemd/inhibit"
			if h.OS == host.Windows {
				source = sourcePower
			}
			r.Miss(source, err)
		}
		return nil
	}
	var out []wakeFact
	for _, w := range requests {
		if !strings.Contains(w.What, "idle") && !strings.Contains(w.What, "display") {
			continue
		}
		f := wakeFact{Program: w.Program, User: w.User, Since: w.Since.UTC().Truncate(time.Hour)}
		if w.Since.IsZero() {
			f.Seen = h.Now().UTC().Truncate(time.Hour)
			f.Since = seenBefore(ctx, h, f)
		}
		out = append(out, f)
	}
	return out
}

// sourcePower is what tells of requests on Windows.
const sourcePower = "CallNtPowerInformation"

// seenBefore is since when a request was there each time, by what the last run saw: now,
// if it saw none or is too long ago.
func seenBefore(ctx context.Context, h *host.Host, f wakeFact) time.Time {
	b, err := h.Past.Observed(ctx)
	if err != nil {
		return f.Seen
	}
	var last lockFacts
	if err := json.Unmarshal(b, &last); err != nil {
		return f.Seen
	}
	for _, before := range last.Awake {
		gap := f.Seen.Sub(before.Seen)
		if before.Program == f.Program && before.User == f.User && gap >= 0 && gap <= maxUnseen && !before.Since.After(f.Seen) {
			return before.Since
		}
	}
	return f.Seen
}

// judgeAwake gives a finding for each request that has stood for longer than anybody works
// without a pause. Players and presentations ask for an hour or two, and counters and
// video walls are known to whoever decides.
func judgeAwake(facts []wakeFact, longest int64, at time.Time) []checks.Finding {
	var out []checks.Finding
	for _, f := range facts {
		if hours := at.Sub(f.Since).Hours(); longest <= 0 || hours*3600 <= float64(longest) {
			continue
		}
		args := []string{"since", f.Since.Format(time.DateOnly), "hours", strconv.FormatInt(longest/3600, 10)}
		finding := checks.Finding{Key: "awake/display", Status: checks.Warn, Reason: checks.Because("screenlock.screen_on", args...)}
		if f.Program != "" {
			finding.Key = "awake/" + f.Program
			finding.Reason = checks.Because("screenlock.kept_awake", append(args, "program", f.Program)...)
		}
		out = append(out, finding)
	}
	return out
}
