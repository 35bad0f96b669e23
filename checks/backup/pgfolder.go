package backup

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"

	"vigia/checks"
	"vigia/checks/format/intact"
	"vigia/checks/host"
)

// maxDumped bounds the files of one dump that are looked at.
const maxDumped = 20_000

// isDumped tells of a file with the data of a table as "pg_dump -Fd" names them, packed:
// 3071.dat.gz.
func isDumped(name string) bool {
	number, packing, ok := strings.Cut(name, ".dat.")
	return ok && strings.Trim(number, "0123456789") == "" && number != "" && (packing == "gz" || packing == "lz4" || packing == "zst")
}

// dumping notes a file of a dump.
func (it *item) dumping(os host.OS, path, name string) {
	toc := name == "toc.dat"
	if !toc && !isDumped(name) {
		return
	}
	if it.dumps == nil {
		it.dumps = make(map[string]bool)
	}
	folder := parent(os, path)
	it.dumps[folder] = it.dumps[folder] || toc
}

// dumped looks at the folders that "pg_dump -Fd" wrote in a copy. The table of contents
// names the files with the data, all of which must be there; they become parts of the copy.
// why is set where that could not be read.
func (l *looker) dumped(ctx context.Context, it *item) (what intact.Damage, why string) {
	it.many = false
	it.parts = slices.DeleteFunc(it.parts, func(p part) bool { _, ok := it.dumps[parent(l.h.OS, p.path)]; return ok })
	for _, folder := range slices.Sorted(maps.Keys(it.dumps)) {
		if !it.dumps[folder] {
			return intact.Structure, "" // data without the table that says of what
		}
		if what, why = l.dump(ctx, folder, it); what != "" || why != "" {
			return what, why
		}
	}
	return "", ""
}

// dump looks at one folder.
func (l *looker) dump(ctx context.Context, folder string, it *item) (what intact.Damage, why string) {
	toc := join(l.h.OS, folder, "toc.dat")
	info, err := l.h.Files.Stat(ctx, toc)
	if err != nil {
		return "", checks.WhyUnread(err)
	}
	it.parts = append(it.parts, part{path: toc, size: info.Size})
	files, ok := intact.PGFiles(ctx, &reader{ctx: ctx, files: l.h.Files, path: toc, size: info.Size}, info.Size)
	if !ok {
		return "", "" // what is wrong with the table is found when it is verified
	}
	entries, err := l.h.Files.ReadDir(ctx, folder)
	if err != nil {
		return "", checks.WhyUnread(err)
	}
	there := make(dumpFiles, len(entries))
	for _, e := range entries {
		there[e.Name] = e
	}
	for _, name := range files {
		found, ok := there.find(name)
		p := part{path: join(l.h.OS, folder, found.Name), size: found.Size}
		list := strings.HasSuffix(name, ".toc") // of large objects, of which there may be none
		switch {
		case !ok:
			what = intact.Truncated
		case found.Size == 0 && !list:
			what = intact.Empty
		case list:
			what, why = l.objects(ctx, p, there)
		case found.Name == name:
			what, why = l.rows(ctx, p)
		}
		if what != "" || why != "" {
			return what, why
		}
		if len(it.parts) < maxDumped && found.Name != name { // of what is not packed, all was said
			it.parts = append(it.parts, p)
		}
	}
	return "", ""
}

// dumpFiles are the files of a dump by name.
type dumpFiles map[string]host.FileInfo

// find finds a file that may be packed.
func (d dumpFiles) find(name string) (host.FileInfo, bool) {
	for _, packing := range []string{"", ".gz", ".lz4", ".zst"} {
		if e, ok := d[name+packing]; ok {
			return e, true
		}
	}
	return host.FileInfo{}, false
}

// rows tells whether the data of a table that is not packed ends as it should: with the
// mark behind the last row, or with the statement that puts it there.
func (l *looker) rows(ctx context.Context, p part) (what intact.Damage, why string) {
	const mark = "\\.\n\n\n"
	tail, err := l.h.Files.ReadRange(ctx, p.path, max(0, p.size-int64(len(mark))), int64(len(mark)))
	if err != nil {
		return "", checks.WhyUnread(err)
	}
	statement := bytes.TrimSpace(tail)
	if string(tail) == mark || len(statement) == 0 || bytes.HasSuffix(statement, []byte(";")) {
		return "", ""
	}
	return intact.Truncated, ""
}

// objects tells whether the large objects are there that a list of them names, one a line:
// number and file.
func (l *looker) objects(ctx context.Context, p part, there dumpFiles) (what intact.Damage, why string) {
	const most = 4 << 20
	list, err := l.h.Files.ReadRange(ctx, p.path, 0, most)
	if err != nil {
		return "", checks.WhyUnread(err)
	}
	for line := range strings.Lines(string(list)) {
		fields := strings.Fields(line)
		if len(fields) != 2 || !strings.HasSuffix(line, "\n") {
			continue // the last one that was read may be half of one
		}
		if _, ok := there.find(fields[1]); !ok {
			return intact.Truncated, ""
		}
	}
	return "", ""
}
