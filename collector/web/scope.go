package web

import (
	"slices"
	"strings"

	"vigia/collector/access"
	"vigia/collector/enroll"
	"vigia/collector/findings"
	"vigia/collector/registers"
)

// department is the only one whose machines and rows the visitor sees; empty: all of them.
// The guard lets nobody in who is bound to one and has none.
func (v *visit) department() string {
	if v.user == nil || !v.user.Role.Bound() {
		return ""
	}
	return v.user.Department
}

// sees tells whether what belongs to a department is for the visitor. What belongs to none
// is not for whoever is bound to one.
func (v *visit) sees(department string) bool {
	own := v.department()
	return own == "" || strings.EqualFold(strings.TrimSpace(department), strings.TrimSpace(own))
}

// within keeps of the rows of the organisation those that the visitor sees.
func (v *visit) within(r rows) rows {
	if v.department() == "" {
		return r
	}
	r.machines = slices.DeleteFunc(r.machines, func(m enroll.Machine) bool { return !v.sees(m.Department) })
	r.known = slices.DeleteFunc(r.known, func(k enroll.KnownMachine) bool { return !v.sees(k.Department) })
	seen := map[string]bool{}
	for _, m := range r.machines {
		seen[m.ID] = true
	}
	var mine []findings.State // of its own: those of all are shared
	for _, state := range r.states {
		if seen[state.Machine] {
			mine = append(mine, state)
		}
	}
	r.states = mine
	return r
}

// home is where a log-in leads: the overview, or for whoever looks at one matter, its book.
func (s *site) home(v *visit) error {
	if v.user.Role != access.Transparency {
		return s.overview(v)
	}
	if slices.ContainsFunc(s.Books, func(b *registers.Book) bool { return b.Name == requestsBook }) {
		v.redirect("/libros/" + requestsBook)
		return nil
	}
	v.redirect("/acceso")
	return nil
}

// requestsBook is the book of the requests of persons.
const requestsBook = "requests"
