package web

import (
	"slices"

	"vigia/collector/access"
)

// item is an entry of the menu.
type item struct {
	Path, Name string
	// Waiting is how much waits there for whoever looks; Says tells it in words.
	Waiting int
	Says    string
}

// section is a part of the portal that the menu leads to.
type section struct {
	path string // also what a page of it gives as its menu
	word string
	// roles that see it; nil: those of everybody.
	roles []access.Role
	// waiting counts what waits there for a decision; nil: nothing ever does.
	waiting func(*visit) int
}

// sections are those of the menu, in its order.
func (s *site) sections() []section {
	return []section{
		{path: "/", word: "overview.menu", roles: departmental()},
		{path: "/pendientes", word: "queue.menu", roles: queueRoles(), waiting: (*visit).undecided},
		{path: "/plan", word: "plan.menu"},
		{path: "/equipos", word: "machines.menu", roles: departmental()},
		{path: "/controles", word: "controls.menu", roles: departmental()},
		{path: "/revisiones", word: "reviews.menu"},
		{path: "/calendario", word: "calendar.menu"},
		{path: "/libros", word: "books.menu", roles: anybody()},
		{path: "/solicitudes", word: "arco.menu", roles: arcoReaders(), waiting: (*visit).waitingRequests},
		{path: "/incidencias", word: "incidents.menu", waiting: (*visit).openIncidents},
		{path: "/avisos", word: "inbox.menu", roles: anybody(), waiting: (*visit).unread},
		{path: "/altas", word: "admissions.menu", roles: admissionRoles(), waiting: (*visit).waiting},
		{path: "/cuentas", word: "accounts.menu", roles: accountRoles()},
		{path: "/actividad", word: "activity.menu", roles: activityRoles()},
	}
}

// items are the entries of the menu for whoever looks. The word of a section with its
// count is the section's own with ".waiting".
func (v *visit) items() []item {
	var out []item
	for _, sec := range v.site.sections() {
		roles := sec.roles
		if roles == nil {
			roles = everybody()
		}
		if !slices.Contains(roles, v.user.Role) {
			continue
		}
		entry := item{Path: sec.path, Name: v.T(sec.word)}
		if sec.waiting != nil {
			if entry.Waiting = sec.waiting(v); entry.Waiting > 0 {
				entry.Says = v.T(sec.word+".waiting", "n", entry.Waiting)
			}
		}
		out = append(out, entry)
	}
	return out
}

// noteKey is where a session keeps what was just done, until a page tells it.
const noteKey = "note"

// done goes to a page, which tells what was done.
func (v *visit) done(path, note string) error {
	v.site.sessions.Put(v.r.Context(), noteKey, note)
	v.redirect(path)
	return nil
}
