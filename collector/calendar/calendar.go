// Package calendar works out when the duties of the law book are due: from when each was
// done last, or from when measuring began.
//
// It keeps nothing: an Agenda reads the times from acts and books. Always true: a duty is due
// at the end of a day in the organisation's zone, and one that was never done is due too.
package calendar

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"vigia/checks/message"
	"vigia/checks/policy"
)

// State is how near a duty's day is.
type State string

// The states.
const (
	Overdue State = "overdue"
	Near    State = "near"
	Later   State = "later"
)

// Entry is one duty with its day.
type Entry struct {
	policy.Duty
	Last  time.Time // zero: it was never done
	Due   time.Time // the end of its day
	State State
	Days  int // to its day, or since
}

// Entries are the duties, the first due first. last tells when a duty was done last, zero
// for never; begun is when measuring began, from which on the others count.
func Entries(book policy.LawBook, last func(policy.Duty) time.Time, begun, now time.Time, zone *time.Location) []Entry {
	var out []Entry
	for _, d := range book.Duties {
		e := Entry{Duty: d, Last: last(d), State: Later}
		from := e.Last
		if from.IsZero() {
			from = begun
		}
		e.Due = d.After(from.In(zone))
		e.Days = int(e.Due.Sub(now).Abs() / (24 * time.Hour))
		switch {
		case now.After(e.Due):
			e.State = Overdue
		case now.AddDate(0, 0, d.Warn).After(e.Due):
			e.State = Near
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b Entry) int { return a.Due.Compare(b.Due) })
	return out
}

// Through lists the days of an entry up to a time: the first, and those that follow if each
// is done on its day.
func (e Entry) Through(until time.Time) []time.Time {
	var out []time.Time
	for at := e.Due; !at.After(until) && len(out) < 64; at = e.After(at) {
		out = append(out, at)
	}
	return out
}

// ICS writes the entries as an iCalendar file (RFC 5545): an event of a whole day for each
// day up to a time. base is the portal's address, which makes the events' names; now stamps
// them.
func ICS(w io.Writer, entries []Entry, lang message.Lang, base string, now, until time.Time) error {
	lines := []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//vigia//calendar//ES", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"}
	for _, e := range entries {
		for _, day := range e.Through(until) {
			lines = append(lines, "BEGIN:VEVENT",
				"UID:"+e.ID+"-"+day.Format("20060102")+"@vigia",
				"DTSTAMP:"+now.UTC().Format("20060102T150405Z"),
				"DTSTART;VALUE=DATE:"+day.Format("20060102"),
				"DTEND;VALUE=DATE:"+day.AddDate(0, 0, 1).Format("20060102"),
				"SUMMARY:"+escape(e.Title.In(lang)), "DESCRIPTION:"+escape(e.Do.In(lang)), "URL:"+base+"calendario", "TRANSP:TRANSPARENT",
				"BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:"+escape(e.Title.In(lang)), fmt.Sprintf("TRIGGER:-P%dD", max(e.Warn, 1)), "END:VALARM", "END:VEVENT")
		}
	}
	for _, line := range append(lines, "END:VCALENDAR") {
		if _, err := io.WriteString(w, fold(line)); err != nil {
			return fmt.Errorf("write the calendar: %w", err)
		}
	}
	return nil
}

// escape writes a text as RFC 5545 section 3.3.11 asks.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`).Replace(text)
}

// fold breaks a line after at most 75 bytes, between letters (RFC 5545 section 3.1).
func fold(line string) string {
	var b strings.Builder
	room := 75
	for _, r := range line {
		if n := utf8.RuneLen(r); n > room {
			b.WriteString("\r\n ")
			room = 74
		}
		b.WriteRune(r)
		room -= utf8.RuneLen(r)
	}
	return b.String() + "\r\n"
}
