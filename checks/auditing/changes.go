package auditing

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// accountChanges is AC-CHG-NOTIFY: an account that is made, changed or removed
// does not go unnoticed. Each account that was changed on a day is a finding, a
// warning by default, so that the collector gives notice of it when it comes and
// it goes away by itself after some days. That the log cannot tell, because it
// is off, was emptied or does not survive, is a violation.
func accountChanges() checks.Check {
	return checks.New(checks.Info{ID: "auditing.account_changes", Covers: changesCovers(), Messages: changesMessages()},
		changeParams{keepingParams: defaultKeeping(), Changes: checks.Warn, Elsewhere: checks.Pass},
		checks.On[changeFacts]{
			host.Windows: observeChangesEvents,
			host.Linux:   observeChangesFiles,
		}, judgeChanges)
}

type changeParams struct {
	keepingParams
	// Changes is what a change is: warn, so that somebody is told of it; fail where
	// none may happen without somebody's decision; pass to keep it as a fact only.
	Changes checks.Status `json:"changes"`
	// Elsewhere is what a machine with accounts of a directory is, of which its own log
	// tells nothing: pass, since its own accounts and groups are what it can answer for
	// and the directory is asked once (directory.account_changes, or an agent on its
	// controllers); unknown where each machine shall say that it does not see them.
	Elsewhere checks.Status `json:"elsewhere"`
}

// Validate reports what the facts cannot answer for.
func (p changeParams) Validate() error {
	if p.Changes != checks.Warn && p.Changes != checks.Fail && p.Changes != checks.Pass {
		return fmt.Errorf("changes: %q is none of warn, fail, pass", p.Changes)
	}
	if p.Elsewhere != checks.Unknown && p.Elsewhere != checks.Pass {
		return fmt.Errorf("elsewhere: %q is none of unknown, pass", p.Elsewhere)
	}
	return p.keepingParams.Validate()
}

// changeFacts is the evidence of auditing.account_changes.
type changeFacts struct {
	Log keeping `json:"log"`
	// Audit tells what a Windows machine writes to its log: accounts and groups.
	Audit   map[string]bool `json:"audit,omitempty"`
	Changes []change        `json:"changes,omitempty"` // newest day first
	// More counts the changes left out, the oldest.
	More int `json:"more,omitempty"`
	// Files are account files of a Linux machine that were written on a day of which
	// the log knows no change.
	Files []fileChange `json:"files,omitempty"`
	// Elsewhere tells that accounts also come from a directory, of which the
	// machine's log tells nothing; Cloud that they come from Entra ID.
	Elsewhere bool            `json:"elsewhere,omitempty"`
	Cloud     bool            `json:"cloud,omitempty"`
	Unread    []checks.Unread `json:"unread,omitempty"`
}

// change is what was done to one account or group on one day.
type change struct {
	Day string `json:"day"`
	// Kind is created, deleted, enabled, disabled, changed, renamed, password_set,
	// locked_out, unlocked, joined, left, group_created, group_deleted, group_changed.
	Kind string `json:"kind"`
	// Account is a name on Linux and a SID on Windows; empty for a group as such.
	Account string `json:"account,omitempty"`
	Name    string `json:"name,omitempty"` // of a SID, if the machine knows it
	Group   string `json:"group,omitempty"`
	// By is who did it, as Account; empty where the log does not say.
	By     string `json:"by,omitempty"`
	ByName string `json:"by_name,omitempty"`
	Count  int    `json:"count"`
}

// fileChange is one write to an account file.
type fileChange struct {
	Path string `json:"path"`
	Day  string `json:"day"`
}

const maxChanges = 60

// changeList gathers changes, the same of a day once.
type changeList map[change]int

func (l changeList) add(c change) { l[c]++ }

// or joins two lists of the same changes, seen by different witnesses. What one of
// them does not say of a change, such as who did it, the other may.
func (l changeList) or(m changeList) changeList {
	out := maps.Clone(l)
	for c, n := range m {
		anonymous := c
		anonymous.By, anonymous.ByName = "", ""
		switch {
		case out[c] > 0:
			out[c] = max(out[c], n)
		case c.By == "" && out.some(anonymous): // known with its author already
		default:
			delete(out, anonymous)
			out[c] = n
		}
	}
	return out
}

func (l changeList) some(anonymous change) bool {
	for c := range l {
		c.By, c.ByName = "", ""
		if c == anonymous {
			return true
		}
	}
	return false
}

// facts sorts the changes, newest day first, and cuts them.
func (l changeList) facts() (out []change, more int) {
	for c, n := range l {
		c.Count = n
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b change) int {
		return cmp.Or(cmp.Compare(b.Day, a.Day), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Group, b.Group), cmp.Compare(a.By, b.By), cmp.Compare(a.Name, b.Name))
	})
	if n := len(out) - maxChanges; n > 0 {
		return out[:maxChanges], n
	}
	return out, 0
}

func judgeChanges(seen changeFacts, p changeParams, at time.Time) checks.Verdict {
	findings := seen.Log.judge(p.keepingParams, at)
	for _, name := range []string{"accounts", "groups"} {
		if on, known := seen.Audit[name]; known && !on {
			findings = append(findings, checks.Finding{Key: "audit:" + name, Status: checks.Fail,
				Reason: checks.Because("changes.not_audited", "audit", name)})
		}
	}
	findings = append(findings, judgeAccounts(seen.Changes, p, at)...)
	for _, f := range seen.Files {
		if within(f.Day, p.Days, at) {
			findings = append(findings, checks.Finding{Key: "file:" + f.Path + ":" + f.Day, Status: p.Changes,
				Reason: checks.Because("changes.file", "path", f.Path, "day", f.Day)})
		}
	}
	if seen.More > 0 && p.Changes != checks.Pass {
		findings = append(findings, checks.Finding{Key: "more", Status: p.Changes,
			Reason: checks.Because("changes.more", "count", strconv.Itoa(seen.More))})
	}
	good := checks.Because("changes.none", "days", strconv.Itoa(p.Days))
	for _, other := range []struct {
		there     bool
		key, code string
	}{{seen.Elsewhere, "directory", "changes.elsewhere"}, {seen.Cloud, "cloud", "changes.elsewhere_cloud"}} {
		if other.there {
			good.Code = "changes.none_here"
			findings = append(findings, checks.Finding{Key: other.key, Status: p.Elsewhere, Reason: checks.Because(other.code)})
		}
	}
	return sum(findings, seen.Unread, good)
}

// judgeAccounts makes one finding of what was done to one account on one day: a
// new account is made, enabled, given a password and put into groups at once.
func judgeAccounts(changes []change, p changeParams, at time.Time) []checks.Finding {
	type whom struct{ day, who string }
	byWhom := map[whom][]change{}
	var order []whom
	for _, c := range changes {
		if !within(c.Day, p.Days, at) {
			continue
		}
		w := whom{c.Day, "account:" + c.Account}
		if c.Account == "" {
			w.who = "group:" + c.Group
		}
		if byWhom[w] == nil {
			order = append(order, w)
		}
		byWhom[w] = append(byWhom[w], c)
	}
	var out []checks.Finding
	for _, w := range order {
		code := "changes.account"
		kinds, groups, by := map[string]int{}, map[string]bool{}, map[string]bool{}
		subject := ""
		for _, c := range byWhom[w] {
			kinds[c.Kind] += c.Count
			if c.Group != "" {
				groups[c.Group] = true
			}
			if author := cmp.Or(c.ByName, c.By); author != "" {
				by[author] = true
			}
			subject = cmp.Or(subject, c.Name)
		}
		first := byWhom[w][0]
		subject = cmp.Or(subject, first.Account, first.Group)
		args := []string{"account", subject, "day", w.day, "done", counted(kinds)}
		if first.Account == "" {
			code = "changes.group"
		} else if len(groups) > 0 {
			code = "changes.account_groups"
			args = append(args, "groups", strings.Join(slices.Sorted(maps.Keys(groups)), ", "))
		}
		if len(by) > 0 {
			code += "_by"
			args = append(args, "by", strings.Join(slices.Sorted(maps.Keys(by)), ", "))
		}
		out = append(out, checks.Finding{Key: w.who + ":" + w.day, Status: p.Changes, Reason: checks.Because(code, args...)})
	}
	return out
}

// counted writes codes with how often each came: "created, joined 2".
func counted(kinds map[string]int) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		if kinds[k] > 1 {
			k += " " + strconv.Itoa(kinds[k])
		}
		out = append(out, k)
	}
	return strings.Join(out, ", ")
}
