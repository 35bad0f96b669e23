package checktest

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// PageSection demands that a page of the guide holds what the program says between the
// comments <!-- NAME --> and <!-- /NAME -->, and puts it there with -update.
func PageSection(t *testing.T, file, name, want string) {
	t.Helper()
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	page := strings.ReplaceAll(string(data), "\r\n", "\n")
	before, rest, ok := strings.Cut(page, begin)
	got, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no section %s", file, name)
	}
	if Update() {
		if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("%s, section %s, is not what the program says; run this test with -update (-page +program):\n%s", file, name, diff)
	}
}
