package policy

import (
	"fmt"
	"io/fs"
	"slices"
	"time"

	"vigia/checks/message"
)

// Section is one of the reviews that make up a quarterly review.
type Section struct {
	ID    string       `json:"id"`
	Title message.Text `json:"title"`
	// Asks says what to compare and decide.
	Asks message.Text `json:"asks"`
	// Controls are its own, Families those of which it takes what no other names.
	Controls []string `json:"controls,omitempty"`
	Families []string `json:"families,omitempty"`
	// Books are the registers whose changes it shows.
	Books []string `json:"books,omitempty"`
	// Machines tells that what the collector says of machines themselves belongs here.
	Machines bool `json:"machines,omitempty"`
	// Proof is the book that must have a row of the quarter; empty: none must.
	Proof string `json:"proof,omitempty"`
}

// Done is how a duty of the calendar is fulfilled.
type Done string

// The ways.
const (
	ByReview      Done = "review"
	ByReport      Done = "report"
	ByAttestation Done = "attestation"
)

// Duty is something that people must do again and again.
type Duty struct {
	ID    string       `json:"id"`
	Title message.Text `json:"title"`
	Do    message.Text `json:"do"`
	// Controls are those that it answers, the first one foremost.
	Controls []string `json:"controls"`
	// Months or Days is how often: exactly one of them is set.
	Months int `json:"months,omitempty"`
	Days   int `json:"days,omitempty"`
	// Warn is how many days before its end a term is shown as near.
	Warn int  `json:"warn"`
	Done Done `json:"done"`
	// Book is the register in which an attestation stands; empty: the attestations.
	Book     string     `json:"book,omitempty"`
	Severity Severity   `json:"severity"`
	Cites    []Citation `json:"cites"`
}

// After is when a duty that was done at a time is due again: the end of its last day, in
// the time's own zone.
func (d Duty) After(done time.Time) time.Time {
	y, m, day := done.Date()
	if d.Months > 0 {
		// The 31st of a month goes to the last day of a shorter one, and not over it.
		first := time.Date(y, m+time.Month(d.Months), 1, 0, 0, 0, 0, done.Location())
		last := first.AddDate(0, 1, -1).Day()
		return time.Date(first.Year(), first.Month(), min(day, last)+1, 0, 0, 0, 0, done.Location()).Add(-time.Microsecond)
	}
	return time.Date(y, m, day+d.Days+1, 0, 0, 0, 0, done.Location()).Add(-time.Microsecond)
}

// SectionOf finds the section that a control belongs to: the one that names it, else the
// one of its family. A control that no law names is of none.
func (b LawBook) SectionOf(control string) (Section, bool) {
	for _, s := range b.Sections {
		if slices.Contains(s.Controls, control) {
			return s, true
		}
	}
	c, ok := b.Control(control)
	if !ok {
		return Section{}, false
	}
	for _, s := range b.Sections {
		if slices.Contains(s.Families, c.Family) {
			return s, true
		}
	}
	return Section{}, false
}

const dutiesFile = "laws/duties.yaml"

// readDuties adds the sections and duties to a book that has its controls. A book of
// tests may have none.
func (b *LawBook) readDuties(files fs.FS) error {
	if _, err := fs.Stat(files, dutiesFile); err != nil {
		return nil //nolint:nilerr // it is not there
	}
	var part struct {
		Sections []Section `json:"sections"`
		Duties   []Duty    `json:"duties"`
	}
	doc, err := decodeFile(files, dutiesFile, &part)
	if err != nil {
		return err
	}
	b.Sections, b.Duties = part.Sections, part.Duties
	seen := map[string]bool{}
	for i, s := range b.Sections {
		at := fmt.Sprintf("sections[%d]", i)
		if s.ID == "" || seen[s.ID] || !complete(s.Title) || !complete(s.Asks) {
			return doc.errorf(at, "want an id of its own, title and asks in both languages")
		}
		for _, id := range append(slices.Clone(s.Controls), s.Families...) {
			if seen[id] {
				return doc.errorf(at, "%s is there twice", id)
			}
			seen[id] = true
		}
		seen[s.ID] = true
		for _, id := range s.Controls {
			if _, ok := b.Control(id); !ok {
				return doc.errorf(at+".controls", "no law holds %q", id)
			}
		}
	}
	for _, c := range b.Controls {
		if _, ok := b.SectionOf(c.ID); !ok {
			return doc.errorf("sections", "%s is of none", c.ID)
		}
	}
	for i, d := range b.Duties {
		if err := b.checkDuty(doc, fmt.Sprintf("duties[%d]", i), d, seen); err != nil {
			return err
		}
		seen[d.ID] = true
	}
	return nil
}

func (b *LawBook) checkDuty(doc *document, at string, d Duty, seen map[string]bool) error {
	switch {
	case d.ID == "" || seen[d.ID] || !complete(d.Title) || !complete(d.Do):
		return doc.errorf(at, "want an id of its own, title and do in both languages")
	case (d.Months > 0) == (d.Days > 0) || d.Warn < 0:
		return doc.errorf(at, "want either months or days")
	case !slices.Contains([]Done{ByReview, ByReport, ByAttestation}, d.Done):
		return doc.errorf(at+".done", "unknown way %q", d.Done)
	case d.Severity.rank() == 0:
		return doc.errorf(at+".severity", "unknown severity %q", d.Severity)
	case len(d.Controls) == 0 || len(d.Cites) == 0:
		return doc.errorf(at, "a duty without control or source is none")
	}
	for _, id := range d.Controls {
		if _, ok := b.Control(id); !ok {
			return doc.errorf(at+".controls", "no law holds %q", id)
		}
	}
	for _, c := range d.Cites {
		if !slices.ContainsFunc(b.Sources, func(s LawSource) bool { return s.ID == c.Source }) {
			return doc.errorf(at+".cites", "unknown source %q", c.Source)
		}
	}
	return nil
}
