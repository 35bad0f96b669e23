package inventory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// unauthorised is INV-UNAUTH-SW: every program that somebody put on the machine is on
// the allow-list of the organisation, be it installed or merely lying in a folder.
func unauthorised() checks.Check {
	return checks.New(
		checks.Info{
			ID: "inventory.unauthorised", Deadline: time.Minute,
			Covers: unauthorisedCovers(), Messages: unauthorisedMessages(),
		},
		unauthorisedParams{MaxDownloads: 5},
		checks.On[unauthorisedFacts]{host.Linux: observeLooseFiles, host.Windows: observeLooseRegistry},
		judgeUnauthorised)
}

type unauthorisedParams struct {
	// Software lists the approved programs; none means that there is no list.
	Software []approved `json:"software,omitempty"`
	// Denied are programs that were decided against, whatever Software says.
	Denied []approved `json:"denied,omitempty"`
	// MaxDownloads is how many installers may lie in a person's folder of downloads.
	MaxDownloads int `json:"max_downloads"`
}

// Validate implements checks.Validator.
func (p unauthorisedParams) Validate() error {
	if p.MaxDownloads < 0 {
		return fmt.Errorf("max_downloads %d is negative", p.MaxDownloads)
	}
	if err := validateList("approved program", p.Software); err != nil {
		return err
	}
	return validateList("denied program", p.Denied)
}

// unauthorisedFacts is the evidence of inventory.unauthorised. What came with the system
// or because another package needs it is in inventory.snapshot alone.
type unauthorisedFacts struct {
	// Programs are those that somebody chose to install, sorted; More counts those left
	// out beyond the limits.
	Programs []program `json:"programs,omitempty"`
	More     int       `json:"more,omitempty"`
	// Loose are programs that no list of the machine has.
	Loose     []loose `json:"loose,omitempty"`
	LooseMore int     `json:"loose_more,omitempty"`
	// Downloads counts the installers in folders of downloads, those with any.
	Downloads []downloads     `json:"downloads,omitempty"`
	Unread    []checks.Unread `json:"unread,omitempty"`
}

// loose is a program that lies in a folder.
type loose struct {
	Name string `json:"name"` // of the file, or of its folder
	// Place is local_bin, home_bin, appimage, desktop, programs (of a profile), opt or
	// usr_local.
	Place   string `json:"place"`
	Profile string `json:"profile,omitempty"` // whose, if it is somebody's
}

// downloads counts installers that somebody fetched.
type downloads struct {
	Profile  string `json:"profile"`
	Programs int    `json:"programs"`
}

// maxLoose bounds the list of loose programs.
const maxLoose = 1000

func (f *unauthorisedFacts) addLoose(l loose) {
	if l.Name = plain(l.Name); len(f.Loose) >= maxLoose {
		f.LooseMore++
		return
	}
	f.Loose = append(f.Loose, l)
}

// finish sorts and bounds what was found.
func (f *unauthorisedFacts) finish(ctx context.Context, r *reader, all installed) (unauthorisedFacts, error) {
	f.Programs, f.More = fit(all.chosen)
	slices.SortFunc(f.Loose, func(a, b loose) int {
		return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.Profile, b.Profile), cmp.Compare(a.Name, b.Name))
	})
	f.Loose = slices.Compact(f.Loose)
	f.Unread = r.unread
	return *f, ctx.Err()
}

// judgeUnauthorised compares what there is with the list. What was decided against fails
// with or without a list.
func judgeUnauthorised(seen unauthorisedFacts, p unauthorisedParams, _ time.Time) checks.Verdict {
	var v checks.Verdict
	bad := 0
	fail := func(key, code string, args ...string) {
		if bad++; bad <= maxFindings {
			v.Findings = append(v.Findings, checks.Finding{Key: key, Status: checks.Fail, Reason: checks.Because(code, args...)})
		}
	}
	allowed, denied := newAllowList(p.Software), newAllowList(p.Denied)
	listed := map[string]bool{} // names that have a finding: of a program in two versions one is enough
	users := 0
	for _, prog := range seen.Programs {
		if prog.From == "user" || prog.From == "flatpak_user" {
			users++
		}
		args := []string{"version", cmp.Or(prog.Version, "?"), "publisher", cmp.Or(prog.Publisher, "?"), "where", prog.From}
		switch {
		case listed[prog.Name]:
			continue
		case denied.allows(prog):
			fail("program/"+prog.Name, "unauthorised.denied", args...)
		case len(p.Software) > 0 && !allowed.allows(prog):
			fail("program/"+prog.Name, "unauthorised.unlisted", args...)
		default:
			continue
		}
		listed[prog.Name] = true
	}
	for _, l := range seen.Loose {
		key, prog := "loose/"+l.Place+"/"+l.Profile+"/"+l.Name, program{Name: l.Name}
		args := []string{"name", l.Name, "loose_in", l.Place, "profile", cmp.Or(l.Profile, "-")}
		switch {
		case denied.allows(prog):
			fail(key, "unauthorised.loose_denied", args...)
		case len(p.Software) > 0 && !allowed.allows(prog):
			fail(key, "unauthorised.loose", args...)
		}
	}
	many := 0
	for _, d := range seen.Downloads {
		if d.Programs > p.MaxDownloads {
			many++
			v.Findings = append(v.Findings, checks.Finding{Key: "downloads/" + d.Profile, Status: checks.Warn, Reason: checks.Because("unauthorised.downloads",
				"profile", d.Profile, "programs", strconv.Itoa(d.Programs), "max", strconv.Itoa(p.MaxDownloads))})
		}
	}
	args := []string{
		"programs", strconv.Itoa(len(seen.Programs) + seen.More), "users", strconv.Itoa(users),
		"loose", strconv.Itoa(len(seen.Loose) + seen.LooseMore), "bad", strconv.Itoa(bad),
	}
	unread := unreadNames(seen.Unread)
	if more := seen.More + seen.LooseMore; more > 0 {
		unread = append(unread, "+"+strconv.Itoa(more))
	}
	status, code := checks.Pass, "unauthorised.all_listed"
	switch {
	case bad > 0:
		status, code = checks.Fail, "unauthorised.some"
	case len(unread) > 0:
		status, code = checks.Unknown, "unauthorised.unread"
		args = append(args, "sources", joined(unread))
	case len(p.Software) == 0:
		status, code = checks.Unknown, "unauthorised.no_list"
	case many > 0:
		status, code = checks.Warn, "unauthorised.only_downloads"
	}
	v.Status, v.Reason = status, checks.Because(code, args...)
	return v
}
