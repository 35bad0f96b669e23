package policy

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// ChangeKind says what became of a rule from one version of a pack to the next.
type ChangeKind string

// The kinds.
const (
	RuleAdded   ChangeKind = "added"
	RuleRemoved ChangeKind = "removed"
	RuleChanged ChangeKind = "changed"
)

// RuleChange is one difference between two versions of a pack.
type RuleChange struct {
	Kind    ChangeKind `json:"kind"`
	Control string     `json:"control"`
	// What is changed: check, every, severity, inject.NAME or params.NAME. Empty for
	// a rule that is added or removed.
	What string `json:"what,omitempty"`
	Old  string `json:"old,omitempty"` // empty: it was not there
	New  string `json:"new,omitempty"`
}

// Changes lists what a pack asks differently from the one before it, removed rules first,
// then in the order of the new one.
func Changes(before, after Pack) []RuleChange {
	var out []RuleChange
	find := func(p Pack, control string) (Rule, bool) {
		i := slices.IndexFunc(p.Rules, func(r Rule) bool { return r.Control == control })
		if i < 0 {
			return Rule{}, false
		}
		return p.Rules[i], true
	}
	for _, r := range before.Rules {
		if _, ok := find(after, r.Control); !ok {
			out = append(out, RuleChange{Kind: RuleRemoved, Control: r.Control})
		}
	}
	for _, r := range after.Rules {
		old, ok := find(before, r.Control)
		if !ok {
			out = append(out, RuleChange{Kind: RuleAdded, Control: r.Control})
			continue
		}
		out = append(out, changesOf(old, r)...)
	}
	return out
}

// changesOf compares two rules of one control.
func changesOf(before, after Rule) []RuleChange {
	was, now := valuesOf(before), valuesOf(after)
	both := maps.Clone(was)
	maps.Copy(both, now)
	var out []RuleChange
	for _, name := range slices.Sorted(maps.Keys(both)) {
		if was[name] != now[name] {
			out = append(out, RuleChange{Kind: RuleChanged, Control: after.Control, What: name, Old: was[name], New: now[name]})
		}
	}
	return out
}

// valuesOf are all values of a rule by name; parameters stand beside the rule's own.
func valuesOf(r Rule) map[string]string {
	out := map[string]string{"check": r.Check, "every": time.Duration(r.Every).String(), "severity": string(r.Severity)}
	for _, name := range r.Inject {
		out["inject."+name] = "true"
	}
	var params map[string]json.RawMessage
	if json.Unmarshal(r.Params, &params) == nil {
		for name, value := range params {
			var text bytes.Buffer
			if json.Compact(&text, value) == nil {
				out["params."+name] = text.String()
			}
		}
	}
	return out
}
