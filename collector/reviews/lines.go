package reviews

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/findings"
)

// MaxLines is how many decisions an act asks for at most.
const MaxLines = 30

// maxOpen is how many lines a section has at most for causes that are not critical.
const maxOpen = 3

// maxNames is how many machines a cause names.
const maxNames = 12

// rank orders severities, the worst first.
func rank(s policy.Severity) int {
	return slices.Index([]policy.Severity{policy.Critical, policy.High, policy.Medium, policy.Low}, s)
}

// worse is the worse of two severities; what is none is the least.
func worse(a, b policy.Severity) policy.Severity {
	if rank(a) < 0 || rank(b) >= 0 && rank(b) < rank(a) {
		return b
	}
	return a
}

// causes groups what is wrong by control and reason, the worst first.
func causes(snap Snapshot, laws policy.LawBook, standing []Standing, speak Speaker) []Cause {
	hosts := map[string]string{}
	for _, m := range snap.Coverage.Machines {
		hosts[m.ID] = m.Hostname
	}
	index := map[[2]string]int{}
	machines := map[[3]string]bool{}
	var out []Cause
	for _, f := range snap.Findings {
		if f.Phase == findings.Resolved {
			continue
		}
		key := [2]string{f.Control, f.Reason.Code}
		i, ok := index[key]
		if !ok {
			i = len(out)
			index[key] = i
			c := Cause{Control: f.Control, Code: f.Reason.Code, Since: f.OpenedAt}
			law, known := laws.Control(f.Control)
			if known {
				c.Title, c.Severity = law.Title, law.Severity
			} else {
				c.Title = message.Text{ES: speak.Say(message.Spanish, checks.Reason{Code: f.Control}), EN: speak.Say(message.English, checks.Reason{Code: f.Control})}
			}
			for j := range standing {
				if standing[j].Control == f.Control && standing[j].Code == f.Reason.Code {
					c.Standing = &standing[j]
				}
			}
			out = append(out, c)
		}
		c := &out[i]
		if c.Text.ES == "" || checks.Worst(c.Status, f.Status) != c.Status {
			c.Text = message.Text{ES: speak.Say(message.Spanish, f.Reason), EN: speak.Say(message.English, f.Reason)}
			c.Do = message.Text{ES: speak.Do(message.Spanish, f.Reason), EN: speak.Do(message.English, f.Reason)}
			c.Status = f.Status
		}
		c.Severity = worse(c.Severity, f.Severity)
		if f.OpenedAt.Before(c.Since) {
			c.Since = f.OpenedAt
		}
		if seen := [3]string{f.Control, f.Reason.Code, f.Machine}; !machines[seen] {
			machines[seen] = true
			c.Machines++
			c.Names = append(c.Names, cmp.Or(hosts[f.Machine], f.Machine))
		}
	}
	for i := range out {
		slices.Sort(out[i].Names)
		out[i].Names = out[i].Names[:min(len(out[i].Names), maxNames)]
		out[i].Severity = weigh(out[i])
	}
	slices.SortStableFunc(out, func(a, b Cause) int {
		return cmp.Or(rank(a.Severity)-rank(b.Severity), b.Machines-a.Machines, strings.Compare(a.Control, b.Control), strings.Compare(a.Code, b.Code))
	})
	return out
}

// weigh is how much a cause matters: what merely misses the recommended bar is low, and
// what could not be measured is never critical, but no less than medium.
func weigh(c Cause) policy.Severity {
	switch {
	case c.Status == checks.Warn:
		return policy.Low
	case c.Status == checks.Unknown && c.Severity == policy.Critical:
		return policy.High
	case rank(c.Severity) < 0:
		return policy.Medium
	default:
		return c.Severity
	}
}

// lines makes the lines of all sections from causes and from what is missing, at most
// MaxLines of them.
func lines(parts []Part, byPart map[string][]Cause) {
	for i := range parts {
		p := &parts[i]
		var settled, unread, lesser []Cause
		for _, c := range byPart[p.ID] {
			switch {
			case c.Standing != nil:
				settled = append(settled, c)
			case c.Status == checks.Unknown:
				unread = append(unread, c)
			case c.Status == checks.Warn:
				lesser = append(lesser, c)
			default:
				p.Lines = append(p.Lines, lineOf(Open, c))
			}
		}
		// What could not be measured is one thing to see to, and so is what could be better.
		for _, several := range [][]Cause{unread, lesser} {
			switch len(several) {
			case 0:
			case 1:
				p.Lines = append(p.Lines, lineOf(Open, several...))
			default:
				p.Lines = append(p.Lines, lineOf(Minor, several...))
			}
		}
		if len(settled) > 0 {
			l := lineOf(Settled, settled...)
			l.Proposed = Confirm
			if l.Severity == policy.Critical { // somebody decided it already
				l.Severity = policy.High
			}
			p.Lines = append(p.Lines, l)
		}
		if p.Proof != nil && len(p.Proof.Rows) == 0 {
			p.Lines = append(p.Lines, Line{Kind: Missing, Severity: policy.Critical, Status: checks.Fail, Proposed: Plan})
		}
		p.conclude()
	}
	for i := range parts {
		for len(mergeable(parts[i], false)) > maxOpen {
			parts[i].mergeLast(false)
		}
	}
	for total(parts) > MaxLines && mergeOnce(parts) {
	}
	for i := range parts { // so many sections have critical causes that these take the others in
		if total(parts) <= MaxLines {
			break
		}
		parts[i].mergeAll()
	}
	for i := range parts {
		for j := range parts[i].Lines {
			parts[i].Lines[j].ID = parts[i].ID + "-" + strconv.Itoa(j+1)
		}
	}
}

// conclude adds the line that closes a section, where something is not measured or there
// is no other line.
func (p *Part) conclude() {
	l := Line{Kind: Conclusion, Status: checks.Pass, Severity: policy.Low, Proposed: Confirm}
	for _, c := range p.Controls {
		if !c.Measured {
			l.Duties, l.Status, l.Severity = append(l.Duties, c.ID), checks.Unknown, policy.Medium
		}
	}
	if len(l.Duties) > 0 || len(p.Lines) == 0 {
		p.Lines = append(p.Lines, l)
	}
}

func total(parts []Part) int {
	n := 0
	for _, p := range parts {
		n += len(p.Lines)
	}
	return n
}

func lineOf(kind LineKind, all ...Cause) Line {
	l := Line{Kind: kind, Causes: all}
	for _, c := range all {
		l.Severity, l.Machines = worse(l.Severity, c.Severity), l.Machines+c.Machines
		if l.Status == "" {
			l.Status = c.Status
		}
		l.Status = checks.Worst(l.Status, c.Status)
	}
	if l.Severity != policy.Critical {
		l.Proposed = Plan
	}
	return l
}

// mergeOnce joins the two least open causes of the section that has most of them. Critical
// ones are joined last of all, and then only with each other.
func mergeOnce(parts []Part) bool {
	for _, critical := range []bool{false, true} {
		best, most := -1, 1
		for i, p := range parts {
			if n := len(mergeable(p, critical)); n > most {
				best, most = i, n
			}
		}
		if best < 0 {
			continue
		}
		parts[best].mergeLast(critical)
		return true
	}
	return false
}

// mergeLast joins the two least open causes.
func (p *Part) mergeLast(critical bool) {
	all := mergeable(*p, critical)
	into, from := all[len(all)-2], all[len(all)-1]
	p.Lines[into] = lineOf(Minor, append(slices.Clone(p.Lines[into].Causes), p.Lines[from].Causes...)...)
	p.Lines = slices.Delete(p.Lines, from, from+1)
}

// mergeAll joins all open causes of a section.
func (p *Part) mergeAll() {
	for {
		all := append(mergeable(*p, true), mergeable(*p, false)...)
		if len(all) < 2 {
			return
		}
		slices.Sort(all)
		p.Lines[all[0]] = lineOf(Minor, append(slices.Clone(p.Lines[all[0]].Causes), p.Lines[all[1]].Causes...)...)
		p.Lines = slices.Delete(p.Lines, all[1], all[1]+1)
	}
}

// mergeable are the places of a section's lines that may be joined, the worst first.
func mergeable(p Part, critical bool) []int {
	var out []int
	for i, l := range p.Lines {
		if (l.Kind == Open || l.Kind == Minor) && (l.Severity == policy.Critical) == critical {
			out = append(out, i)
		}
	}
	return out
}
