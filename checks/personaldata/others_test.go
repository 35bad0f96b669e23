package personaldata

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

func of(day string, f host.FoundFile) host.FoundFile { f.Modified = day; return f }

func TestJudgeLeftovers(t *testing.T) {
	tests := []struct {
		name   string
		change func(*host.ScanSummary)
		status checks.Status
		code   string
		found  []string
	}{
		{"nothing found", nil, checks.Pass, "leftovers.none", nil},
		{"old", found(of("2026-11-16", file("/tmp/a.csv", 1))), checks.Fail, "leftovers.found", []string{"/tmp/a.csv leftovers.file"}},
		{"recent", found(of("2026-11-17", file("/tmp/a.csv", 900))), checks.Pass, "leftovers.none", nil},
		{"of no known day", found(file("/tmp/a.csv", 1)), checks.Fail, "leftovers.found", []string{"/tmp/a.csv leftovers.file"}},
		{"unread", func(s *host.ScanSummary) { s.Files["incomplete"] = 3 }, checks.Unknown, "leftovers.unread", nil},
		{"stopped", func(s *host.ScanSummary) { s.Complete = false }, checks.Unknown, "leftovers.stopped", nil},
		{"no folders at all", func(s *host.ScanSummary) { *s = host.ScanSummary{} }, checks.Pass, "leftovers.nowhere", nil},
	}
	for _, tt := range tests {
		seen := leftoverFacts{System: host.Linux, ScanSummary: clean(tt.change).ScanSummary}
		got := judgeLeftovers(seen, leftoverParams{Days: 7}, at)
		compare(t, tt.name, got, tt.status, tt.code, tt.found)
	}
	closed := leftoverFacts{System: host.Linux, Unlisted: []string{"/home"}, ScanSummary: clean(nil).ScanSummary}
	compare(t, "users that could not be listed", judgeLeftovers(closed, leftoverParams{Days: 7}, at), checks.Unknown, "leftovers.stopped", nil)
}

// A folder that the policy names and this machine has not was not looked at.
func TestLeftoversOfFoldersThatAreNotThere(t *testing.T) {
	got := judgeLeftovers(leftoverFacts{System: host.Linux}, leftoverParams{Days: 7, Only: []string{"/datos/temporal"}}, at)
	compare(t, "none of the folders", got, checks.Unknown, "leftovers.stopped", nil)
}

func compare(t *testing.T, name string, got checks.Verdict, status checks.Status, code string, found []string) {
	t.Helper()
	if got.Status != status || got.Reason.Code != code {
		t.Errorf("%s: got %s %v, want %s %s", name, got.Status, got.Reason, status, code)
	}
	said(t, got.Reason)
	var keys []string
	for _, f := range got.Findings {
		keys = append(keys, f.Key+" "+f.Reason.Code)
		said(t, f.Reason)
	}
	if diff := cmp.Diff(found, keys); diff != "" {
		t.Errorf("%s: findings (-want +got):\n%s", name, diff)
	}
}

func TestJudgeSpecial(t *testing.T) {
	dif := permit{Folder: "/srv/dif", By: "DIF", Until: "2026-12-31"}
	tests := []struct {
		name   string
		change func(*host.ScanSummary)
		status checks.Status
		code   string
		found  []string
	}{
		{"nothing found", nil, checks.Pass, "special.none", nil},
		{"identities alone", found(file("/home/ana/a.csv", 900)), checks.Pass, "special.none", nil},
		{"one person's health", found(health(file("/home/ana/a.txt", 1))), checks.Fail, "special.found", []string{"/home/ana/a.txt special.file"}},
		{"identities in the part that was read", found(partly(file("/home/ana/a.csv", 900))), checks.Unknown, "special.unread", nil},
		{"the same where it is declared", found(partly(file("/srv/dif/a.csv", 900))), checks.Pass, "special.none", nil},
		{"where it is declared", found(health(file("/srv/dif/a.txt", 1))), checks.Pass, "special.none", nil},
		{"unread", func(s *host.ScanSummary) { s.Files["unreadable"] = 1 }, checks.Unknown, "special.unread", nil},
		{"stopped", func(s *host.ScanSummary) { s.Complete = false }, checks.Unknown, "special.stopped", nil},
	}
	for _, tt := range tests {
		got := judgeSpecial(clean(tt.change), localParams{MinPersons: 1, MinSpecial: 1, Permits: []permit{dif}}, at)
		compare(t, tt.name, got, tt.status, tt.code, tt.found)
	}
}

func TestJudgeCredentials(t *testing.T) {
	written := file("/home/ana/claves.txt", 0)
	written.Counts = map[string]int64{"credential": 3}
	tests := []struct {
		name   string
		change func(*host.ScanSummary)
		status checks.Status
		code   string
		found  []string
	}{
		{"nothing found", nil, checks.Pass, "credentials.none", nil},
		{"written down", found(written), checks.Fail, "credentials.found", []string{"/home/ana/claves.txt credentials.file"}},
		{"unread", func(s *host.ScanSummary) { s.Files["unreadable"] = 1 }, checks.Unknown, "credentials.unread", nil},
		{"stopped", func(s *host.ScanSummary) { s.Complete = false }, checks.Unknown, "credentials.stopped", nil},
	}
	for _, tt := range tests {
		compare(t, tt.name, judgeCredentials(clean(tt.change), credentialParams{}, at), tt.status, tt.code, tt.found)
	}
}

// asked is a scanner that notes what it is asked for.
type asked struct{ host.ScanRequest }

func (a *asked) Scan(_ context.Context, req host.ScanRequest) (host.ScanSummary, error) {
	a.ScanRequest = req
	return clean(nil).ScanSummary, nil
}

// Temporary folders are those of the system and of every user, and only those there are.
func TestObserveLeftovers(t *testing.T) {
	scanner := &asked{}
	h := host.New(host.Host{OS: host.Linux, PersonalData: scanner, Files: checktest.Files{Content: map[string]string{
		"/tmp/x": "", "/home/ana/Descargas/y": "", "/home/luis/.local/share/Trash/files/z": "", "/home/luis/Documentos/w": "",
	}}})
	if _, err := observeLeftovers(t.Context(), h, leftoverParams{Only: []string{"/tmp", `C:\Temp`}}); err != nil || !slices.Equal(scanner.Roots, []string{"/tmp"}) {
		t.Errorf("only /tmp: searched %v, %v", scanner.Roots, err)
	}
	got, err := observeLeftovers(t.Context(), h, leftoverParams{})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(scanner.Roots)
	want := []string{"/home/ana/Descargas", "/home/luis/.local/share/Trash", "/tmp"}
	if diff := cmp.Diff(want, scanner.Roots); diff != "" || len(got.Unlisted) > 0 {
		t.Errorf("roots (-want +got), unlisted %v:\n%s", got.Unlisted, diff)
	}
}
