package web

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/policy"
	"vigia/collector/access"
	"vigia/collector/decisions"
	"vigia/collector/storage"
)

// The queue is where the security officer decides. The others look, a liaison at what
// concerns her department.

func (s *site) queueRoutes() []route {
	look, change := queueRoles(), []access.Role{access.Officer}
	return []route{
		{method: "GET", path: "/pendientes", roles: look, serve: s.queue},
		{method: "POST", path: "/pendientes", roles: change, serve: s.decide},
		{method: "GET", path: "/pendientes/{key}", roles: look, serve: s.cause},
		{method: "GET", path: "/pendientes/linea-base", roles: everybody(), serve: s.baseline},
		{method: "POST", path: "/pendientes/linea-base", roles: change, serve: s.takeBaseline},
	}
}

// queueRoles are those who see the queue, be it a part of it.
func queueRoles() []access.Role { return append(everybody(), access.Liaison) }

// glance is the queue as whoever looks may see it, the decisions that everybody shares.
func (v *visit) glance() (groups []decisions.Group, at time.Time, err error) {
	if v.site.Decisions == nil {
		return nil, v.site.Now(), nil
	}
	err = v.site.read(v.r.Context(), "the queue", func(ctx context.Context, tx *storage.Tx) (err error) {
		groups, at, err = v.site.Decisions.Glance(ctx, tx)
		return err
	})
	if err != nil {
		return nil, at, err
	}
	if v.limited() {
		department := v.department()
		var mine []decisions.Group
		for _, g := range groups {
			if department != "" && g.In(department) {
				mine = append(mine, g.Within(department))
			}
		}
		groups = mine
	}
	return groups, at, nil
}

// undecided counts what waits in the queue for whoever looks.
func (v *visit) undecided() int {
	groups, _, err := v.glance()
	if err != nil {
		v.site.Logger.Warn("portal cannot count the queue", "err", err)
		return 0
	}
	return decisions.Waiting(groups, "")
}

// causeRow is a group in words.
type causeRow struct {
	decisions.Group
	Name string // of the duty
	Say  string // what is wrong
	Fix  string // what to do about it
	// Kind and Ref are of the decision that covers it, in words.
	Kind string
}

// Path is the group's own page.
func (c causeRow) Path() string { return "/pendientes/" + url.PathEscape(c.Key) }

// Count is on how many machines it is, or of how many things where it is about none.
func (c causeRow) Count() int {
	if len(c.Machines) > 0 {
		return len(c.Machines)
	}
	return len(c.Members)
}

func (v *visit) causeRow(g decisions.Group) causeRow {
	row := causeRow{Group: g, Name: v.entryTitle(g.Members[0].Entry, g.Control), Say: g.Title.In(v.Lang), Fix: g.Do.In(v.Lang)}
	if row.Say == "" {
		row.Say, row.Fix = v.voice().Say(g.Reason), v.voice().Do(g.Reason)
	}
	if g.Decision != nil {
		row.Kind = v.kindWord(g.Decision.Kind)
	}
	return row
}

// queueFilter is what of the queue is shown.
type queueFilter struct{ State, Severity, Department, Control string }

// The states of the filter.
const (
	stateWaiting = "" // for a decision
	stateOverdue = "vencidos"
	stateDecided = "decididos"
	stateBetter  = "mejorables"
	stateAll     = "todos"
)

func (f queueFilter) shows(g decisions.Group) bool {
	if f.Severity != "" && string(g.Severity) != f.Severity || f.Control != "" && g.Control != f.Control ||
		f.Department != "" && !g.In(f.Department) {
		return false
	}
	switch f.State {
	case stateOverdue:
		return g.Overdue
	case stateDecided:
		return g.Undecided == 0
	case stateBetter:
		return g.Undecided > 0 && g.Status == checks.Warn
	case stateAll:
		return true
	default:
		return g.Asks()
	}
}

// query writes the filter as an address has it.
func (f queueFilter) query() string {
	values := url.Values{}
	for name, value := range map[string]string{"estado": f.State, "gravedad": f.Severity, "area": f.Department, "control": f.Control} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

// queueView is the page.
type queueView struct {
	May      bool // decide
	Problem  string
	Filter   queueFilter
	Here     string // the page's own address, to come back to
	Rows     []causeRow
	More     int // that match and are not listed
	Waiting  int
	Overdue  int
	Decided  int
	Better   int
	Machines int // that are known
	// First tells that nothing was decided yet, so that a baseline is due.
	First       bool
	At          moment
	Departments []string
	Controls    []choiceRow
	Severities  []choiceRow
	States      []choiceRow
	Form        url.Values
	// Owner is proposed: whoever was named last. Soonest is the first day that may be given.
	Owner, Soonest string
	Owners         []string
}

// choiceRow is one option of a filter.
type choiceRow struct {
	Code, Word string
	Chosen     bool
}

// maxCauses bounds the groups that the page lists.
const maxCauses = 100

func (s *site) queue(v *visit) error {
	q := v.r.URL.Query()
	return v.renderQueue(queueView{Filter: queueFilter{
		State: q.Get("estado"), Severity: q.Get("gravedad"), Department: q.Get("area"), Control: q.Get("control"),
	}})
}

func (v *visit) renderQueue(page queueView) error {
	groups, at, err := v.glance()
	if err != nil {
		return err
	}
	page.May = v.user.Role == access.Officer
	page.At, page.Here = v.Moment(at), "/pendientes"+page.Filter.query()
	v.queueChoices(&page, groups)
	page.Owners = owners(groups)
	if len(page.Owners) > 0 {
		page.Owner = page.Owners[0]
	}
	page.Soonest = v.now.In(v.zone).Format(time.DateOnly)
	page.First = true
	for _, g := range groups {
		switch {
		case g.Asks():
			page.Waiting++
		case g.Undecided == 0:
			page.Decided++
		default:
			page.Better++
		}
		if g.Overdue {
			page.Overdue++
		}
		page.First = page.First && len(g.Past) == 0
		if !page.Filter.shows(g) {
			continue
		}
		if len(page.Rows) == maxCauses {
			page.More++
			continue
		}
		page.Rows = append(page.Rows, v.causeRow(g))
	}
	page.First = page.First && page.Waiting > 0
	return v.render(view{name: "pendientes", title: v.T("queue.title"), menu: "/pendientes", data: page})
}

// queueChoices are what the filters offer: what there is.
func (v *visit) queueChoices(page *queueView, groups []decisions.Group) {
	controls := map[string]string{}
	for _, g := range groups {
		page.Departments = append(page.Departments, g.Departments...)
		controls[g.Control] = v.entryTitle(g.Members[0].Entry, g.Control)
	}
	slices.Sort(page.Departments)
	page.Departments = slices.Compact(page.Departments)
	for id, title := range controls {
		page.Controls = append(page.Controls, choiceRow{id, title + " (" + id + ")", id == page.Filter.Control})
	}
	slices.SortFunc(page.Controls, func(a, b choiceRow) int { return strings.Compare(a.Word, b.Word) })
	for _, s := range []policy.Severity{policy.Critical, policy.High, policy.Medium, policy.Low} {
		page.Severities = append(page.Severities, choiceRow{string(s), v.Label(s), string(s) == page.Filter.Severity})
	}
	for _, state := range []choiceRow{
		{Code: stateWaiting, Word: v.T("queue.state.waiting")}, {Code: stateOverdue, Word: v.T("queue.state.overdue")},
		{Code: stateDecided, Word: v.T("queue.state.decided")}, {Code: stateBetter, Word: v.T("queue.state.better")},
		{Code: stateAll, Word: v.T("queue.state.all")},
	} {
		state.Chosen = state.Code == page.Filter.State
		page.States = append(page.States, state)
	}
}

// owners are those whom decisions named, the newest first.
func owners(groups []decisions.Group) []string {
	var past []decisions.Decision
	for _, g := range groups {
		past = append(past, g.Past...)
	}
	slices.SortFunc(past, func(a, b decisions.Decision) int { return cmp.Compare(b.ID, a.ID) })
	var out []string
	for _, d := range past {
		if name := cmp.Or(d.Owner, d.Who); name != "" && !slices.Contains(out, name) && len(out) < 20 {
			out = append(out, name)
		}
	}
	return out
}

// causeView is the page of one group.
type causeView struct {
	causeRow
	May     bool
	Problem string
	Rows    []memberRow
	More    int
	Past    []pastRow
	// Place is which of those that wait it is, Of how many.
	Place, Of int
	Next      string // the page of the one after it; empty: none waits
	Form      url.Values
	Owner     string
	Owners    []string
	// Due and Until are proposed days, Soonest the first that may be given, Late that on
	// which its deadline ended.
	Due, Until, Soonest string
	Incidents, Waivers  bool // there are such books
}

// memberRow is a finding of a group: a machine, or what the source named.
type memberRow struct {
	Machine, Hostname, Department, Part string
	Say                                 string // where the members differ
	Since                               moment
	Waits                               bool
}

// pastRow is a decision in words.
type pastRow struct {
	decisions.Decision
	Word    string
	Moment  moment
	RefPath string // the page of what it made elsewhere
}

const maxMembers = 100

func (s *site) cause(v *visit) error { return v.renderCause(v.r.PathValue("key"), causeView{}) }

func (v *visit) renderCause(key string, page causeView) error {
	groups, _, err := v.glance()
	if err != nil {
		return err
	}
	at := slices.IndexFunc(groups, func(g decisions.Group) bool { return g.Key == key })
	if at < 0 {
		return errNotFound
	}
	page.causeRow = v.causeRow(groups[at])
	page.May = v.user.Role == access.Officer
	page.Owners = owners(groups)
	if len(page.Owners) > 0 {
		page.Owner = page.Owners[0]
	}
	for i, g := range groups {
		if !g.Asks() {
			continue
		}
		page.Of++
		if g.Key == key {
			page.Place = page.Of
		} else if page.Next == "" && i > at {
			page.Next = causeRow{Group: g}.Path()
		}
	}
	today := v.now.In(v.zone)
	page.Soonest = today.Format(time.DateOnly)
	page.Due = today.AddDate(0, 0, fixDays(page.Severity)).Format(time.DateOnly)
	page.Until = today.AddDate(0, 3, 0).Format(time.DateOnly)
	v.memberRows(&page)
	for _, d := range page.Group.Past {
		row := pastRow{Decision: d, Word: v.kindWord(d.Kind), Moment: v.Moment(d.At)}
		row.RefPath = refPath(d.Ref)
		page.Past = append(page.Past, row)
	}
	return v.render(view{name: "pendiente", title: page.Name, menu: "/pendientes", data: page})
}

// refPath is the page of a folio that a decision names; empty when there is none.
func refPath(ref string) string {
	prefix, _, _ := strings.Cut(ref, "-")
	switch prefix {
	case "PLN":
		return "/libros/plan/" + url.PathEscape(ref)
	case "EXC":
		return "/libros/waivers/" + url.PathEscape(ref)
	case "INC":
		return "/incidencias/" + url.PathEscape(ref)
	default:
		return ""
	}
}

// memberRows lists a group's findings, those that wait first.
func (v *visit) memberRows(page *causeView) {
	names := make(map[string]decisions.Machine, len(page.Machines))
	for _, m := range page.Machines {
		names[m.ID] = m
	}
	members := slices.Clone(page.Members)
	byName := func(a, b decisions.Member) int {
		return cmp.Or(strings.Compare(strings.ToLower(names[a.Machine].Hostname), strings.ToLower(names[b.Machine].Hostname)), strings.Compare(a.Part, b.Part))
	}
	slices.SortStableFunc(members[:page.Undecided], byName)
	slices.SortStableFunc(members[page.Undecided:], byName)
	for i, m := range members {
		if i == maxMembers {
			page.More = len(members) - i
			break
		}
		row := memberRow{Machine: m.Machine, Hostname: names[m.Machine].Hostname, Department: m.Department, Part: m.Part,
			Since: v.Moment(m.Opened), Waits: i < page.Undecided}
		if m.Machine == "" {
			row.Hostname, row.Part = cmp.Or(m.Subject, m.Part), ""
		}
		if page.Varied {
			row.Say = v.voice().Say(m.Reason)
		}
		page.Rows = append(page.Rows, row)
	}
}

// kindWord names a kind of decision.
func (v *visit) kindWord(k decisions.Kind) string {
	switch k {
	case decisions.Fix:
		return v.T("kind.fix")
	case decisions.Ask:
		return v.T("kind.ask")
	case decisions.Waive:
		return v.T("kind.waive")
	case decisions.Incident:
		return v.T("kind.incident")
	case decisions.Dismiss:
		return v.T("kind.dismiss")
	case decisions.Plan:
	}
	return v.T("kind.plan")
}

// pendingOf are the groups that a machine has a part in.
func (v *visit) pendingOf(machine string) ([]causeRow, error) {
	groups, _, err := v.glance()
	if err != nil {
		return nil, err
	}
	var out []causeRow
	for _, g := range groups {
		if slices.ContainsFunc(g.Machines, func(m decisions.Machine) bool { return m.ID == machine }) {
			out = append(out, v.causeRow(g))
		}
	}
	return out, nil
}
