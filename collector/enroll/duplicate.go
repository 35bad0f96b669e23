package enroll

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/collector/storage"
)

// SuggestionKind says what some machines look like.
type SuggestionKind string

// What a person may have to decide about. Nothing is ever merged without one.
const (
	// Reinstalled: several active machines on one piece of hardware. The older
	// ones are most likely the newest before it was installed anew.
	Reinstalled SuggestionKind = "reinstalled"
	// SameName: several active machines of one host name on different hardware.
	// One took the place of another, or two have one name.
	SameName SuggestionKind = "same_name"
	// CopiedImage: one installation of a system on several pieces of hardware,
	// from a disk image that was copied without making it anew.
	CopiedImage SuggestionKind = "copied_image"
	// CopiedFolder: a machine's key signed two different reports with one
	// number. Two machines use one enrolment, or one went back to an old image.
	CopiedFolder SuggestionKind = "copied_folder"
	// Moved: a machine reports from other hardware than before.
	Moved SuggestionKind = "moved"
)

// Sign is one thing that speaks for a suggestion, or against it.
type Sign string

// The signs.
const (
	SignHardware     Sign = "same_hardware"
	SignName         Sign = "same_name"
	SignInstallation Sign = "same_installation"
	// SignSilent: the older ones were not heard of since the newest enrolled.
	SignSilent Sign = "older_silent"
	// SignBoth: the older ones were heard of after the newest enrolled.
	SignBoth Sign = "both_heard"
	// SignAlarm: two different reports with one number.
	SignAlarm Sign = "alarm"
	// SignOnce: the hardware changed, and stayed so.
	SignOnce Sign = "hardware_changed"
	// SignAlternates: the agent reports from one piece of hardware, then from
	// another, then from the first again.
	SignAlternates Sign = "hardware_alternates"
)

// Suggestion is something about active machines that a person should look at.
type Suggestion struct {
	Kind SuggestionKind
	// Machines are those it is about, the one that enrolled first at the front.
	Machines []Machine
	Signs    []Sign
	// Since is when it began: the newest enrolment, alarm or change.
	Since time.Time
}

// Has tells whether a sign speaks for the suggestion.
func (s Suggestion) Has(sign Sign) bool { return slices.Contains(s.Signs, sign) }

// fleet is what suggestions are made from.
type fleet struct {
	machines []Machine
	hardware map[string][]seenHardware // by agent id, in the order of their first sight
	alarms   map[string]time.Time      // the last, by agent id
	closed   map[[2]string]time.Time   // by two ids in order
	crowds   crowds
}

// Suggestions lists what a person should look at, the newest first.
func (s *Store) Suggestions(ctx context.Context, tx *storage.Tx) ([]Suggestion, error) {
	var f fleet
	var err error
	if f.machines, err = s.Machines(ctx, tx); err != nil {
		return nil, err
	}
	if f.hardware, err = s.hardware(ctx, tx); err != nil {
		return nil, err
	}
	if f.alarms, err = s.alarms(ctx, tx); err != nil {
		return nil, err
	}
	if f.closed, f.crowds, err = s.closed(ctx, tx); err != nil {
		return nil, err
	}
	return f.suggest(), nil
}

// suggest is pure: the same fleet gives the same suggestions.
func (f fleet) suggest() []Suggestion {
	active := slices.DeleteFunc(slices.Clone(f.machines), func(m Machine) bool { return m.Status != Active })
	slices.SortFunc(active, func(a, b Machine) int {
		return cmp.Or(a.EnrolledAt.Compare(b.EnrolledAt), strings.Compare(a.ID, b.ID))
	})
	var out []Suggestion
	for _, m := range active {
		out = append(out, f.alone(m)...)
	}
	for _, by := range []struct {
		kind SuggestionKind
		sign Sign
		key  func(Machine) string
	}{
		{Reinstalled, SignHardware, func(m Machine) string { return m.Hardware }},
		{SameName, SignName, func(m Machine) string { return shortName(m.Hostname) }},
		{CopiedImage, SignInstallation, func(m Machine) string { return m.Installation }},
	} {
		for _, group := range groups(active, by.key) {
			if group = f.open(group); by.kind == SameName {
				group = having(group, func(a, b Machine) bool { return sameHost(a.Hostname, b.Hostname) })
			}
			i := slices.IndexFunc(out, func(s Suggestion) bool { return len(s.Machines) > 1 && contains(s.Machines, group) })
			if len(group) > 1 && i >= 0 { // said already, and this speaks for it
				out[i].Signs = append(out[i].Signs, by.sign)
				continue
			}
			if by.kind == CopiedImage {
				group = onOtherHardware(group)
			}
			if len(group) > 1 {
				out = append(out, Suggestion{Kind: by.kind, Machines: group, Signs: []Sign{by.sign}, Since: group[len(group)-1].EnrolledAt})
			}
		}
	}
	for i := range out {
		if n := len(out[i].Machines); n > 1 && out[i].Kind != CopiedImage {
			out[i].Signs = append(out[i].Signs, heard(out[i].Machines[:n-1], out[i].Machines[n-1]))
		}
	}
	slices.SortStableFunc(out, func(a, b Suggestion) int {
		return cmp.Or(b.Since.Compare(a.Since), strings.Compare(a.Machines[0].Hostname, b.Machines[0].Hostname), strings.Compare(string(a.Kind), string(b.Kind)))
	})
	return out
}

// alone is what one machine's own history suggests.
func (f fleet) alone(m Machine) []Suggestion {
	var out []Suggestion
	closed := f.closed[[2]string{m.ID, m.ID}]
	if at, ok := f.alarms[m.ID]; ok && at.After(closed) {
		out = append(out, Suggestion{Kind: CopiedFolder, Machines: []Machine{m}, Signs: []Sign{SignAlarm}, Since: at})
	}
	seen := f.hardware[m.ID]
	if len(seen) < 2 {
		return out
	}
	// The last to come is the newest; one before it that was seen later came back.
	newest := seen[len(seen)-1]
	since, sign := newest.first, SignOnce
	for _, before := range seen[:len(seen)-1] {
		if before.last.After(newest.first) {
			sign = SignAlternates
			if before.last.After(since) {
				since = before.last
			}
		}
	}
	if since.After(closed) {
		out = append(out, Suggestion{Kind: Moved, Machines: []Machine{m}, Signs: []Sign{sign}, Since: since})
	}
	return out
}

// groups gathers the machines that have a key in common, in the order of the
// machines.
func groups(machines []Machine, key func(Machine) string) [][]Machine {
	places := map[string]int{}
	var out [][]Machine
	for _, m := range machines {
		k := key(m)
		if k == "" {
			continue
		}
		i, ok := places[k]
		if !ok {
			i = len(out)
			places[k] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], m)
	}
	return slices.DeleteFunc(out, func(group []Machine) bool { return len(group) < 2 })
}

// open leaves of a group those machines about which something is to be decided:
// nobody said that they differ from each of the others.
func (f fleet) open(group []Machine) []Machine {
	first := f.crowds[group[0].ID]
	if slices.ContainsFunc(first, func(crowd string) bool {
		return !slices.ContainsFunc(group, func(m Machine) bool { return !slices.Contains(f.crowds[m.ID], crowd) })
	}) {
		return nil // all of a large group at once
	}
	return having(group, func(a, b Machine) bool {
		_, closed := f.closed[pairOf(a.ID, b.ID)]
		return !closed && !f.crowds.apart(a.ID, b.ID)
	})
}

// onOtherHardware leaves of a group those machines that are surely not one.
func onOtherHardware(group []Machine) []Machine {
	return having(group, func(a, b Machine) bool { return a.Hardware != "" && b.Hardware != "" && a.Hardware != b.Hardware })
}

// having leaves of a group those machines that stand so to another of it.
func having(group []Machine, stand func(a, b Machine) bool) []Machine {
	var out []Machine
	for _, m := range group {
		if slices.ContainsFunc(group, func(other Machine) bool { return other.ID != m.ID && stand(m, other) }) {
			out = append(out, m)
		}
	}
	return out
}

// contains tells whether all of a group are among some machines.
func contains(machines, group []Machine) bool {
	for _, m := range group {
		if !slices.ContainsFunc(machines, func(other Machine) bool { return other.ID == m.ID }) {
			return false
		}
	}
	return true
}

// heard tells whether the older machines were heard of after the newest enrolled.
func heard(older []Machine, newest Machine) Sign {
	if slices.ContainsFunc(older, func(m Machine) bool { return m.LastSeen.After(newest.EnrolledAt) }) {
		return SignBoth
	}
	return SignSilent
}

// Doubt is what a person should know before approving a request.
type Doubt struct {
	Sign Sign // SignHardware or SignName
	// Machine is the active machine that has it too; its ID is empty when
	// another request has it.
	Machine Machine
}

// Doubts tells of each request, by its check code, what it has in common with
// active machines and with the other requests that wait.
func Doubts(requests []Request, machines []Machine) map[string][]Doubt {
	byName, byHardware := map[string][]Machine{}, map[string]Machine{}
	for _, m := range machines {
		if m.Status == Active {
			byName[shortName(m.Hostname)] = append(byName[shortName(m.Hostname)], m)
			if m.Hardware != "" {
				byHardware[m.Hardware] = m
			}
		}
	}
	names, hardware := map[string][]string{}, map[string]int{}
	for _, r := range requests {
		names[shortName(r.Hostname)] = append(names[shortName(r.Hostname)], r.Hostname)
		hardware[r.Hardware]++
	}
	out := map[string][]Doubt{}
	for _, r := range requests {
		var doubts []Doubt
		if m, ok := byHardware[r.Hardware]; ok {
			doubts = append(doubts, Doubt{SignHardware, m})
		} else if r.Hardware != "" && hardware[r.Hardware] > 1 {
			doubts = append(doubts, Doubt{Sign: SignHardware})
		}
		alike, same := byName[shortName(r.Hostname)], 0
		for _, name := range names[shortName(r.Hostname)] {
			if sameHost(name, r.Hostname) {
				same++ // the request itself is one
			}
			if same > 1 {
				break
			}
		}
		if i := slices.IndexFunc(alike, func(m Machine) bool { return sameHost(m.Hostname, r.Hostname) }); i >= 0 {
			doubts = append(doubts, Doubt{SignName, alike[i]})
		} else if same > 1 {
			doubts = append(doubts, Doubt{Sign: SignName})
		}
		if len(doubts) > 0 {
			out[r.Code] = doubts
		}
	}
	return out
}

func (s *Store) alarms(ctx context.Context, tx *storage.Tx) (map[string]time.Time, error) {
	rows, err := tx.Query(ctx, `SELECT agent_id, last_at FROM enroll_alarms`)
	if err != nil {
		return nil, fmt.Errorf("list alarms: %w", err)
	}
	defer rows.Close()
	out := map[string]time.Time{}
	for rows.Next() {
		var agentID string
		var at int64
		if err := rows.Scan(&agentID, &at); err != nil {
			return nil, fmt.Errorf("list alarms: %w", err)
		}
		out[agentID] = fromMicros(at)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list alarms: %w", err)
	}
	return out, nil
}
