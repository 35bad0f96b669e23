package reviews

import (
	"errors"
	"fmt"
	"time"
)

// Period is a quarter of a year in the organisation's time zone: the span that
// one review answers for.
type Period struct {
	Year    int
	Quarter int // 1 to 4
	Zone    *time.Location
}

// ErrPeriod is wrapped by the error of a text that names no quarter.
var ErrPeriod = errors.New("not a quarter")

// ParsePeriod reads "2026Q4" (or "2026T4", as people who speak of trimestres
// write it) in a time zone.
func ParsePeriod(text string, zone *time.Location) (Period, error) {
	var p Period
	var letter rune
	n, err := fmt.Sscanf(text, "%4d%c%1d", &p.Year, &letter, &p.Quarter)
	if err != nil || n != 3 || len(text) != len("2026Q4") ||
		letter != 'Q' && letter != 'T' && letter != 'q' && letter != 't' ||
		p.Quarter < 1 || p.Quarter > 4 || p.Year < 2000 || p.Year > 2999 {
		return Period{}, fmt.Errorf("%q is %w: write the year, Q and the number, such as 2026Q4", text, ErrPeriod)
	}
	p.Zone = zone
	return p, nil
}

// PeriodOf returns the quarter that holds an instant.
func PeriodOf(at time.Time, zone *time.Location) Period {
	at = at.In(zone)
	return Period{Year: at.Year(), Quarter: (int(at.Month())-1)/3 + 1, Zone: zone}
}

// String writes the period as ParsePeriod reads it.
func (p Period) String() string { return fmt.Sprintf("%04dQ%d", p.Year, p.Quarter) }

// Begin is the first instant of the quarter, in its zone.
func (p Period) Begin() time.Time {
	return time.Date(p.Year, time.Month(3*(p.Quarter-1)+1), 1, 0, 0, 0, 0, p.Zone)
}

// End is the first instant after the quarter.
func (p Period) End() time.Time { return p.Next().Begin() }

// Next is the quarter after p.
func (p Period) Next() Period {
	p.Quarter++
	if p.Quarter > 4 {
		p.Year, p.Quarter = p.Year+1, 1
	}
	return p
}

// Previous is the quarter before p.
func (p Period) Previous() Period {
	p.Quarter--
	if p.Quarter < 1 {
		p.Year, p.Quarter = p.Year-1, 4
	}
	return p
}

// Contains tells whether an instant is in the quarter.
func (p Period) Contains(at time.Time) bool { return !at.Before(p.Begin()) && at.Before(p.End()) }
