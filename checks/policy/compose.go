package policy

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/catalog"
)

// ComposeInput is all that one machine's policy is made from.
type ComposeInput struct {
	// Agent is the machine's id, Hostname and Department select what of the
	// source is meant for it. Both are compared without regard to case; a host
	// name without domain matches one with it.
	Agent      string
	Hostname   string
	Department string

	Epoch   uint64
	Version uint64
	Issued  time.Time

	Source  Source
	Packs   []Pack // those to choose from, as Packs returns them
	Catalog *catalog.Catalog
}

// Compose makes the policy of one machine. It is pure: the same input gives
// the same policy, byte for byte once encoded. It errors when the source names
// a pack that is not there, or when a rule does not suit its check.
//
// Parameters are laid over each other, key by key: those of the pack's rule,
// the rows of its registers, then overrides for all machines, for the
// department and for the machine.
func Compose(in ComposeInput) (Policy, error) {
	p := Policy{
		Agent: in.Agent, Epoch: in.Epoch, Version: in.Version, Issued: in.Issued.UTC(),
		Packs: []PackRef{}, Portal: in.Source.Portal, Schedule: in.Source.Schedule.withDefaults(), Entries: []Entry{},
	}
	p.Schedule.Silence = in.silenceBy(p.Schedule.Silence)
	for _, name := range in.Source.Packs {
		pack, ok := findPack(in.Packs, name)
		if !ok {
			return Policy{}, fmt.Errorf("there is no pack %q", name)
		}
		p.Packs = append(p.Packs, PackRef{Name: pack.Name, Version: pack.Version})
		for _, rule := range pack.Rules {
			e, err := in.entry(rule)
			if err != nil {
				return Policy{}, fmt.Errorf("pack %s, control %s: %w", pack.Name, rule.Control, err)
			}
			p.add(e, pack.Name)
		}
	}
	return p, nil
}

// entry makes a rule ready to run on the machine.
func (in ComposeInput) entry(rule Rule) (Entry, error) {
	e := Entry{
		ID: rule.Control, Control: rule.Control, Check: rule.Check,
		Every: rule.Every, Severity: rule.Severity,
	}
	layers := []json.RawMessage{rule.Params}
	for _, name := range rule.Inject {
		rows, err := in.rows(name)
		if err != nil {
			return Entry{}, err
		}
		layers = append(layers, rows)
	}
	all := checksOf(in.Source, in.Packs, in.Catalog, rule.Control)
	for _, o := range in.overrides(rule.Control) {
		own, err := o.paramsOf(rule.Check, all)
		if err != nil {
			return Entry{}, err
		}
		if own == nil && o.Every == 0 {
			continue // what it changes is another check's
		}
		layers = append(layers, own)
		if o.Every != 0 {
			e.Every = o.Every
		}
		if e.Changed == nil {
			e.Changed = &Change{}
		}
		e.Changed.Why = join(e.Changed.Why, o.Why)
		e.Changed.By = join(e.Changed.By, o.By)
	}
	params, err := overlay(layers...)
	if err != nil {
		return Entry{}, err
	}
	e.Params = params
	check, ok := in.Catalog.Lookup(rule.Check)
	if !ok {
		return Entry{}, fmt.Errorf("there is no check %q", rule.Check)
	}
	if err := accepts(check, params); err != nil {
		return Entry{}, fmt.Errorf("parameters of %s: %w", rule.Check, err)
	}
	return e, nil
}

// add joins an entry of a pack to the policy. What two packs ask alike is one
// entry, with the shorter cadence and the higher severity; what they ask
// differently holds twice.
func (p *Policy) add(e Entry, pack string) {
	taken := false
	for i := range p.Entries {
		old := &p.Entries[i]
		if old.Control != e.Control {
			continue
		}
		if old.Check == e.Check && bytes.Equal(old.Params, e.Params) {
			old.Packs = append(old.Packs, pack)
			old.Every = min(old.Every, e.Every)
			if e.Severity.rank() > old.Severity.rank() {
				old.Severity = e.Severity
			}
			return
		}
		taken = true
	}
	if taken {
		e.ID = e.Control + "@" + pack
	}
	e.Packs = []string{pack}
	p.Entries = append(p.Entries, e)
}

// overrides lists what changes a control on the machine, the general before
// the particular.
func (in ComposeInput) overrides(control string) []Override {
	scope := func(o Override) int {
		switch {
		case o.Machine != "":
			return 2
		case o.Department != "":
			return 1
		default:
			return 0
		}
	}
	var out []Override
	for _, o := range in.Source.Overrides {
		if o.Control == control &&
			(o.Machine == "" || sameHost(o.Machine, in.Hostname)) &&
			(o.Department == "" || strings.EqualFold(o.Department, in.Department)) {
			out = append(out, o)
		}
	}
	slices.SortStableFunc(out, func(a, b Override) int { return cmp.Compare(scope(a), scope(b)) })
	return out
}

// checksOf lists the checks by which the chosen packs measure a control.
func checksOf(s Source, packs []Pack, cat *catalog.Catalog, control string) []checks.Check {
	var out []checks.Check
	for _, name := range s.Packs {
		pack, _ := findPack(packs, name)
		for _, rule := range pack.Rules {
			if check, ok := cat.Lookup(rule.Check); ok && rule.Control == control {
				out = append(out, check)
			}
		}
	}
	return out
}

// paramsOf returns what an override changes of a check, nil for nothing. Of several checks
// of one control, such as those of a machine and of the directory, each takes the
// parameters that it has. One that none has stays, so that it is refused.
func (o Override) paramsOf(id string, all []checks.Check) (json.RawMessage, error) {
	if len(o.Params) == 0 {
		return nil, nil
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(o.Params, &keys); err != nil {
		return nil, fmt.Errorf("parameters: want keys with values: %w", err)
	}
	maps.DeleteFunc(keys, func(key string, _ json.RawMessage) bool {
		own := slices.ContainsFunc(all, func(c checks.Check) bool { return c.Info().ID == id && c.TakesParam(key) })
		others := slices.ContainsFunc(all, func(c checks.Check) bool { return c.TakesParam(key) })
		return others && !own
	})
	if len(keys) == 0 {
		return nil, nil
	}
	raw, err := json.Marshal(keys)
	if err != nil {
		return nil, fmt.Errorf("parameters: %w", err)
	}
	return raw, nil
}

// registers lists the names that a rule may inject.
func registers() []string {
	return []string{"authorised", "datasets", "denied", "leavers", "permits", "roots", "software", "users"}
}

// rows returns a register's rows for the machine as {"name": [...]}, nil when
// it has none.
func (in ComposeInput) rows(register string) (json.RawMessage, error) {
	var rows any
	var n int
	switch register {
	case "authorised":
		if in.Source.Media != nil {
			rows, n = in.Source.Media, 1 // an empty list says that none may be used
		}
	case "denied":
		rows, n = in.Source.Denied, len(in.Source.Denied)
	case "datasets":
		var own []Dataset
		for _, d := range in.Source.Datasets {
			if d.Machine == "" || sameHost(d.Machine, in.Hostname) {
				own = append(own, d.Dataset)
			}
		}
		rows, n = own, len(own)
	case "leavers":
		var own []Leaver
		for _, l := range in.Source.Leavers {
			if l.Machine == "" || sameHost(l.Machine, in.Hostname) {
				own = append(own, l)
			}
		}
		rows, n = own, len(own)
	case "permits":
		var own []Permit
		for _, p := range in.Source.Permits {
			if p.Machine == "" || sameHost(p.Machine, in.Hostname) {
				own = append(own, p)
			}
		}
		rows, n = own, len(own)
	case "roots":
		rows, n = in.Source.Scan, len(in.Source.Scan)
	case "software":
		rows, n = in.Source.Software, len(in.Source.Software)
	case "users":
		var own []User
		for _, u := range in.Source.Users {
			if u.Machine == "" || sameHost(u.Machine, in.Hostname) {
				own = append(own, u)
			}
		}
		rows, n = own, len(own)
	default:
		return nil, fmt.Errorf("there is no register %q", register)
	}
	if n == 0 {
		return nil, nil
	}
	raw, err := json.Marshal(map[string]any{register: rows})
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", register, err)
	}
	return raw, nil
}

// overlay merges JSON objects key by key, later ones first, and writes the
// result with sorted keys. It is nil when there is no key at all.
func overlay(layers ...json.RawMessage) (json.RawMessage, error) {
	merged := map[string]json.RawMessage{}
	for _, layer := range layers {
		if len(layer) == 0 {
			continue
		}
		var keys map[string]json.RawMessage
		if err := json.Unmarshal(layer, &keys); err != nil {
			return nil, fmt.Errorf("parameters: want keys with values: %w", err)
		}
		maps.Copy(merged, keys)
	}
	if len(merged) == 0 {
		return nil, nil
	}
	raw, err := json.Marshal(merged)
	if err != nil {
		return nil, fmt.Errorf("parameters: %w", err)
	}
	return raw, nil
}

// sameHost compares host names; one without domain matches one with it.
func sameHost(a, b string) bool {
	shortA, domainA, _ := strings.Cut(a, ".")
	shortB, domainB, _ := strings.Cut(b, ".")
	if domainA == "" || domainB == "" {
		return a != "" && b != "" && strings.EqualFold(shortA, shortB)
	}
	return strings.EqualFold(a, b)
}

func findPack(packs []Pack, name string) (Pack, bool) {
	i := slices.IndexFunc(packs, func(p Pack) bool { return p.Name == name })
	if i < 0 {
		return Pack{}, false
	}
	return packs[i], true
}

// join adds a text to others, once.
func join(texts, text string) string {
	if texts == "" || texts == text {
		return text
	}
	return texts + "; " + text
}

// The defaults of a Schedule.
const (
	defaultReport   = Duration(time.Hour)
	defaultSnapshot = Duration(24 * time.Hour)
	defaultSilence  = Duration(48 * time.Hour)
)

func (s *Schedule) withDefaults() Schedule {
	var out Schedule
	if s != nil {
		out = *s
	}
	out.Report = cmp.Or(out.Report, defaultReport)
	out.Snapshot = cmp.Or(out.Snapshot, defaultSnapshot)
	out.Silence = cmp.Or(out.Silence, defaultSilence)
	return out
}

// check tells what is wrong with a schedule: which key, and why.
func (s Schedule) check() (key string, err error) {
	switch {
	case s.Report < Duration(minEvery):
		return "report", fmt.Errorf("want at least %v", minEvery)
	case s.Snapshot < s.Report:
		return "snapshot", fmt.Errorf("%v is shorter than report, %v", s.Snapshot, s.Report)
	case s.Silence < s.Report:
		return "silence", fmt.Errorf("%v is shorter than report, %v: every machine would seem silent", s.Silence, s.Report)
	}
	return "", nil
}

// DefaultPacks are the packs of an organisation that chose none: both
// jurisdictions are measured, and a report tells them apart.
func DefaultPacks() []string { return []string{"es-rgpd", "mx-general"} }

// DefaultSource is what holds until an organisation imports its own: the given
// packs, DefaultPacks when none is given, and nothing else.
func DefaultSource(packs ...string) Source {
	if len(packs) == 0 {
		packs = DefaultPacks()
	}
	return Source{Packs: packs}
}

// DefaultPolicy is the policy of a machine without collector, as `vigia-agent
// check` runs it: the given embedded packs, DefaultPacks when none is given.
func DefaultPolicy(packs []string, cat *catalog.Catalog) (Policy, error) {
	all, err := Packs()
	if err != nil {
		return Policy{}, err
	}
	for _, name := range packs {
		if _, ok := findPack(all, name); !ok {
			return Policy{}, fmt.Errorf("there is no pack %q; there are %q", name, packNames(all))
		}
	}
	return Compose(ComposeInput{Agent: "local", Version: 1, Source: DefaultSource(packs...), Packs: all, Catalog: cat})
}

func packNames(packs []Pack) []string {
	names := make([]string, len(packs))
	for i, p := range packs {
		names[i] = p.Name
	}
	return names
}
