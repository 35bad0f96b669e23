package local

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"vigia/checks/host"
)

// aclValue makes the value of the attribute from tag, rights and id of each entry.
func aclValue(entries ...[3]uint32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, aclVersion)
	for _, e := range entries {
		b = binary.LittleEndian.AppendUint16(b, uint16(e[0]))
		b = binary.LittleEndian.AppendUint16(b, uint16(e[1]))
		b = binary.LittleEndian.AppendUint32(b, e[2])
	}
	return b
}

const noID = 1<<32 - 1

var (
	sampleACL = aclValue([3]uint32{aclUserObj, 6, noID}, [3]uint32{aclUser, 4, 1001}, [3]uint32{aclGroupObj, 0, noID},
		[3]uint32{aclGroup, 7, 33}, [3]uint32{aclMask, 5, noID}, [3]uint32{aclOther, 0, noID})
	sampleEntries = []host.AccessEntry{
		{Who: "user:", Allow: true, Rights: 6}, {Who: "user:1001", Allow: true, Rights: 4}, {Who: "group:", Allow: true},
		{Who: "group:33", Allow: true, Rights: 7}, {Who: "mask", Allow: true, Rights: 5}, {Who: "other", Allow: true},
	}
)

func TestPosixACL(t *testing.T) {
	t.Parallel()
	got, err := posixACL(sampleACL)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sampleEntries, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for name, b := range map[string][]byte{
		"nothing":         nil,
		"no entries":      aclValue(),
		"cut":             sampleACL[:len(sampleACL)-1],
		"another version": append([]byte{1}, sampleACL[1:]...),
		"unknown tag":     aclValue([3]uint32{0x40, 4, noID}),
		"unknown rights":  aclValue([3]uint32{aclOther, 8, noID}),
	} {
		if got, err := posixACL(b); err == nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func FuzzPosixACL(f *testing.F) {
	f.Add(sampleACL)
	f.Add(aclValue([3]uint32{0x40, 9, 1}))
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, err := posixACL(b)
		if (err == nil) != (len(entries) > 0) {
			t.Errorf("%d entries, %v", len(entries), err)
		}
	})
}

// The live machine and a mounted one answer the same of the same file, through links, and
// a link that leads out of the root does not.
func TestAccess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "datos/lista"), "x")
	write(t, filepath.Join(dir, "simple"), "x")
	link(t, "/datos/lista", filepath.Join(dir, "absoluto"))
	link(t, "datos/lista", filepath.Join(dir, "relativo"))
	if err := unix.Setxattr(filepath.Join(dir, "datos/lista"), posixAccess, sampleACL, 0); err != nil {
		t.Fatalf("this file system takes no access lists: %v", err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "tubo"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := host.Access{Owner: strconv.Itoa(os.Getuid()), Entries: sampleEntries}
	mounted, live := New(Options{Root: dir}).Permissions, New(Options{}).Permissions
	for _, row := range []struct {
		facet host.Permissions
		path  string
		err   error
	}{
		{mounted, "/datos/lista", nil},
		{mounted, "/absoluto", nil},
		{mounted, "/relativo", nil},
		{mounted, "/simple", fs.ErrNotExist},
		{mounted, "/tubo", fs.ErrNotExist},
		{mounted, "/nada", fs.ErrNotExist},
		{mounted, "/simple/abajo", fs.ErrNotExist},
		{live, filepath.Join(dir, "datos/lista"), nil},
		{live, filepath.Join(dir, "relativo"), nil},
		{live, filepath.Join(dir, "absoluto"), fs.ErrNotExist},
		{live, filepath.Join(dir, "tubo"), fs.ErrNotExist},
		{live, "/proc/self/status", fs.ErrNotExist},
	} {
		got, err := row.facet.Access(t.Context(), row.path)
		if !errors.Is(err, row.err) {
			t.Errorf("%s: got %v, want %v", row.path, err, row.err)
			continue
		}
		if row.err != nil {
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", row.path, diff)
		}
	}
	if _, err := live.Access(t.Context(), "relative"); err == nil {
		t.Error("a path that is not absolute was answered")
	}
}
