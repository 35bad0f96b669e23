package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"

	"vigia/checks/message"
	"vigia/collector/access"
)

// Bars of a session.
const (
	sessionIdle     = 30 * time.Minute
	sessionLifetime = 10 * time.Hour // a working day
	maxSessions     = 4096
	// The prefix makes browsers insist on TLS and on this very host.
	sessionCookie = "__Host-vigia"
	langCookie    = "__Host-vigia-idioma"
	userKey       = "user"
)

type sessions struct{ *scs.SessionManager }

// newSessions sets the sessions up: in memory, so that a restart ends them, and
// by a cookie that no script reads and no other site sends.
func newSessions(s *site) *sessions {
	m := scs.New()
	m.Store = &sessionStore{byToken: map[string]storedSession{}}
	m.HashTokenInStore = true
	m.IdleTimeout, m.Lifetime = sessionIdle, sessionLifetime
	m.Cookie = scs.SessionCookie{Name: sessionCookie, HttpOnly: true, Path: "/", SameSite: http.SameSiteLaxMode, Secure: true}
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		v := s.newVisit(w, r)
		v.fail(fmt.Errorf("session: %w", err))
	}
	return &sessions{m}
}

// sessionStore keeps the sessions in memory, at most maxSessions of them: then
// the one that would end first makes room. It needs no goroutine, unlike the
// library's own.
type sessionStore struct {
	mu      sync.Mutex
	byToken map[string]storedSession // guarded by mu
}

type storedSession struct {
	data []byte
	ends time.Time
}

// Find implements scs.Store.
func (s *sessionStore) Find(token string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.byToken[token]
	if !ok || time.Now().After(found.ends) {
		delete(s.byToken, token)
		return nil, false, nil
	}
	return found.data, true, nil
}

// Commit implements scs.Store.
func (s *sessionStore) Commit(token string, data []byte, ends time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.byToken[token]; !known && len(s.byToken) >= maxSessions {
		s.makeRoom(time.Now())
	}
	s.byToken[token] = storedSession{data: data, ends: ends}
	return nil
}

// makeRoom drops what has ended, or else what ends first. The caller holds mu.
func (s *sessionStore) makeRoom(now time.Time) {
	var first string
	var at time.Time
	for token, kept := range s.byToken {
		if now.After(kept.ends) {
			delete(s.byToken, token)
			continue
		}
		if first == "" || kept.ends.Before(at) {
			first, at = token, kept.ends
		}
	}
	if len(s.byToken) >= maxSessions {
		delete(s.byToken, first)
	}
}

// Delete implements scs.Store.
func (s *sessionStore) Delete(token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byToken, token)
	return nil
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
	Problem    string // "", denied or throttled
}

func (s *site) logInForm(v *visit) error {
	back := localPath(v.r.URL.Query().Get("volver"))
	if v.user != nil {
		v.redirect(back)
		return nil
	}
	return v.render(view{name: "entrar", title: v.T("login.title"), data: logInView{Back: back}})
}

func (s *site) logIn(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		v.status = http.StatusBadRequest
		return v.render(view{name: "entrar", title: v.T("login.title"), data: logInView{Back: "/", Problem: "denied"}})
	}
	ctx, form := v.r.Context(), v.r.PostForm
	page := logInView{Name: form.Get("nombre"), Back: localPath(form.Get("volver"))}
	user, err := s.Accounts.Authenticate(ctx, page.Name, form.Get("clave"), source(v.r.RemoteAddr))
	switch {
	case errors.Is(err, access.ErrThrottled):
		v.status, page.Problem = http.StatusTooManyRequests, "throttled"
	case errors.Is(err, access.ErrDenied):
		v.status, page.Problem = http.StatusForbidden, "denied"
	case err != nil:
		return err
	default:
		// Another token than before the log-in, so that none can be planted.
		if err := s.sessions.RenewToken(ctx); err != nil {
			return fmt.Errorf("begin session: %w", err)
		}
		s.sessions.Put(ctx, userKey, user.Name)
		v.redirect(page.Back)
		return nil
	}
	v.user = nil
	return v.render(view{name: "entrar", title: v.T("login.title"), data: page})
}

func (s *site) logOut(v *visit) error {
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
	case "/entrar", "/salir", "/idioma", "/salud":
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
