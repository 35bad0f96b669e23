package protection

import (
	"strconv"
	"time"

	"vigia/checks"
)

// judged collects the findings of one judgement.
type judged struct{ findings []checks.Finding }

func (j *judged) add(key string, status checks.Status, code string, args ...string) {
	j.findings = append(j.findings, checks.Finding{Key: key, Status: status, Reason: checks.Because(code, args...)})
}

// verdict is the worst of the findings. Its reason is that of the one that decides, or
// the code for several fails, warnings or unknowns, with their number as {bad}; good
// where nothing is wrong.
func (j *judged) verdict(good, fails, warns, unknowns string) checks.Verdict {
	statuses := []checks.Status{checks.Pass}
	for _, f := range j.findings {
		statuses = append(statuses, f.Status)
	}
	v := checks.Verdict{Status: checks.Worst(statuses...), Findings: j.findings}
	n := 0
	for _, f := range j.findings {
		if f.Status == v.Status {
			if n == 0 {
				v.Reason = f.Reason
			}
			n++
		}
	}
	several := map[checks.Status]string{checks.Fail: fails, checks.Warn: warns, checks.Unknown: unknowns}
	switch {
	case v.Status == checks.Pass:
		v.Reason = checks.Because(good)
	case n > 1:
		v.Reason = checks.Because(several[v.Status], "bad", strconv.Itoa(n))
	}
	return v
}

// dayFormat is how facts write a day, in UTC.
const dayFormat = time.DateOnly

func dayOf(t time.Time) string { return t.UTC().Format(dayFormat) }

// daysSince counts the days from a day of the facts to a moment, in whole days of UTC;
// ok is false for what is no day.
func daysSince(day string, at time.Time) (days int, ok bool) {
	from, ok := parseDay(day)
	if !ok {
		return 0, false
	}
	return int(at.UTC().Truncate(24*time.Hour).Sub(from) / (24 * time.Hour)), true
}

func parseDay(day string) (time.Time, bool) {
	t, err := time.Parse(dayFormat, day)
	return t, err == nil
}
