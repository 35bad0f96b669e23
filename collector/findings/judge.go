package findings

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vigia/checks"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
)

// Bounds of what a report can make this package keep. Reports are signed by
// their machine, which does not make them harmless.
const (
	maxResults = 1000
	maxParts   = 2000
	maxName    = 200 // runes of an entry's, control's or check's id
	maxKey     = 400 // runes of a finding's key
	maxArgs    = 20
	maxArg     = 500 // runes
)

// facts are what a result observed, here or in the report it refers to.
type facts struct {
	observed []byte // JSON; empty: nothing could be observed
	agent    checks.Status
	reason   checks.Reason
}

// judge judges a result by its policy's entry. facts is nil when the result
// refers to facts that are not here.
func judge(from Checks, r *apiv1.Result, entry *policy.Entry, f *facts, at time.Time) checks.Verdict {
	switch {
	case entry == nil:
		return unknown(checks.Because(codeEntryUnknown, "entry", clip(r.GetEntry(), maxName)))
	case r.GetCheck() != entry.Check:
		return unknown(checks.Because(codeCheckMismatch, "sent", clip(r.GetCheck(), maxName), "asked", entry.Check))
	}
	check, ok := from.Lookup(entry.Check)
	switch {
	case !ok:
		return unknown(checks.Because(codeCheckUnknown, "check", clip(entry.Check, maxName)))
	case f == nil:
		return unknown(checks.Because(codeFactsMissing, "sequence", strconv.FormatUint(r.GetSameAs(), 10)))
	case len(f.observed) == 0 && f.agent == checks.Unknown && f.reason.Code != "":
		return unknown(f.reason)
	case len(f.observed) == 0:
		// Whatever the agent says, without facts there is nothing to judge.
		return unknown(checks.Because(codeNoFacts))
	}
	v, err := check.Judge(f.observed, entry.Params, at)
	if err != nil {
		// Its text may quote the facts, so it is not kept.
		return unknown(checks.Because(codeFactsUnreadable, "check", entry.Check))
	}
	return tidy(v)
}

func unknown(r checks.Reason) checks.Verdict {
	return checks.Verdict{Status: checks.Unknown, Reason: r}
}

// tidy bounds a verdict, whose keys and arguments come out of a machine's facts.
// Of two findings with one key the worse one stays.
func tidy(v checks.Verdict) checks.Verdict {
	if !v.Status.Valid() {
		v.Status = checks.Unknown
	}
	v.Reason = tidyReason(v.Reason)
	parts := make(map[string]checks.Finding, len(v.Findings))
	for _, f := range v.Findings {
		f.Key, f.Reason = tidyKey(f.Key), tidyReason(f.Reason)
		if f.Key == "" {
			continue // that is the whole
		}
		if !f.Status.Valid() {
			f.Status = checks.Unknown
		}
		if old, twice := parts[f.Key]; twice && checks.Worst(old.Status, f.Status) == old.Status {
			continue
		}
		parts[f.Key] = f
	}
	v.Findings = v.Findings[:0:0]
	for _, f := range parts {
		v.Findings = append(v.Findings, f)
	}
	slices.SortFunc(v.Findings, func(a, b checks.Finding) int {
		return cmp.Or(severityOf(a.Status)-severityOf(b.Status), strings.Compare(a.Key, b.Key))
	})
	v.Findings = v.Findings[:min(len(v.Findings), maxParts)] // the least bad are left out
	return v
}

// severityOf orders statuses, the worst first.
func severityOf(s checks.Status) int { return slices.Index(checks.Statuses(), s) }

// agentFacts are the facts and verdict that a result carries itself.
func agentFacts(r *apiv1.Result) facts {
	f := facts{observed: r.GetObserved(), agent: checks.Status(r.GetStatus().Word())}
	f.reason = tidyReason(checks.Reason{Code: r.GetReason().GetCode(), Args: r.GetReason().GetArgs()})
	return f
}

// tidyReason bounds a reason and drops one whose code is none.
func tidyReason(r checks.Reason) checks.Reason {
	if !validCode(r.Code) {
		return checks.Reason{}
	}
	out := checks.Reason{Code: r.Code}
	for name, value := range r.Args {
		if !validCode(name) || len(out.Args) >= maxArgs {
			continue
		}
		if out.Args == nil {
			out.Args = make(map[string]string, len(r.Args))
		}
		out.Args[name] = clip(value, maxArg)
	}
	return out
}

// validCode accepts lower-case words joined by dots and underscores.
func validCode(code string) bool {
	if code == "" || len(code) > 100 {
		return false
	}
	return !strings.ContainsFunc(code, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '_'
	})
}

// clip makes a text safe to keep and to show: valid, without control
// characters, of at most n runes.
func clip(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return '·'
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// tidyKey is clip for keys, which must stay different when they are cut.
func tidyKey(key string) string {
	short := clip(key, maxKey)
	if short == key {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return short + "#" + hex.EncodeToString(sum[:6])
}
