package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/collector/access"
)

// answers are the statuses that a route gives to somebody without a session and to one
// who has one.
type answers struct{ stranger, member int }

var (
	looks     = answers{http.StatusSeeOther, http.StatusOK}
	forbidden = answers{http.StatusSeeOther, http.StatusForbidden}
	// refused is what an empty form gets.
	refused = answers{http.StatusSeeOther, http.StatusUnprocessableEntity}
	// leads is what one gets who is sent on, to another page or to the log-in.
	leads = answers{http.StatusSeeOther, http.StatusSeeOther}
)

// openRoutes are those that anybody reaches without an account. A new one is added here only
// after thinking of strangers.
func openRoutes() []string {
	return []string{"GET /entrar", "POST /entrar", "GET /entrar/segundo", "POST /entrar/segundo", "GET /entrar/proveedor", "GET /entrar/proveedor/vuelta", "GET /idioma", "GET /salud",
		"GET /avisar", "POST /avisar", "GET /avisar/gracias"} // whoever sees something must be able to say so
}

// routeTable says of every route and role what comes of it.
type routeTable map[string]routeRow

type routeRow struct {
	path string // that is asked for
	want map[access.Role]answers
}

// row expects the same for every role.
func (t routeTable) row(route, path string, every answers) {
	by := map[access.Role]answers{}
	for role := range access.Roles() {
		by[role] = every
	}
	t[route] = routeRow{path, by}
}

// only expects want for some roles, and that the others may not.
func (t routeTable) only(route, path string, want answers, roles ...access.Role) {
	t.row(route, path, want)
	for role := range access.Roles() {
		if !slices.Contains(roles, role) {
			t[route].want[role] = forbidden
		}
	}
}

// routeRows are the rows of every part, over a town with a machine.
func (w *townHall) routeRows(machine string) routeTable {
	t := routeTable{}
	t.frame(machine)
	t.admissions()
	t.incidents()
	t.books(w)
	t.proposals()
	t.inbox()
	t.handover()
	t.reviews(w)
	t.queue(w)
	t.plan(w)
	t.arco(w)
	t.receipts(w)
	t.declarations()
	t.access()
	return t
}

// TestRoutesByRole is the table of who may use what. A new route without a row
// fails. Each part of the portal adds its own.
func TestRoutesByRole(t *testing.T) {
	t.Parallel()
	var others []access.Role
	for role := range access.Roles() {
		if role != access.Officer {
			others = append(others, role)
		}
	}
	w := emptyTown(t, others...)
	id := w.admit(officePCs()[0])
	srv := serve(t, w.portal())
	inside := map[access.Role]*browser{}
	for role := range access.Roles() {
		inside[role] = open(t, srv).enter(role)
	}
	rows := w.routeRows(id)
	known := map[string]bool{}
	for _, r := range new(site).routes() {
		name := r.method + " " + r.path
		if known[name] {
			t.Errorf("%s: twice in the table of routes", name)
		}
		known[name] = true
		if r.open != slices.Contains(openRoutes(), name) {
			t.Errorf("%s: open is %v, which the list of open routes does not say", name, r.open)
		}
		if r.open && (r.fresh || r.roles != nil) || !r.open && len(r.roles) == 0 {
			t.Errorf("%s: it must be open or have roles", name)
		}
		row, ok := rows[name]
		if !ok {
			t.Errorf("%s: no row says who may use it", name)
			continue
		}
		for role := range access.Roles() {
			want := row.want[role]
			if name == "POST /entrar" {
				w.now = w.now.Add(time.Minute) // the limit on attempts is another test
			}
			if got := open(t, srv).do(r.method, row.path, ""); got.status != want.stranger {
				t.Errorf("%s without session: got %d, want %d", name, got.status, want.stranger)
			} else if !r.open && !strings.HasPrefix(got.header.Get("Location"), "/entrar") {
				t.Errorf("%s without session: got to %q, want the log-in", name, got.header.Get("Location"))
			}
			if got := inside[role].do(r.method, row.path, ""); got.status != want.member {
				t.Errorf("%s as %s: got %d, want %d", name, role, got.status, want.member)
			}
			if r.path == "/salir" {
				inside[role].enter(role)
			}
		}
	}
	for name := range rows {
		if !known[name] {
			t.Errorf("%s: a row for a route that there is not", name)
		}
	}
}

// frame are the pages of what is measured, and the log-in.
func (t routeTable) frame(machine string) {
	t.row("GET /{$}", "/", looks)
	t["GET /{$}"].want[access.Transparency] = leads // to its book
	t.only("GET /equipos", "/equipos", looks, departmental()...)
	t.only("GET /equipos/{id}", "/equipos/"+machine, looks, departmental()...)
	t["GET /equipos/{id}"].want[access.Liaison] = answers{http.StatusSeeOther, http.StatusNotFound} // another department's
	t.only("GET /controles", "/controles", looks, departmental()...)
	t.row("GET /ayuda", "/ayuda", looks)
	t.only("GET /controles/{id}", "/controles/AC-LOCK-15", looks, departmental()...)
	t.row("POST /salir", "/salir", answers{http.StatusSeeOther, http.StatusSeeOther})
	t.row("GET /entrar", "/entrar", answers{http.StatusOK, http.StatusSeeOther})
	t.row("POST /entrar", "/entrar", answers{http.StatusForbidden, http.StatusForbidden}) // without a password
	t.row("GET /idioma", "/idioma?lang=en", answers{http.StatusSeeOther, http.StatusSeeOther})
	t.row("GET /salud", "/salud", answers{http.StatusOK, http.StatusOK})
}

// admissions: who runs the collector decides, the officer looks, the others do not.
func (t routeTable) admissions() {
	t.only("GET /altas", "/altas", looks, access.Administrator, access.Officer)
	t.only("POST /altas/codigos", "/altas/codigos", refused, access.Administrator)
	t.only("POST /altas/codigos/{id}", "/altas/codigos/abc", refused, access.Administrator)
	t.only("POST /altas/solicitudes", "/altas/solicitudes", refused, access.Administrator)
	t.only("POST /altas/parecidos", "/altas/parecidos", refused, access.Administrator)
}

// access: everybody has an account to look after; the accounts of all are for those who
// answer for them. Nobody in this test has a second factor, so what asks for one leads away.
func (t routeTable) access() {
	t.row("GET /entrar/segundo", "/entrar/segundo", leads)
	t.row("POST /entrar/segundo", "/entrar/segundo", leads)
	// There is no provider in this test.
	t.row("GET /entrar/proveedor", "/entrar/proveedor", answers{http.StatusNotFound, http.StatusNotFound})
	t.row("GET /entrar/proveedor/vuelta", "/entrar/proveedor/vuelta", answers{http.StatusNotFound, http.StatusNotFound})
	t.row("GET /confirmar", "/confirmar", leads)
	t.row("POST /confirmar", "/confirmar", answers{http.StatusSeeOther, http.StatusForbidden})
	t.row("GET /confirmar/seguir", "/confirmar/seguir", leads)
	t.row("GET /acceso", "/acceso", looks)
	t.row("POST /acceso/sesiones", "/acceso/sesiones", leads)
	t.row("GET /acceso/clave", "/acceso/clave", looks)
	t.row("POST /acceso/clave", "/acceso/clave", refused)
	t.row("GET /acceso/segundo-factor", "/acceso/segundo-factor", looks)
	t.row("POST /acceso/segundo-factor/aplicacion", "/acceso/segundo-factor/aplicacion", answers{http.StatusSeeOther, http.StatusForbidden})
	t.row("POST /acceso/segundo-factor/hoja", "/acceso/segundo-factor/hoja", answers{http.StatusSeeOther, http.StatusForbidden})
	t.row("POST /acceso/segundo-factor/llave", "/acceso/segundo-factor/llave", answers{http.StatusSeeOther, http.StatusForbidden})
	t.row("POST /acceso/segundo-factor/llave/quitar", "/acceso/segundo-factor/llave/quitar", leads)
	t.only("GET /actividad", "/actividad", looks, activityRoles()...)
	t.only("GET /actividad/descargar", "/actividad/descargar", looks, activityRoles()...)
	t.only("GET /cuentas", "/cuentas", looks, accountRoles()...)
	t.only("POST /cuentas", "/cuentas", leads, access.Administrator)
	t.only("GET /cuentas/{name}", "/cuentas/"+userOf(access.Officer), looks, accountRoles()...)
	t.only("POST /cuentas/{name}", "/cuentas/"+userOf(access.Officer), leads, access.Administrator)
	t.only("POST /cuentas/{name}/desbloqueo", "/cuentas/"+userOf(access.Officer)+"/desbloqueo", leads, unlockRoles()...)
}
