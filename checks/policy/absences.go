package policy

import (
	"fmt"
	"strings"
	"time"
)

// maxAbsences bounds the list of absences.
const maxAbsences = 5000

func (r sourceReview) absences(s Source) error {
	if len(s.Absences) > maxAbsences {
		return r.doc.errorf("absences", "%d rows, more than %d", len(s.Absences), maxAbsences)
	}
	for i, a := range s.Absences {
		at := fmt.Sprintf("absences[%d]", i)
		if err := r.texts(at, mandatory("from", a.From), mandatory("until", a.Until), mandatory("why", a.Why), mandatory("by", a.By),
			optional("machine", a.Machine), optional("department", a.Department)); err != nil {
			return err
		}
		for _, day := range []struct{ key, value string }{{"from", a.From}, {"until", a.Until}} {
			if !isDate(day.value) {
				return r.doc.errorf(at+"."+day.key, "want a day as YYYY-MM-DD, got %q", day.value)
			}
		}
		if a.Until < a.From { // both are YYYY-MM-DD
			return r.doc.errorf(at+".until", "%s is before %s", a.Until, a.From)
		}
		if a.Machine != "" && a.Department != "" {
			return r.doc.errorf(at, "names a machine and a department; name one of them")
		}
	}
	return nil
}

// Binds tells whether an absence is one of a machine, by its host name and department.
func (a Absence) Binds(hostname, department string) bool {
	switch {
	case a.Machine != "":
		return sameHost(a.Machine, hostname)
	case a.Department != "":
		return strings.EqualFold(a.Department, department)
	}
	return true
}

// Days are the first moment of an absence, in a time zone, and the first one after it.
func (a Absence) Days(zone *time.Location) (from, until time.Time) {
	from, _ = time.ParseInLocation(time.DateOnly, a.From, zone) // checked when it was read
	until, _ = time.ParseInLocation(time.DateOnly, a.Until, zone)
	return from, until.AddDate(0, 0, 1)
}
