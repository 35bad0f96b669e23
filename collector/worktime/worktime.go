// Package worktime counts the time that an office works: working days for the terms of a
// law, working hours for what must be seen to in so many of them.
//
// A Calendar is what a pack or a municipality says: the days of the week, the hours, the
// holidays, the zone. The package reads no clock and keeps nothing.
//
// Always true: adding and counting agree, whatever the calendar, the zone and the change
// of hours in spring and autumn; an hour is an hour of elapsed time, not of the clock on
// the wall; and a calendar without working time is refused, for a term in it never ends.
package worktime

import (
	"errors"
	"fmt"
	"time"

	"vigia/checks/policy"
)

// Date is a day without a zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// On is the day of an instant in its own zone.
func On(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// ParseDate reads 2026-11-22.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, fmt.Errorf("no day %q: write it as 2026-11-22", text)
	}
	return On(t), nil
}

// String writes 2026-11-22.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Midnight is when that day begins in a zone.
func (d Date) Midnight(zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
}

// Next is the day that follows.
func (d Date) Next() Date { return On(time.Date(d.Year, d.Month, d.Day+1, 12, 0, 0, 0, time.UTC)) }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC).Weekday()
}

// Calendar says when an office works.
type Calendar struct {
	// Zone is where its days begin and end; nil is UTC.
	Zone *time.Location
	// Days of the week on which it works.
	Days map[time.Weekday]bool
	// Opens and Closes are when its working hours begin and end on those days, by the
	// clock, after midnight: 9h and 15h.
	Opens, Closes time.Duration
	// Holidays are not worked, whatever the day of the week.
	Holidays map[Date]bool
	// Rules are the holidays that come back, each on its day of a year.
	Rules []policy.Holiday
	// Closures are what a municipality keeps besides: its fairs, its vacations.
	Closures []Closure
}

// Office is Monday to Friday, nine to three, in a zone, without holidays.
func Office(zone *time.Location) Calendar {
	return Calendar{
		Zone:  zone,
		Days:  map[time.Weekday]bool{time.Monday: true, time.Tuesday: true, time.Wednesday: true, time.Thursday: true, time.Friday: true},
		Opens: 9 * time.Hour, Closes: 15 * time.Hour,
	}
}

// ErrNoTime means that a calendar has no working time in a whole year.
var ErrNoTime = errors.New("the calendar has no working time")

// horizon ends the search for a working day: no office is closed for so many days.
const horizon = 2 * 366

// Check tells what is wrong with the calendar.
func (c Calendar) Check() error {
	if c.Opens < 0 || c.Closes > 24*time.Hour || c.Closes <= c.Opens {
		return fmt.Errorf("working hours from %v to %v: %w", c.Opens, c.Closes, ErrNoTime)
	}
	for _, works := range c.Days {
		if works {
			return nil
		}
	}
	return fmt.Errorf("no day of the week is worked: %w", ErrNoTime)
}

func (c Calendar) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// Works tells whether a day is a working day. One with shorter hours is.
func (c Calendar) Works(d Date) bool {
	if !c.Days[d.Weekday()] || c.Holidays[d] {
		return false
	}
	for _, closure := range c.Closures {
		if closure.Closes == 0 && closure.on(d) {
			return false
		}
	}
	_, holiday := c.rule(d)
	return !holiday
}

// rule is the holiday that falls on a day.
func (c Calendar) rule(d Date) (policy.Holiday, bool) {
	for _, h := range c.Rules {
		if month, day, kept := h.In(d.Year); kept && month == d.Month && day == d.Day {
			return h, true
		}
	}
	return policy.Holiday{}, false
}

// AddDays is the last moment of the n-th working day after the day of an instant: a term
// of n working days begins to count on the day after. n of 0 is the end of that very day.
func (c Calendar) AddDays(from time.Time, n int) (time.Time, error) {
	if err := c.Check(); err != nil {
		return time.Time{}, err
	}
	d := On(from.In(c.zone()))
	for gap := 0; n > 0; {
		if d, gap = d.Next(), gap+1; c.Works(d) {
			n, gap = n-1, 0
		}
		if gap > horizon {
			return time.Time{}, ErrNoTime
		}
	}
	return d.Next().Midnight(c.zone()).Add(-time.Microsecond), nil
}

// DaysBetween counts the working days after the day of from up to the day of to, which
// counts. It is 0 when to is not on a later day.
func (c Calendar) DaysBetween(from, to time.Time) int {
	n, last := 0, On(to.In(c.zone())).Midnight(time.UTC)
	for d := On(from.In(c.zone())).Next(); !d.Midnight(time.UTC).After(last); d = d.Next() {
		if c.Works(d) {
			n++
		}
	}
	return n
}

// AddHours is when so much working time has passed since an instant.
func (c Calendar) AddHours(from time.Time, work time.Duration) (time.Time, error) {
	if err := c.Check(); err != nil {
		return time.Time{}, err
	}
	d, gap := On(from.In(c.zone())), 0
	for work > 0 {
		if gap > horizon {
			return time.Time{}, ErrNoTime
		}
		begin, end, works := c.hours(d)
		if begin.Before(from) {
			begin = from
		}
		if works && end.After(begin) {
			if begin.Add(work).Compare(end) <= 0 {
				return begin.Add(work), nil
			}
			work, gap = work-end.Sub(begin), 0
		}
		d, gap = d.Next(), gap+1
	}
	return from, nil
}

// HoursBetween is the working time between two instants; 0 when to is not after from.
func (c Calendar) HoursBetween(from, to time.Time) time.Duration {
	var sum time.Duration
	for d := On(from.In(c.zone())); d.Midnight(c.zone()).Before(to); d = d.Next() {
		begin, end, works := c.hours(d)
		if begin.Before(from) {
			begin = from
		}
		if end.After(to) {
			end = to
		}
		if works && end.After(begin) {
			sum += end.Sub(begin)
		}
	}
	return sum
}

// hours are the working hours of a day.
func (c Calendar) hours(d Date) (begin, end time.Time, works bool) {
	closes := c.Closes
	for _, closure := range c.Closures {
		if closure.Closes > 0 && closure.on(d) {
			closes = min(closes, closure.Closes)
		}
	}
	return c.clock(d, c.Opens), c.clock(d, closes), c.Works(d)
}

// clock is when the clock of the zone shows a time of a day; time.Date takes hours and
// minutes by the clock, also on the days on which the hours change.
func (c Calendar) clock(d Date, at time.Duration) time.Time {
	return time.Date(d.Year, d.Month, d.Day, int(at/time.Hour), int(at%time.Hour/time.Minute), 0, 0, c.zone())
}
