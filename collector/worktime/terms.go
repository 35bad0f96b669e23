package worktime

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/checks/policy"
)

// Closure is a time that a municipality does not work, or works less: its fair, its
// vacations, the afternoon of an eve.
type Closure struct {
	From, Until Date // both are days of it
	Name        string
	// Closes is when such days end, after midnight by the clock: they are working days with
	// shorter hours. 0: they are not worked.
	Closes time.Duration
}

func (c Closure) on(d Date) bool { return !d.Before(c.From) && !c.Until.Before(d) }

// longest is the longest closure, in days: longer ones are slips of the finger.
const longest = 92

// ParseClosure reads a day or days with a name, as the configuration has them:
//
//	2026-12-12 Fiesta patronal
//	2026-12-21..2027-01-06 Segundo periodo vacacional
//	2026-12-24 until 12:00 Nochebuena
func ParseClosure(text string) (Closure, error) {
	days, name, _ := strings.Cut(strings.TrimSpace(text), " ")
	first, last, several := strings.Cut(days, "..")
	from, err := ParseDate(first)
	if err != nil {
		return Closure{}, err
	}
	out := Closure{From: from, Until: from, Name: strings.TrimSpace(name)}
	if several {
		if out.Until, err = ParseDate(last); err != nil {
			return Closure{}, err
		}
	}
	for _, word := range []string{"until ", "hasta las ", "hasta "} {
		rest, shorter := strings.CutPrefix(out.Name, word)
		if !shorter {
			continue
		}
		hour, name, _ := strings.Cut(rest, " ")
		at, err := time.Parse("15:04", hour)
		if err != nil || at.Hour() == 0 {
			return Closure{}, fmt.Errorf("no hour %q: write it as 12:00", hour)
		}
		out.Closes, out.Name = time.Duration(at.Hour())*time.Hour+time.Duration(at.Minute())*time.Minute, strings.TrimSpace(name)
		break
	}
	switch length := int(out.Until.Midnight(time.UTC).Sub(out.From.Midnight(time.UTC)).Hours()/24) + 1; {
	case length < 1:
		return Closure{}, fmt.Errorf("%s is before %s", out.Until, out.From)
	case length > longest:
		return Closure{}, fmt.Errorf("%d days: at most %d in one line", length, longest)
	case out.Name == "" || len(out.Name) > 200:
		return Closure{}, fmt.Errorf("%s has no name: write why it is not worked after the day", days)
	}
	return out, nil
}

// String writes a closure as ParseClosure reads it.
func (c Closure) String() string {
	out := c.From.String()
	if c.Until != c.From {
		out += ".." + c.Until.String()
	}
	if c.Closes > 0 {
		out += fmt.Sprintf(" until %02d:%02d", int(c.Closes.Hours()), int(c.Closes.Minutes())%60)
	}
	return out + " " + c.Name
}

// Before tells whether a day is before another.
func (d Date) Before(o Date) bool { return d.Midnight(time.UTC).Before(o.Midnight(time.UTC)) }

// Of is the calendar of an organisation: what its packs say and its own closures. Where
// packs of several jurisdictions are in force together, a day is a holiday only if all of
// them keep it and an hour is worked if one of them works it, so that no term ends later
// than any of them allows. Packs without a calendar have no say; if none has one, it is
// that of Office.
func Of(packs []policy.Pack, zone *time.Location, closures []Closure) Calendar {
	out := Office(zone)
	out.Closures = closures
	first := true
	for _, p := range packs {
		if p.Calendar == nil {
			continue
		}
		c := *p.Calendar
		opens, closes := time.Duration(c.Opens), time.Duration(c.Closes)
		if first {
			out.Days, out.Opens, out.Closes, out.Rules = map[time.Weekday]bool{}, opens, closes, slices.Clone(c.Holidays)
		}
		first = false
		out.Opens, out.Closes = min(out.Opens, opens), max(out.Closes, closes)
		for d := time.Sunday; d <= time.Saturday; d++ {
			if c.Worked(d) {
				out.Days[d] = true
			}
		}
		out.Rules = slices.DeleteFunc(out.Rules, func(h policy.Holiday) bool { return !slices.ContainsFunc(c.Holidays, h.Same) })
	}
	return out
}

// Holiday tells why a day of the week that is worked is not, in the words of who keeps it.
func (c Calendar) Holiday(d Date) (message.Text, bool) {
	for _, closure := range c.Closures {
		if closure.Closes == 0 && closure.on(d) {
			return message.Text{ES: closure.Name, EN: closure.Name}, true
		}
	}
	if h, ok := c.rule(d); ok {
		return h.Title, true
	}
	if c.Holidays[d] {
		return message.Text{ES: "Día inhábil", EN: "Holiday"}, true
	}
	return message.Text{}, false
}

// Due is when a term that begins with an event ends: the last moment of its last day, or
// the hour itself for a term of hours.
func (c Calendar) Due(from time.Time, t policy.Term) (time.Time, error) {
	switch t.Unit {
	case policy.WorkingDays:
		return c.AddDays(from, t.Count)
	case policy.Hours:
		return from.Add(time.Duration(t.Count) * time.Hour), nil
	case policy.WorkingHours:
		return c.AddHours(from, time.Duration(t.Count)*time.Hour)
	case policy.Days:
		d := On(from.In(c.zone()))
		return c.endOf(On(time.Date(d.Year, d.Month, d.Day+t.Count, 12, 0, 0, 0, time.UTC)), t.Moves)
	case policy.Months:
		d := On(from.In(c.zone()))
		last := time.Date(d.Year, d.Month+time.Month(t.Count)+1, 0, 12, 0, 0, 0, time.UTC).Day() // of that month
		return c.endOf(On(time.Date(d.Year, d.Month+time.Month(t.Count), min(d.Day, last), 12, 0, 0, 0, time.UTC)), t.Moves)
	default:
		return time.Time{}, fmt.Errorf("term %s: unknown unit %q", t.ID, t.Unit)
	}
}

// endOf is the last moment of a day, or of the next that is worked.
func (c Calendar) endOf(d Date, moves bool) (time.Time, error) {
	if moves {
		if err := c.Check(); err != nil {
			return time.Time{}, err
		}
		for gap := 0; !c.Works(d); gap++ {
			if gap > horizon {
				return time.Time{}, ErrNoTime
			}
			d = d.Next()
		}
	}
	return d.Next().Midnight(c.zone()).Add(-time.Microsecond), nil
}

// Earliest is when the first of some terms ends: of several laws in force the strictest
// counts. found is false when there are no terms.
func (c Calendar) Earliest(from time.Time, terms []policy.Term) (due time.Time, by policy.Term, found bool, err error) {
	for _, t := range terms {
		at, err := c.Due(from, t)
		if err != nil {
			return time.Time{}, policy.Term{}, false, err
		}
		if !found || at.Before(due) {
			due, by, found = at, t, true
		}
	}
	return due, by, found, nil
}

// Workday is the last moment of the n-th working day of a month, from 1.
func (c Calendar) Workday(year int, month time.Month, n int) (time.Time, error) {
	return c.AddDays(time.Date(year, month, 0, 12, 0, 0, 0, c.zone()), n)
}
