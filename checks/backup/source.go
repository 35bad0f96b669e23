package backup

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// observeSource walks a source and keeps what its times say.
// Where from and to are given, it counts the files that were written between them.
func observeSource(ctx context.Context, h *host.Host, source string, now time.Time, budget time.Duration, from, to time.Time) treeFacts {
	t := treeFacts{From: from.UTC(), To: to.UTC()}
	if from.IsZero() {
		t.From, t.To = time.Time{}, time.Time{}
	}
	if !native(h.OS, source) {
		t.Why = checks.WhyUnread(host.ErrUnsupported)
		return t
	}
	t.Mounts, t.MountsWhy = mountsBelow(ctx, h, source)
	ctx, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	digest := sha256.New()
	first := true
	err := h.Files.Walk(ctx, source, func(path string, info host.FileInfo, err error) error {
		if first {
			first = false
			if err != nil {
				t.Why = checks.WhyUnread(err)
				return fs.SkipAll
			}
		}
		if err != nil {
			t.Unread++
			return nil //nolint:nilerr // kept in Unread: what cannot be read does not end the walk
		}
		if t.Files+t.Folders+t.Links >= maxInSource {
			t.Stopped = "too_big"
			return fs.SkipAll
		}
		t.add(h.OS, info, now)
		var entry [8 + 8 + 4]byte
		binary.BigEndian.PutUint64(entry[0:], uint64(info.Size))
		binary.BigEndian.PutUint64(entry[8:], uint64(info.ModTime.UnixNano()))
		binary.BigEndian.PutUint32(entry[16:], uint32(info.Mode.Type()))
		digest.Write(entry[:])
		digest.Write([]byte(path))
		digest.Write([]byte{0}) // no name holds it
		return nil
	})
	switch {
	case t.Why != "" || t.Stopped != "":
	case err != nil && first:
		t.Why = checks.WhyUnread(err)
	case err != nil:
		t.Stopped = checks.WhyUnread(err)
	default:
		t.Fingerprint = hex.EncodeToString(digest.Sum(nil))
	}
	return t
}

// add counts one entry of the source.
func (t *treeFacts) add(os host.OS, info host.FileInfo, now time.Time) {
	if m := info.ModTime; info.Mode.IsRegular() && !t.From.IsZero() && m.After(t.From) && m.Before(t.To) {
		t.Between++
	}
	switch {
	case info.Mode.IsRegular():
		t.Files++
		t.Bytes += info.Size
		if os == host.Windows && slices.Contains(databaseExtensions(), strings.ToLower(path.Ext(info.Name))) {
			t.Lazy++
		}
	case info.Mode.IsDir():
		t.Folders++
	default:
		t.Links++
		return
	}
	if info.ChangeTime.IsZero() {
		t.Untimed++
	}
	if info.ModTime.After(now) || info.ChangeTime.After(now) {
		t.Future++
	}
	if m := info.ModTime; !m.After(now) && m.After(t.Written) {
		t.Written = m.UTC()
	}
	if c := info.ChangeTime; !c.After(now) && c.After(t.Changed) {
		t.Changed = c.UTC()
	}
}

// databaseExtensions are files that a database keeps open for weeks. NTFS may
// update their times only when they are closed, so that an old time does not
// prove that nothing was written.
func databaseExtensions() []string {
	return []string{".mdf", ".ndf", ".ldf", ".mdb", ".accdb", ".fdb", ".gdb", ".ibd", ".edb", ".db", ".sqlite", ".sqlite3", ".dbf"}
}
