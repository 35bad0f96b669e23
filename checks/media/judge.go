package media

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
)

// Validate implements checks.Validator.
func (p *portableParams) Validate() error {
	if p.Days < 1 || p.Days > 3660 {
		return fmt.Errorf("days: %d, want 1 to 3660", p.Days)
	}
	if p.Authorised == nil {
		return nil
	}
	for i, a := range *p.Authorised {
		if strings.TrimSpace(a.Serial) == "" {
			return fmt.Errorf("authorised[%d]: %w", i, errors.New("a medium is known by its serial number"))
		}
		if a.Until != "" {
			if _, err := time.Parse(time.DateOnly, a.Until); err != nil {
				return fmt.Errorf("authorised[%d].until: %q, want YYYY-MM-DD", i, a.Until)
			}
		}
	}
	return nil
}

func judgePortable(seen portableFacts, p portableParams, at time.Time) checks.Verdict {
	var v checks.Verdict
	var statuses []checks.Status
	oldest := at.AddDate(0, 0, -p.Days).Format(time.DateOnly)
	for _, m := range seen.Media {
		if m.Last != "" && m.Last < oldest && !m.Present {
			continue
		}
		f := judgeMedium(m, p)
		statuses = append(statuses, f.Status)
		v.Findings = append(v.Findings, f)
	}
	if unseen := unseen(seen); unseen != nil {
		statuses = append(statuses, checks.Unknown)
		v.Reason = *unseen
	}
	if len(statuses) == 0 {
		v.Status = checks.Pass
		switch {
		case seen.Blocked != "": // what cannot be used was not used
			v.Reason = checks.Because("media.blocked", "by", seen.Blocked)
		default:
			v.Reason = checks.Because("media.none", "from", max(seen.From, oldest))
		}
		return v
	}
	v.Status = checks.Worst(statuses...)
	n := 0
	for _, f := range v.Findings {
		if f.Status == v.Status {
			n++
		}
	}
	switch {
	case v.Status == checks.Fail:
		v.Reason = checks.Because("media.some_not_authorised", "bad", strconv.Itoa(n), "media", strconv.Itoa(len(v.Findings)))
	case v.Status == checks.Pass:
		v.Reason = checks.Because("media.all_authorised", "media", strconv.Itoa(len(v.Findings)))
	case n > 0:
		v.Reason = checks.Because("media.no_register", "media", strconv.Itoa(n))
	}
	return v
}

// unseen says why uses may be missing, nil if none is.
func unseen(seen portableFacts) *checks.Reason {
	var r checks.Reason
	switch {
	case len(seen.Unread) > 0:
		r = checks.Because("media.unread", "source", seen.Unread[0].Source, "why", seen.Unread[0].Why)
	case seen.From == "" && seen.Blocked == "":
		r = checks.Because("media.only_now")
	case seen.Gaps || seen.More > 0:
		r = checks.Because("media.gaps", "from", seen.From)
	default:
		return nil
	}
	return &r
}

func judgeMedium(m medium, p portableParams) checks.Finding {
	f := checks.Finding{Key: m.key()}
	because := func(code string) checks.Reason {
		r := checks.Because(code, "medium", m.name(), "serial", m.Serial, "day", m.Last)
		if m.Serial == "" {
			r.Args["serial"] = "—"
		}
		if m.Last == "" {
			r.Args["day"] = "—"
		}
		if m.Written != nil {
			r.Args["written"] = strconv.FormatUint(*m.Written, 10)
			r.Code += ".written"
		} else if m.Grown != nil {
			r.Args["grown"] = strconv.FormatUint(*m.Grown, 10)
			r.Code += ".grown"
		}
		return r
	}
	switch {
	case p.Authorised == nil:
		f.Status, f.Reason = checks.Unknown, because("media.nobody_knows")
	case listed(m, *p.Authorised):
		f.Status, f.Reason = checks.Pass, because("media.authorised")
	default:
		f.Status, f.Reason = checks.Fail, because("media.not_authorised")
	}
	return f
}

// listed tells whether the register has the medium, for as long as it was used.
func listed(m medium, register []authorised) bool {
	if m.Serial == "" {
		return false // one without a number is like any other
	}
	for _, a := range register {
		if strings.EqualFold(strings.TrimSpace(a.Serial), m.Serial) && (a.Until == "" || m.Last <= a.Until) {
			return true
		}
	}
	return false
}
