package rpm

import (
	"os/exec"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want int
	}{
		{"1.0", "1.0", 0}, {"1.0", "1.1", -1}, {"1.10", "1.9", 1}, {"1.0a", "1.0", 1}, {"1.0", "1.a", 1}, {"1.09", "1.9", 0},
		{"1.0~rc1", "1.0", -1}, {"1.0~rc1", "1.0~rc2", -1}, {"1.0^git1", "1.0", 1}, {"1.0^git1", "1.0.1", -1}, {"1.0^git1", "1.0^git2", -1},
		{"27.el9_4", "27.el9_4.1", -1}, {"27.el9_4.2", "27.el9_5", -1}, {"2_0", "2.0", 0}, {"", "1", -1}, {"~", "", -1}, {"^", "", 1}, {"1..", "1", 0},
	} {
		if got := compareVersions(row.a, row.b); got != row.want {
			t.Errorf("%q and %q: got %d, want %d", row.a, row.b, got, row.want)
		}
		if got := compareVersions(row.b, row.a); got != -row.want {
			t.Errorf("%q and %q: got %d, want %d", row.b, row.a, got, -row.want)
		}
	}
	old := Package{Epoch: 1, Version: "3.0.7", Release: "27.el9"}
	if Compare(old, Package{Version: "9", Release: "1"}) != 1 || Compare(old, Package{Epoch: 1, Version: "3.0.7", Release: "28.el9"}) != -1 {
		t.Error("epoch and release")
	}
}

// rpm itself is asked about all pairs of some versions.
func TestCompareAsRPM(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	if _, err := exec.LookPath("rpm"); err != nil {
		t.Fatal("this test needs rpm: apt-get install --no-install-recommends rpm")
	}
	versions := []string{"1.0", "1.0a", "1.0.1", "1.0~rc1", "1.0^git1", "1.0^git1~pre", "10", "1.a", "a", "1.0b2", "1.0.el9_4", "001", "1.0~~", "1.0^", "2_0", "1..0"}
	var script strings.Builder
	for _, a := range versions {
		for _, b := range versions {
			script.WriteString("print(rpm.vercmp('" + a + "','" + b + "')) ")
		}
	}
	out, err := exec.CommandContext(t.Context(), "rpm", "--eval", "%{lua: "+script.String()+"}").Output()
	if err != nil {
		t.Fatal(err)
	}
	// The answers stand one behind the other: -1, 0 or 1.
	var answers []string
	for _, c := range string(out) {
		switch c {
		case '0', '1':
			if n := len(answers); n > 0 && answers[n-1] == "-" {
				answers[n-1] = "-1"
				continue
			}
			answers = append(answers, string(c))
		case '-':
			answers = append(answers, "-")
		}
	}
	if len(answers) != len(versions)*len(versions) {
		t.Fatalf("%d answers: %s", len(answers), out)
	}
	for i, a := range versions {
		for k, b := range versions {
			want := map[string]int{"-1": -1, "0": 0, "1": 1}[answers[i*len(versions)+k]]
			if got := compareVersions(a, b); got != want {
				t.Errorf("%q and %q: got %d, rpm says %d", a, b, got, want)
			}
		}
	}
}

func FuzzCompare(f *testing.F) {
	f.Add("1.0~rc1", "1.0^git1")
	f.Add("27.el9_4.2", "á")
	f.Fuzz(func(t *testing.T, a, b string) {
		if compareVersions(a, b) != -compareVersions(b, a) || compareVersions(a, a) != 0 {
			t.Fatalf("%q and %q have no order", a, b)
		}
	})
}
