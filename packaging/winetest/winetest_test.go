package winetest_test

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vigia/packaging/winetest"
)

const town = `
[HKEY_LOCAL_MACHINE\Software\Vigia\Prueba]
"Ayuntamiento"="Villanueva del Cañón"
"Segundos"=dword:00000384
`

func TestProgramReadsItsRegistry(t *testing.T) {
	t.Parallel()
	s := winetest.Start(t)
	exe := s.Build(t, "./packaging/winetest/testdata/registry")
	s.ImportRegistry(t, town)

	out, err := s.Command(t.Context(), exe, "dos palabras", `C:\x`).CombinedOutput()
	if err != nil {
		t.Fatalf("run: %v\n%s", err, out)
	}
	got := strings.TrimSpace(string(out))
	if want := "Villanueva del Cañón|900|"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want it to begin with %q", got, want)
	}
	if want := `[dos palabras C:\x]`; !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want it to end with %q", got, want)
	}
	home := s.LinuxPath(strings.Split(got, "|")[2])
	if !strings.HasPrefix(home, s.Prefix) {
		t.Errorf("the user's profile is %s, want it inside %s", home, s.Prefix)
	}
	if _, err := os.Stat(filepath.Join(home, "Documents")); err != nil {
		t.Error(err)
	}
}

func TestMachinesAreApart(t *testing.T) {
	t.Parallel()
	with, without := winetest.Start(t), winetest.Start(t)
	exe := with.Build(t, "./packaging/winetest/testdata/registry")
	with.ImportRegistry(t, town)

	out, err := without.Command(t.Context(), exe).CombinedOutput()
	if err == nil {
		t.Errorf("a key of one machine is in the other's registry: %s", out)
	}
}

func TestProgramsAreKilled(t *testing.T) {
	t.Parallel()
	s := winetest.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := s.Command(ctx, s.Build(t, "./packaging/winetest/testdata/registry"), "hang")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("wait for the program: %v", err)
	}
	if got, want := strings.TrimSpace(line), "hanging"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	cancel()
	if err := cmd.Wait(); err == nil {
		t.Error("the program ended well, want it killed")
	}
}

func TestPaths(t *testing.T) {
	s := &winetest.Session{Prefix: "/tmp/p"}
	rows := []struct{ linux, windows string }{
		{"/etc/hosts", `Z:\etc\hosts`},
		{"/", `Z:\`},
		{"/tmp/p/drive_c/users/ana/a.txt", `C:\users\ana\a.txt`},
		{"/tmp/p/drive_c", `C:\`},
		{"/tmp/p/drive_cat", `Z:\tmp\p\drive_cat`},
	}
	for _, row := range rows {
		if got := s.WindowsPath(row.linux); got != row.windows {
			t.Errorf("WindowsPath(%s): got %s, want %s", row.linux, got, row.windows)
		}
		if got := s.LinuxPath(row.windows); got != row.linux {
			t.Errorf("LinuxPath(%s): got %s, want %s", row.windows, got, row.linux)
		}
	}
}
