package backup

import (
	"bytes"
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"vigia/checks/format/intact"
	"vigia/checks/host"
)

// vzdumpGuest reads the number of the guest from the name of a copy of Proxmox:
// vzdump-qemu-101-2026_11_22-02_00_01.vma.zst.
func vzdumpGuest(name string) (string, bool) {
	rest, ok := strings.CutPrefix(name, "vzdump-")
	if !ok {
		return "", false
	}
	kind, rest, ok := strings.Cut(rest, "-")
	if !ok || kind != "qemu" && kind != "lxc" && kind != "openvz" {
		return "", false
	}
	id, rest, ok := strings.Cut(rest, "-")
	if !ok || len(rest) < len("2006_01_02-15_04_05") || strings.Trim(id, "0123456789") != "" {
		return "", false
	}
	_, err := time.Parse("2006_01_02-15_04_05", rest[:len("2006_01_02-15_04_05")])
	return id, err == nil
}

func guests(entries []host.FileInfo) int {
	seen := map[string]bool{}
	for _, e := range entries {
		if id, ok := vzdumpGuest(e.Name); ok && !slices.Contains(besideExtensions(), path.Ext(e.Name)) {
			seen[id] = true
		}
	}
	return len(seen)
}

// maxLog is how much of the end of a log of vzdump is read.
const maxLog = 64 << 10

// vzdumpLog reads what Proxmox wrote beside a copy. Its words are the program's own and
// not translated. A copy without a log, which was carried here alone, is judged by itself.
func (l *looker) vzdumpLog(ctx context.Context, it *item) intact.Damage {
	id, ok := vzdumpGuest(it.name)
	if !ok {
		return ""
	}
	stamp := strings.Index(it.name, "-"+id+"-") + len(id) + 2
	log := it.name[:stamp+len("2006_01_02-15_04_05")] + ".log"
	file := join(l.h.OS, l.d.Copies, log)
	info, err := l.h.Files.Stat(ctx, file)
	if err != nil {
		return ""
	}
	tail, err := l.h.Files.ReadRange(ctx, file, max(0, info.Size-maxLog), maxLog)
	switch {
	case err != nil:
		return ""
	case bytes.Contains(tail, []byte("ERROR: Backup of VM")), !bytes.Contains(tail, []byte("Finished Backup of VM")):
		return intact.Unfinished
	}
	return ""
}
