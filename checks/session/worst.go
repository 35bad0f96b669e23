package session

import (
	"strconv"

	"vigia/checks"
)

// worstReason is the reason of a verdict: that of the one finding that decides, or a
// code for several of them, with their number as {bad}.
func worstReason(v checks.Verdict, good, fails, unknowns string) checks.Reason {
	n, one := 0, checks.Reason{}
	for _, f := range v.Findings {
		if f.Status == v.Status {
			if n == 0 {
				one = f.Reason
			}
			n++
		}
	}
	switch {
	case v.Status == checks.Pass:
		return checks.Because(good)
	case n == 1:
		return one
	case v.Status == checks.Fail:
		return checks.Because(fails, "bad", strconv.Itoa(n))
	default:
		return checks.Because(unknowns, "bad", strconv.Itoa(n))
	}
}
