package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/activity"
)

// Bars of a session.
const (
	sessionIdle     = 30 * time.Minute
	sessionLifetime = 10 * time.Hour // a working day
	// The prefix makes browsers insist on TLS and on this very host.
	sessionCookie = "__Host-vigia"
	langCookie    = "__Host-vigia-idioma"
	// What a session holds. The account, and while only its password is proved, its name
	// elsewhere.
	userKey, pendingKey   = "user", "pending"
	sourceKey, browserKey = "source", "browser"
)

type sessions struct{ *scs.SessionManager }

// newSessions sets the sessions up: in the database, so that a restart ends none, and by a
// cookie that no script reads and no other site sends.
func newSessions(s *site) *sessions {
	m := scs.New()
	m.Store = &sessionStore{accounts: s.Accounts}
	m.Codec = sessionCodec{}
	m.HashTokenInStore = true
	m.IdleTimeout, m.Lifetime = sessionIdle, sessionLifetime
	m.Cookie = scs.SessionCookie{Name: sessionCookie, HttpOnly: true, Path: "/", SameSite: http.SameSiteLaxMode, Secure: true}
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		v := s.newVisit(w, r)
		v.fail(fmt.Errorf("session: %w", err))
	}
	return &sessions{m}
}

// identify finds the account of the session. An account that was closed since
// ends its sessions.
func (v *visit) identify() error {
	ctx := v.r.Context()
	name := v.site.sessions.GetString(ctx, userKey)
	if name == "" {
		return nil
	}
	user, err := v.site.Accounts.User(ctx, name)
	switch {
	case errors.Is(err, access.ErrNoUser):
		if err := v.site.sessions.Destroy(ctx); err != nil {
			return fmt.Errorf("end session: %w", err)
		}
	case err != nil:
		return fmt.Errorf("read the account: %w", err)
	default:
		v.user = &user
	}
	return nil
}

// logInView is the page of the log-in.
type logInView struct {
	Name, Back string
	Problem    string // "", denied, throttled, suspended, elsewhere, or of a provider
	Provider   string // by which one can log in too; empty: there is none
}

// renderLogIn shows the page of the log-in.
func (v *visit) renderLogIn(page logInView) error {
	if v.site.Provider != nil {
		page.Provider = v.site.Provider.Name()
	}
	return v.render(view{name: "entrar", title: v.T("login.title"), data: page})
}

func (s *site) logInForm(v *visit) error {
	back := localPath(v.r.URL.Query().Get("volver"))
	if v.user != nil {
		v.redirect(back)
		return nil
	}
	return v.renderLogIn(logInView{Back: back})
}

func (s *site) logIn(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		v.status = http.StatusBadRequest
		return v.renderLogIn(logInView{Back: "/", Problem: "denied"})
	}
	ctx, form := v.r.Context(), v.r.PostForm
	page := logInView{Name: form.Get("nombre"), Back: localPath(form.Get("volver"))}
	user, err := s.Accounts.Authenticate(ctx, page.Name, form.Get("clave"), source(v.r.RemoteAddr))
	if page.Problem, v.status = v.refusal(err); page.Problem != "" {
		v.user = nil
		v.refusedFor(page.Name)
		return v.renderLogIn(page)
	}
	if err != nil {
		return err
	}
	if user.Second() {
		return v.ask(user, page.Back, nil)
	}
	return v.begin(user, page.Back, false, nil)
}

// refusal is how a page tells that an attempt was not good; empty for what is no refusal. Why
// a directory or a provider refused stands in the activity log only.
func (v *visit) refusal(err error) (problem string, status int) {
	if refused, ok := errors.AsType[*access.Refusal](err); ok {
		v.record = v.r.URL.Path + "?" + url.Values{reasonParam: {string(refused.Reason)}}.Encode()
	}
	switch {
	case errors.Is(err, access.ErrElsewhere):
		v.site.Logger.Error("somebody could not log in", "err", err)
		return "elsewhere", http.StatusServiceUnavailable
	case errors.Is(err, access.ErrSuspended):
		return "suspended", http.StatusTooManyRequests
	case errors.Is(err, access.ErrThrottled):
		return "throttled", http.StatusTooManyRequests
	case errors.Is(err, access.ErrDenied):
		return "denied", http.StatusForbidden
	default:
		return "", 0
	}
}

// begin begins the session of somebody who proved who they are, and goes on: to the page
// they asked for, or to what their account still lacks. proved: with a second factor. there
// is what a provider vouched for; nil: none did.
func (v *visit) begin(user access.User, back string, proved bool, there *vouched) error {
	s, ctx := v.site, v.r.Context()
	// Another token than before the log-in, so that none can be planted.
	if err := s.sessions.RenewToken(ctx); err != nil {
		return fmt.Errorf("begin session: %w", err)
	}
	// And nothing of what somebody else did at this browser: no secret that they saw, no form
	// that waits for a proof.
	if err := s.sessions.Clear(ctx); err != nil {
		return fmt.Errorf("begin session: %w", err)
	}
	s.sessions.Put(ctx, userKey, user.Name)
	v.vouch(there)
	s.sessions.Put(ctx, sourceKey, source(v.r.RemoteAddr))
	s.sessions.Put(ctx, browserKey, browserName(v.r.UserAgent()))
	if proved {
		v.prove()
	}
	switch {
	case user.Provisional:
		back = "/acceso/clave"
	case user.Role.Signs() && !user.Second() && user.LastLogin.IsZero() && (there == nil || !there.MFA):
		back = withBack(factorPath, back)
	}
	v.user, v.did = &user, activity.LogIn
	v.redirect(back)
	return nil
}

func (s *site) logOut(v *visit) error {
	v.did = activity.LogOut
	if err := s.sessions.Destroy(v.r.Context()); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	// What the browser keeps for its back button goes too.
	v.w.Header().Set("Clear-Site-Data", `"cache"`)
	v.redirect("/entrar")
	return nil
}

// logInPath is where somebody without a session is sent, and then back.
func logInPath(r *http.Request) string {
	back := "/"
	if r.Method == http.MethodGet {
		back = localPath(r.URL.RequestURI())
	}
	if back == "/" {
		return "/entrar"
	}
	return "/entrar?" + url.Values{"volver": {back}}.Encode()
}

// localPath accepts the path of a page of this portal, with its query, and
// answers / for anything else.
func localPath(text string) string {
	if len(text) > 1024 || !strings.HasPrefix(text, "/") || strings.HasPrefix(text, "//") || strings.ContainsAny(text, "\\\r\n\t\x00") {
		return "/"
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.HasPrefix(u.Path, "//") || strings.Contains(u.Path, "\\") {
		return "/"
	}
	switch u.Path {
	case "/entrar", secondPath, therePath, thereBackPath, "/salir", "/idioma", "/salud", confirmPath:
		return "/"
	}
	return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
}

// language is that of the address, else of the cookie, else Spanish.
func (v *visit) language() message.Lang {
	if tag := v.r.URL.Query().Get("lang"); tag != "" {
		lang := message.ParseLang(tag)
		v.keepLang(lang)
		return lang
	}
	if c, err := v.r.Cookie(langCookie); err == nil {
		return message.ParseLang(c.Value)
	}
	return message.Spanish
}

func (v *visit) keepLang(lang message.Lang) {
	http.SetCookie(v.w, &http.Cookie{Name: langCookie, Value: string(lang), Path: "/", MaxAge: 365 * 24 * 3600,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// setLang keeps a language (language did) and goes back to where one was.
func (s *site) setLang(v *visit) error {
	back := localPath(v.r.URL.Query().Get("volver"))
	if u, err := url.Parse(back); err == nil && u.Query().Has("lang") {
		q := u.Query()
		q.Del("lang")
		u.RawQuery = q.Encode()
		back = u.String()
	}
	v.redirect(back)
	return nil
}
