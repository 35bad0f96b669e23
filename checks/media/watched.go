package media

import (
	"bufio"
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// observeWatched takes what the agent saw while it watched, and what modprobe(8) is told
// about the driver.
func observeWatched(ctx context.Context, h *host.Host) (portableFacts, error) {
	look := &checks.Look{Host: h}
	var seen portableFacts
	log, err := h.Media.Media(ctx)
	if err != nil {
		look.Need("/sys/block", err)
	} else {
		if !log.Since.IsZero() {
			seen.From = day(log.Since)
		}
		seen.Gaps, seen.More = log.Lost, log.More
		for _, u := range log.Uses {
			m := seen.add(u)
			m.Present = m.Present || u.Until.IsZero()
		}
	}
	seen.Blocked = blockedDriver(ctx, look)
	seen.Unread = look.Unread
	return seen, nil
}

// add counts a use of a medium, and returns that.
func (f *portableFacts) add(u host.MediaUse) *medium {
	m := medium{Kind: u.Kind, Vendor: u.Vendor, Model: u.Model, Serial: u.Serial}
	at := slices.IndexFunc(f.Media, func(o medium) bool { return o.key() == m.key() })
	if at < 0 {
		f.Media = append(f.Media, m)
		at = len(f.Media) - 1
	}
	to := &f.Media[at]
	to.Uses++
	to.Bytes = max(to.Bytes, u.Size)
	for _, v := range u.Volumes {
		if !slices.Contains(to.Volumes, v) {
			to.Volumes = append(to.Volumes, v)
		}
	}
	if !u.From.IsZero() && (to.First == "" || day(u.From) < to.First) {
		to.First = day(u.From)
	}
	// A medium that is plugged in for days is used on the day it came, so that the fact
	// does not change every night.
	last := u.From
	if !u.Until.IsZero() {
		last = u.Until
	}
	if !last.IsZero() && day(last) > to.Last {
		to.Last = day(last)
	}
	if u.Written != nil {
		total := *u.Written / 1e6
		if to.Written != nil {
			total += *to.Written
		}
		to.Written = &total
	}
	return to
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// blockedDriver tells whether modprobe.d(5) keeps the driver of USB storage away.
func blockedDriver(ctx context.Context, look *checks.Look) string {
	installed, uas := false, false
	for _, dir := range []string{"/usr/lib/modprobe.d", "/etc/modprobe.d"} {
		entries, err := look.Host.Files.ReadDir(ctx, dir)
		if err != nil {
			look.Miss(dir, err)
			continue
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name, ".conf") {
				continue
			}
			lines := bufio.NewScanner(bytes.NewReader(look.File(ctx, dir+"/"+e.Name, 1<<20)))
			for lines.Scan() {
				// "blacklist" only keeps it from being loaded by an alias; "install" replaces it.
				words := strings.Fields(lines.Text())
				if len(words) < 3 || words[0] != "install" || !strings.HasSuffix(words[2], "/false") && !strings.HasSuffix(words[2], "/true") {
					continue
				}
				installed = installed || words[1] == "usb-storage" || words[1] == "usb_storage"
				uas = uas || words[1] == "uas"
			}
		}
	}
	if installed && uas {
		return "driver"
	}
	return ""
}
