package policy

import (
	"testing"
	"time"
)

// Every control is of exactly one section, and there are the nine of a quarterly review.
func TestSections(t *testing.T) {
	book, err := Laws()
	if err != nil {
		t.Fatal(err)
	}
	if len(book.Sections) != 9 {
		t.Errorf("got %d sections, want 9", len(book.Sections))
	}
	counts := map[string]int{}
	for _, c := range book.Controls {
		s, ok := book.SectionOf(c.ID)
		if !ok {
			t.Errorf("%s is of no section", c.ID)
		}
		counts[s.ID]++
	}
	for _, s := range book.Sections {
		if counts[s.ID] == 0 {
			t.Errorf("the section %s has no control", s.ID)
		}
	}
	for control, want := range map[string]string{"AC-LOCK-15": "passwords", "AC-DISK-ENC": "workstations", "AC-LEVELS-Q": "levels",
		"AC-CHG-NOTIFY": "users", "BK-DAILY": "copies", "SYS-AV": "technical", "LOG-REVIEW-M": "incidents"} {
		if got, _ := book.SectionOf(control); got.ID != want {
			t.Errorf("%s: got the section %q, want %q", control, got.ID, want)
		}
	}
}

func TestDutyAfter(t *testing.T) {
	zone := time.FixedZone("CST", -6*3600)
	for _, row := range []struct {
		duty       Duty
		done, want string
	}{
		{Duty{Days: 92}, "2026-10-02T10:00:00-06:00", "2027-01-02T23:59:59-06:00"},
		{Duty{Months: 1}, "2027-01-31T23:00:00-06:00", "2027-02-28T23:59:59-06:00"},
		{Duty{Months: 1}, "2026-11-05T00:00:00-06:00", "2026-12-05T23:59:59-06:00"},
		{Duty{Months: 12}, "2028-02-29T09:00:00-06:00", "2029-02-28T23:59:59-06:00"},
		{Duty{Months: 6}, "2026-08-31T09:00:00-06:00", "2027-02-28T23:59:59-06:00"},
	} {
		done, err := time.Parse(time.RFC3339, row.done)
		if err != nil {
			t.Fatal(err)
		}
		if got := row.duty.After(done.In(zone)).Format(time.RFC3339); got != row.want {
			t.Errorf("%d months, %d days after %s: got %s, want %s", row.duty.Months, row.duty.Days, row.done, got, row.want)
		}
	}
}
