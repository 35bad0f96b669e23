package worktime

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"
)

func madrid(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func at(t *testing.T, zone *time.Location, text string) time.Time {
	t.Helper()
	out, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAddDays(t *testing.T) {
	zone := madrid(t)
	office := Office(zone)
	office.Holidays = map[Date]bool{{2026, time.December, 8}: true, {2026, time.December, 25}: true}
	for _, row := range []struct {
		name, from string
		days       int
		want       string // the last minute of the term
	}{
		{"of no days ends that day", "2026-12-07 10:00", 0, "2026-12-07"},
		{"the day itself does not count", "2026-12-02 10:00", 1, "2026-12-03"},
		{"a weekend does not count", "2026-12-04 10:00", 1, "2026-12-07"},
		{"a holiday does not count", "2026-12-07 10:00", 1, "2026-12-09"},
		{"from a Saturday", "2026-12-05 23:59", 1, "2026-12-07"},
		{"twenty days over two holidays", "2026-12-01 09:00", 20, "2026-12-31"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := office.AddDays(at(t, zone, row.from), row.days)
			if err != nil {
				t.Fatal(err)
			}
			if want := at(t, zone, row.want+" 23:59").Add(time.Minute - time.Microsecond); !got.Equal(want) {
				t.Errorf("got %v, want %v", got, want)
			}
			if n := office.DaysBetween(at(t, zone, row.from), got); n != row.days {
				t.Errorf("DaysBetween = %d, want %d", n, row.days)
			}
		})
	}
}

func TestAddHours(t *testing.T) {
	zone := madrid(t)
	office := Office(zone) // six hours a day
	night := Calendar{Zone: zone, Days: map[time.Weekday]bool{time.Saturday: true, time.Sunday: true}, Closes: 24 * time.Hour}
	for _, row := range []struct {
		name, from string
		calendar   Calendar
		hours      time.Duration
		want       string
	}{
		{"within the day", "2026-11-23 10:00", office, 2 * time.Hour, "2026-11-23 12:00"},
		{"before the office opens", "2026-11-23 06:00", office, time.Hour, "2026-11-23 10:00"},
		{"to the very end of the day", "2026-11-23 09:00", office, 6 * time.Hour, "2026-11-23 15:00"},
		{"on to the next day", "2026-11-23 14:00", office, 2 * time.Hour, "2026-11-24 10:00"},
		{"over a weekend", "2026-11-27 14:00", office, 2 * time.Hour, "2026-11-30 10:00"},
		{"a day of spring has 23 hours", "2026-03-28 00:00", night, 47 * time.Hour, "2026-03-30 00:00"},
		{"a day of autumn has 25", "2026-10-24 00:00", night, 49 * time.Hour, "2026-10-26 00:00"},
	} {
		t.Run(row.name, func(t *testing.T) {
			from := at(t, zone, row.from)
			got, err := row.calendar.AddHours(from, row.hours)
			if err != nil {
				t.Fatal(err)
			}
			if want := at(t, zone, row.want); !got.Equal(want) {
				t.Errorf("got %v, want %v", got, want)
			}
			if n := row.calendar.HoursBetween(from, got); n != row.hours {
				t.Errorf("HoursBetween = %v, want %v", n, row.hours)
			}
		})
	}
}

// What was added is what is counted, whatever the calendar.
func TestAddingAndCountingAgree(t *testing.T) {
	zone := madrid(t)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		c := Calendar{Zone: zone, Days: map[time.Weekday]bool{time.Weekday(rng.IntN(7)): true, time.Weekday(rng.IntN(7)): true}, Holidays: map[Date]bool{}}
		c.Opens = time.Duration(rng.IntN(20)) * time.Hour
		c.Closes = c.Opens + time.Duration(1+rng.IntN(4))*time.Hour
		for range rng.IntN(30) {
			c.Holidays[On(time.Date(2026, 1, 1+rng.IntN(365), 0, 0, 0, 0, time.UTC))] = true
		}
		from := time.Date(2026, 1, 1+rng.IntN(365), rng.IntN(24), rng.IntN(60), 0, 0, zone)
		work := time.Duration(1+rng.IntN(100*60)) * time.Minute
		until, err := c.AddHours(from, work)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.HoursBetween(from, until); got != work {
			t.Errorf("%+v: from %v %v later is %v, between them are %v", c, from, work, until, got)
		}
		days := rng.IntN(30)
		if until, err = c.AddDays(from, days); err != nil {
			t.Fatal(err)
		}
		if got := c.DaysBetween(from, until); got != days {
			t.Errorf("%+v: from %v %d working days later is %v, between them are %d", c, from, days, until, got)
		}
	}
}

func TestNoTime(t *testing.T) {
	closed := Office(nil)
	closed.Holidays = map[Date]bool{}
	for d := (Date{2026, time.January, 1}); d.Year < 2030; d = d.Next() {
		closed.Holidays[d] = true
	}
	for name, c := range map[string]Calendar{
		"no days":       {Opens: 9 * time.Hour, Closes: 10 * time.Hour},
		"no hours":      {Days: map[time.Weekday]bool{time.Monday: true}},
		"back to front": {Days: map[time.Weekday]bool{time.Monday: true}, Opens: 2, Closes: 1},
		"always closed": closed,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := c.AddDays(time.Unix(1.78e9, 0), 1); !errors.Is(err, ErrNoTime) {
				t.Errorf("AddDays: %v, want %v", err, ErrNoTime)
			}
			if _, err := c.AddHours(time.Unix(1.78e9, 0), time.Hour); !errors.Is(err, ErrNoTime) {
				t.Errorf("AddHours: %v, want %v", err, ErrNoTime)
			}
		})
	}
}
