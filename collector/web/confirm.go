package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"vigia/collector/access"
	"vigia/collector/activity"
)

// Addresses of proving who one is.
const (
	confirmPath = "/confirmar"
	secondPath  = "/entrar/segundo"
	factorPath  = "/acceso/segundo-factor"
)

// What a session keeps of it: when it was last proved with a second factor, what a security
// key was asked, and a form that waits for the proof.
const (
	proofKey = "proof"
	askedKey = "asked"
	heldKey  = "held"
)

// pendingFor is how long a password is good while the second factor is asked.
const pendingFor = access.FreshFor

// maxHeld bounds a form that waits, in bytes.
const maxHeld = 48 << 10

// prove notes that the visitor proved with a second factor who they are.
func (v *visit) prove() {
	v.site.sessions.Put(v.r.Context(), proofKey, v.site.Now().UnixMicro())
}

// proved tells whether they did within the last minutes.
func (v *visit) proved() bool {
	at := v.site.sessions.GetInt64(v.r.Context(), proofKey)
	ago := v.site.Now().Sub(time.UnixMicro(at))
	return at != 0 && ago >= 0 && ago < access.FreshFor
}

// withBack is a path that leads back to another.
func withBack(path, back string) string {
	if back == "/" || back == "" {
		return path
	}
	return path + "?" + url.Values{"volver": {back}}.Encode()
}

// lead sends somebody to prove who they are, or first to get what to prove it with, and then
// back. What they sent waits for them.
func (v *visit) lead() error {
	back := localPath(v.r.URL.RequestURI())
	if v.r.Method != http.MethodGet {
		back = v.cameFrom()
	}
	if !v.canProve() {
		v.site.sessions.Put(v.r.Context(), noteKey, v.T("confirm.no_factor"))
		v.redirect(withBack(factorPath, back))
		return nil
	}
	if v.r.Method != http.MethodGet {
		v.hold()
		v.did = activity.Refused // nothing was changed yet
	}
	v.redirect(withBack(confirmPath, back))
	return nil
}

// cameFrom is the page of this portal on which a form is that was sent.
func (v *visit) cameFrom() string {
	u, err := url.Parse(v.r.Referer())
	if err != nil || u.Host != v.r.Host {
		return "/"
	}
	return localPath(u.RequestURI())
}

// held is a form that waits until its sender proved who they are.
type held struct {
	Path string
	Form url.Values
}

// hold keeps what was sent, without its secrets. What cannot be kept is said to be asked
// again.
func (v *visit) hold() {
	ctx := v.r.Context()
	v.site.sessions.Remove(ctx, heldKey)
	if strings.HasPrefix(v.r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") && v.r.ParseForm() == nil {
		form := url.Values{}
		for name, values := range v.r.PostForm {
			if !strings.HasPrefix(name, "clave") {
				form[name] = values
			}
		}
		kept, err := json.Marshal(held{Path: v.r.URL.Path, Form: form})
		if err == nil && len(kept) <= maxHeld {
			v.site.sessions.Put(ctx, heldKey, string(kept))
			return
		}
	}
	v.site.sessions.Put(ctx, noteKey, v.T("confirm.again"))
}

// heldForm is the form that waits, nil when none does.
func (v *visit) heldForm() *held {
	var out held
	if text := v.site.sessions.GetString(v.r.Context(), heldKey); text == "" || json.Unmarshal([]byte(text), &out) != nil {
		return nil
	}
	return &out
}

// proofView is a page that asks for a second factor.
type proofView struct {
	Action, Back string
	Name         string // whose it is
	Password     bool   // that is asked too
	Elsewhere    bool   // a provider said who it is, in place of a password
	There        string // the provider that is asked first; empty: none is, or it was
	TOTP, Sheet  bool   // which factors there are
	Key          string // what the browser is to ask of a security key; empty: there is none
	KeyHere      bool   // there is one, and at this address it can be used
	Left         int    // codes of the sheet
	Problem      string
}

// origin is the address at which the browser sees the portal.
func (v *visit) origin() string { return "https://" + v.r.Host }

// makeProof makes the page for an account.
func (v *visit) makeProof(user access.User, action, back string) (proofView, error) {
	ctx := v.r.Context()
	page := proofView{Action: action, Back: back, Name: user.Name, Elsewhere: user.Via == access.OIDC, TOTP: user.TOTP, Sheet: user.Codes > 0, Left: user.CodesLeft}
	if user.Keys == 0 {
		return page, nil
	}
	options, state, err := v.site.Accounts.BeginProof(ctx, user.Name, v.origin(), v.site.Organisation)
	switch {
	case errors.Is(err, access.ErrNoKeys):
		return page, nil
	case err != nil:
		return page, err
	}
	page.Key, page.KeyHere = options, true
	v.site.sessions.Put(ctx, askedKey, state)
	return page, nil
}

// answered checks the second factor that a form brings.
func (v *visit) answered(name string) error {
	ctx, form := v.r.Context(), v.r.PostForm
	if response := form.Get("llave"); response != "" {
		state := v.site.sessions.PopString(ctx, askedKey)
		return v.site.Accounts.ProveKey(ctx, name, state, response, v.origin(), v.site.Organisation, source(v.r.RemoteAddr))
	}
	return v.site.Accounts.Prove(ctx, name, form.Get("codigo"), source(v.r.RemoteAddr))
}

// pending is an account whose password was right, and when.
type pending struct {
	Name, Back string
	At         int64
	There      *vouched `json:",omitempty"` // by which provider, instead of the password
}

// ask goes to the page that asks for the second factor of the log-in.
func (v *visit) ask(user access.User, back string, there *vouched) error {
	ctx := v.r.Context()
	if err := v.site.sessions.RenewToken(ctx); err != nil {
		return err
	}
	v.site.sessions.Remove(ctx, userKey)
	text, err := json.Marshal(pending{Name: user.Name, Back: back, At: v.site.Now().UnixMicro(), There: there})
	if err != nil {
		return err
	}
	v.site.sessions.Put(ctx, pendingKey, string(text))
	v.redirect(secondPath)
	return nil
}

// pendingUser is the account of which the second factor is asked.
func (v *visit) pendingUser() (access.User, pending, bool) {
	var p pending
	text := v.site.sessions.GetString(v.r.Context(), pendingKey)
	if text == "" || json.Unmarshal([]byte(text), &p) != nil {
		return access.User{}, p, false
	}
	if ago := v.site.Now().Sub(time.UnixMicro(p.At)); ago < 0 || ago >= pendingFor {
		return access.User{}, p, false
	}
	user, err := v.site.Accounts.User(v.r.Context(), p.Name)
	return user, p, err == nil
}

func (s *site) secondForm(v *visit) error {
	user, p, ok := v.pendingUser()
	if !ok {
		v.redirect("/entrar")
		return nil
	}
	page, err := v.makeProof(user, secondPath, p.Back)
	if err != nil {
		return err
	}
	return v.renderProof(page, v.T("second.title"))
}

func (v *visit) renderProof(page proofView, title string) error {
	return v.render(view{name: "segundo", title: title, data: page, script: page.Key != ""})
}

func (s *site) second(v *visit) error {
	user, p, ok := v.pendingUser()
	if !ok || !v.form() {
		v.redirect("/entrar")
		return nil
	}
	err := v.answered(user.Name)
	if problem, status := v.refusal(err); problem != "" {
		v.refusedFor(user.Name)
		page, err := v.makeProof(user, secondPath, p.Back)
		if err != nil {
			return err
		}
		v.status, page.Problem = status, problem
		return v.renderProof(page, v.T("second.title"))
	}
	if err != nil {
		return err
	}
	// Who logged in at the provider long ago proved only the second half now.
	return v.begin(user, p.Back, p.There == nil || v.recent(p.There.At), p.There)
}

func (s *site) confirmForm(v *visit) error {
	back := localPath(v.r.URL.Query().Get("volver"))
	switch {
	case !v.canProve():
		v.redirect(withBack(factorPath, back))
		return nil
	case v.proved():
		return v.goOn(back)
	}
	return v.renderConfirm(back, "")
}

// renderConfirm asks again who the visitor is: by password and second factor, or for an
// account of a provider there first and then by the second factor here.
func (v *visit) renderConfirm(back, problem string) error {
	if v.user.Via == access.OIDC && (!v.provedThere() || !v.user.Second()) {
		page := proofView{Action: confirmPath, Back: back, Name: v.user.Name, Problem: problem, There: "—"}
		if v.site.Provider != nil {
			page.There = v.site.Provider.Name()
		}
		return v.renderProof(page, v.T("confirm.title"))
	}
	page, err := v.makeProof(*v.user, confirmPath, back)
	if err != nil {
		return err
	}
	page.Password, page.Problem = v.user.Via != access.OIDC, problem
	return v.renderProof(page, v.T("confirm.title"))
}

func (s *site) confirm(v *visit) error {
	if v.r.ParseForm() != nil {
		return errUnreadable
	}
	back := localPath(v.r.PostForm.Get("volver"))
	err := v.answeredWhole()
	if problem, status := v.refusal(err); problem != "" {
		v.did, v.status = activity.Refused, status
		return v.renderConfirm(back, problem)
	}
	if err != nil {
		return err
	}
	if err := s.sessions.RenewToken(v.r.Context()); err != nil {
		return err
	}
	v.prove()
	return v.goOn(back)
}

// answeredWhole checks the password and the second factor of somebody who is logged in.
func (v *visit) answeredWhole() error {
	if !v.user.Second() {
		return access.ErrDenied
	}
	if v.user.Via == access.OIDC {
		if !v.provedThere() {
			return access.ErrDenied
		}
	} else {
		if _, err := v.site.Accounts.Authenticate(v.r.Context(), v.user.Name, v.r.PostForm.Get("clave"), source(v.r.RemoteAddr)); err != nil {
			return err
		}
	}
	return v.answered(v.user.Name)
}

// goOn goes back to where the proof was asked, by way of what waits for it.
func (v *visit) goOn(back string) error {
	if v.heldForm() != nil {
		back = withBack(confirmPath+"/seguir", back)
	}
	v.redirect(back)
	return nil
}

// heldView is the page that sends what waited.
type heldView struct {
	Path, Back string
	Fields     []heldField
}

type heldField struct{ Name, Value string }

// goOnForm shows what waited, to send it.
func (s *site) goOnForm(v *visit) error {
	kept := v.heldForm()
	if kept == nil {
		v.redirect(localPath(v.r.URL.Query().Get("volver")))
		return nil
	}
	page := heldView{Path: localPath(kept.Path), Back: localPath(v.r.URL.Query().Get("volver"))}
	var names []string
	for name := range kept.Form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range kept.Form[name] {
			page.Fields = append(page.Fields, heldField{name, value})
		}
	}
	return v.render(view{name: "seguir", title: v.T("goon.title"), data: page})
}
