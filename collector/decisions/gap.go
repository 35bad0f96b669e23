package decisions

import (
	"cmp"
	"slices"
	"strings"

	"vigia/checks"
	"vigia/checks/policy"
)

// Gap is a duty that is not met, or of which nobody knows whether it is.
type Gap struct {
	policy.Control
	// Unmeasured tells that nothing measures the duty and nobody attested it: it has no
	// groups.
	Unmeasured bool
	// Groups are the causes, the worst first; Machines and Others count where: machines, and
	// what is none.
	Groups           []Group
	Machines, Others int
	// Undecided counts the causes that wait, Plans are the folios of the work plan, Kinds
	// what was decided.
	Undecided int
	Kinds     []Kind
	Plans     []string
}

// Worst is how bad the worst of its causes is.
func (g Gap) Worst() checks.Status {
	worst := checks.Unknown
	for i, group := range g.Groups {
		if i == 0 {
			worst = group.Status
		}
		worst = checks.Worst(worst, group.Status)
	}
	return worst
}

// Gaps joins what is wrong with the catalogue of duties: the gap analysis. asked are the
// duties that the organisation's packs ask for, measured those of them that a machine or a
// person answers for. What only could be better is no gap.
func Gaps(groups []Group, laws policy.LawBook, asked, measured map[string]bool) []Gap {
	by := map[string][]Group{}
	for _, g := range groups {
		if g.Status != checks.Warn {
			by[g.Control] = append(by[g.Control], g)
		}
	}
	var out []Gap
	for _, law := range laws.Controls {
		found := by[law.ID]
		switch {
		case len(found) > 0:
			out = append(out, gapOf(law, found))
		case (law.Core || asked[law.ID]) && !measured[law.ID]:
			out = append(out, Gap{Control: law, Unmeasured: true})
		}
	}
	slices.SortStableFunc(out, func(a, b Gap) int {
		return cmp.Or(rankOf(a)-rankOf(b), severityRank(a.Severity)-severityRank(b.Severity))
	})
	return out
}

// rankOf puts what is known to be wrong before what nobody knows.
func rankOf(g Gap) int {
	switch {
	case g.Unmeasured:
		return 2
	case g.Worst() == checks.Unknown:
		return 1
	default:
		return 0
	}
}

func gapOf(law policy.Control, groups []Group) Gap {
	out := Gap{Control: law, Groups: groups}
	machines := map[string]bool{}
	for _, g := range groups {
		for _, m := range g.Machines {
			machines[m.ID] = true
		}
		for _, m := range g.Members {
			if m.Machine == "" {
				out.Others++
			}
		}
		if g.Undecided > 0 {
			out.Undecided++
		}
		for _, d := range g.Past {
			if strings.HasPrefix(d.Ref, "PLN-") && !slices.Contains(out.Plans, d.Ref) {
				out.Plans = append(out.Plans, d.Ref)
			}
		}
		if g.Decision != nil && !slices.Contains(out.Kinds, g.Decision.Kind) {
			out.Kinds = append(out.Kinds, g.Decision.Kind)
		}
	}
	slices.Sort(out.Plans)
	out.Machines = len(machines)
	return out
}
