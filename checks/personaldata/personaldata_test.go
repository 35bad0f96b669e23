package personaldata

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

var at = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// clean is a search that saw everything and found nothing.
func clean(change func(*host.ScanSummary)) localFacts {
	f := localFacts{System: host.Linux, ScanSummary: host.ScanSummary{
		Roots: []string{"/home"}, Complete: true,
		Files: map[string]int64{"clean": 40, "found": 0, "incomplete": 0, "unreadable": 0, "skipped": 2},
	}}
	if change != nil {
		change(&f.ScanSummary)
	}
	return f
}

// found is clean, but for files with personal data.
func found(files ...host.FoundFile) func(*host.ScanSummary) {
	return func(s *host.ScanSummary) {
		s.Found = files
		s.Files["found"] = int64(len(files))
	}
}

func file(path string, persons int64) host.FoundFile {
	return host.FoundFile{
		Path: path, Folder: path[:strings.LastIndexAny(path, `/\`)], Level: "high", Persons: persons,
		Counts: map[string]int64{"mx.curp": persons}, Whole: true,
	}
}

func partly(f host.FoundFile) host.FoundFile { f.Whole = false; return f }

func health(f host.FoundFile) host.FoundFile { f.Categories = []string{"health"}; return f }

func TestJudge(t *testing.T) {
	social := permit{Folder: "/home/ana/Padrones/", Purpose: "apoyos", By: "Desarrollo Social", Until: "2026-12-31"}
	over := permit{Folder: "/home/ana/Padrones", Purpose: "apoyos", By: "Desarrollo Social", Until: "2026-11-22"}
	today := permit{Folder: "/home/ana/Padrones", Purpose: "apoyos", By: "Desarrollo Social", Until: "2026-11-23"}
	list := file("/home/ana/Padrones/2026/beca.csv", 400)
	for _, tt := range []struct {
		name    string
		seen    localFacts
		permits []permit
		roots   []string
		status  checks.Status
		code    string
		found   []string // keys and codes of the findings
	}{
		{name: "nothing found", seen: clean(nil), status: checks.Pass, code: "personaldata.none"},
		{
			name: "pictures and encrypted files, by folder", seen: clean(func(s *host.ScanSummary) {
				s.Files["incomplete"] = 12
				s.Unread = []host.UnreadFolder{
					{Folder: "/home/ana/INE", Reason: "content.image", Files: 9}, {Folder: "/home/ana/b", Reason: "content.encrypted", Files: 2},
					{Folder: "/home/ana/c", Reason: "content.damaged", Files: 1},
				}
			}),
			status: checks.Unknown, code: "personaldata.unread",
			found: []string{"/home/ana/INE/* content.image personaldata.pictures", "/home/ana/b/* content.encrypted personaldata.encrypted"},
		},
		{
			name: "pictures where a permit holds", seen: clean(func(s *host.ScanSummary) {
				s.Files["incomplete"] = 9
				s.Unread = []host.UnreadFolder{{Folder: "/home/ana/Padrones/INE", Reason: "content.image", Files: 9}}
			}), permits: []permit{social},
			status: checks.Unknown, code: "personaldata.unread",
		},
		{name: "permitted to its user", seen: clean(found(list)), permits: []permit{{User: "ana", Folder: "/home/ana/Padrones", By: "DIF", Until: "2026-12-31"}}, status: checks.Pass, code: "personaldata.none", found: []string{"/home/ana/Padrones/2026/* personaldata.permitted"}},
		{
			name: "permitted to another user", seen: clean(found(list)), permits: []permit{{User: "luis", Folder: "/home/ana/Padrones", By: "DIF", Until: "2026-12-31"}},
			status: checks.Fail, code: "personaldata.found", found: []string{"/home/ana/Padrones/2026/beca.csv personaldata.file"},
		},
		{name: "under the bar", seen: clean(found(file("/home/ana/a.txt", 9))), status: checks.Pass, code: "personaldata.none"},
		{
			name: "at the bar", seen: clean(found(file("/home/ana/a.txt", 10))),
			status: checks.Fail, code: "personaldata.found", found: []string{"/home/ana/a.txt personaldata.file"},
		},
		{
			name: "one person's health", seen: clean(found(health(file("/home/ana/a.txt", 1)))),
			status: checks.Fail, code: "personaldata.found", found: []string{"/home/ana/a.txt personaldata.special"},
		},
		{
			name: "small files of one folder add up", seen: clean(found(
				file("/home/ana/actas/1.txt", 4), file("/home/ana/actas/2.txt", 4), file("/home/ana/actas/3.txt", 2), file("/home/ana/otro/4.txt", 9))),
			status: checks.Fail, code: "personaldata.found", found: []string{"/home/ana/actas/* personaldata.folder"},
		},
		{
			name: "found, though not all was read", seen: clean(func(s *host.ScanSummary) {
				found(file("/home/ana/a.txt", 10))(s)
				s.Complete, s.Stopped, s.Files["unreadable"] = false, "limit.time", 9
			}),
			status: checks.Fail, code: "personaldata.found", found: []string{"/home/ana/a.txt personaldata.file"},
		},

		// Permits.
		{name: "permitted", seen: clean(found(list)), permits: []permit{social}, status: checks.Pass, code: "personaldata.none", found: []string{"/home/ana/Padrones/2026/* personaldata.permitted"}},
		{name: "permitted to the end of the day", seen: clean(found(list)), permits: []permit{today}, status: checks.Pass, code: "personaldata.none", found: []string{"/home/ana/Padrones/2026/* personaldata.permitted"}},
		{
			name: "permit over", seen: clean(found(list)), permits: []permit{over},
			status: checks.Fail, code: "personaldata.found", found: []string{"/home/ana/Padrones/2026/beca.csv personaldata.permit_over"},
		},
		{name: "permit over, and renewed", seen: clean(found(list)), permits: []permit{over, social}, status: checks.Pass, code: "personaldata.none", found: []string{"/home/ana/Padrones/2026/* personaldata.permitted"}},
		{
			name: "a folder with a longer name", seen: clean(found(file("/home/ana/Padrones-viejos/a.csv", 40))), permits: []permit{social},
			status: checks.Fail, code: "personaldata.found", found: []string{"/home/ana/Padrones-viejos/a.csv personaldata.file"},
		},
		{
			name: "Linux minds case", seen: clean(found(file("/home/ana/padrones/a.csv", 40))), permits: []permit{social},
			status: checks.Fail, code: "personaldata.found", found: []string{"/home/ana/padrones/a.csv personaldata.file"},
		},
		{
			name: "small permitted files do not add up", seen: clean(found(file("/home/ana/Padrones/1.txt", 6), file("/home/ana/Padrones/2.txt", 6))), permits: []permit{social},
			status: checks.Pass, code: "personaldata.none", found: []string{"/home/ana/Padrones/* personaldata.permitted"},
		},
		{
			name: "a permit of everything permits nothing", seen: clean(found(list)), permits: []permit{{Folder: "/", By: "x", Until: "2027-01-01"}},
			status: checks.Fail, code: "personaldata.found", found: []string{"/home/ana/Padrones/2026/beca.csv personaldata.file"},
		},

		// What was not looked at is not clean.
		{name: "stopped", seen: clean(func(s *host.ScanSummary) { s.Complete, s.Stopped = false, "limit.time" }), status: checks.Unknown, code: "personaldata.stopped"},
		{name: "not complete without saying why", seen: clean(func(s *host.ScanSummary) { s.Complete = false }), status: checks.Unknown, code: "personaldata.stopped"},
		{name: "a file in parts", seen: clean(func(s *host.ScanSummary) { s.Files["incomplete"] = 1 }), status: checks.Unknown, code: "personaldata.unread"},
		{name: "a file refused", seen: clean(func(s *host.ScanSummary) { s.Files["unreadable"] = 1 }), status: checks.Unknown, code: "personaldata.unread"},
		{name: "a format without reader", seen: clean(func(s *host.ScanSummary) { s.Reasons = map[string]int64{"format.unsupported": 1} }), status: checks.Unknown, code: "personaldata.unread"},
		{name: "another file system", seen: clean(func(s *host.ScanSummary) { s.Reasons = map[string]int64{"mount.other": 1} }), status: checks.Unknown, code: "personaldata.unread"},
		{name: "a link that was left alone", seen: clean(func(s *host.ScanSummary) { s.Reasons = map[string]int64{"file.link": 2} }), status: checks.Pass, code: "personaldata.none"},
		{name: "few persons in the part that was read", seen: clean(found(partly(file("/home/ana/a.txt", 2)))), status: checks.Unknown, code: "personaldata.unread"},
		{name: "more files than the summary lists", seen: clean(func(s *host.ScanSummary) { s.FoundMore = 1 }), status: checks.Unknown, code: "personaldata.more"},
		{name: "no folder", seen: clean(func(s *host.ScanSummary) { s.Roots = nil }), status: checks.Unknown, code: "personaldata.nowhere"},
		{name: "no file", seen: clean(func(s *host.ScanSummary) { clear(s.Files) }), status: checks.Unknown, code: "personaldata.nowhere"},
		{name: "facts of an empty summary", seen: localFacts{}, status: checks.Unknown, code: "personaldata.nowhere"},
		{name: "a folder that the policy added since", seen: clean(nil), roots: []string{"/srv/datos"}, status: checks.Unknown, code: "personaldata.other_folders"},
		{name: "a folder for another system", seen: clean(nil), roots: []string{`D:\Datos`}, status: checks.Pass, code: "personaldata.none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := judge(tt.seen, localParams{MinPersons: 10, MinSpecial: 1, Permits: tt.permits, Roots: tt.roots}, at)
			if got.Status != tt.status || got.Reason.Code != tt.code {
				t.Errorf("got %s %v, want %s %s", got.Status, got.Reason, tt.status, tt.code)
			}
			var keys []string
			for _, f := range got.Findings {
				keys = append(keys, f.Key+" "+f.Reason.Code)
				said(t, f.Reason)
			}
			if diff := cmp.Diff(tt.found, keys); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			said(t, got.Reason)
		})
	}
}

func said(t *testing.T, r checks.Reason) {
	t.Helper()
	all := message.Catalogue{}
	for _, c := range Checks() {
		all.Merge(c.Info().Messages)
	}
	e, ok := all[r.Code]
	if !ok {
		t.Errorf("%s has no message", r.Code)
	}
	if text := e.Say.Format("es", r.Args); strings.ContainsAny(text, "{}") {
		t.Errorf("%s: an argument is missing: %s", r.Code, text)
	}
}

func TestPermitsOnWindows(t *testing.T) {
	p := localParams{MinPersons: 10, MinSpecial: 1, Permits: []permit{
		{Folder: `c:/users/ANA/documents/padrones`, Purpose: "apoyos", By: "DIF", Until: "2026-12-31"},
		{Folder: `\\NAS01\social`, Purpose: "apoyos", By: "DIF", Until: "2026-12-31"},
	}}
	for path, want := range map[string]checks.Status{
		`C:\Users\ana\Documents\Padrones\a.csv`:   checks.Pass,
		`C:\Users\ana\Documents\Padrones\x\a.csv`: checks.Pass,
		`C:\Users\ana\Documents\Padrones2\a.csv`:  checks.Fail,
		`C:\Users\ana\Documents\a.csv`:            checks.Fail,
		`\\nas01\SOCIAL\a.csv`:                    checks.Pass,
		`\\nas01\finanzas\a.csv`:                  checks.Fail,
	} {
		seen := clean(found(file(path, 40)))
		seen.System = host.Windows
		if got := judge(seen, p, at); got.Status != want {
			t.Errorf("%s: got %s, want %s", path, got.Status, want)
		}
	}
	seen := clean(found(file(`C:\a\1.txt`, 6), file(`C:\a\2.txt`, 6)))
	seen.System = host.Windows
	if got := judge(seen, p, at); len(got.Findings) != 1 || got.Findings[0].Key != `C:\a\*` {
		t.Errorf("a folder that adds up: got %+v", got.Findings)
	}
}

// scanner answers with a summary and remembers what it was asked.
type scanner struct {
	answer host.ScanSummary
	err    error
	asked  *host.ScanRequest
}

func (s scanner) Scan(ctx context.Context, req host.ScanRequest) (host.ScanSummary, error) {
	if _, ok := ctx.Deadline(); !ok {
		return host.ScanSummary{}, errors.New("a search without end")
	}
	if s.asked != nil {
		*s.asked = req
	}
	return s.answer, s.err
}

// folders is a machine with these folders and nothing else.
type folders struct {
	host.Unsupported
	there []string
}

func (f folders) Stat(_ context.Context, path string) (host.FileInfo, error) {
	if slices.Contains(f.there, path) {
		return host.FileInfo{Mode: fs.ModeDir}, nil
	}
	return host.FileInfo{}, fs.ErrNotExist
}

func TestRun(t *testing.T) {
	for _, tt := range []struct {
		name   string
		os     host.OS
		params string
		scan   scanner
		asked  *host.ScanRequest // nil: nothing was searched
		status checks.Status
		code   string
	}{
		{
			name: "where users keep files", os: host.Linux, scan: scanner{answer: clean(nil).ScanSummary},
			asked: &host.ScanRequest{}, status: checks.Pass, code: "personaldata.none",
		},
		{
			name: "the policy's folders and limits", os: host.Linux,
			params: `{"roots":["/srv/datos","/srv/no","C:\\Users"],"max_files":5,"max_bytes":6}`, scan: scanner{answer: clean(nil).ScanSummary},
			asked: &host.ScanRequest{Roots: []string{"/srv/datos"}, MaxFiles: 5, MaxBytes: 6}, status: checks.Pass, code: "personaldata.none",
		},
		{
			name: "only folders of the other system: its own are searched", os: host.Windows,
			params: `{"roots":["/srv/datos"]}`, scan: scanner{answer: clean(nil).ScanSummary},
			asked: &host.ScanRequest{}, status: checks.Pass, code: "personaldata.none",
		},
		{
			name: "none of the folders is there: no others are searched", os: host.Windows,
			params: `{"roots":["E:\\Datos"]}`, scan: scanner{answer: clean(nil).ScanSummary},
			status: checks.Unknown, code: "personaldata.nowhere",
		},
		{
			name: "a machine without scanner", os: host.Linux, scan: scanner{err: host.ErrUnsupported},
			asked: &host.ScanRequest{}, status: checks.Unknown, code: "check.not_observed",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked *host.ScanRequest
			tt.scan.asked = &host.ScanRequest{MaxFiles: -1}
			h := host.New(host.Host{
				OS: tt.os, Now: func() time.Time { return at },
				Files: folders{there: []string{"/srv/datos", "/home"}}, PersonalData: tt.scan,
			})
			got := documents().Run(t.Context(), h, json.RawMessage(tt.params))
			if tt.scan.asked.MaxFiles >= 0 {
				asked = tt.scan.asked
			}
			if diff := cmp.Diff(tt.asked, asked); diff != "" {
				t.Errorf("search (-want +got):\n%s", diff)
			}
			if got.Status != tt.status || got.Reason.Code != tt.code {
				t.Errorf("got %s %v, want %s %s", got.Status, got.Reason, tt.status, tt.code)
			}
			if got.Observed == nil {
				return
			}
			again, err := documents().Judge(got.Observed, json.RawMessage(tt.params), got.ObservedAt)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got.Verdict, again); diff != "" {
				t.Errorf("judged again (-Run +Judge):\n%s", diff)
			}
		})
	}
}

func TestParameters(t *testing.T) {
	for _, tt := range []struct{ params, want string }{
		{``, ""},
		{`{"permits":[{"machine":"PC-01","folder":"/a","purpose":"x","by":"DIF","until":"2027-01-31"}]}`, ""},
		{`{"min_persons":0}`, "min_persons and min_special must be 1 or more"},
		{`{"max_files":-1}`, "max_files and max_bytes must not be negative"},
		{`{"permits":[{"folder":"/a","by":"DIF","until":"2027-02-30"}]}`, "permit 1: until must be the last day as YYYY-MM-DD"},
		{`{"permits":[{"folder":"/a","until":"2027-02-03"}]}`, "permit 1 needs a folder and who gave it"},
	} {
		got := ""
		if err := documents().CheckParams(json.RawMessage(tt.params)); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.params, got, tt.want)
		}
	}
}

func TestMessagesComplete(t *testing.T) {
	for _, c := range Checks() {
		if got := c.Info().Messages.Problems(); len(got) > 0 {
			t.Errorf("%s: incomplete messages: %q", c.Info().ID, got)
		}
	}
}

func TestMost(t *testing.T) {
	got := most(map[string]int64{"a": 1, "b": 9, "c": 1, "d": 4, "e": 3, "f": 2})
	if want := "b 9, d 4, e 3, f 2, a 1, +1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
