package local

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestCodeOf(t *testing.T) {
	const maps = `00400000-00e18000 r-xp 00000000 fe:00 131 /usr/bin/vigia-agent
00e18000-01827000 r--p 00a18000 fe:00 131 /usr/bin/vigia-agent
01827000-018ce000 rw-p 01427000 fe:00 131 /usr/bin/vigia-agent
7f0000000000-7f0000002000 r-xp 00000000 fe:00 132                        /usr/lib/x86_64-linux-gnu/libc.so.6
7f0000003000-7f0000002000 r-xp 00000000 fe:00 131 /usr/bin/vigia-agent
7ffd1e5f2000-7ffd1e5f4000 r-xp 00000000 00:00 0                          [vdso]
cut short
`
	got := codeOf(maps, "/usr/bin/vigia-agent")
	if want := []mapping{{0x400000, 0xa18000}}; !slices.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

// The program goes on after its code was given back, and has it again.
func TestRest(t *testing.T) {
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	if len(codeOf(string(maps), own)) == 0 {
		t.Fatalf("no code of %s in\n%s", own, maps)
	}
	for range 3 {
		Rest()
		if got := strings.Repeat("ab", 2); got != "abab" {
			t.Fatalf("got %q", got)
		}
	}
}
