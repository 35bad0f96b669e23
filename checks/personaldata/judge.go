package personaldata

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// judge: a file is a finding when it holds enough persons and no permit of the
// day covers its folder; files below that add up by folder. Without finding it
// passes only if everything was looked at whole.
func judge(seen localFacts, p localParams, at time.Time) checks.Verdict {
	today := at.UTC().Format(time.DateOnly)
	var v checks.Verdict
	small := map[string]int64{} // persons of the files below the bar, by folder
	var persons, permitted, unsure int64
	allowed := map[string]permittedFolder{}
	for _, f := range seen.Found {
		m, ok := p.permitted(seen.System, f.Folder)
		if ok && m.Until >= today {
			permitted++
			folder := allowed[f.Folder]
			allowed[f.Folder] = permittedFolder{m, folder.files + 1, folder.persons + f.Persons}
			continue
		}
		bar := p.MinPersons
		if special(f) {
			bar = min(bar, p.MinSpecial)
		}
		if f.Persons < bar {
			small[f.Folder] += f.Persons
			if !f.Whole {
				unsure++
			}
			continue
		}
		persons += f.Persons
		v.Findings = append(v.Findings, checks.Finding{Key: f.Path, Status: checks.Fail, Reason: reasonOf(f, m, ok)})
	}
	for _, folder := range slices.Sorted(maps.Keys(small)) {
		if small[folder] >= p.MinPersons {
			persons += small[folder]
			v.Findings = append(v.Findings, checks.Finding{
				Key: everyFileIn(folder), Status: checks.Fail,
				Reason: checks.Because("personaldata.folder", "persons", strconv.FormatInt(small[folder], 10)),
			})
		}
	}
	sortByKey(v.Findings)
	failed := len(v.Findings)
	v.Findings = append(v.Findings, p.unseen(seen, today)...)
	for _, folder := range slices.Sorted(maps.Keys(allowed)) {
		v.Findings = append(v.Findings, allowed[folder].finding(folder))
	}

	looked := lookedAt(seen.ScanSummary)
	args := []string{
		"files", strconv.FormatInt(looked, 10), "persons", strconv.FormatInt(persons, 10),
		"places", strconv.Itoa(failed), "permitted", strconv.FormatInt(permitted, 10),
		"limit", strconv.FormatInt(p.MinPersons, 10),
	}
	unread := unreadFiles(seen.ScanSummary) + unsure
	unknown := func(code string, more ...string) {
		v.Status, v.Reason = checks.Unknown, checks.Because(code, append(args, more...)...)
	}
	switch {
	case failed > 0:
		v.Status, v.Reason = checks.Fail, checks.Because("personaldata.found", args...)
	case p.unasked(seen):
		unknown("personaldata.other_folders")
	case len(seen.Roots) == 0 || looked+seen.Files["skipped"] == 0:
		unknown("personaldata.nowhere")
	case !seen.Complete:
		unknown("personaldata.stopped", "stopped", cmp.Or(seen.Stopped, "unreadable"))
	case unread > 0:
		unknown("personaldata.unread", "unread", strconv.FormatInt(unread, 10), "reasons", most(seen.Reasons))
	case seen.FoundMore > 0:
		unknown("personaldata.more", "more", strconv.FormatInt(seen.FoundMore, 10))
	default:
		v.Status, v.Reason = checks.Pass, checks.Because("personaldata.none", args...)
	}
	return v
}

// permittedFolder is what a permit covers in one folder. That it does is said, with who
// gave it and until when: whoever reads the evidence has not the policy at hand.
type permittedFolder struct {
	permit
	files, persons int64
}

func (f permittedFolder) finding(folder string) checks.Finding {
	return checks.Finding{
		Key: everyFileIn(folder), Status: checks.Pass,
		Reason: checks.Because("personaldata.permitted", "files", strconv.FormatInt(f.files, 10),
			"persons", strconv.FormatInt(f.persons, 10), "by", f.By, "until", f.Until),
	}
}

// unreadFiles counts the files that may hold anything, for they were not read whole.
func unreadFiles(s host.ScanSummary) int64 {
	n := s.Files["incomplete"] + s.Files["unreadable"]
	for _, reason := range leftAlone() {
		n += s.Reasons[reason]
	}
	return max(n, s.Reasons["format.unsupported"]) // reports of the first version skipped those
}

// unseen lists the folders whose files a person has to look at, for no program can: one
// for each kind. Where a permit holds, nobody needs to.
func (p localParams) unseen(seen localFacts, today string) (list []checks.Finding) {
	const most = 50 // of the largest; the others are in the totals
	codes := map[string]string{
		"content.image": "personaldata.pictures", "content.encrypted": "personaldata.encrypted",
		"format.unsupported": "personaldata.mailbox",
	}
	for _, u := range seen.Unread {
		code, ok := codes[u.Reason]
		if m, permitted := p.permitted(seen.System, u.Folder); !ok || permitted && m.Until >= today || len(list) == most {
			continue
		}
		list = append(list, checks.Finding{
			Key: everyFileIn(u.Folder) + " " + u.Reason, Status: checks.Unknown,
			Reason: checks.Because(code, "files", strconv.FormatInt(u.Files, 10)),
		})
	}
	sortByKey(list)
	return list
}

// leftAlone lists the scanner's reasons to skip a file that may well hold text:
// content kept elsewhere, another file system.
func leftAlone() []string { return []string{"file.cloud_placeholder", "mount.other"} }

// reasonOf says what a file holds, and which permit no longer covers it.
func reasonOf(f host.FoundFile, m permit, expired bool) checks.Reason {
	args := []string{"persons", strconv.FormatInt(f.Persons, 10), "types", most(f.Counts), "level", f.Level}
	switch {
	case expired:
		return checks.Because("personaldata.permit_over", append(args, "until", m.Until, "by", m.By)...)
	case special(f):
		return checks.Because("personaldata.special", append(args, "categories", strings.Join(f.Categories, ", "))...)
	default:
		return checks.Because("personaldata.file", args...)
	}
}

// everyFileIn names the files of a folder together.
func everyFileIn(folder string) string {
	separator := "/"
	if strings.Contains(folder, `\`) {
		separator = `\`
	}
	return strings.TrimRight(folder, separator) + separator + "*"
}

// most writes counts, the largest first: "mx.curp 12, es.dni 3".
func most(counts map[string]int64) string {
	const shown = 5
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var out []string
	for i, name := range names {
		if i == shown {
			out = append(out, fmt.Sprintf("+%d", len(names)-shown))
			break
		}
		out = append(out, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(out, ", ")
}
