package policy

import (
	"fmt"
	"slices"
	"time"

	"vigia/checks/message"
)

// Calendar says when the offices of a jurisdiction work.
type Calendar struct {
	// Week are the days that are worked, in English: monday.
	Week []string `json:"week" yaml:"week"`
	// Opens and Closes are the working hours of such a day, after midnight by the clock.
	Opens  Duration `json:"opens" yaml:"opens"`
	Closes Duration `json:"closes" yaml:"closes"`
	// Holidays are those of the whole jurisdiction. What a state, a province or a town keeps
	// besides stands in the configuration of its collector.
	Holidays []Holiday `json:"holidays" yaml:"holidays"`
}

// Holiday is a rule by which one day of a year is not worked: a day of a month, the n-th
// weekday of a month, or a day counted from Easter Sunday.
type Holiday struct {
	Title message.Text `json:"title" yaml:"title"`
	Month int          `json:"month,omitempty" yaml:"month,omitempty"`
	Day   int          `json:"day,omitempty" yaml:"day,omitempty"`
	// Nth and Weekday are in place of Day: 1 and monday for the first Monday of Month.
	Nth     int    `json:"nth,omitempty" yaml:"nth,omitempty"`
	Weekday string `json:"weekday,omitempty" yaml:"weekday,omitempty"`
	// Easter is in place of Month, in days: -2 for Good Friday.
	Easter *int `json:"easter,omitempty" yaml:"easter,omitempty"`
	// Since is the first year in which it is kept, Every by how many years it comes again;
	// 0: every year there is.
	Since int `json:"since,omitempty" yaml:"since,omitempty"`
	Every int `json:"every,omitempty" yaml:"every,omitempty"`
}

// In is the day of a year on which the holiday falls; false: that year has none.
func (h Holiday) In(year int) (month time.Month, day int, kept bool) {
	if year < h.Since || h.Every > 0 && (year-h.Since)%h.Every != 0 {
		return 0, 0, false
	}
	if h.Easter != nil {
		m, d := easter(year)
		_, month, day = time.Date(year, m, d+*h.Easter, 12, 0, 0, 0, time.UTC).Date()
		return month, day, true
	}
	month, day = time.Month(h.Month), h.Day
	if h.Nth > 0 {
		want, _ := weekday(h.Weekday)
		first := time.Date(year, month, 1, 12, 0, 0, 0, time.UTC).Weekday()
		day = 1 + int(want-first+7)%7 + 7*(h.Nth-1)
	}
	return month, day, true
}

// Same tells whether two rules always give the same days, whatever they are called.
func (h Holiday) Same(o Holiday) bool {
	if (h.Easter == nil) != (o.Easter == nil) || h.Easter != nil && *h.Easter != *o.Easter {
		return false
	}
	h.Title, h.Easter, o.Title, o.Easter = message.Text{}, nil, message.Text{}, nil
	return h == o
}

// easter is Easter Sunday of a year of the Gregorian calendar, as J.-M. Oudin counts it.
func easter(year int) (time.Month, int) {
	golden, century := year%19, year/100
	moon := (century - century/4 - (8*century+13)/25 + 19*golden + 15) % 30
	moon -= moon / 28 * (1 - 29/(moon+1)*((21-golden)/11))
	day := moon - (year+year/4+moon+2-century+century/4)%7
	month := 3 + (day+40)/44
	return time.Month(month), day + 28 - 31*(month/4)
}

// weekdays are the names of the days in a pack.
func weekday(name string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if name == weekdayName(d) {
			return d, true
		}
	}
	return 0, false
}

func weekdayName(d time.Weekday) string {
	return [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}[d]
}

// Worked tells whether a day of the week is worked.
func (c Calendar) Worked(d time.Weekday) bool { return slices.Contains(c.Week, weekdayName(d)) }

// Unit is what a term is counted in.
type Unit string

// The units. A day that is counted in hours has 24 of them, working hours are those of the
// Calendar.
const (
	Days         Unit = "days"
	WorkingDays  Unit = "working_days"
	Months       Unit = "months"
	Hours        Unit = "hours"
	WorkingHours Unit = "working_hours"
)

// Term is a time that a law gives for something.
type Term struct {
	ID    string       `json:"id" yaml:"id"` // one of Terms
	Title message.Text `json:"title" yaml:"title"`
	Count int          `json:"count" yaml:"count"`
	Unit  Unit         `json:"unit" yaml:"unit"`
	// Moves: a term whose last day is not worked ends on the next one that is.
	Moves bool `json:"moves,omitempty" yaml:"moves,omitempty"`
	// From is what a term of a breach runs from: known, which is meant where nothing is
	// said, or confirmed.
	From string `json:"from,omitempty" yaml:"from,omitempty"`
	// Cites lists the articles; none: the number is ours, because the law gives none.
	Cites []Citation `json:"cites,omitempty" yaml:"cites,omitempty"`
}

// What the terms of a breach run from.
const (
	FromKnown     = "known"
	FromConfirmed = "confirmed"
)

// The terms that a pack may give.
const (
	RequestAcknowledge  = "request.acknowledge"   // receipt of a request is confirmed
	RequestNotCompetent = "request.not_competent" // the person is told who is
	RequestComplete     = "request.complete"      // the person is asked for what is missing
	RequestCompletion   = "request.completion"    // the person hands it in
	RequestAnswer       = "request.answer"        // the request is answered
	RequestExtension    = "request.extension"     // by how much that may be put off, once
	RequestExecute      = "request.execute"       // what was granted is done
	BreachAuthority     = "breach.authority"      // the authority is told, from when it is known
	BreachPersons       = "breach.persons"        // the persons are told, from when it is confirmed
	FindingDecide       = "finding.decide"        // a critical or high finding is decided on
	AccountCancel       = "account.cancel"        // an account ends with its person's leaving
	ProfileChange       = "profile.change"        // a change of profile is served
	DeliveryMonthly     = "delivery.monthly"      // the file of the month is delivered
	RestoreRecord       = "restore.record"        // a restore stands in its book
	WaiverLongest       = "waiver.longest"        // how long a waiver may hold
)

// TermIDs are the ids of all terms that this program knows.
func TermIDs() []string {
	return []string{RequestAcknowledge, RequestNotCompetent, RequestComplete, RequestCompletion, RequestAnswer, RequestExtension,
		RequestExecute, BreachAuthority, BreachPersons, FindingDecide, AccountCancel, ProfileChange, DeliveryMonthly, RestoreRecord, WaiverLongest}
}

// TermsOf are the terms of packs with an id; several when several packs give it, and then
// all of them hold.
func TermsOf(packs []Pack, id string) []Term {
	var out []Term
	for _, p := range packs {
		for _, t := range p.Terms {
			if t.ID == id {
				out = append(out, t)
			}
		}
	}
	return out
}

// checkTimes makes sure of the calendar and the terms of a pack.
func (p Pack) checkTimes(doc *document, book LawBook) error {
	if (p.Calendar != nil || len(p.Terms) > 0 || len(p.TwoPeople) > 0) && p.Schema < 2 {
		return doc.errorf("schema", "a pack with calendar, terms or two_people is written in form 2: add schema: 2")
	}
	if p.Calendar != nil {
		if err := p.Calendar.check(doc); err != nil {
			return err
		}
	}
	for i, what := range p.TwoPeople {
		if what != TwoPeopleWaivers {
			return doc.errorf(fmt.Sprintf("two_people[%d]", i), "want %s, got %q", TwoPeopleWaivers, what)
		}
	}
	seen := map[string]bool{}
	for i, t := range p.Terms {
		at := fmt.Sprintf("terms[%d]", i)
		switch {
		case !slices.Contains(TermIDs(), t.ID):
			return doc.errorf(at+".id", "no term is called %q; there are %q", t.ID, TermIDs())
		case seen[t.ID]:
			return doc.errorf(at+".id", "%s is there twice", t.ID)
		case !complete(t.Title):
			return doc.errorf(at+".title", "want both languages")
		case t.Count < 0 || t.Count > 10_000:
			return doc.errorf(at+".count", "want 0 to 10000, got %d", t.Count)
		case !slices.Contains([]Unit{Days, WorkingDays, Months, Hours, WorkingHours}, t.Unit):
			return doc.errorf(at+".unit", "want days, working_days, months, hours or working_hours, got %q", t.Unit)
		case t.From != "" && (t.ID != BreachAuthority && t.ID != BreachPersons || t.From != FromKnown && t.From != FromConfirmed):
			return doc.errorf(at+".from", "only terms of a breach run from known or confirmed, got %q", t.From)
		case t.Moves && t.Unit != Days && t.Unit != Months:
			return doc.errorf(at+".moves", "only a term of days or months moves")
		}
		if err := book.checkCites(doc, at, t.Cites); err != nil {
			return err
		}
		seen[t.ID] = true
	}
	return nil
}

func (c Calendar) check(doc *document) error {
	if len(c.Week) == 0 {
		return doc.errorf("calendar.week", "want the days that are worked, such as monday")
	}
	for i, name := range c.Week {
		if _, ok := weekday(name); !ok {
			return doc.errorf(fmt.Sprintf("calendar.week[%d]", i), "want a day such as monday, got %q", name)
		}
	}
	if c.Opens < 0 || c.Closes <= c.Opens || time.Duration(c.Closes) > 24*time.Hour {
		return doc.errorf("calendar.closes", "want hours after opens and up to 24h")
	}
	for i, h := range c.Holidays {
		if err := h.check(doc, fmt.Sprintf("calendar.holidays[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

func (h Holiday) check(doc *document, at string) error {
	_, known := weekday(h.Weekday)
	dated, nth, moon := h.Day != 0, h.Nth != 0 || h.Weekday != "", h.Easter != nil
	leap := time.Date(2024, time.Month(h.Month), h.Day, 12, 0, 0, 0, time.UTC)
	switch {
	case !complete(h.Title):
		return doc.errorf(at+".title", "want both languages")
	case dated && nth || dated && moon || nth && moon || !dated && !nth && !moon:
		return doc.errorf(at, "want one of day, nth with weekday, or easter")
	case moon && (h.Month != 0 || *h.Easter < -60 || *h.Easter > 70):
		return doc.errorf(at+".easter", "want -60 to 70 days from Easter Sunday, and no month")
	case !moon && (h.Month < 1 || h.Month > 12):
		return doc.errorf(at+".month", "want 1 to 12, got %d", h.Month)
	case dated && (leap.Day() != h.Day || int(leap.Month()) != h.Month):
		return doc.errorf(at+".day", "the month has no day %d", h.Day)
	case nth && (!known || h.Nth < 1 || h.Nth > 4):
		return doc.errorf(at+".nth", "want 1 to 4 and a weekday such as monday")
	case h.Since < 0 || h.Every < 0 || h.Every > 0 && h.Since == 0:
		return doc.errorf(at+".every", "want since, the year from which it is counted")
	}
	return nil
}
