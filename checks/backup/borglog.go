package backup

import (
	"context"
	"slices"
	"strconv"
	"time"

	"vigia/checks"
	"vigia/checks/format/intact"
)

// Limits of the search for the last archive.
const (
	maxBorgSegments = 500
	maxBorgEntries  = 200_000
	maxManifest     = 8 << 20
)

// archived is when the last archive of a repository was made.
type archived struct {
	// at is when, zero where it cannot be told; latest is when at the latest.
	at, latest time.Time
	// none: nothing was ever put but the manifest.
	none bool
	why  string
}

// borgLog is what the log of a repository of borg tells of its last archive.
//
// Each run that makes an archive puts data and then the manifest. In a repository without
// encryption the manifest says when. In an encrypted one the numbers of blocks tell, which
// nothing changes: when the data before the manifest are of the same run, that run made an
// archive and the file nonce, which is written when a run begins to encrypt, dates it. When
// they are of the run before, as after a prune, their segment dates it if it was written
// before the last run began: what compaction moved is younger. All else is not known.
type borgLog struct {
	l *looker
	// manifest is the live one, in this segment at this place.
	manifest *intact.BorgEntry
	in       stored
	offset   int64
	began    time.Time // of the last run that encrypted
	entries  int
	// undone are the segments that hold nothing but the end of an older manifest: a run
	// leaves one between its data and its manifest, and compaction takes it away.
	undone map[int]bool
	out    archived
	early  []borgData // what was seen before the manifest was
}

// borgData is an object of data in the log.
type borgData struct {
	intact.BorgEntry
	written time.Time // its segment
	segment int
	// alone in its run, as a run leaves it that found nothing new, or that renamed an
	// archive; then others are deleted beside it.
	alone, deletes bool
}

// lastArchive reads the log backwards until it is known when the last archive was made.
func (l *looker) lastArchive(ctx context.Context, segments []stored) archived {
	b := &borgLog{l: l, undone: make(map[int]bool)}
	if info, err := l.h.Files.Stat(ctx, join(l.h.OS, l.d.Copies, "nonce")); err == nil {
		b.began = info.ModTime.UTC()
	}
	looked := 0
	for _, s := range slices.Backward(segments) {
		if looked++; looked > maxBorgSegments {
			break
		}
		if b.segment(ctx, s); b.out.why != "" || b.out.none || !b.out.at.IsZero() {
			return b.out
		}
	}
	if b.out.latest.IsZero() && b.out.why == "" {
		b.out.none = looked <= maxBorgSegments
		if !b.out.none {
			b.out.why = "too_big"
		}
	}
	return b.out
}

// segment looks at the entries of one segment.
func (b *borgLog) segment(ctx context.Context, s stored) {
	var data []borgData
	number, _ := strconv.Atoi(s.Name)
	entries, deletes, undoes := 0, false, false
	for offset := intact.BorgStart; offset < s.Size; {
		if b.entries++; b.entries > maxBorgEntries || time.Now().After(b.l.reading) { // a stopwatch
			b.out.why = "too_big"
			return
		}
		head, err := b.l.h.Files.ReadRange(ctx, s.path, offset, intact.BorgHead)
		if err != nil {
			b.out.why = checks.WhyUnread(err)
			return
		}
		e, ok := intact.ReadBorgEntry(head)
		switch {
		case !ok:
			b.out.why = "unreadable"
			return
		case e.Delete && e.Manifest:
			undoes = true
		case e.Delete:
			deletes = true
		case e.Put && e.Manifest && (b.manifest == nil || b.in.path == s.path):
			b.manifest, b.in, b.offset = &e, s, offset
		case e.Put && !e.Manifest:
			data = append(data, borgData{BorgEntry: e, written: s.ModTime.UTC(), segment: number})
		}
		offset += e.Size
		entries++
	}
	b.undone[number] = undoes && entries == 1
	if len(data) > 0 && s.ModTime.UTC().After(b.out.latest) {
		b.out.latest = s.ModTime.UTC()
	}
	for i := range data {
		with := func(k int) bool {
			return k >= 0 && k < len(data) && (data[k].Next == data[i].First || data[i].Next == data[k].First)
		}
		data[i].alone, data[i].deletes = !with(i-1) && !with(i+1), deletes
	}
	b.early = append(b.early, data...)
	if b.manifest == nil {
		return
	}
	if !b.manifest.Sealed {
		b.told(ctx)
		return
	}
	for _, d := range b.early {
		b.dated(d)
	}
	b.early = nil
}

// dated dates the last archive by an object, if that can be.
func (b *borgLog) dated(d borgData) {
	if !d.Sealed || d.alone && !b.untouched(d) || b.began.IsZero() || d.Next > b.manifest.First {
		return
	}
	switch apart := b.manifest.First - d.Next; {
	case apart == 0:
		b.out.at = b.began
	case apart <= intact.BorgRange+intact.BorgSlack && !d.written.After(b.began) && b.out.at.IsZero():
		b.out.at = d.written
	}
}

// untouched tells whether the end of a run is in the log as the run left it, and it
// deleted nothing.
func (b *borgLog) untouched(d borgData) bool {
	return !d.deletes && b.undone[d.segment+1]
}

// told reads the manifest of a repository without encryption.
func (b *borgLog) told(ctx context.Context) {
	if b.manifest.Size > maxManifest {
		b.out.why = "too_big"
		return
	}
	entry, err := b.l.h.Files.ReadRange(ctx, b.in.path, b.offset, b.manifest.Size)
	if err != nil {
		b.out.why = checks.WhyUnread(err)
		return
	}
	made, ok := intact.BorgArchives(entry)
	if !ok {
		b.manifest.Sealed = true // as if it were encrypted: it is not asked again
		return
	}
	for _, t := range made {
		if t.After(b.out.at) && !t.After(b.l.now) {
			b.out.at = t
		}
	}
	b.out.none = len(made) == 0
}
