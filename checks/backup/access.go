package backup

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// access is BK-ACCESS: nobody who works with the data day by day can read or change the
// copies, so that what happens to one happens not to the other.
func access() checks.Check {
	return checks.NewWithParams(
		checks.Info{ID: "backup.access", Deadline: 2 * time.Minute, Messages: accessMessages(), Covers: accessCovers()},
		accessParams{},
		checks.OnWith[accessFacts, accessParams]{host.Linux: observeModes, host.Windows: observeLists},
		judgeAccess)
}

type accessParams struct {
	Datasets []dataset `json:"datasets,omitempty"`
}

// Validate implements checks.Validator.
func (p accessParams) Validate() error { return validate(p.Datasets) }

// accessFacts is the evidence of backup.access.
type accessFacts struct {
	Datasets []reachFacts `json:"datasets,omitempty"`
	// Unread is what could not be read about the machine as a whole.
	Unread []checks.Unread `json:"unread,omitempty"`
}

// reachFacts is who reaches the copies of one dataset.
type reachFacts struct {
	Name   string `json:"name"`
	Source string `json:"source,omitempty"`
	Copies string `json:"copies"`
	// Readers and Writers are the accounts of daily work that can read a copy, and change
	// or remove one; "*" is any account. Those beyond a few are counted.
	Readers     []string `json:"readers,omitempty"`
	ReadersMore int      `json:"readers_more,omitempty"`
	Writers     []string `json:"writers,omitempty"`
	WritersMore int      `json:"writers_more,omitempty"`
	// Mapped are the accounts that have the share of the copies as a drive.
	Mapped []string `json:"mapped,omitempty"`
	// Unresolved are groups or accounts with rights of which it is not known who they are.
	Unresolved []string `json:"unresolved,omitempty"`
	// Together tells how near the source and the copies are: volume, disk, or empty.
	Together string          `json:"together,omitempty"`
	Unread   []checks.Unread `json:"unread,omitempty"`
}

const (
	sameVolume = "volume"
	sameDisk   = "disk"

	anyAccount = "*"
	maxNamed   = 10
	// maxObjects bounds the entries of a folder of copies whose rights are read: the
	// newest ones, which are those that a restore would need.
	maxObjects = 60
)

// name keeps sorted names up to a few.
func named(all map[string]bool) (few []string, more int) {
	if all[anyAccount] {
		return []string{anyAccount}, 0
	}
	for n := range all {
		few = append(few, n)
	}
	slices.Sort(few)
	if len(few) > maxNamed {
		few, more = few[:maxNamed], len(few)-maxNamed
	}
	return few, more
}

// newestEntries lists the files and folders of a folder of copies, newest first.
func newestEntries(ctx context.Context, h *host.Host, folder string) ([]host.FileInfo, error) {
	entries, err := h.Files.ReadDir(ctx, folder)
	if err != nil {
		return nil, err
	}
	entries = slices.DeleteFunc(slices.Clone(entries), func(e host.FileInfo) bool { return !e.Mode.IsDir() && !e.Mode.IsRegular() })
	slices.SortStableFunc(entries, func(a, b host.FileInfo) int { return b.ModTime.Compare(a.ModTime) })
	return entries[:min(len(entries), maxObjects)], nil
}

// together tells whether a source and its copies are lost together.
func together(os host.OS, volumes []host.Volume, source, copies string) string {
	if source == "" || len(volumes) == 0 {
		return ""
	}
	a, okA := volumeOf(os, volumes, source)
	b, okB := volumeOf(os, volumes, copies)
	switch {
	case !okA || !okB:
		return ""
	case a.Mount == b.Mount:
		return sameVolume
	case slices.ContainsFunc(a.Disks, func(d string) bool { return slices.Contains(b.Disks, d) }):
		return sameDisk
	case (len(a.Disks) == 0 || len(b.Disks) == 0) && a.Device != "" && diskOf(a.Device) == diskOf(b.Device):
		return sameDisk
	}
	return ""
}

func volumeOf(os host.OS, volumes []host.Volume, path string) (found host.Volume, ok bool) {
	for _, v := range volumes {
		if strings.HasPrefix(plain(os, path), plain(os, v.Mount)) && (!ok || len(v.Mount) > len(found.Mount)) {
			found, ok = v, true
		}
	}
	return found, ok
}

// diskOf is the disk of a partition of Linux, by its name: sda of sda1, nvme0n1 of
// nvme0n1p2. What is behind a volume of LVM is not known.
func diskOf(device string) string {
	name, ok := strings.CutPrefix(device, "/dev/")
	if !ok {
		return device
	}
	bare := strings.TrimRight(name, "0123456789")
	switch {
	case bare == name:
		return name
	case strings.HasPrefix(name, "nvme") || strings.HasPrefix(name, "mmcblk"):
		if i := strings.LastIndexByte(name, 'p'); i > 0 && i == len(bare)-1 {
			return name[:i]
		}
		return name
	case strings.HasPrefix(name, "sd") || strings.HasPrefix(name, "vd") || strings.HasPrefix(name, "hd") || strings.HasPrefix(name, "xvd"):
		return bare
	default:
		return name
	}
}

// judgeAccess answers for every dataset; the whole is the worst.
func judgeAccess(seen accessFacts, p accessParams, _ time.Time) checks.Verdict {
	if len(p.Datasets) == 0 {
		return checks.Verdict{Status: checks.NotApplicable, Reason: checks.Because("backup.no_datasets")}
	}
	var v checks.Verdict
	var statuses []checks.Status
	open := 0
	add := func(key string, status checks.Status, reason checks.Reason) {
		v.Findings = append(v.Findings, checks.Finding{Key: key, Status: status, Reason: reason})
		statuses = append(statuses, status)
		if status == checks.Fail {
			open++
		}
	}
	for _, d := range p.Datasets {
		i := slices.IndexFunc(seen.Datasets, func(f reachFacts) bool {
			return f.Name == d.Name && f.Source == d.Source && f.Copies == d.Copies
		})
		if i < 0 {
			add(d.Name, checks.Unknown, checks.Because("backup.not_looked_at"))
			continue
		}
		f := seen.Datasets[i]
		status, reason := judgeReach(f, seen.Unread)
		add(d.Name, status, reason)
		switch where := []string{"folder", f.Copies, "source", f.Source}; f.Together {
		case sameVolume:
			add(d.Name+"/volume", checks.Warn, checks.Because("backup.same_volume", where...))
		case sameDisk:
			add(d.Name+"/volume", checks.Warn, checks.Because("backup.same_disk", where...))
		}
	}
	v.Status = checks.Worst(statuses...)
	code := map[checks.Status]string{
		checks.Fail: "backup.some_open", checks.Unknown: "backup.some_access_unknown", checks.Warn: "backup.some_together",
	}[v.Status]
	v.Reason = checks.Because(cmp.Or(code, "backup.all_out_of_reach"), "datasets", strconv.Itoa(len(p.Datasets)), "open", strconv.Itoa(open))
	return v
}

func judgeReach(f reachFacts, machine []checks.Unread) (checks.Status, checks.Reason) {
	who := func(names []string, more int) string {
		if more > 0 {
			return strings.Join(names, ", ") + " +" + strconv.Itoa(more)
		}
		return strings.Join(names, ", ")
	}
	unread := append(slices.Clone(f.Unread), machine...)
	switch {
	case slices.Contains(f.Writers, anyAccount):
		return checks.Fail, checks.Because("backup.writable_by_all", "folder", f.Copies)
	case len(f.Writers) > 0:
		return checks.Fail, checks.Because("backup.writable", "folder", f.Copies, "who", who(f.Writers, f.WritersMore))
	case slices.Contains(f.Readers, anyAccount):
		return checks.Fail, checks.Because("backup.readable_by_all", "folder", f.Copies)
	case len(f.Readers) > 0:
		return checks.Fail, checks.Because("backup.readable", "folder", f.Copies, "who", who(f.Readers, f.ReadersMore))
	case len(f.Mapped) > 0:
		return checks.Fail, checks.Because("backup.mapped", "folder", f.Copies, "who", who(f.Mapped, 0))
	case len(f.Unresolved) > 0:
		return checks.Unknown, checks.Because("backup.unresolved", "folder", f.Copies, "who", who(f.Unresolved, 0))
	case len(unread) > 0:
		return checks.Unknown, checks.Because("backup.access_unread", "what", unread[0].Source, "why", unread[0].Why)
	}
	return checks.Pass, checks.Because("backup.out_of_reach", "folder", f.Copies)
}
