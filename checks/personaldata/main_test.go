package personaldata

import (
	"context"
	"io/fs"
	"testing"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

func TestMain(m *testing.M) { checktest.Main(m, Checks(), nil) }

// homes is folders in which the one of the users can be listed.
type homes struct{ folders }

func (homes) ReadDir(_ context.Context, path string) ([]host.FileInfo, error) {
	if path == "/home" || path == `C:\Users` {
		return []host.FileInfo{{Name: "ana", Mode: fs.ModeDir}}, nil
	}
	return nil, fs.ErrNotExist
}

// Each check, from the search to the verdict, on both systems.
func TestChecksEndToEnd(t *testing.T) {
	written := file("/home/ana/claves.txt", 0)
	written.Counts = map[string]int64{"credential": 3}
	of := func(system host.OS, f host.FoundFile) host.FoundFile {
		f.Modified = "2026-01-02"
		if system == host.Windows {
			f.Path, f.Folder = `C:\Users\ana\Documents\a.csv`, `C:\Users\ana\Documents`
		}
		return f
	}
	two := file("/home/ana/b.csv", 900)
	for _, system := range []host.OS{host.Linux, host.Windows} {
		for _, c := range []struct {
			check checks.Check
			bad   []host.FoundFile
		}{
			{documents(), []host.FoundFile{file("/home/ana/a.csv", 40), health(file("/home/ana/a.csv", 1)), two}},
			{leftovers(), []host.FoundFile{file("/home/ana/a.csv", 40), health(file("/home/ana/a.csv", 1)), two}},
			{categories(), []host.FoundFile{health(file("/home/ana/a.csv", 1)), health(file("/home/ana/b.csv", 2)), health(two)}},
			{credentials(), []host.FoundFile{written, written, written}},
		} {
			run := func(name string, s scanner, want checks.Status) {
				t.Helper()
				machine := host.Host{OS: system, Now: checktest.Clock(at), PersonalData: s,
					Files: homes{folders{there: []string{"/tmp", "/home", `C:\Windows\Temp`, `C:\Users`}}}}
				if res := checktest.Run(t, c.check, machine, ""); res.Status != want {
					t.Errorf("%s on %s, %s: got %s %v, want %s", c.check.Info().ID, system, name, res.Status, res.Reason, want)
				}
			}
			run("clean", scanner{answer: clean(nil).ScanSummary}, checks.Pass)
			run("no search", scanner{err: fs.ErrPermission}, checks.Unknown)
			run("half a search", scanner{answer: clean(func(s *host.ScanSummary) { s.Complete = false }).ScanSummary}, checks.Unknown)
			for i, f := range c.bad {
				f.Persons += int64(i)
				f.Counts = map[string]int64{"credential": int64(i + 1), "mx.curp": int64(i + 40)}
				if c.check.Info().ID == "personaldata.credentials" {
					f.Counts = map[string]int64{"credential": int64(i + 1)}
				}
				run("found", scanner{answer: clean(found(of(system, f))).ScanSummary}, checks.Fail)
			}
		}
	}
}
