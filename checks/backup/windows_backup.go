package backup

import (
	"context"
	"io/fs"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/format/intact"
	"vigia/checks/host"
)

// backupChannel is where Windows Server Backup notes its runs.
const backupChannel = "Microsoft-Windows-Backup"

// succeeded is the event of a run that copied all that it should, with HRESULT 0.
const succeeded = 4

// failures are the events of runs that did not: failed, cancelled, found no place.
func failures() []uint32 {
	return []uint32{5, 8, 9, 17, 18, 19, 20, 21, 22, 49, 50, 52, 100, 517, 518, 521, 527, 528, 544, 545, 546, 561, 564, 612}
}

const maxEvents = 200

// windowsBackup looks at what Windows Server Backup keeps on a disk, and at what it noted
// of its runs: the files alone do not tell whether a run ended well.
func (l *looker) windowsBackup(ctx context.Context, entries []host.FileInfo) copiesFacts {
	out := copiesFacts{Store: storeWindows}
	walking, cancel := context.WithTimeout(ctx, l.budget)
	defer cancel()
	machine, n, why := l.imagesOf(walking, entries)
	switch {
	case why != "":
		return copiesFacts{Store: storeWindows, Why: why}
	case n > 1:
		out.Guests = n
		return out
	case machine == "":
		return out
	}
	images, err := l.h.Files.ReadDir(walking, machine)
	if err != nil {
		return copiesFacts{Store: storeWindows, Why: checks.WhyUnread(err)}
	}
	it := item{}
	it.fact = copyFact{Folder: true, Format: "windows_image"}
	for _, e := range images {
		if !e.Mode.IsDir() || !strings.HasPrefix(strings.ToLower(e.Name), "backup ") {
			continue
		}
		out.Matching++
		l.image(walking, join(l.h.OS, machine, e.Name), &it)
	}
	if out.Matching == 0 {
		return out
	}
	files := it.fact.Time
	it.fact.Time = time.Time{}
	l.runs(ctx, &out, &it, files)
	switch {
	case it.fact.Time.IsZero() && it.fact.Why == "":
		it.fact.Time, it.fact.Damage = files, string(intact.Unfinished)
	case it.fact.Why != "":
		it.fact.Time = files
	}
	if it.fact.Time.After(l.now) {
		out.Future++
		return out
	}
	if it.fact.Damage == "" && it.fact.Why == "" {
		it.name = l.d.Name
		l.verifyItem(ctx, &it, false, true)
	}
	if it.fact.Damage != "" {
		out.Damaged++
	}
	out.list([]item{it})
	return out
}

// hasImages tells of a folder of one machine: WindowsImageBackup\SRV01.
func hasImages(entries []host.FileInfo) bool {
	for _, e := range entries {
		if e.Mode.IsDir() && strings.HasPrefix(strings.ToLower(e.Name), "backup ") {
			return true
		}
	}
	return false
}

// imagesOf finds the folder of this machine's images: the one that is given, or the one
// below it.
func (l *looker) imagesOf(ctx context.Context, entries []host.FileInfo) (machine string, n int, why string) {
	if hasImages(entries) {
		return l.d.Copies, 1, ""
	}
	top := l.d.Copies
	for _, e := range entries {
		if strings.EqualFold(e.Name, "WindowsImageBackup") {
			top = join(l.h.OS, top, e.Name)
			var err error
			if entries, err = l.h.Files.ReadDir(ctx, top); err != nil {
				return "", 0, checks.WhyUnread(err)
			}
			break
		}
	}
	var hostname string
	if id, err := l.h.System.Identity(ctx); err == nil {
		hostname, _, _ = strings.Cut(id.Hostname, ".")
	}
	for _, e := range entries {
		if !e.Mode.IsDir() {
			continue
		}
		if strings.EqualFold(e.Name, hostname) {
			return join(l.h.OS, top, e.Name), 1, ""
		}
		machine = join(l.h.OS, top, e.Name)
		n++
	}
	return machine, n, ""
}

// image adds up one folder of images.
func (l *looker) image(ctx context.Context, folder string, it *item) {
	err := l.h.Files.Walk(ctx, folder, func(path string, info host.FileInfo, err error) error {
		if err != nil {
			it.fact.Why = checks.WhyUnread(err)
			return fs.SkipAll
		}
		if !info.Mode.IsRegular() {
			return nil
		}
		it.fact.Files++
		it.fact.Size += info.Size
		if info.ModTime.After(it.fact.Time) {
			it.fact.Time = info.ModTime.UTC()
		}
		if lower := strings.ToLower(info.Name); strings.HasSuffix(lower, ".vhd") || strings.HasSuffix(lower, ".vhdx") {
			it.parts = append(it.parts, part{path: path, size: info.Size})
		}
		return nil
	})
	if err != nil && it.fact.Why == "" {
		it.fact.Why = checks.WhyUnread(err)
	}
}

// runs dates the copy by the last run that ended well. files is when its files were last
// written.
func (l *looker) runs(ctx context.Context, out *copiesFacts, it *item, files time.Time) {
	log, err := l.h.Events.Events(ctx, host.EventQuery{
		Channel: backupChannel, IDs: append([]uint32{succeeded}, failures()...),
		Since: l.now.AddDate(0, 0, -92), Max: maxEvents, Data: []string{"HRESULT", "BackupTime"},
	})
	if err != nil {
		if it.fact.Why == "" {
			it.fact.Why = checks.WhyUnread(err)
		}
		return
	}
	// A run that ended long after anything here was written wrote to another disk, as where
	// disks are changed by turns.
	const elsewhere = 24 * time.Hour
	for _, e := range log.Events {
		if e.Time.After(files.Add(elsewhere)) && e.ID == succeeded {
			continue
		}
		good := e.ID == succeeded && strings.Trim(e.Data["HRESULT"], "0x") == ""
		switch {
		case good && e.Time.After(it.fact.Time):
			it.fact.Time = e.Time.UTC()
		case !good && e.Time.After(out.Failed):
			out.Failed = e.Time.UTC()
		}
	}
	if it.fact.Time.IsZero() && (log.Oldest.IsZero() || log.Oldest.After(files)) && it.fact.Why == "" {
		it.fact.Why = "log_too_short" // the run may have been before what the log still holds
	}
}
