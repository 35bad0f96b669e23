package reviews

import (
	"errors"
	"testing"
	"time"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// A quarter begins and ends at local midnight, whatever UTC and summer time say.
func TestPeriodBounds(t *testing.T) {
	for _, row := range []struct {
		period, zone, begin, end string
	}{
		{"2026Q4", "UTC", "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"2026Q4", "America/Monterrey", "2026-10-01T06:00:00Z", "2027-01-01T06:00:00Z"},
		{"2026Q4", "Europe/Madrid", "2026-09-30T22:00:00Z", "2026-12-31T23:00:00Z"}, // begins in summer time
		{"2026q1", "Europe/Madrid", "2025-12-31T23:00:00Z", "2026-03-31T22:00:00Z"},
		{"2026T2", "America/Monterrey", "2026-04-01T06:00:00Z", "2026-07-01T06:00:00Z"},
	} {
		p, err := ParsePeriod(row.period, zone(t, row.zone))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Begin().UTC().Format(time.RFC3339); got != row.begin {
			t.Errorf("%s in %s begins %s, want %s", row.period, row.zone, got, row.begin)
		}
		if got := p.End().UTC().Format(time.RFC3339); got != row.end {
			t.Errorf("%s in %s ends %s, want %s", row.period, row.zone, got, row.end)
		}
		if !p.Contains(p.Begin()) || p.Contains(p.End()) || !p.Contains(p.End().Add(-1)) {
			t.Errorf("%s: bounds are not [begin, end)", row.period)
		}
		if got := PeriodOf(p.End().Add(-1), p.Zone); got != p {
			t.Errorf("its last instant is in %v, want %v", got, p)
		}
		if got := p.Next().Previous(); got != p {
			t.Errorf("next and previous give %v, want %v", got, p)
		}
	}
}

func TestParsePeriodRefuses(t *testing.T) {
	for _, text := range []string{"", "2026", "2026Q", "2026Q0", "2026Q5", "26Q1", "2026X1", "2026Q11", "1999Q4", "2026Q4 ", "-026Q4"} {
		if p, err := ParsePeriod(text, time.UTC); !errors.Is(err, ErrPeriod) {
			t.Errorf("ParsePeriod(%q) = %v, %v; want ErrPeriod", text, p, err)
		}
	}
}
