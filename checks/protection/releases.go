package protection

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// releases is the day on which revisions of Windows came out, by build and revision:
// "19045.6456", and "26100.33650 server" where servers count apart. A revision has the
// fixes of those below it. It is a list of marks and not of all there are: for what is
// between or above them, the day on which an update was made must tell. What a policy
// gives is added.
//
// Sources: Microsoft's update histories up to July 2026; from then on the first revision
// without the fault in the CVE records that Microsoft published on that day.
func releases() map[string]string {
	out := make(map[string]string)
	for day, revisions := range map[string]string{
		"2025-10-14": "14393.8519 17763.7919 19044.6456 19045.6456 20348.4294 22631.6060 26100.6899 26200.6899 26100.6899s",
		"2025-11-11": "14393.8594 17763.8027 19044.6575 19045.6575 20348.4405 22631.6199 26100.7171 26200.7171 26100.7171s",
		"2026-01-13": "17763.8276 19044.6809 19045.6809 20348.4648 22631.6491",
		"2026-02-10": "17763.8389 19044.6937 19045.6937 20348.4773 26100.7840 26200.7840 26100.32370s 28000.1575",
		"2026-03-10": "20348.4893 22631.6783 26100.8037 26200.8037 26100.32522s 28000.1719",
		"2026-04-14": "14393.9060 17763.8644 19044.7184 19045.7184 20348.5020 22631.6936 26100.8246 26200.8246 26100.32690s 28000.1836",
		"2026-05-12": "14393.9140 17763.8755 19044.7291 19045.7291 20348.5139 22631.7079 26100.8457 26200.8457 26100.32860s 28000.2113",
		"2026-06-09": "14393.9234 17763.8880 19044.7417 19045.7417 20348.5256 22631.7219 26100.8655 26200.8655 26100.32995s 28000.2269",
		"2026-07-14": "14393.9339 17763.9020 19044.7548 19045.7548 20348.5386 22631.7376 26100.8875 26200.8875 26100.33158s 28000.2525",
		"2026-08-11": "22631.7517 26100.9168 26200.9168 26100.33296s",
		"2026-09-08": "17763.9245 19044.7725 19045.7725 20348.5622 26100.9445 26200.9445",
		"2026-10-13": "14393.9612 17763.9376 19044.7807 19045.7807 20348.5761 22631.7652 26100.9711 26200.9711 26300.9711 26100.33650s 28000.3231",
		"2026-11-10": "14393.9688 17763.9487",
	} {
		for revision := range strings.FieldsSeq(revisions) {
			if client, ok := strings.CutSuffix(revision, "s"); ok {
				revision = client + ofServers
			}
			out[revision] = day
		}
	}
	return out
}

// ofServers ends the name of a revision that only servers have.
const ofServers = " server"

// mark is a revision of one build and the day on which it came out.
type mark struct {
	revision int
	day      time.Time
}

// marksOf lists the marks of a build, in the order of their revisions. A server goes by
// those of servers where its build has some.
func marksOf(known map[string]string, build string, server bool) []mark {
	var all, servers []mark
	for name, day := range known {
		name, own := strings.CutSuffix(name, ofServers)
		of, revision, ok := strings.Cut(name, ".")
		n, err := strconv.Atoi(revision)
		at, dated := parseDay(day)
		if !ok || of != build || err != nil || !dated {
			continue
		}
		if own {
			servers = append(servers, mark{n, at})
		} else {
			all = append(all, mark{n, at})
		}
	}
	if server && len(servers) > 0 {
		all = servers
	}
	slices.SortFunc(all, func(a, b mark) int { return cmp.Compare(a.revision, b.revision) })
	return all
}

// Days between the making of a cumulative update and the second Tuesday on which it
// comes out. One made up to sureLead days before is that of the Tuesday. One made
// earlier, but not more than maxLead days, may be it or the preview of the weeks
// between, which has none of its fixes.
const (
	sureLead = 10
	maxLead  = 20
)

// fixed is how far the fixes of a Windows go.
type fixed struct {
	// through is the newest second Tuesday whose fixes are proven to be there; zero if
	// none is.
	through time.Time
	// without is the oldest one whose fixes are proven to be missing; zero if none is.
	without time.Time
}

// fixes finds out how far the fixes go: by the marks around the revision, and by the day
// on which the installed update was made. The day on which it was installed says nothing
// but that it was out then.
func (f patchesFacts) fixes(p patchesParams) fixed {
	build, revision, _ := strings.Cut(f.Build, ".")
	n, err := strconv.Atoi(revision)
	if err != nil {
		return fixed{}
	}
	var out fixed
	for _, m := range marksOf(p.Releases, build, strings.HasSuffix(f.System, ofServers)) {
		switch {
		case m.revision <= n && m.day.After(out.through):
			out.through = m.day
		case m.revision > n && (out.without.IsZero() || m.day.Before(out.without)):
			out.without = m.day
		}
	}
	made, ok := parseDay(f.Made)
	next := patchTuesday(made.AddDate(0, 0, -1))
	before := tuesdayBefore(next)
	if !ok || next.Before(out.through) || !out.without.IsZero() && out.without.Before(before) {
		return out // without a day, or with one that cannot be
	}
	if out.without.Equal(before) { // an update without a restart, whose revisions are below
		out.without = time.Time{}
	}
	if before.After(out.through) {
		out.through = before
	}
	if f.revision() != revision {
		return out // another update is on top of it
	}
	installed, dated := parseDay(f.Updated)
	early := dated && installed.Before(next) // or its maker put it into an image of the system
	lead := int(next.Sub(made) / (24 * time.Hour))
	missing := next
	switch {
	case lead > maxLead, early && lead > sureLead:
	case dated && !early && lead <= sureLead && !out.without.Equal(next):
		out.through = latest(out.through, next)
		missing = patchTuesday(next)
	default: // one of the two, or an update without a restart
		missing = patchTuesday(next)
		if out.without.Equal(next) {
			out.without = time.Time{}
		}
	}
	if !missing.After(out.through) {
		missing = patchTuesday(out.through)
	}
	if out.without.IsZero() || missing.Before(out.without) {
		out.without = missing
	}
	return out
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// revision is the revision of the installed package.
func (f patchesFacts) revision() string {
	parts := strings.Split(f.Package, ".")
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}

// tuesdayBefore is the second Tuesday of the month before.
func tuesdayBefore(tuesday time.Time) time.Time {
	return patchTuesday(time.Date(tuesday.Year(), tuesday.Month()-1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, -1))
}
