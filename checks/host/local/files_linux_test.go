package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"vigia/checks/host"
)

// write makes a file, and the folders it lies in.
func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

// asNobody runs f with the file permissions of nobody: the tests run as root,
// whom no permission bits stop.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		f()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if err := unix.Setfsuid(65534); err != nil {
			t.Error(err)
			return
		}
		f()
	}()
	<-done
}

func TestMountedLinksStayInTheRoot(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "outside")
	write(t, outside, "outside")
	root := t.TempDir()
	write(t, root+"/etc/hostname", "pc-prueba")
	write(t, root+"/usr/lib/os-release", "ID=debian")
	write(t, root+outside, "same path, inside")
	link(t, "../usr/lib/os-release", root+"/etc/os-release")
	link(t, "/etc/hostname", root+"/etc/absolute")
	link(t, "/etc/absolute", root+"/etc/twice")
	link(t, "/etc", root+"/srv/etc")
	link(t, "../../../../../../../../../../../../etc/hostname", root+"/etc/above")
	link(t, outside, root+"/etc/outside")
	link(t, "loop2", root+"/etc/loop1")
	link(t, "loop1", root+"/etc/loop2")
	link(t, "nowhere", root+"/etc/dangling")
	link(t, "/", root+"/top")

	files := New(Options{Root: root}).Files
	for _, tt := range []struct {
		name, path, want string
		err              error
	}{
		{"plain", "/etc/hostname", "pc-prueba", nil},
		{"relative link", "/etc/os-release", "ID=debian", nil},
		{"absolute link", "/etc/absolute", "pc-prueba", nil},
		{"link to a link", "/etc/twice", "pc-prueba", nil},
		{"link in the middle", "/srv/etc/hostname", "pc-prueba", nil},
		{"link to the root", "/top/top/etc/hostname", "pc-prueba", nil},
		{"above the root is the root", "/etc/above", "pc-prueba", nil},
		{"dots in the name", "/../etc/./hostname", "pc-prueba", nil},
		{"a path of the outer machine", "/etc/outside", "same path, inside", nil},
		{"loop", "/etc/loop1", "", errTooManyLinks},
		{"dangling", "/etc/dangling", "", fs.ErrNotExist},
		{"absent", "/etc/shadow", "", fs.ErrNotExist},
		{"through a file", "/etc/hostname/x", "", fs.ErrNotExist},
		{"folder", "/etc", "", errNotRegular},
		{"relative name", "etc/hostname", "", errNotAbsolute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := files.ReadFile(t.Context(), tt.path, 100)
			if !errors.Is(err, tt.err) || string(got) != tt.want {
				t.Errorf("got %q, %v, want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
	info, err := files.Stat(t.Context(), "/etc/absolute")
	if err != nil || info.Name != "absolute" || info.Size != 9 || !info.Mode.IsRegular() {
		t.Errorf("Stat of a link: got %+v, %v, want what it leads to", info, err)
	}
}

func TestMissingRootIsNotAnEmptyMachine(t *testing.T) {
	t.Parallel()
	h := New(Options{Root: filepath.Join(t.TempDir(), "typo")})
	_, err := h.Files.ReadFile(t.Context(), "/etc/shadow", 100)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want an error that does not say the file is absent", err)
	}
	if _, err := h.System.Identity(t.Context()); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("identity: got %v, want an error", err)
	}
}

// both runs a test on a folder as the live machine sees it and as a root.
func both(t *testing.T, dir string, test func(t *testing.T, files host.Files, prefix string)) {
	t.Run("live", func(t *testing.T) { test(t, New(Options{}).Files, dir) })
	t.Run("root", func(t *testing.T) { test(t, New(Options{Root: dir}).Files, "") })
}

func TestReadFileNeverBlocks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mkfifo(dir+"/pipe", 0o644); err != nil {
		t.Fatal(err)
	}
	link(t, "pipe", dir+"/link")
	both(t, dir, func(t *testing.T, files host.Files, prefix string) {
		for _, name := range []string{"/pipe", "/link"} {
			done := make(chan error, 1)
			go func() {
				_, err := files.ReadFile(context.Background(), prefix+name, 100)
				done <- err
			}()
			select {
			case err := <-done:
				if !errors.Is(err, errNotRegular) {
					t.Errorf("%s: got %v, want %v", name, err, errNotRegular)
				}
			case <-time.After(5 * time.Second):
				t.Fatalf("%s: blocked on a named pipe", name)
			}
		}
	})
}

func TestReadFileLimit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir+"/ten", "0123456789")
	write(t, dir+"/empty", "")
	both(t, dir, func(t *testing.T, files host.Files, prefix string) {
		for _, tt := range []struct {
			name  string
			limit int64
			want  string
			err   error
		}{
			{"/ten", 10, "0123456789", nil},
			{"/ten", 9, "", host.ErrTooBig},
			{"/ten", 0, "", host.ErrTooBig},
			{"/ten", -1, "", host.ErrTooBig},
			{"/empty", 0, "", nil},
		} {
			got, err := files.ReadFile(t.Context(), prefix+tt.name, tt.limit)
			if !errors.Is(err, tt.err) || string(got) != tt.want {
				t.Errorf("%s, limit %d: got %q, %v, want %q, %v", tt.name, tt.limit, got, err, tt.want, tt.err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := files.ReadFile(ctx, prefix+"/ten", 10); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: got %v", err)
		}
	})
}

func TestReadFileOfProc(t *testing.T) {
	t.Parallel()
	files := New(Options{}).Files
	got, err := files.ReadFile(t.Context(), "/proc/self/status", 1<<16) // claims to be empty
	if err != nil || !strings.HasPrefix(string(got), "Name:") {
		t.Errorf("got %.20q, %v", got, err)
	}
	if _, err := files.ReadFile(t.Context(), "/proc/self/status", 10); !errors.Is(err, host.ErrTooBig) {
		t.Errorf("over the limit: got %v, want %v", err, host.ErrTooBig)
	}
}

func TestPermissionIsNotAbsence(t *testing.T) {
	dir := t.TempDir()
	for at := dir; at != "/"; at = filepath.Dir(at) { // let nobody come this far
		if info, err := os.Stat(at); err == nil && info.Mode().Perm()&0o001 == 0 {
			if err := os.Chmod(at, info.Mode().Perm()|0o055); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(t, dir+"/shadow", "secreto")
	write(t, dir+"/closed/file", "x")
	for _, name := range []string{"/shadow", "/closed"} {
		if err := os.Chmod(dir+name, 0); err != nil {
			t.Fatal(err)
		}
	}
	both(t, dir, func(t *testing.T, files host.Files, prefix string) {
		asNobody(t, func() {
			if _, err := files.ReadFile(t.Context(), prefix+"/shadow", 100); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("read: got %v, want %v", err, fs.ErrPermission)
			}
			if _, err := files.Stat(t.Context(), prefix+"/closed/file"); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("stat: got %v, want %v", err, fs.ErrPermission)
			}
			if _, err := files.ReadDir(t.Context(), prefix+"/closed"); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("list: got %v, want %v", err, fs.ErrPermission)
			}
			var visits []string
			err := files.Walk(t.Context(), prefix+"/", func(name string, info host.FileInfo, err error) error {
				visits = append(visits, fmt.Sprint(info.Name, " ", errors.Is(err, fs.ErrPermission)))
				return nil
			})
			if err != nil || !slices.Contains(visits, "closed true") || !slices.Contains(visits, "shadow false") {
				t.Errorf("walk: got %v, %v, want the closed folder once, with its error", visits, err)
			}
		})
	})
}

func TestFileInfo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir+"/copia.tar", "0123")
	when := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	if err := os.Chtimes(dir+"/copia.tar", when, when); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir+"/copia.tar", 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(dir+"/copia.tar", dir+"/otra.tar"); err != nil {
		t.Fatal(err)
	}
	before := time.Now().Add(-time.Minute)
	both(t, dir, func(t *testing.T, files host.Files, prefix string) {
		got, err := files.Stat(t.Context(), prefix+"/copia.tar")
		if err != nil {
			t.Fatal(err)
		}
		if got.ChangeTime.Before(before) {
			t.Errorf("change time %v: Chtimes must not move it back", got.ChangeTime)
		}
		if twin, err := files.Stat(t.Context(), prefix+"/otra.tar"); err != nil || twin.ID != got.ID || got.ID == (host.FileID{}) {
			t.Errorf("another name of it: got %+v, %v, want the id %+v", twin.ID, err, got.ID)
		}
		if folder, err := files.Stat(t.Context(), prefix+"/"); err != nil || folder.ID == got.ID || folder.ID.Device != got.ID.Device {
			t.Errorf("its folder: got %+v, %v", folder.ID, err)
		}
		got.ChangeTime, got.ID = time.Time{}, host.FileID{}
		want := host.FileInfo{
			Links: 2,
			Name:  "copia.tar", Size: 4, Mode: 0o640, ModTime: when,
			Owner: fmt.Sprint(os.Geteuid()), Group: fmt.Sprint(os.Getegid()),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestReadDirAndWalk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"/b/2", "/b/1", "/a/x", "/a/skipped/y", "/c"} {
		write(t, dir+name, name)
	}
	link(t, "b", dir+"/link-to-folder")
	link(t, "/", dir+"/link-to-root")
	both(t, dir, func(t *testing.T, files host.Files, prefix string) {
		infos, err := files.ReadDir(t.Context(), prefix+"/")
		var names []string
		for _, info := range infos {
			names = append(names, info.Name+" "+info.Mode.Type().String())
		}
		want := []string{"a d---------", "b d---------", "c ----------", "link-to-folder L---------", "link-to-root L---------"}
		if diff := cmp.Diff(want, names); diff != "" || err != nil {
			t.Errorf("ReadDir: %v, -want +got:\n%s", err, diff)
		}
		walk := func(root string, answer func(name string) error) []string {
			var seen []string
			err := files.Walk(t.Context(), prefix+root, func(name string, _ host.FileInfo, err error) error {
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				name = strings.TrimPrefix(name, prefix)
				seen = append(seen, name)
				return answer(name)
			})
			if err != nil {
				seen = append(seen, err.Error())
			}
			return seen
		}
		stop := errors.New("enough")
		for _, tt := range []struct {
			name, root string
			answer     func(string) error
			want       []string
		}{
			{"all", "/b", func(string) error { return nil }, []string{"/b", "/b/1", "/b/2"}},
			{"a link as root is followed", "/link-to-folder", func(string) error { return nil },
				[]string{"/link-to-folder", "/link-to-folder/1", "/link-to-folder/2"}},
			{"a file as root", "/c", func(string) error { return nil }, []string{"/c"}},
			{"skip a folder", "/a", func(name string) error {
				if name == "/a/skipped" {
					return fs.SkipDir
				}
				return nil
			}, []string{"/a", "/a/skipped", "/a/x"}},
			{"skip the rest of a folder", "/b", func(name string) error {
				if name == "/b/1" {
					return fs.SkipDir
				}
				return nil
			}, []string{"/b", "/b/1"}},
			{"skip the root", "/b", func(string) error { return fs.SkipDir }, []string{"/b"}},
			{"skip all", "/a", func(name string) error {
				if name == "/a/skipped" {
					return fs.SkipAll
				}
				return nil
			}, []string{"/a", "/a/skipped"}},
			{"stop", "/b", func(string) error { return stop }, []string{"/b", "enough"}},
		} {
			if diff := cmp.Diff(tt.want, walk(tt.root, tt.answer)); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tt.name, diff)
			}
		}
		errs := 0
		err = files.Walk(t.Context(), prefix+"/absent", func(_ string, _ host.FileInfo, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				errs++
			}
			return nil
		})
		if err != nil || errs != 1 {
			t.Errorf("walk of nothing: got %v and %d visits with fs.ErrNotExist, want one", err, errs)
		}
		ctx, cancel := context.WithCancel(t.Context())
		err = files.Walk(ctx, prefix+"/", func(string, host.FileInfo, error) error { cancel(); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled walk: got %v", err)
		}
	})
}

func TestWalkStaysOnOneFileSystem(t *testing.T) {
	t.Parallel()
	var below []string
	err := New(Options{}).Files.Walk(t.Context(), "/dev", func(name string, info host.FileInfo, err error) error {
		if strings.HasPrefix(name, "/dev/pts") {
			below = append(below, name)
		}
		return nil
	})
	if want := []string{"/dev/pts"}; err != nil || !slices.Equal(below, want) {
		t.Errorf("got %v, %v, want only the mount point %v", below, err, want)
	}
}
