package compare

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/enroll"
	"vigia/collector/registers/assets"
	"vigia/collector/registers/grants"
	"vigia/collector/registers/media"
	"vigia/collector/registers/mediabook"
	"vigia/collector/registers/mediapermits"
	"vigia/collector/registers/movements"
	"vigia/collector/registers/people"
	"vigia/collector/registers/systems"
)

// unseenFor is how long a machine of the inventory may take to report for the first time.
const unseenFor = 7 * 24 * time.Hour

// controlOf is the duty that a kind fails.
func controlOf(k Kind) string {
	switch k {
	case AccountTwoOwners:
		return "AC-NO-SHARED"
	case ExternalContract:
		return "AC-EXT-PERS"
	case JoinerUnsigned:
		return "AC-JOIN"
	case LeaverLate:
		return "AC-LEAVE-24H"
	case LeaverData:
		return "AC-LEAVE-DATA"
	case SubstituteLate:
		return "AC-SUBST-TEMP"
	case ProfileLate:
		return "AC-PROFILE-3D"
	case GrantOver:
		return "AC-USERLIST"
	case LevelBelow:
		return "GOV-LEVEL"
	case DataUndeclared:
		return "INV-DATA"
	case MachineUnlisted, AssetUnseen, AssetBack:
		return "INV-HWSW-Q"
	case ExitUnpermitted, PermitTwice:
		return "MED-OUT-AUTH"
	case EntryUnpermitted:
		return "MED-IN-AUTH"
	case ExitPlain:
		return "MED-ENC-SENS"
	case MediumLost:
		return "MED-INV"
	case AccountUnowned, AccountUnauthorised, LeaverEnabled, SoftwareUnapproved, DataUnpermitted, MediumUnknown:
		// Those that checks find say their own control.
	}
	return "AC-UNIQUE-ID"
}

// differs makes a difference; args are pairs of the reason.
func (w world) differs(k Kind, part string, since time.Time, args ...string) Difference {
	d := Difference{Kind: k, Key: string(k) + "/" + part, Control: controlOf(k), Severity: policy.Medium, Status: checks.Fail,
		Reason: checks.Because("compare."+string(k), args...), Since: since}
	if c, ok := w.laws.Control(d.Control); ok {
		d.Severity = c.Severity
	}
	return d
}

// mend names the row that would mend a difference.
func (d Difference) mend(book string, folio int64, subject string) Difference {
	d.Book, d.Folio, d.Subject = book, folio, subject
	return d
}

// on names the machine of a difference.
func (d Difference) on(m enroll.Machine) Difference {
	d.Machine, d.Hostname, d.Department = m.ID, m.Hostname, m.Department
	return d
}

// differences are those that only the books tell.
func (w world) differences() ([]Difference, error) {
	var out []Difference
	out = append(out, w.accounts()...)
	out = append(out, w.persons()...)
	steps, err := w.steps()
	if err != nil {
		return nil, err
	}
	out = append(out, steps...)
	out = append(out, w.levelsOf()...)
	out = append(out, w.equipment()...)
	return append(out, w.moved()...), nil
}

// accounts are nobody's, or two persons'.
func (w world) accounts() []Difference {
	var out []Difference
	if len(w.shelf.people) == 0 {
		return nil
	}
	for _, m := range w.machines {
		for _, a := range w.facts.accounts[m.ID] {
			if !a.root() && !w.shelf.owned(m.Hostname, a.Name) {
				since := m.EnrolledAt
				if a.Set.After(since) {
					since = a.Set
				}
				d := w.differs(AccountUnowned, m.ID+"/"+a.Name, since, "account", a.Name, "machine", m.Hostname)
				out = append(out, d.on(m).mend(people.Name, 0, a.Name))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.shelf.owners)) {
		for _, machine := range slices.Sorted(maps.Keys(w.shelf.owners[name])) {
			here := slices.DeleteFunc(slices.Clone(w.shelf.owners[name][machine]), func(folio int64) bool {
				_, gone := w.shelf.person[folio].GoneBy(w.at, w.zone)
				return gone
			})
			if len(here) < 2 {
				continue
			}
			since := w.shelf.since[people.Name][here[0]]
			for _, folio := range here[1:] {
				since = later(since, w.shelf.since[people.Name][folio])
			}
			account := people.Account{Machine: machine, Name: name}.String()
			out = append(out, w.differs(AccountTwoOwners, account, since, "account", account, "persons", strconv.Itoa(len(here))).
				mend(people.Name, here[1], account))
		}
	}
	return out
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// persons lack a contract, or have rights after they left.
func (w world) persons() []Difference {
	var out []Difference
	for _, p := range w.shelf.people {
		_, gone := p.GoneBy(w.at, w.zone)
		if p.Kind == people.External && p.Contract == "" && !gone {
			d := w.differs(ExternalContract, folio(p.Folio), w.shelf.since[people.Name][p.Folio], "folio", w.shelf.text(people.Name, p.Folio))
			d.Department = p.Department
			out = append(out, d.mend(people.Name, p.Folio, w.shelf.text(people.Name, p.Folio)))
		}
	}
	for _, g := range w.shelf.grants {
		p := w.shelf.person[g.Person]
		left, gone := p.GoneBy(w.at, w.zone)
		if gone && g.Holds(w.at.In(w.zone).Format(time.DateOnly)) {
			d := w.differs(GrantOver, folio(g.Folio), left, "folio", w.shelf.text(grants.Name, g.Folio))
			d.Department = p.Department
			out = append(out, d.mend(grants.Name, g.Folio, w.shelf.text(grants.Name, g.Folio)))
		}
	}
	return out
}

func folio(n int64) string { return strconv.FormatInt(n, 10) }

// steps of joiners, leavers and substitutes are late.
func (w world) steps() ([]Difference, error) {
	var out []Difference
	for _, m := range w.shelf.movements {
		missing, err := m.Missing(w.calendar)
		if err != nil {
			return nil, fmt.Errorf("terms of %s: %w", w.shelf.text(movements.Name, m.Folio), err)
		}
		unsigned := false
		for _, step := range missing {
			var kind Kind
			since := step.Due
			switch {
			case step.Field == "rights_removed" && m.Kind == movements.Substitution:
				kind = SubstituteLate
			case step.Field == "rights_removed":
				kind = LeaverLate
			case step.Field == "account_made" && m.Kind == movements.Profile:
				kind = ProfileLate
			case (step.Field == "manual" || step.Field == "confidentiality") && !unsigned:
				// Signed before the account is used, which is when the movement holds.
				kind, since, unsigned = JoinerUnsigned, m.At, true
			case step.Field == "data":
				kind, since = LeaverData, m.At.Add(unseenFor)
			default:
				continue
			}
			if since.After(w.at) {
				continue
			}
			text := w.shelf.text(movements.Name, m.Folio)
			d := w.differs(kind, folio(m.Folio), since, "folio", text, "due", since.In(w.zone).Format("02/01/2006 15:04"))
			d.Department = cmp.Or(m.Department, w.shelf.person[m.Person].Department)
			out = append(out, d.mend(movements.Name, m.Folio, text))
		}
	}
	return out, nil
}

// levelsOf are systems with too low a level, or with data that their row does not name.
func (w world) levelsOf() []Difference {
	var out []Difference
	hosts := map[string]enroll.Machine{}
	for _, m := range w.machines {
		hosts[short(m.Hostname)] = m
	}
	for _, s := range w.shelf.systems {
		a := s.Assess(w.levels, w.dataOf(s, hosts))
		text, since := w.shelf.text(systems.Name, s.Folio), w.shelf.since[systems.Name][s.Folio]
		if a.Below {
			d := w.differs(LevelBelow, folio(s.Folio), since, "system", s.Name, "level", spanish(s.Level), "asked", spanish(a.Asked), "data", dataWords(a.Because))
			d.Department = s.Department
			out = append(out, d.mend(systems.Name, s.Folio, text))
		}
		if len(a.Measured) > 0 {
			d := w.differs(DataUndeclared, folio(s.Folio), since, "system", s.Name, "data", dataWords(a.Measured))
			d.Department = s.Department
			out = append(out, d.mend(systems.Name, s.Folio, text))
		}
	}
	return out
}

// dataOf are the kinds of data that were measured where a system stands: in its folders,
// or on its machines where it names no folder.
func (w world) dataOf(s systems.System, hosts map[string]enroll.Machine) []string {
	var out []string
	for _, name := range s.Machines {
		m, ok := hosts[short(name)]
		if !ok {
			continue
		}
		for _, p := range w.facts.places[m.ID] {
			if len(s.Folders) == 0 || slices.ContainsFunc(s.Folders, func(f string) bool { return within(p.Folder, f) }) {
				out = append(out, p.Data...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// spanish names a level for the arguments of a reason, which have one language.
func spanish(l policy.Level) string { return systems.LevelLabel(l).In(message.Spanish) }

func dataWords(codes []string) string {
	var out []string
	for _, o := range systems.Data() {
		if slices.Contains(codes, o.Code) {
			out = append(out, o.Label.In(message.Spanish))
		}
	}
	return strings.Join(out, ", ")
}

// equipment is where the inventory and the machines that report are not the same.
func (w world) equipment() []Difference {
	if len(w.shelf.assets) == 0 {
		return nil
	}
	listed, reports := map[string]assets.Asset{}, map[string]bool{}
	for _, a := range w.shelf.assets {
		if a.Hostname != "" {
			listed[short(a.Hostname)] = a
		}
	}
	var out []Difference
	for _, m := range w.machines {
		reports[short(m.Hostname)] = true
		a, ok := listed[short(m.Hostname)]
		switch {
		case !ok:
			out = append(out, w.differs(MachineUnlisted, m.ID, m.EnrolledAt, "machine", m.Hostname).on(m).mend(assets.Name, 0, m.Hostname))
		case a.Status == assets.Disposed:
			since, err := time.ParseInLocation(time.DateOnly, a.Disposed, w.zone)
			if since = since.AddDate(0, 0, 1); err == nil && m.LastSeen.After(since) {
				out = append(out, w.differs(AssetBack, folio(a.Folio), since, "machine", m.Hostname, "day", since.AddDate(0, 0, -1).Format("02/01/2006")).
					on(m).mend(assets.Name, a.Folio, w.shelf.text(assets.Name, a.Folio)))
			}
		}
	}
	for _, a := range w.shelf.assets {
		since := w.shelf.since[assets.Name][a.Folio].Add(unseenFor)
		if a.Reports() && !reports[short(a.Hostname)] && !since.After(w.at) {
			d := w.differs(AssetUnseen, folio(a.Folio), since, "machine", a.Hostname)
			d.Hostname, d.Department = a.Hostname, a.Department
			out = append(out, d.mend(assets.Name, a.Folio, w.shelf.text(assets.Name, a.Folio)))
		}
	}
	return out
}

// moved is what came in and went out against its permits, and the media that were lost.
func (w world) moved() []Difference {
	var out []Difference
	used := map[int64]bool{}
	for _, e := range mediabook.InForce(w.shelf.entries) {
		text, day := w.shelf.text(mediabook.Name, e.Folio), e.At.In(w.zone).Format(time.DateOnly)
		add := func(k Kind) {
			out = append(out, w.differs(k, folio(e.Folio), w.shelf.since[mediabook.Name][e.Folio], "folio", text).mend(mediabook.Name, e.Folio, text))
		}
		p, known := w.shelf.exits[e.Permit]
		switch {
		case known && p.Covers(e.Out, day):
			if p.Kind == mediapermits.Extraordinary && used[p.Folio] {
				add(PermitTwice)
			}
			used[p.Folio] = true
		case e.Out:
			add(ExitUnpermitted)
		default:
			add(EntryUnpermitted)
		}
		if e.Out && e.Sensitive && (e.Encrypted == "no" || e.Encrypted == "weak") {
			add(ExitPlain)
		}
	}
	for _, m := range w.shelf.media {
		if m.Status == media.Lost {
			d := w.differs(MediumLost, folio(m.Folio), w.shelf.since[media.Name][m.Folio], "medium", m.Code, "encrypted", yesNo(m.Encrypted))
			d.Department = m.Department
			out = append(out, d.mend(media.Name, m.Folio, w.shelf.text(media.Name, m.Folio)))
		}
	}
	return out
}

func yesNo(yes bool) string {
	if yes {
		return "sí"
	}
	return "no"
}
