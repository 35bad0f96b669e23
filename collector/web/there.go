package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"vigia/collector/access"
	"vigia/collector/activity"
)

// Addresses of the log-in by a provider: to it, and back.
const (
	therePath     = "/entrar/proveedor"
	thereBackPath = "/entrar/proveedor/vuelta"
)

// thereCookie is what a browser keeps while its person is at the provider. It is no session:
// a stranger who only begins costs no row of the database.
const thereCookie = "__Host-vigia-proveedor"

// reasonParam is where an entry of the activity log has why somebody was refused elsewhere.
const reasonParam = "motivo"

// thereKey is where a session keeps what the provider last vouched for.
const thereKey = "there"

// vouched is what a provider said of a log-in.
type vouched struct {
	At  int64 // when the person proved there who they are, in microseconds; 0: it did not say
	MFA bool  // with more than a password
}

func vouchedBy(id access.Identity) *vouched {
	v := &vouched{MFA: id.MFA}
	if !id.At.IsZero() {
		v.At = id.At.UnixMicro()
	}
	return v
}

// vouch keeps in the session what a provider said; nil: none did.
func (v *visit) vouch(there *vouched) {
	ctx := v.r.Context()
	v.site.sessions.Remove(ctx, thereKey)
	if there == nil {
		return
	}
	if text, err := json.Marshal(there); err == nil {
		v.site.sessions.Put(ctx, thereKey, string(text))
	}
}

// there is what the session has of it.
func (v *visit) there() (out vouched) {
	if text := v.site.sessions.GetString(v.r.Context(), thereKey); text != "" && json.Unmarshal([]byte(text), &out) != nil {
		return vouched{}
	}
	return out
}

// recent tells whether a moment, in microseconds, is within the minutes for which a proof
// holds. The provider's clock may be a minute ahead.
func (v *visit) recent(at int64) bool {
	ago := v.site.Now().Sub(time.UnixMicro(at))
	return at != 0 && ago >= -time.Minute && ago < access.FreshFor
}

// provedThere tells whether the visitor proved to the provider within the last minutes.
func (v *visit) provedThere() bool { return v.recent(v.there().At) }

// canProve tells whether the visitor has a second factor, here or at the provider.
func (v *visit) canProve() bool {
	return v.user.Second() || v.user.Via == access.OIDC && v.there().MFA
}

// errand is what a log-in by a provider is for.
type errand struct {
	Back string
	Who  string // the account that proves itself again; empty: somebody logs in
}

// goThere sends the browser to the provider: to log in, or, who is logged in by it, to prove
// again who they are.
func (s *site) goThere(v *visit) error {
	if s.Provider == nil {
		return errNotFound
	}
	e := errand{Back: localPath(v.r.URL.Query().Get("volver"))}
	if v.user != nil {
		if v.user.Via != access.OIDC {
			v.redirect(e.Back)
			return nil
		}
		e.Who = v.user.Name
	}
	about, err := json.Marshal(e)
	if err != nil {
		return err
	}
	address, kept, err := s.Provider.Begin(v.r.Context(), v.origin()+thereBackPath, string(about), e.Who != "")
	if err != nil {
		return v.turnedAway(e, "", err)
	}
	http.SetCookie(v.w, &http.Cookie{Name: thereCookie, Value: kept, Path: "/", MaxAge: 600, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	v.redirect(address)
	return nil
}

// comeBack takes the provider's answer.
func (s *site) comeBack(v *visit) error {
	if s.Provider == nil {
		return errNotFound
	}
	var kept string
	if c, err := v.r.Cookie(thereCookie); err == nil {
		kept = c.Value
	}
	http.SetCookie(v.w, &http.Cookie{Name: thereCookie, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	q := v.r.URL.Query()
	id, about, err := s.Provider.Finish(v.r.Context(), kept, v.origin()+thereBackPath,
		access.Answer{Code: q.Get("code"), State: q.Get("state"), Issuer: q.Get("iss"), Error: q.Get("error")})
	e := errand{Back: "/"}
	if about != "" && json.Unmarshal([]byte(about), &e) != nil {
		e = errand{Back: "/"}
	}
	e.Back = localPath(e.Back)
	switch {
	case err != nil:
		return v.turnedAway(e, "", err)
	case e.Who != "":
		return v.provedAgain(e, id)
	}
	ctx := v.r.Context()
	user, whole, err := s.Accounts.Enter(ctx, id, source(v.r.RemoteAddr))
	if err != nil {
		return v.turnedAway(e, user.Name, err)
	}
	if v.user != nil { // another account's session, in the same browser
		if err := s.sessions.Clear(ctx); err != nil {
			return err
		}
	}
	there := vouchedBy(id)
	if !whole {
		return v.ask(user, e.Back, there)
	}
	return v.begin(user, e.Back, there.MFA && v.recent(there.At), there)
}

// provedAgain goes on with somebody who was logged in and proved anew who they are.
func (v *visit) provedAgain(e errand, id access.Identity) error {
	s, ctx := v.site, v.r.Context()
	if v.user == nil || v.user.Name != e.Who {
		return v.turnedAway(e, e.Who, &access.Refusal{Reason: access.NotBegun})
	}
	if err := s.Accounts.Vouched(ctx, e.Who, id, source(v.r.RemoteAddr)); err != nil {
		return v.turnedAway(e, e.Who, err)
	}
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	v.vouch(vouchedBy(id))
	v.did = activity.Change
	switch {
	case id.MFA:
		v.prove()
		return v.goOn(e.Back)
	case v.user.Second():
		v.redirect(withBack(confirmPath, e.Back))
	default:
		v.redirect(e.Back)
	}
	return nil
}

// turnedAway tells that the log-in by the provider did not work, and what one can do.
func (v *visit) turnedAway(e errand, name string, err error) error {
	problem, status := v.refusal(err)
	if problem == "" {
		return err
	}
	if refused, ok := errors.AsType[*access.Refusal](err); ok {
		problem = thereProblem(refused.Reason)
	}
	v.did, v.status = activity.Refused, status
	if v.user != nil {
		return v.renderConfirm(e.Back, problem)
	}
	if name != "" {
		v.refusedFor(name)
	}
	return v.renderLogIn(logInView{Back: e.Back, Problem: problem})
}

// thereProblem is the problem that a person reads: who got as far as an account that there
// is not has proved to the provider who they are, and may know it.
func thereProblem(reason access.Reason) string {
	switch reason {
	case access.NoAccount, access.OtherPerson:
		return "no_account"
	case access.NotBegun:
		return "not_begun"
	case access.NotFresh:
		return "not_fresh"
	case access.BadToken, access.ProviderSaid, access.WrongPassword, access.NobodyThere, access.SeveralThere, access.DisabledThere,
		access.LockedThere, access.ExpiredThere, access.MustChange, access.NotNow:
	}
	return "provider"
}

// refusedWhy is why somebody was refused elsewhere, in words, of an entry of the activity
// log; empty for others.
func (t tongue) refusedWhy(e activity.Entry) string {
	_, query, ok := strings.Cut(e.Record, "?")
	if e.Act != activity.Refused || !ok {
		return ""
	}
	q, err := url.ParseQuery(query)
	if err != nil || !q.Has(reasonParam) {
		return ""
	}
	return t.reasonWord(access.Reason(q.Get(reasonParam)))
}

// reasonWord says why a directory or a provider refused.
func (t tongue) reasonWord(reason access.Reason) string {
	switch reason {
	case access.WrongPassword:
		return t.T("reason.password")
	case access.NobodyThere:
		return t.T("reason.nobody")
	case access.SeveralThere:
		return t.T("reason.several")
	case access.DisabledThere:
		return t.T("reason.disabled")
	case access.LockedThere:
		return t.T("reason.locked")
	case access.ExpiredThere:
		return t.T("reason.expired")
	case access.MustChange:
		return t.T("reason.change")
	case access.NotNow:
		return t.T("reason.hours")
	case access.NoAccount:
		return t.T("reason.unknown")
	case access.OtherPerson:
		return t.T("reason.other")
	case access.NotFresh:
		return t.T("reason.stale")
	case access.BadToken:
		return t.T("reason.token")
	case access.NotBegun:
		return t.T("reason.not_begun")
	case access.ProviderSaid:
		return t.T("reason.provider")
	}
	return ""
}

// wayWord says where the password of an account is checked.
func (t tongue) wayWord(via string) string {
	switch via {
	case access.LDAP:
		return t.T("way.ldap")
	case access.OIDC:
		return t.T("way.oidc")
	}
	return t.T("way.local")
}

// ways are those that an account can have here, and the one that it has.
func (v *visit) ways(has string) []roleChoice {
	out := []roleChoice{{localWay, v.wayWord(access.Local)}}
	if v.site.Directory || has == access.LDAP {
		out = append(out, roleChoice{access.LDAP, v.wayWord(access.LDAP)})
	}
	if v.site.Provider != nil || has == access.OIDC {
		out = append(out, roleChoice{access.OIDC, v.wayWord(access.OIDC)})
	}
	return out
}

// localWay is how a form names the way of a password that is kept here.
const localWay = "local"

// wayOf reads the way of a form.
func (v *visit) wayOf() access.Way {
	way := access.Way{Via: strings.TrimSpace(v.r.PostForm.Get("entra")), External: strings.TrimSpace(v.r.PostForm.Get("nombre_fuera"))}
	if way.Via == localWay || way.Via == "" {
		return access.Way{}
	}
	return way
}

func thereWords() [][3]string {
	return [][3]string{
		{"login.or", "O sin escribir aquí la contraseña:", "Or without typing the password here:"},
		{"login.there", "Entrar con {name}", "Log in with {name}"},
		{"login.elsewhere", "Ahora no se puede comprobar esa cuenta.", "That account cannot be checked now."},
		{"login.elsewhere.do", "El directorio o el proveedor de identidad no responde. No es un fallo suyo ni cuenta como intento: repita en unos minutos y avise a informática. Las cuentas con contraseña de Vigía siguen entrando.", "The directory or the identity provider does not answer. It is no mistake of yours and counts as no attempt: try again in some minutes and tell the IT staff. Accounts with a password of Vigía can still log in."},
		{"login.no_account", "No hay aquí una cuenta para usted.", "There is no account for you here."},
		{"login.no_account.do", "El proveedor confirma quién es, pero nadie le ha dado una cuenta en Vigía, o su nombre allí ya era de otra persona. Pídala a quien administra el sistema.", "The provider confirms who you are, but nobody gave you an account in Vigía, or your name there was somebody else's before. Ask whoever administers the system."},
		{"login.not_begun", "Hay que empezar de nuevo.", "You have to begin again."},
		{"login.not_begun.do", "La entrada empezó en otro navegador, hace más de diez minutos, o Vigía se reinició. Pulse otra vez el botón de abajo.", "The log-in began in another browser, more than ten minutes ago, or Vigía was restarted. Press the button below again."},
		{"login.not_fresh", "El proveedor no le ha preguntado de nuevo.", "The provider did not ask you again."},
		{"login.not_fresh.do", "Para firmar, el proveedor debe preguntar otra vez quién es y decir cuándo lo hizo (auth_time). Si se repite, avise a informática.", "To sign, the provider must ask again who you are and say when it did (auth_time). If this comes up again, tell the IT staff."},
		{"login.provider", "El proveedor de identidad no confirma quién es.", "The identity provider does not confirm who you are."},
		{"login.provider.do", "Repita. Si sigue igual, avise a informática: el motivo está en el registro de actividad.", "Try again. If it stays so, tell the IT staff: the reason is in the activity log."},
		{"confirm.there", "Lo que va a hacer queda firmado con su nombre. Demuestre otra vez quién es con {name}, aunque ya esté dentro; vale durante cinco minutos.", "What you are about to do is signed with your name. Prove again who you are with {name}, even if you are logged in; it holds for five minutes."},
		{"confirm.there.do", "Continuar con {name}", "Continue with {name}"},
		{"second.there", "{name}: el proveedor confirma quién es. Falta el segundo factor.", "{name}: the provider confirms who you are. The second factor is missing."},
		{"way.title", "Cómo entra", "How it logs in"},
		{"way.local", "con contraseña de Vigía", "with a password of Vigía"},
		{"way.ldap", "con la contraseña del directorio", "with the password of the directory"},
		{"way.oidc", "por el proveedor de identidad", "by the identity provider"},
		{"way.external", "Nombre que tiene allí", "Its name there"},
		{"way.external.hint", "Solo si no es una contraseña de Vigía. Vacío: el mismo que aquí.", "Only if it is not a password of Vigía. Empty: the same as here."},
		{"way.bound", "ya entró: vinculada a esa persona", "has logged in: bound to that person"},
		{"way.unbound", "todavía no ha entrado", "has not logged in yet"},
		{"way.lead", "Se cierran sus sesiones y se olvida a qué persona del proveedor estaba vinculada. Si vuelve a una contraseña de Vigía, se genera una inicial.", "Its sessions end, and to whom at the provider it was bound is forgotten. If it returns to a password of Vigía, an initial one is drawn."},
		{"way.do", "Cambiar cómo entra", "Change how it logs in"},
		{"way.saved", "Hecho: la próxima vez entrará así.", "Done: it will log in so the next time."},
		{"accounts.problem.not_here", "Esa cuenta no tiene contraseña aquí: cambie antes cómo entra.", "That account has no password here: change first how it logs in."},
		{"accounts.added_there", "Cuenta creada: {name}. Entra {way}.", "Account made: {name}. It logs in {way}."},
		{"reason.password", "contraseña incorrecta en el directorio", "wrong password at the directory"},
		{"reason.nobody", "nadie con ese nombre en el directorio", "nobody of that name in the directory"},
		{"reason.several", "el directorio tiene varias personas con ese nombre", "the directory has several people of that name"},
		{"reason.disabled", "cuenta deshabilitada en el directorio", "account disabled in the directory"},
		{"reason.locked", "cuenta bloqueada en el directorio", "account locked in the directory"},
		{"reason.expired", "cuenta o contraseña caducada en el directorio", "account or password expired in the directory"},
		{"reason.change", "debe cambiar antes la contraseña del directorio", "has to change the password of the directory first"},
		{"reason.hours", "el directorio no le permite entrar a esta hora o desde este equipo", "the directory does not let them in at this hour or from this machine"},
		{"reason.unknown", "el proveedor confirma a alguien sin cuenta aquí", "the provider vouches for somebody without an account here"},
		{"reason.other", "la cuenta está vinculada a otra persona del proveedor", "the account is bound to another person of the provider"},
		{"reason.stale", "el proveedor no preguntó de nuevo", "the provider did not ask anew"},
		{"reason.token", "la respuesta del proveedor no es válida", "the provider's answer does not hold"},
		{"reason.not_begun", "la entrada no empezó en este navegador", "the log-in did not begin in this browser"},
		{"reason.provider", "el proveedor la rechazó", "the provider refused it"},
	}
}
