package dpkg

import (
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestCompare(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want int
	}{
		{"1.0", "1.0", 0}, {"1.0-1", "1.0-2", -1}, {"1.0-10", "1.0-9", 1}, {"1.0", "1.0-0", 0},
		{"1:1.0", "2.0", 1}, {"0:1.0", "1.0", 0}, {"1.0~rc1", "1.0", -1}, {"1.0~", "1.0~~", 1},
		{"1.0+deb12u1", "1.0", 1}, {"3.0.11-1~deb12u2", "3.0.11-1", -1}, {"3.0.15-1~deb12u1", "3.0.11-1~deb12u2", 1},
		{"252.39-1~deb12u1", "252.38-1~deb12u1", 1}, {"1.a", "1.+", -1}, {"1.09", "1.9", 0}, {"", "0", 0}, {"", "~", 1},
		{"99999999999999999999999999999", "99999999999999999999999999998", 1}, {"2.36-9+deb12u14", "2.36-9+deb12u9", 1},
	} {
		if got := Compare(row.a, row.b); got != row.want {
			t.Errorf("Compare(%q, %q) = %d, want %d", row.a, row.b, got, row.want)
		}
		if got := Compare(row.b, row.a); got != -row.want {
			t.Errorf("Compare(%q, %q) = %d, want %d", row.b, row.a, got, -row.want)
		}
	}
}

// dpkg itself is asked about all pairs of some versions.
func TestCompareAsDpkg(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	if _, err := exec.LookPath("dpkg"); err != nil {
		t.Fatalf("install dpkg: %v", err)
	}
	versions := []string{"1.0", "1.0-1", "1:0.9", "1.0~rc1-1", "1.0+b1", "1.0.1", "1.0a", "1.0a-1~bpo12+1", "10", "9.9-9", "0", "1.0-1ubuntu0.22.04.1", "1.0-1ubuntu0.3"}
	for _, a := range versions {
		for _, b := range versions {
			want := 0
			for answer, op := range map[int]string{-1: "lt", 1: "gt"} {
				if exec.CommandContext(t.Context(), "dpkg", "--compare-versions", a, op, b).Run() == nil {
					want = answer
				}
			}
			if got := Compare(a, b); got != want {
				t.Errorf("Compare(%q, %q) = %d, dpkg says %d", a, b, got, want)
			}
		}
	}
}

func TestCandidates(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	text := "Package: curl\nVersion: 7.88.1-10+deb12u14\nArchitecture: amd64\nDescription: " + long + "\nPackage-Type: deb\n Version: 9\n\n" +
		"Package: sin-version\nArchitecture: all\n\n\n" +
		"Architecture: all\r\nPackage: tzdata\r\nVersion: 2025b-0+deb12u2\r\n\r\n" +
		"Package: ultimo\nVersion: 1"
	want := []Candidate{{"curl", "7.88.1-10+deb12u14", "amd64"}, {"tzdata", "2025b-0+deb12u2", "all"}, {"ultimo", "1", ""}}
	for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
		var got []Candidate
		for c, err := range Candidates(r) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, c)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	broken := errors.New("broken")
	for _, err := range Candidates(io.MultiReader(strings.NewReader("Package: a\n"), iotest.ErrReader(broken))) {
		if !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	}
}

func FuzzCandidates(f *testing.F) {
	f.Add("Package: curl\nVersion: 1:7.88.1-10+deb12u14\nArchitecture: amd64\n\nPackage: a\n", "1.0~rc1-1")
	f.Fuzz(func(t *testing.T, text, version string) {
		for c, err := range Candidates(strings.NewReader(text)) {
			if err != nil || c.Name == "" || c.Version == "" {
				t.Fatalf("%+v, %v", c, err)
			}
			if Compare(c.Version, version) != -Compare(version, c.Version) || Compare(c.Version, c.Version) != 0 {
				t.Fatalf("%q and %q have no order", c.Version, version)
			}
		}
	})
}
