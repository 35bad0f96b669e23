package web

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"vigia/checks"
	"vigia/checks/catalog"
	"vigia/checks/message"
	"vigia/collector/findings"
	"vigia/collector/report"
)

// reader is a visit that only speaks.
func reader(lang message.Lang) *visit {
	return &visit{
		site:   &site{voices: map[message.Lang]report.Voice{lang: report.NewVoice(lang, catalog.New())}},
		tongue: speaker(lang, today),
	}
}

func dataOf(t *testing.T, observed facts) *dataFacts {
	t.Helper()
	b, err := json.Marshal(observed)
	if err != nil {
		t.Fatal(err)
	}
	return decodeData(b)
}

var searched = findings.State{Entry: "DLP-LOCAL-Q", Check: checkPersonalData, Last: today}

func TestDataView(t *testing.T) {
	t.Parallel()
	v := reader(message.Spanish)
	part := func(key string, status checks.Status, reason checks.Reason) findings.State {
		return findings.State{Entry: searched.Entry, Key: key, Status: status, Reason: reason}
	}
	silent := part("/home/c/*", checks.Unknown, checks.Because("machine.silent"))
	silent.Silent = true
	other := part("/home/d/*", checks.Pass, checks.Because("personaldata.permitted", "by", "DIF", "until", "2027-01-01"))
	other.Entry = "DLP-SPECIAL"
	file := func(folder, level string) facts {
		return facts{"path": folder + "/x", "folder": folder, "level": level, "persons": 3, "counts": facts{"mx.curp": 3, "xx.new": 1}, "whole": true}
	}
	got := v.dataView(&searched, dataOf(t, facts{
		"files": facts{"found": 5}, "complete": false, "stopped": "limit.of_tomorrow",
		"found": []facts{file("/home/a", "medium"), file("/home/b", "basic"), file("/home/c", "high"), file("/home/d", "high"), file("/home/e", "of tomorrow")},
	}), []findings.State{
		searched, silent, other,
		part("/home/a/*", checks.Pass, checks.Because("personaldata.permitted", "by", "DIF", "until", "2026-11-21")),
		part("/home/b/*", checks.Pass, checks.Because("personaldata.permitted", "by", "DIF", "until", "2026-11-20")), // over since the report
		part("/home/e/x", checks.Fail, checks.Because("personaldata.file")),
	})
	var rows []string
	for _, f := range got.Folders {
		rows = append(rows, fmt.Sprintf("%s %s %s: %s", f.Folder, f.Word, f.Status, f.Permit))
	}
	want := []string{
		"/home/c alto unknown: según el último informe, con permiso",
		"/home/d alto not_applicable: sin permiso; no llega al límite",
		"/home/a medio pass: de DIF, hasta el 21 nov 2026",
		"/home/b básico fail: el de DIF terminó el 20 nov 2026",
		"/home/e básico fail: sin permiso",
	}
	if a, b := strings.Join(rows, "\n"), strings.Join(want, "\n"); a != b {
		t.Errorf("got\n%s\nwant\n%s", a, b)
	}
	if got.Stopped != "limit.of_tomorrow" || got.Folders[0].Holds != "CURP\u00a03, xx.new\u00a01" {
		t.Errorf("codes of another version: got %q and %q, want them as they are", got.Stopped, got.Folders[0].Holds)
	}
}

func TestDataViewIsBounded(t *testing.T) {
	t.Parallel()
	var found, unread []facts
	for i := range 500 {
		folder := fmt.Sprintf("/%03d/%s", i, strings.Repeat("ñ", 4000))
		found = append(found, facts{"path": folder + "/x", "folder": folder, "level": "high", "persons": 1, "counts": facts{"es.dni": 1}})
		unread = append(unread, facts{"folder": folder, "reason": "content.image", "files": 2})
	}
	got := reader(message.English).dataView(&searched, dataOf(t, facts{"found": found, "unread": unread, "complete": true}), nil)
	if len(got.Folders) != maxFolders || got.MoreFolders != 500-maxFolders || got.MoreFiles != 500-maxFolders {
		t.Errorf("folders: got %d and %d more with %d files", len(got.Folders), got.MoreFolders, got.MoreFiles)
	}
	if u := got.Unread; len(u) != 1 || len(u[0].Folders) != maxUnread || u[0].Places() != 500 || u[0].Files != 1000 {
		t.Errorf("unread: got %+v", u)
	}
	if n := len([]rune(got.Folders[0].Folder)); n != maxPathLetter {
		t.Errorf("a path of %d letters, want %d", n, maxPathLetter)
	}
	if got.Levels[0].Files.N != 500 || got.Levels[0].Files.Bare != "100.00%" {
		t.Errorf("levels count all files: got %+v", got.Levels[0])
	}
}

func TestDataViewWithoutFacts(t *testing.T) {
	t.Parallel()
	v := reader(message.Spanish)
	if got := v.dataView(nil, nil, nil); got != nil {
		t.Errorf("a machine that never searched: got %+v, want nothing", got)
	}
	if got := v.dataView(&searched, decodeData([]byte(`{"files": "many"}`)), nil); got == nil || got.Kept || !got.At.Equal(today) {
		t.Errorf("facts of another form: got %+v, want them shown as not kept", got)
	}
	if got := v.dataView(&searched, dataOf(t, facts{"complete": true}), nil); !got.Kept || len(got.Folders) != 0 || got.Levels[0].Persons.Bare != "0.00%" {
		t.Errorf("nothing found: got %+v", got)
	}
}
