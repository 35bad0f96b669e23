package protection

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// patches is SYS-PATCH: security fixes are installed in time, and the system still gets
// them. Which fault each of them mends is not looked at.
func patches() checks.Check {
	return checks.New(checks.Info{ID: "protection.patches", Covers: patchesCovers(), Messages: patchesMessages()},
		patchesParams{MaxDays: 30, CriticalDays: 14, RebootDays: 7, ListDays: 8, EndingDays: 90, FrozenDays: 60,
			Support: supportEnds(), Extended: extendedEnds(), Releases: releases()},
		checks.On[patchesFacts]{
			host.Windows: observePatchesRegistry,
			host.Linux:   observePatchesLinux,
		}, judgePatches)
}

// patchesParams says how long fixes may wait, in days.
type patchesParams struct {
	// MaxDays is how long security fixes may wait to be installed, CriticalDays how long
	// critical ones may, and those of which nothing tells how grave they are: Windows
	// brings all of a month as one, and apt does not say.
	MaxDays      int `json:"max_days"`
	CriticalDays int `json:"critical_days"`
	// RebootDays is how long a restart that completes fixes may wait.
	RebootDays int `json:"reboot_days"`
	// ListDays is how old the lists of what there is may be; older ones prove nothing.
	ListDays int `json:"list_days"`
	// EndingDays is how long before the end of support it is time to think of it.
	EndingDays int `json:"ending_days"`
	// FrozenDays is how old the newest security notice of a source may be; one that has
	// had none for longer is not kept up any more.
	FrozenDays int `json:"frozen_days"`
	// Support is the last day of free security fixes of each system, "debian 12" or
	// "windows 19045 pro"; what a policy gives is added to what this program knows.
	// Extended is the last day of those that are paid for or asked for.
	Support  map[string]string `json:"support"`
	Extended map[string]string `json:"extended"`
	// Releases is the day on which revisions of Windows came out, by "19045.6456" or
	// "26100.33650 server"; what a policy gives is added.
	Releases map[string]string `json:"releases"`
}

// Validate implements checks.Validator.
func (p *patchesParams) Validate() error {
	if p.CriticalDays < 1 || p.MaxDays < p.CriticalDays {
		return errors.New("critical_days must be at least 1, and max_days not below it")
	}
	if p.RebootDays < 0 || p.ListDays < 1 || p.EndingDays < 0 || p.FrozenDays < 1 {
		return errors.New("reboot_days and ending_days must not be negative, list_days and frozen_days at least 1")
	}
	for _, table := range []map[string]string{p.Support, p.Extended, p.Releases} {
		for system, day := range table {
			if _, ok := parseDay(day); !ok {
				return fmt.Errorf("%s: %q is no day such as 2028-06-30", system, day)
			}
		}
	}
	return nil
}

// patchesFacts is the evidence of protection.patches. Days are YYYY-MM-DD in UTC.
type patchesFacts struct {
	// System is the key of the table of support, Name what people call the system.
	System string `json:"system,omitempty"`
	Name   string `json:"name,omitempty"`

	// Build is the build of Windows with its revision, "19045.6456". Package is the
	// version of the newest cumulative update that is in use, Updated the day of its
	// installation, and Made the day on which its maker made it, as its manifest says;
	// MadeUnread tells why that could not be read.
	Build      string `json:"build,omitempty"`
	Package    string `json:"package,omitempty"`
	Updated    string `json:"updated,omitempty"`
	Made       string `json:"made,omitempty"`
	MadeUnread string `json:"made_unread,omitempty"`
	// Hindered are settings of Windows that keep updates from coming: no_auto_update,
	// service_disabled. Paused is the day until which a person stopped them. FromServer
	// tells that they come from a server of the organisation.
	Hindered   []string `json:"hindered,omitempty"`
	Paused     string   `json:"paused,omitempty"`
	FromServer bool     `json:"from_server,omitempty"`

	// Manager is who installs packages on Linux: apt, rpm or empty.
	Manager string `json:"manager,omitempty"`
	// Lists is the day of the oldest list of security updates. NoSecurity tells that
	// there are lists, and none of those is of security updates.
	Lists      string `json:"lists,omitempty"`
	NoSecurity bool   `json:"no_security,omitempty"`
	// Extended tells that there are lists of the updates that Ubuntu Pro brings beyond the
	// end of free ones.
	Extended bool `json:"extended,omitempty"`
	// Pending are the packages with a security update that is not installed, sorted.
	Pending     []pendingPackage `json:"pending,omitempty"`
	PendingMore int              `json:"pending_more,omitempty"`
	// Missed are those that an earlier run saw to be missing and this one, which could not
	// read all, did not.
	Missed []pendingPackage `json:"missed,omitempty"`
	// Upgraded is the day on which apt last brought one of the packages up to date of
	// which there are security updates.
	Upgraded string `json:"upgraded,omitempty"`
	// Sources are those of dnf from which the distribution's own fixes come. NoParts are the
	// parts of the distribution for which no source of security updates is configured.
	Sources []rpmSource `json:"sources,omitempty"`
	NoParts []string    `json:"no_parts,omitempty"`

	// Restart is who waits for a restart: component_servicing, windows_update, packages,
	// kernel. RestartSince is since when, empty if nothing tells; it is not before Booted.
	Restart      []string        `json:"restart,omitempty"`
	RestartSince string          `json:"restart_since,omitempty"`
	Booted       string          `json:"booted,omitempty"`
	Unread       []checks.Unread `json:"unread,omitempty"`
}

// pendingPackage is a package with an update that is not installed.
type pendingPackage struct {
	Name      string `json:"name"`
	Installed string `json:"installed"`
	Candidate string `json:"candidate"`
	// Held tells that somebody forbade to change the package.
	Held bool `json:"held,omitempty"`
	// Since is the day of the oldest notice of dnf; of apt, whose lists have none, the day
	// on which this machine was first seen to miss it. New tells that it did not on the day
	// before that was looked.
	Since string `json:"since,omitempty"`
	New   bool   `json:"new,omitempty"`
	// Critical tells that a notice of dnf is critical, or not graded.
	Critical bool `json:"critical,omitempty"`
}

// maxPending bounds the packages kept as facts.
const maxPending = 100

const (
	managerAPT = "apt"
	managerRPM = "rpm"
)

func judgePatches(seen patchesFacts, p patchesParams, at time.Time) checks.Verdict {
	var j judged
	j.support(seen, p, at)
	switch seen.Manager {
	case managerAPT, managerRPM:
		j.packages(seen, p, at)
	default:
		j.cumulative(seen, p, at)
	}
	j.restart(seen, p, at)
	for _, what := range seen.Hindered {
		j.add("hindered/"+what, checks.Warn, "patches."+what)
	}
	if days, ok := daysSince(seen.Paused, at); ok && days < 0 {
		j.add("hindered/paused", checks.Warn, "patches.paused", "day", seen.Paused)
	}
	for _, u := range seen.Unread {
		j.add("unread/"+u.Source, checks.Unknown, "patches.unread", "source", u.Source, "why", u.Why)
	}
	return j.verdict("patches.current", "patches.several", "patches.several_warn", "patches.several_unknown")
}

// support judges whether the system still gets fixes.
func (j *judged) support(seen patchesFacts, p patchesParams, at time.Time) {
	const key = "system"
	end, known := p.Support[seen.System]
	past, ok := daysSince(end, at)
	switch {
	case seen.System == "":
		if len(seen.Unread) == 0 {
			j.add(key, checks.Unknown, "patches.system_unknown")
		}
	case !known || !ok:
		j.add(key, checks.Unknown, "patches.support_unknown", "system", seen.Name)
	case past <= 0 && -past <= p.EndingDays:
		j.add(key, checks.Warn, "patches.support_ends", "system", seen.Name, "day", end)
	case past <= 0:
		j.add(key, checks.Pass, "patches.supported", "system", seen.Name, "day", end)
	case extended(seen, p, end, at):
		j.add(key, checks.Warn, "patches.extended", "system", seen.Name, "day", p.Extended[seen.System])
	default:
		j.add(key, checks.Fail, "patches.unsupported", "system", seen.Name, "day", end)
	}
}

// extended tells whether a system past its end still gets fixes: it must be one for
// which there are some, and have some from after the end.
func extended(seen patchesFacts, p patchesParams, end string, at time.Time) bool {
	if past, ok := daysSince(p.Extended[seen.System], at); !ok || past > 0 {
		return false
	}
	last, ok := parseDay(end)
	return seen.Extended || ok && seen.fixes(p).through.After(last)
}

// cumulative judges Windows, whose fixes come as one every second Tuesday of a month.
func (j *judged) cumulative(seen patchesFacts, p patchesParams, at time.Time) {
	const key = "updates"
	has := seen.fixes(p)
	waits := func(tuesday time.Time) bool {
		return !tuesday.IsZero() && int(at.UTC().Truncate(24*time.Hour).Sub(tuesday)/(24*time.Hour)) > p.CriticalDays
	}
	through, limit := dayOf(has.through), strconv.Itoa(p.CriticalDays)
	if has.through.IsZero() {
		through = unknownDay
	}
	for _, day := range []string{seen.Updated, seen.Made} {
		if t, ok := parseDay(day); ok && t.After(at.Add(48*time.Hour)) {
			j.add(key, checks.Unknown, "patches.future", "updated", day)
			return
		}
	}
	switch {
	case waits(has.without):
		j.add(key, checks.Fail, "patches.overdue", "through", through, "due", dayOf(has.without), "limit", limit)
	case has.through.IsZero() && len(seen.Unread) > 0:
	case has.through.IsZero() && seen.Package == "":
		j.add(key, checks.Unknown, "patches.no_update_known")
	case has.through.IsZero():
		j.add(key, checks.Unknown, "patches.release_unknown", "build", seen.Build)
	case waits(patchTuesday(has.through)):
		j.add(key, checks.Unknown, "patches.release_unsure", "build", seen.Build, "through", through, "due", dayOf(patchTuesday(has.through)))
	default:
		j.add(key, checks.Pass, "patches.updated", "through", through)
	}
}

// unknownDay is how reasons call a day that is not known.
const unknownDay = "unknown"

// patchTuesday is the first second Tuesday of a month after a day.
func patchTuesday(after time.Time) time.Time {
	for month := time.Date(after.Year(), after.Month(), 1, 0, 0, 0, 0, time.UTC); ; month = month.AddDate(0, 1, 0) {
		first := (int(time.Tuesday) - int(month.Weekday()) + 7) % 7
		if day := month.AddDate(0, 0, first+7); day.After(after) {
			return day
		}
	}
}

// packages judges a machine of apt or dnf.
func (j *judged) packages(seen patchesFacts, p patchesParams, at time.Time) {
	const key = "updates"
	before := len(j.findings)
	old, dated := daysSince(seen.Lists, at)
	switch {
	case seen.NoSecurity:
		j.add(key+"/source", checks.Fail, "patches.no_security_source")
	case seen.Lists == "":
		if len(seen.Unread) == 0 {
			code := "patches.no_lists"
			if seen.Manager == managerRPM {
				code = "patches.no_notices"
			}
			j.add(key+"/lists", checks.Unknown, code)
		}
	case !dated || old < -2:
		j.add(key+"/lists", checks.Unknown, "patches.lists_undated")
	case old > p.MaxDays: // whatever came out since, it has not got it
		j.add(key+"/lists", checks.Fail, "patches.lists_stale", "day", seen.Lists, "limit", strconv.Itoa(p.MaxDays))
	case old > p.ListDays:
		j.add(key+"/lists", checks.Unknown, "patches.lists_old", "day", seen.Lists, "limit", strconv.Itoa(p.ListDays))
	}
	j.sources(seen, p, at)
	if n := len(seen.Pending) + seen.PendingMore; n > 0 {
		status, code, day := checks.Warn, "patches.pending", seen.Upgraded
		if day == "" {
			day = unknownDay
		}
		if seen.Manager == managerRPM {
			code, day = "patches.pending_since", oldest(seen.Pending)
		}
		for _, q := range seen.Pending {
			status = checks.Worst(status, q.waits(seen, p, at))
		}
		if status == checks.Unknown {
			code = "patches.pending_undated"
		}
		j.add(key, status, code, "packages", strconv.Itoa(n), "names", firstNames(seen.Pending), "day", day)
		if held := slices.DeleteFunc(slices.Clone(seen.Pending), func(q pendingPackage) bool { return !q.Held }); len(held) > 0 {
			j.add(key+"/held", checks.Warn, "patches.held", "names", firstNames(held))
		}
	} else if len(j.findings) == before && len(seen.Unread) == 0 {
		j.add(key, checks.Pass, "patches.none_pending", "day", seen.Lists)
	}
}

// sources judges where the fixes of a machine of dnf come from.
func (j *judged) sources(seen patchesFacts, p patchesParams, at time.Time) {
	for _, part := range seen.NoParts {
		j.add("updates/source/"+part, checks.Unknown, "patches.no_part", "part", part)
	}
	for _, s := range seen.Sources {
		key := "updates/source/" + s.ID
		still, ok := daysSince(s.Newest, at)
		still = max(still, 0)
		switch frozen := ok && still > p.FrozenDays; {
		case s.Archive, s.Pinned && frozen:
			j.add(key, checks.Fail, "patches.source_archive", "repository", s.ID)
		case s.NoNotices && seen.Lists != "":
			j.add(key, checks.Unknown, "patches.no_notices_of", "repository", s.ID)
		case frozen:
			j.add(key, checks.Unknown, "patches.source_frozen", "repository", s.ID, "day", s.Newest)
		}
	}
}

// waits tells what it means for how long the update of a package waits.
func (q pendingPackage) waits(seen patchesFacts, p patchesParams, at time.Time) checks.Status {
	days, ok := daysSince(q.Since, at)
	if seen.Manager == managerRPM {
		if ok && (days > p.MaxDays || q.Critical && days > p.CriticalDays) {
			return checks.Fail
		}
		return checks.Warn
	}
	if ok && days > p.CriticalDays { // apt tells of none how grave it is
		return checks.Fail
	}
	if q.New {
		return checks.Warn
	}
	// It was missed before anybody looked. Where others got their fixes it has waited for
	// less long than since then, unless somebody holds it back.
	most, ok := daysSince(seen.Upgraded, at)
	switch {
	case ok && most > p.MaxDays:
		return checks.Fail
	case !ok || q.Held || most > p.CriticalDays:
		return checks.Unknown
	}
	return checks.Warn
}

// oldest is the day of the oldest notice.
func oldest(list []pendingPackage) string {
	day := ""
	for _, q := range list {
		if q.Since != "" && (day == "" || q.Since < day) {
			day = q.Since
		}
	}
	return day
}

// firstNames names the first few packages.
func firstNames(list []pendingPackage) string {
	const few = 5
	var names []string
	for _, q := range list[:min(len(list), few)] {
		names = append(names, q.Name)
	}
	if len(list) > few {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// restart judges whether installed fixes are in use.
func (j *judged) restart(seen patchesFacts, p patchesParams, at time.Time) {
	if len(seen.Restart) == 0 {
		return
	}
	const key = "restart"
	limit := strconv.Itoa(p.RebootDays)
	days, ok := daysSince(seen.RestartSince, at)
	switch {
	case ok && days > p.RebootDays:
		j.add(key, checks.Fail, "patches.restart_overdue", "since", seen.RestartSince, "limit", limit)
	case ok:
		j.add(key, checks.Warn, "patches.restart", "since", seen.RestartSince, "limit", limit)
	default:
		j.add(key, checks.Warn, "patches.restart_undated", "booted", seen.Booted, "limit", limit)
	}
}
