package auditing

import (
	"cmp"
	"slices"
	"time"
)

// window is the time in which attempts are counted together for a peak.
const window = 10 * time.Minute

// maxRows bounds each list of a tally.
const maxRows = 20

// tally is what failed log-ons come to.
type tally struct {
	Days     []dayFact    `json:"days,omitempty"`     // with at least one, oldest first
	Accounts []accountDay `json:"accounts,omitempty"` // highest peak first
	Sources  []sourceDay  `json:"sources,omitempty"`
	// More counts the rows of both lists that were left out: the smallest.
	More int `json:"more,omitempty"`
}

// dayFact counts the failed log-ons of one day.
type dayFact struct {
	Day   string `json:"day"`
	Count int    `json:"count"`
	// Unknown are those whose name is no account of the machine.
	Unknown int `json:"unknown,omitempty"`
	// Why counts them by reason, where the log gives one.
	Why map[string]int `json:"why,omitempty"`
}

// accountDay counts those at one account on one day.
type accountDay struct {
	Day     string `json:"day"`
	Account string `json:"account"`
	Count   int    `json:"count"`
	Peak    int    `json:"peak"` // most within ten minutes
}

// sourceDay counts those from one address on one day.
type sourceDay struct {
	Day string `json:"day"`
	// Source is empty for attempts at the machine itself with names that are no accounts.
	Source string `json:"source"`
	Count  int    `json:"count"`
	Peak   int    `json:"peak"`
	// Accounts are the different accounts that were tried; names that are none of
	// the machine's cannot be told apart and count as one, Unknown.
	Accounts int `json:"accounts"`
	Unknown  int `json:"unknown,omitempty"`
}

// count makes a tally of attempts, in any order.
func count(attempts []attempt) tally {
	type key struct{ day, name string }
	days := map[string]*dayFact{}
	accounts, sources := map[key][]attempt{}, map[key][]attempt{}
	for _, a := range attempts {
		d := a.time.UTC().Format(day)
		f := days[d]
		if f == nil {
			f = &dayFact{Day: d}
			days[d] = f
		}
		f.Count += a.count
		if a.why != "" {
			if f.Why == nil {
				f.Why = map[string]int{}
			}
			f.Why[a.why] += a.count
		}
		if a.account == "" {
			f.Unknown += a.count
		} else {
			accounts[key{d, a.account}] = append(accounts[key{d, a.account}], a)
		}
		if a.source != "" || a.account == "" {
			sources[key{d, a.source}] = append(sources[key{d, a.source}], a)
		}
	}
	var t tally
	for _, f := range days {
		t.Days = append(t.Days, *f)
	}
	for k, list := range accounts {
		n, peak := volume(list)
		t.Accounts = append(t.Accounts, accountDay{Day: k.day, Account: k.name, Count: n, Peak: peak})
	}
	for k, list := range sources {
		n, peak := volume(list)
		s := sourceDay{Day: k.day, Source: k.name, Count: n, Peak: peak}
		names := map[string]bool{}
		for _, a := range list {
			names[a.account] = true
			if a.account == "" {
				s.Unknown += a.count
			}
		}
		s.Accounts = len(names)
		t.Sources = append(t.Sources, s)
	}
	return t
}

// volume counts attempts, and the most of them within one window.
func volume(list []attempt) (total, peak int) {
	slices.SortFunc(list, func(a, b attempt) int { return a.time.Compare(b.time) })
	first, sum := 0, 0
	for _, a := range list {
		total += a.count
		sum += a.count
		for ; a.time.Sub(list[first].time) > window; first++ {
			sum -= list[first].count
		}
		peak = max(peak, sum)
	}
	return total, peak
}

// or joins what two witnesses saw of the same attempts: of each day, account and
// source the one who saw more is right.
func (t tally) or(u tally) tally {
	return tally{
		Days: larger(t.Days, u.Days, func(d dayFact) string { return d.Day },
			func(a, b dayFact) bool { return a.Count < b.Count }),
		Accounts: larger(t.Accounts, u.Accounts, func(a accountDay) string { return a.Day + " " + a.Account },
			func(a, b accountDay) bool { return a.Peak < b.Peak || a.Peak == b.Peak && a.Count < b.Count }),
		Sources: larger(t.Sources, u.Sources, func(s sourceDay) string { return s.Day + " " + s.Source },
			func(a, b sourceDay) bool { return a.Count < b.Count }),
	}
}

// larger joins two lists and keeps, of the entries with one key, the larger one.
func larger[T any](a, b []T, key func(T) string, less func(T, T) bool) []T {
	out := slices.Clone(a)
	at := make(map[string]int, len(a))
	for i, v := range out {
		at[key(v)] = i
	}
	for _, v := range b {
		if i, ok := at[key(v)]; !ok {
			at[key(v)] = len(out)
			out = append(out, v)
		} else if less(out[i], v) {
			out[i] = v
		}
	}
	return out
}

// bounded sorts the lists and cuts them.
func (t tally) bounded() tally {
	slices.SortFunc(t.Days, func(a, b dayFact) int { return cmp.Compare(a.Day, b.Day) })
	slices.SortFunc(t.Accounts, func(a, b accountDay) int {
		return cmp.Or(cmp.Compare(b.Peak, a.Peak), cmp.Compare(b.Count, a.Count), cmp.Compare(b.Day, a.Day), cmp.Compare(a.Account, b.Account))
	})
	// A few attempts at many accounts weigh as much as many at one.
	weight := func(s sourceDay) int { return max(s.Peak, 2*s.Accounts) }
	slices.SortFunc(t.Sources, func(a, b sourceDay) int {
		return cmp.Or(cmp.Compare(weight(b), weight(a)), cmp.Compare(b.Count, a.Count), cmp.Compare(b.Day, a.Day), cmp.Compare(a.Source, b.Source))
	})
	if n := len(t.Accounts) - maxRows; n > 0 {
		t.Accounts, t.More = t.Accounts[:maxRows], t.More+n
	}
	if n := len(t.Sources) - maxRows; n > 0 {
		t.Sources, t.More = t.Sources[:maxRows], t.More+n
	}
	return t
}
