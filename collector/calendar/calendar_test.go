package calendar

import (
	"strings"
	"testing"
	"time"

	"vigia/checks/message"
	"vigia/checks/policy"
)

func TestEntries(t *testing.T) {
	book, err := policy.Laws()
	if err != nil {
		t.Fatal(err)
	}
	zone := time.FixedZone("CET", 3600)
	begun := time.Date(2026, 9, 1, 9, 0, 0, 0, zone)
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, zone)
	last := func(d policy.Duty) time.Time {
		if d.ID == "log-report" {
			return time.Date(2026, 11, 3, 9, 0, 0, 0, zone)
		}
		return time.Time{}
	}
	got := map[string]Entry{}
	entries := Entries(book, last, begun, now, zone)
	for i, e := range entries {
		got[e.ID] = e
		if i > 0 && e.Due.Before(entries[i-1].Due) {
			t.Errorf("%s stands after %s", e.ID, entries[i-1].ID)
		}
	}
	for id, want := range map[string]struct {
		day   string
		state State
	}{
		"quarterly-review": {"2026-12-02", Near}, "log-report": {"2026-12-03", Later}, "restore-trial": {"2026-12-02", Near},
		"backup-procedure": {"2027-03-01", Later}, "audit": {"2027-09-01", Later},
	} {
		if e := got[id]; e.Due.Format(time.DateOnly) != want.day || e.State != want.state {
			t.Errorf("%s: %s, %s; want %s, %s", id, e.Due.Format(time.DateOnly), e.State, want.day, want.state)
		}
	}
	late := Entries(book, last, begun.AddDate(-2, 0, 0), now, zone)
	if late[0].State != Overdue || late[0].Days == 0 {
		t.Errorf("after two years: %+v", late[0])
	}
	var b strings.Builder
	if err := ICS(&b, entries, message.Spanish, "https://vigia.example/", now, now.AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if n := strings.Count(text, "BEGIN:VEVENT"); n < 20 || n != strings.Count(text, "END:VEVENT") {
		t.Errorf("%d events", n)
	}
	for line := range strings.SplitSeq(text, "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\n\r") {
			t.Errorf("line of %d bytes: %q", len(line), line)
		}
	}
	if !strings.Contains(text, `DTSTART;VALUE=DATE:20261202`) || !strings.Contains(text, `Revisión trimestral`) {
		t.Errorf("got %.600s", text)
	}
}
