package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"vigia/collector/access"
)

// accountRoles see the accounts; the administrator changes them.
func accountRoles() []access.Role {
	return []access.Role{access.Administrator, access.Officer, access.Head, access.Auditor, access.Control}
}

// unlockRoles ask for an unlock, and grant what another asked for.
func unlockRoles() []access.Role {
	return []access.Role{access.Administrator, access.Officer, access.Head}
}

func (s *site) accountRoutes() []route {
	admin := []access.Role{access.Administrator}
	return []route{
		{method: "GET", path: "/cuentas", roles: accountRoles(), serve: s.accounts},
		{method: "POST", path: "/cuentas", roles: admin, fresh: true, serve: s.addAccount},
		{method: "GET", path: "/cuentas/{name}", roles: accountRoles(), serve: s.account},
		{method: "POST", path: "/cuentas/{name}", roles: admin, fresh: true, serve: s.changeAccount},
		{method: "POST", path: "/cuentas/{name}/desbloqueo", roles: unlockRoles(), fresh: true, serve: s.unlockAccount},
	}
}

// accountsView is the page of all accounts.
type accountsView struct {
	May     bool
	Open    []accountRow
	Closed  []accountRow
	Waiting int // unlocks that the visitor may grant
	Form    accountForm
	Problem string // in words
}

// accountRow is an account in words.
type accountRow struct {
	access.User
	RoleName string
	State    string // code: open, closed, over, locked, suspended, provisional, elsewhere
	Word     string
	Way      string // how it logs in, in words
	Unlock   *access.Unlock
	Grants   bool // the visitor may grant it
}

// accountForm is what of an account is typed.
type accountForm struct {
	Name, Role, Department, Until, From, To, Requirement string
	Roles                                                []roleChoice
	Via, External                                        string // how it logs in
	Ways                                                 []roleChoice
}

type roleChoice struct{ ID, Name string }

// roleChoices are the roles in the language of the page, by name.
func (v *visit) roleChoices() []roleChoice {
	var out []roleChoice
	for role, name := range access.Roles() {
		out = append(out, roleChoice{string(role), name.In(v.Lang)})
	}
	slices.SortFunc(out, func(a, b roleChoice) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (v *visit) accountRow(u access.User, unlocks map[string]access.Unlock) accountRow {
	row := accountRow{User: u, Way: v.wayWord(u.Via), RoleName: access.Roles()[u.Role].In(v.Lang)}
	switch {
	case u.Disabled:
		row.State = "closed"
	case u.Over(v.site.Now()):
		row.State = "over"
	case u.Suspended:
		row.State = "suspended"
	case !u.LockedUntil.IsZero():
		row.State = "locked"
	case u.ClosedElsewhere:
		row.State = "elsewhere"
	case u.Provisional:
		row.State = "provisional"
	default:
		row.State = "open"
	}
	row.Word = v.stateWord(row.State)
	if unlock, ok := unlocks[u.Name]; ok {
		row.Unlock = &unlock
		row.Grants = slices.Contains(unlockRoles(), v.user.Role) && unlock.AskedBy != v.user.Name && u.Name != v.user.Name
	}
	return row
}

// stateWord says the state of an account.
func (v *visit) stateWord(state string) string {
	switch state {
	case "closed":
		return v.T("account.state.closed")
	case "over":
		return v.T("account.state.over")
	case "suspended":
		return v.T("account.state.suspended")
	case "locked":
		return v.T("account.state.locked")
	case "elsewhere":
		return v.T("account.state.elsewhere")
	case "provisional":
		return v.T("account.state.provisional")
	default:
		return v.T("account.state.open")
	}
}

// Barred tells whether there is something to unlock.
func (r accountRow) Barred() bool {
	return r.Suspended || !r.LockedUntil.IsZero() || r.ClosedElsewhere
}

func (s *site) accounts(v *visit) error { return v.renderAccounts(accountsView{}) }

func (v *visit) renderAccounts(page accountsView) error {
	s, ctx := v.site, v.r.Context()
	users, err := s.Accounts.Users(ctx)
	if err != nil {
		return err
	}
	unlocks, err := s.Accounts.Unlocks(ctx)
	if err != nil {
		return err
	}
	page.May = v.user.Role == access.Administrator
	page.Form.Roles, page.Form.Ways = v.roleChoices(), v.ways(access.Local)
	for _, u := range users {
		row := v.accountRow(u, unlocks)
		if row.Grants {
			page.Waiting++
		}
		if row.State == "closed" || row.State == "over" {
			page.Closed = append(page.Closed, row)
		} else {
			page.Open = append(page.Open, row)
		}
	}
	return v.render(view{name: "cuentas", title: v.T("accounts.title"), menu: "/cuentas", data: page})
}

// readForm reads what was typed of an account.
func (v *visit) readForm() (f accountForm, edit access.Edit, err error) {
	get := func(name string) string { return strings.TrimSpace(v.r.PostForm.Get(name)) }
	f = accountForm{Name: get("nombre"), Role: get("rol"), Department: get("area"), Until: get("hasta"),
		From: get("desde_ambito"), To: get("hasta_ambito"), Requirement: get("requerimiento"), Via: get("entra"), External: get("nombre_fuera")}
	edit = access.Edit{Role: access.Role(f.Role), Department: f.Department, Scope: access.Scope{From: f.From, Until: f.To, Requirement: f.Requirement}}
	if !edit.Role.Bound() {
		edit.Department = "" // the field is for liaisons only
	}
	if f.Until != "" {
		day, err := time.ParseInLocation(time.DateOnly, f.Until, v.site.Zone)
		if err != nil {
			return f, edit, access.ErrInput
		}
		edit.Until = day.AddDate(0, 0, 1) // the last day is still good
	}
	return f, edit, nil
}

// newPasswordKey is where a session keeps a password that was drawn, until its page tells it.
const newPasswordKey = "new_password"

func (s *site) addAccount(v *visit) error {
	if v.r.ParseForm() != nil {
		return errUnreadable
	}
	ctx := v.r.Context()
	form, edit, err := v.readForm()
	password := access.GeneratePassword()
	if err == nil {
		err = s.Accounts.Create(ctx, access.New{Name: form.Name, Role: edit.Role, Department: edit.Department, Until: edit.Until,
			Scope: edit.Scope, Password: password, Provisional: true, Way: v.wayOf()}, v.user.Name)
	}
	if problem := v.accountProblem(err); problem != "" {
		v.status = http.StatusUnprocessableEntity
		return v.renderAccounts(accountsView{Form: form, Problem: problem})
	}
	if err != nil {
		return err
	}
	name := strings.ToLower(form.Name)
	if via := v.wayOf().Via; via != access.Local {
		return v.done("/cuentas/"+name, v.T("accounts.added_there", "name", name, "way", v.wayWord(via)))
	}
	s.sessions.Put(ctx, newPasswordKey, password)
	return v.done("/cuentas/"+name, v.T("accounts.added", "name", name))
}

// accountProblem says what is wrong with what was typed; empty for nothing, or for an error
// that is not the visitor's.
func (v *visit) accountProblem(err error) string {
	switch {
	case errors.Is(err, access.ErrExists):
		return v.T("accounts.problem.exists")
	case errors.Is(err, access.ErrLast):
		return v.T("accounts.problem.last")
	case errors.Is(err, access.ErrSecondPerson):
		return v.T("accounts.problem.second")
	case errors.Is(err, access.ErrNoUnlock):
		return v.T("accounts.problem.no_unlock")
	case errors.Is(err, access.ErrNotHere):
		return v.T("accounts.problem.not_here")
	case errors.Is(err, access.ErrInput):
		return v.T("accounts.problem.input")
	default:
		return ""
	}
}

// accountView is the page of one account.
type accountView struct {
	accountRow
	May, Asks bool // change it; ask for its unlock
	Self      bool
	Form      accountForm
	Password  string // that was just drawn
	Sessions  []access.Session
	Portal    string
	Problem   string
}

func (s *site) account(v *visit) error { return v.renderAccount("") }

func (v *visit) renderAccount(problem string) error {
	s, ctx := v.site, v.r.Context()
	u, err := s.Accounts.Account(ctx, v.r.PathValue("name"))
	if errors.Is(err, access.ErrNoUser) {
		return errNotFound
	}
	if err != nil {
		return err
	}
	unlocks, err := s.Accounts.Unlocks(ctx)
	if err != nil {
		return err
	}
	page := accountView{accountRow: v.accountRow(u, unlocks), May: v.user.Role == access.Administrator, Self: u.Name == v.user.Name, Problem: problem,
		Portal: v.origin() + "/"}
	page.Asks = slices.Contains(unlockRoles(), v.user.Role) && !page.Self
	page.Form = accountForm{Name: u.Name, Role: string(u.Role), Department: u.Department, From: u.Scope.From, To: u.Scope.Until,
		Requirement: u.Scope.Requirement, Roles: v.roleChoices(), Via: u.Via, External: u.External, Ways: v.ways(u.Via)}
	if !u.Until.IsZero() {
		page.Form.Until = u.Until.In(s.Zone).AddDate(0, 0, -1).Format(time.DateOnly)
	}
	if page.May && problem == "" {
		page.Password = s.sessions.PopString(ctx, newPasswordKey)
	}
	if page.Sessions, err = s.Accounts.Sessions(ctx, u.Name); err != nil {
		return err
	}
	if problem != "" {
		v.status = http.StatusUnprocessableEntity
	}
	return v.render(view{name: "cuenta", title: u.Name, menu: "/cuentas", data: page})
}

func (s *site) changeAccount(v *visit) error {
	if v.r.ParseForm() != nil {
		return errUnreadable
	}
	ctx, name, by := v.r.Context(), v.r.PathValue("name"), v.user.Name
	if _, err := s.Accounts.Account(ctx, name); errors.Is(err, access.ErrNoUser) {
		return errNotFound
	}
	var err error
	note := v.T("account.saved")
	switch v.r.PostForm.Get("hacer") {
	case "guardar":
		var edit access.Edit
		if _, edit, err = v.readForm(); err == nil {
			err = s.Accounts.Change(ctx, name, edit, by)
		}
	case "cerrar":
		err, note = s.Accounts.Disable(ctx, name, by), v.T("account.closed")
	case "abrir":
		err, note = s.Accounts.Enable(ctx, name, by), v.T("account.opened")
	case "clave":
		password := access.GeneratePassword()
		if err = s.Accounts.SetPassword(ctx, name, password, by, true); err == nil {
			s.sessions.Put(ctx, newPasswordKey, password)
		}
		note = v.T("account.password_drawn")
	case "entrada":
		way, password := v.wayOf(), access.GeneratePassword()
		if err = s.Accounts.SetWay(ctx, name, way, password, by); err == nil && way.Via == access.Local {
			s.sessions.Put(ctx, newPasswordKey, password)
		}
		note = v.T("way.saved")
	case "factor":
		err, note = s.Accounts.ResetFactors(ctx, name, by), v.T("account.factor_reset")
	case "sesiones":
		err, note = s.Accounts.EndSessions(ctx, name, "", v.token()), v.T("account.sessions_ended")
	default:
		err = access.ErrInput
	}
	if problem := v.accountProblem(err); problem != "" {
		return v.renderAccount(problem)
	}
	if err != nil {
		return err
	}
	return v.done("/cuentas/"+name, note)
}

func (s *site) unlockAccount(v *visit) error {
	if v.r.ParseForm() != nil {
		return errUnreadable
	}
	ctx, name := v.r.Context(), v.r.PathValue("name")
	var err error
	note := v.T("account.unlock_asked")
	switch v.r.PostForm.Get("hacer") {
	case "pedir":
		err = s.Accounts.AskUnlock(ctx, name, v.r.PostForm.Get("motivo"), v.user.Name)
	case "conceder":
		err, note = s.Accounts.GrantUnlock(ctx, name, v.user.Name), v.T("account.unlocked")
	default:
		err = access.ErrInput
	}
	if errors.Is(err, access.ErrNoUser) {
		return errNotFound
	}
	if problem := v.accountProblem(err); problem != "" {
		return v.renderAccount(problem)
	}
	if err != nil {
		return err
	}
	return v.done("/cuentas/"+name, note)
}
