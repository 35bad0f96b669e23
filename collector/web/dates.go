package web

import (
	"fmt"
	"time"

	"vigia/checks/message"
	"vigia/collector/reviews"
)

// moment is an instant for people: with its day, and how long ago it was.
type moment struct {
	ISO  string // with the zone's offset
	Text string // 21 nov 2026, 18:05
	Ago  string // hace 3 h
	Zero bool
}

// Moment writes an instant in the organisation's zone.
func (t tongue) Moment(at time.Time) moment {
	if at.IsZero() {
		return moment{Zero: true}
	}
	at = at.In(t.zone)
	return moment{ISO: at.Format(time.RFC3339), Text: t.Day(at) + at.Format(", 15:04"), Ago: t.ago(t.now.Sub(at))}
}

// Day writes the day of an instant in the organisation's zone.
func (t tongue) Day(at time.Time) string {
	at = at.In(t.zone)
	if t.Lang == message.English {
		return at.Format("2 Jan 2006")
	}
	months := [...]string{"ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"}
	return fmt.Sprintf("%d %s %d", at.Day(), months[at.Month()-1], at.Year())
}

// DayOf writes a day that facts name as YYYY-MM-DD, and anything else as it is.
func (t tongue) DayOf(date string) string {
	day, err := time.ParseInLocation(time.DateOnly, date, t.zone)
	if err != nil {
		return date
	}
	return t.Day(day)
}

// ago rounds a span of time down to its largest unit.
func (t tongue) ago(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return ""
	case d < time.Minute:
		return t.T("ago.now")
	case d < time.Hour:
		return t.T("ago.minutes", "n", int(d/time.Minute))
	case d < 2*day:
		return t.T("ago.hours", "n", int(d/time.Hour))
	default:
		return t.T("ago.days", "n", int(d/day))
	}
}

// Quarter names a quarter.
func (t tongue) Quarter(p reviews.Period) string {
	return t.T("quarter", "n", p.Quarter, "year", p.Year)
}
