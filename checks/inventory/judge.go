package inventory

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
)

// maxFindings bounds the findings about programs.
const maxFindings = 200

// judge compares the snapshot with what is approved: its programs with the
// list, its hardware with the machine's entry. Both must be there and equal.
func judge(seen snapshot, p stockParams, _ time.Time) checks.Verdict {
	var v checks.Verdict
	unlisted := seen.unlisted(p.Software)
	for i, prog := range unlisted {
		if i == maxFindings {
			break
		}
		v.Findings = append(v.Findings, checks.Finding{
			Key: prog.Name, Status: checks.Fail,
			Reason: checks.Because("inventory.unlisted", "version", cmp.Or(prog.Version, "?"), "publisher", cmp.Or(prog.Publisher, "?"), "where", prog.From),
		})
	}
	hardware := seen.compareHardware(p.Hardware)
	v.Findings = append(v.Findings, hardware...)

	args := []string{
		"programs", strconv.Itoa(seen.programs()), "unlisted", strconv.Itoa(len(unlisted)),
		"disks", strconv.Itoa(seen.fixedDisks()), "volumes", strconv.Itoa(len(seen.Volumes)), "digest", seen.Digest[:min(12, len(seen.Digest))],
	}
	unread := seen.unreadSources()
	status, code := checks.Pass, "inventory.equal"
	switch {
	case len(unlisted) > 0 || failing(hardware):
		status, code = checks.Fail, "inventory.differs"
	case len(unread) > 0:
		status, code = checks.Unknown, "inventory.unread"
		args = append(args, "sources", joined(unread))
	case len(p.Software) == 0 && p.Hardware == nil:
		status, code = checks.Unknown, "inventory.no_register"
	case len(p.Software) == 0:
		status, code = checks.Unknown, "inventory.no_software_list"
	case p.Hardware == nil:
		status, code = checks.Unknown, "inventory.no_hardware_entry"
	case len(hardware) > 0:
		status, code = checks.Unknown, "inventory.hardware_unread"
	}
	v.Status, v.Reason = status, checks.Because(code, args...)
	return v
}

// programs counts all that is installed.
func (s snapshot) programs() int {
	n := len(s.Software) + s.SoftwareMore
	for _, lines := range s.Base {
		n += len(lines)
	}
	return n
}

func failing(findings []checks.Finding) bool {
	return slices.ContainsFunc(findings, func(f checks.Finding) bool { return f.Status == checks.Fail })
}

// unreadSources names what is missing in the snapshot, as a list cut off too.
func (s snapshot) unreadSources() []string {
	out := unreadNames(s.Unread)
	if s.SoftwareMore > 0 {
		out = append(out, "software +"+strconv.Itoa(s.SoftwareMore))
	}
	return out
}

// unreadNames names each source once.
func unreadNames(unread []checks.Unread) []string {
	var out []string
	for _, u := range unread {
		if !slices.Contains(out, u.Source) {
			out = append(out, u.Source)
		}
	}
	return out
}

// joined says a list of sources, of which a few are enough to start with.
func joined(sources []string) string {
	const shown = 5
	if len(sources) > shown {
		sources = append(sources[:shown:shown], "+"+strconv.Itoa(len(sources)-shown))
	}
	return strings.Join(sources, ", ")
}

// unlisted returns the programs that no line of the list approves, each name
// once. Without list there is nothing to tell them by.
func (s snapshot) unlisted(list []approved) []program {
	if len(list) == 0 {
		return nil
	}
	allowed := newAllowList(list)
	var out []program
	seen := map[string]bool{}
	for _, p := range s.Software {
		if !seen[p.Name] && !allowed.allows(p) {
			seen[p.Name] = true
			out = append(out, p)
		}
	}
	return out
}

func (s snapshot) fixedDisks() int {
	if s.Hardware == nil {
		return 0
	}
	n := 0
	for _, d := range s.Hardware.Disks {
		if !d.Removable {
			n++
		}
	}
	return n
}

// compareHardware lists where the machine differs from its entry, and what
// about it is not known.
func (s snapshot) compareHardware(entry *equipment) []checks.Finding {
	if entry == nil || s.Hardware == nil {
		return nil
	}
	var out []checks.Finding
	add := func(key string, status checks.Status, code string, pairs ...string) {
		out = append(out, checks.Finding{Key: key, Status: status, Reason: checks.Because(code, pairs...)})
	}
	switch serial := s.Hardware.Serial; {
	case serial == "":
		add("serial", checks.Unknown, "inventory.serial_unread")
	case !strings.EqualFold(serial, entry.Serial):
		add("serial", checks.Fail, "inventory.other_machine", "serial", serial, "entry", entry.Serial)
	}
	if len(entry.Disks) == 0 {
		return out
	}
	same := func(serial string) func(string) bool {
		return func(other string) bool { return strings.EqualFold(serial, other) }
	}
	var there []string
	blind := false
	for _, d := range s.Hardware.Disks {
		switch {
		case d.Removable:
		case d.Serial == "":
			blind = true
			add("disk "+d.Name, checks.Unknown, "inventory.disk_unread")
		case !slices.ContainsFunc(entry.Disks, same(d.Serial)):
			add("disk "+d.Serial, checks.Fail, "inventory.disk_extra", "model", cmp.Or(d.Model, "?"))
			there = append(there, d.Serial)
		default:
			there = append(there, d.Serial)
		}
	}
	for _, serial := range entry.Disks {
		if slices.ContainsFunc(there, same(serial)) {
			continue
		}
		status := checks.Fail
		if blind {
			status = checks.Unknown // it may be the one without serial
		}
		add("disk "+serial, status, "inventory.disk_missing")
	}
	return out
}
