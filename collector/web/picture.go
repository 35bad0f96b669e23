package web

import (
	"strconv"
	"time"

	"vigia/checks"
	"vigia/collector/findings"
)

// drawn lists the statuses in the order in which pictures stack them: what is
// good stands at the beginning, what could not be measured beside what is bad.
func drawn() []checks.Status {
	return []checks.Status{checks.Pass, checks.Warn, checks.Unknown, checks.Fail}
}

// segment is one piece of a bar. X and Width are percentages of the bar, so
// that a picture needs no size of its own.
type segment struct {
	Status   checks.Status
	Word     string
	N        int
	X, Width string
	Middle   string
	Room     bool // for the number inside
}

// bar is a stacked bar and what it says in words.
type bar struct {
	Segments []segment
	Says     string
}

// makeBar draws the counts of a tally. What does not apply is left out.
func makeBar(t tongue, counts tally) bar {
	total, x := counts.Asked(), 0.0
	b := bar{}
	for _, status := range drawn() {
		n := counts[status]
		if n == 0 {
			continue
		}
		width := 100 * float64(n) / float64(total)
		word := t.Label(status)
		b.Segments = append(b.Segments, segment{Status: status, Word: word, N: n,
			X: percent(x), Width: percent(width), Middle: percent(x + width/2), Room: width >= 7})
		x += width
		if b.Says != "" {
			b.Says += ", "
		}
		b.Says += strconv.Itoa(n) + " " + word
	}
	if total == 0 {
		b.Says = t.T("picture.nothing")
	}
	return b
}

func percent(x float64) string { return strconv.FormatFloat(x, 'f', 2, 64) + "%" }

// ring is the share that meets the law as a ring. Dash is the drawn part of a
// circumference of 100.
type ring struct {
	Percent int // -1: nothing to share
	Dash    string
}

func makeRing(counts tally) ring {
	r := ring{Percent: counts.Percent()}
	r.Dash = strconv.Itoa(max(r.Percent, 0)) + " 100"
	return r
}

// trend is the quarter day by day: a column per day, stacked by status.
type trend struct {
	Columns []column
	Max     int // machines times controls at the highest column
	Weeks   []week
	// First and Last bound the quarter, Now is where today is drawn.
	First, Last time.Time
	Now         string
	Days        int // with numbers
}

type column struct{ Pieces []piece }

// piece is one status of one day; all numbers are percentages of the picture.
type piece struct {
	Status              checks.Status
	X, Y, Width, Height string
}

// week is one line of the table that says what the picture shows.
type week struct {
	Day    time.Time
	Counts tally
}

// makeTrend draws the counts between two instants of the quarter that ends at
// end.
func makeTrend(counts []findings.Count, begin, end, now time.Time) trend {
	days := int(end.Sub(begin).Hours()/24 + 0.5)
	byDay := make([]tally, days)
	t := trend{First: begin, Last: end.Add(-time.Second)}
	for _, c := range counts {
		i := int(c.Day.Sub(begin).Hours()/24 + 0.5) // a day of 23 or 25 hours too
		if c.Control == findings.ControlAgent || i < 0 || i >= days {
			continue
		}
		if byDay[i] == nil {
			byDay[i] = tally{}
		}
		byDay[i][c.Status] += c.Machines
		t.Max = max(t.Max, byDay[i].Asked())
	}
	if t.Max == 0 {
		return t
	}
	width := 100 / float64(days)
	last := -1
	for i, counts := range byDay {
		if counts.Asked() == 0 {
			continue
		}
		last = i
		t.Days++
		y := 100.0
		var col column
		for _, status := range drawn() {
			height := 100 * float64(counts[status]) / float64(t.Max)
			if height == 0 {
				continue
			}
			y -= height
			col.Pieces = append(col.Pieces, piece{Status: status, X: percent(float64(i) * width), Y: percent(y),
				Width: percent(width * 0.86), Height: percent(height)})
		}
		t.Columns = append(t.Columns, col)
	}
	for i, counts := range byDay {
		if counts.Asked() > 0 && (i%7 == 0 || i == last) {
			t.Weeks = append(t.Weeks, week{Day: begin.AddDate(0, 0, i), Counts: counts})
		}
	}
	t.Now = percent(100 * float64(now.Sub(begin)) / float64(end.Sub(begin)))
	return t
}
