package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/boombuler/barcode/qr"

	"vigia/collector/access"
	"vigia/collector/activity"
)

// accessRoutes are those by which people prove who they are, and look after their own
// account.
func (s *site) accessRoutes() []route {
	all := anybody()
	return []route{
		{method: "GET", path: secondPath, open: true, serve: s.secondForm},
		{method: "POST", path: secondPath, open: true, serve: s.second},
		{method: "GET", path: therePath, open: true, serve: s.goThere},
		{method: "GET", path: thereBackPath, open: true, serve: s.comeBack},
		{method: "GET", path: confirmPath, roles: all, serve: s.confirmForm},
		{method: "POST", path: confirmPath, roles: all, serve: s.confirm},
		{method: "GET", path: confirmPath + "/seguir", roles: all, fresh: true, serve: s.goOnForm},
		{method: "GET", path: "/acceso", roles: all, serve: s.own},
		{method: "POST", path: "/acceso/sesiones", roles: all, serve: s.endSessions},
		{method: "GET", path: "/acceso/clave", roles: all, serve: s.passwordForm},
		{method: "POST", path: "/acceso/clave", roles: all, serve: s.setPassword},
		{method: "GET", path: factorPath, roles: all, serve: s.factors},
		{method: "POST", path: factorPath + "/aplicacion", roles: all, serve: s.addTOTP},
		{method: "POST", path: factorPath + "/hoja", roles: all, serve: s.drawSheet},
		{method: "POST", path: factorPath + "/llave", roles: all, serve: s.addKey},
		{method: "POST", path: factorPath + "/llave/quitar", roles: all, fresh: true, serve: s.removeKey},
	}
}

// ownView is the page of one's own account.
type ownView struct {
	access.User
	Sessions []sessionRow
}

type sessionRow struct {
	access.Session
	Here bool
}

func (s *site) own(v *visit) error {
	sessions, err := s.Accounts.Sessions(v.r.Context(), v.user.Name)
	if err != nil {
		return err
	}
	page := ownView{User: *v.user}
	for _, one := range sessions {
		page.Sessions = append(page.Sessions, sessionRow{one, one.Token == v.token()})
	}
	return v.render(view{name: "acceso", title: v.T("own.title"), menu: "/acceso", data: page})
}

// token is that of the visitor's session, as it is kept.
func (v *visit) token() string {
	if before, ok := v.r.Context().Value(foundKey{}).(*access.Session); ok {
		return before.Token
	}
	return ""
}

func (s *site) endSessions(v *visit) error {
	if v.r.ParseForm() != nil {
		return errUnreadable
	}
	if err := s.Accounts.EndSessions(v.r.Context(), v.user.Name, v.r.PostForm.Get("sesion"), v.token()); err != nil {
		return err
	}
	return v.done("/acceso", v.T("own.sessions.ended"))
}

// passwordView is the page on which one replaces one's password.
type passwordView struct {
	Provisional bool
	Problem     string // in words
	Min         int
}

func (s *site) passwordForm(v *visit) error { return v.renderPassword("") }

func (v *visit) renderPassword(problem string) error {
	if problem != "" {
		v.status = http.StatusUnprocessableEntity
	}
	return v.render(view{name: "clave", title: v.T("password.title"), menu: "/acceso",
		data: passwordView{Provisional: v.user.Provisional, Problem: problem, Min: access.MinPassword}})
}

func (s *site) setPassword(v *visit) error {
	if v.r.ParseForm() != nil {
		return errUnreadable
	}
	ctx, form := v.r.Context(), v.r.PostForm
	if v.user.Via != "" {
		return v.renderPassword(v.T("password.elsewhere"))
	}
	if form.Get("clave_nueva") != form.Get("clave_otra") {
		return v.renderPassword(v.T("password.differ"))
	}
	if form.Get("clave_nueva") == form.Get("clave") {
		return v.renderPassword(v.T("password.same"))
	}
	_, err := s.Accounts.Authenticate(ctx, v.user.Name, form.Get("clave"), source(v.r.RemoteAddr))
	if problem, _ := v.refusal(err); problem != "" {
		return v.renderPassword(v.refusedPassword(problem))
	}
	if err != nil {
		return err
	}
	err = s.Accounts.SetPassword(ctx, v.user.Name, form.Get("clave_nueva"), v.user.Name, false)
	if errors.Is(err, access.ErrInput) {
		return v.renderPassword(v.T("password.weak", "n", access.MinPassword))
	}
	if err != nil {
		return err
	}
	// That ended all sessions, this one too: it goes on under another token.
	proved := v.proved()
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	s.sessions.Put(ctx, userKey, v.user.Name)
	back := "/acceso"
	if proved {
		v.prove()
	}
	if v.user.Provisional {
		back = "/"
		if v.user.Role.Signs() && !v.user.Second() {
			back = factorPath
		}
	}
	return v.done(back, v.T("password.done"))
}

// refusedPassword says why the password of now was not taken.
func (v *visit) refusedPassword(problem string) string {
	switch problem {
	case "denied":
		return v.T("password.denied")
	case "suspended":
		return v.T("login.suspended")
	default:
		return v.T("login.throttled")
	}
}

// factorsView is the page of one's second factors.
type factorsView struct {
	access.User
	Back    string
	Must    bool // the role signs, and there is none yet
	Ask     bool // the password is asked with each form: there is no factor yet to prove with
	Secret  string
	Picture qrPicture
	Keys    []access.Key
	KeyAsk  string // for the browser, to add a key; empty: not at this address
	Problem string
}

// Spaced is the secret in groups, to be typed.
func (f factorsView) Spaced() string {
	var out []string
	for group := range slices.Chunk([]byte(f.Secret), 4) {
		out = append(out, string(group))
	}
	return strings.Join(out, " ")
}

// totpKey is where a session keeps the secret that is not the account's yet.
const totpKey = "totp"

func (s *site) factors(v *visit) error {
	return v.renderFactors(factorsView{Back: localPath(v.r.URL.Query().Get("volver"))})
}

func (v *visit) renderFactors(page factorsView) error {
	s, ctx := v.site, v.r.Context()
	page.User = *v.user
	page.Must, page.Ask = v.user.Role.Signs() && !v.canProve(), !v.user.Second() && v.user.Via != access.OIDC
	page.Secret = s.sessions.GetString(ctx, totpKey)
	if page.Secret == "" {
		page.Secret = access.NewTOTP()
		s.sessions.Put(ctx, totpKey, page.Secret)
	}
	issuer := "Vigía"
	if s.Organisation != "" {
		issuer += " " + s.Organisation
	}
	picture, err := newQR(access.TOTPAddress(issuer, v.user.Name, page.Secret))
	if err != nil {
		return err
	}
	page.Picture = picture
	if page.Keys, err = s.Accounts.Keys(ctx, v.user.Name); err != nil {
		return err
	}
	options, state, err := s.Accounts.BeginKey(ctx, v.user.Name, v.origin(), s.Organisation)
	switch {
	case errors.Is(err, access.ErrNoKeys):
	case err != nil:
		return err
	default:
		page.KeyAsk = options
		s.sessions.Put(ctx, askedKey, state)
	}
	return v.render(view{name: "factores", title: v.T("factor.title"), menu: "/acceso", data: page, script: page.KeyAsk != ""})
}

// mayChange tells whether the visitor may change their second factors: by one they have,
// minutes ago, or while there is none by the password. When not, the page was answered.
func (v *visit) mayChange() (bool, error) {
	if v.r.ParseForm() != nil {
		return false, errUnreadable
	}
	back := localPath(v.r.PostForm.Get("volver"))
	if v.user.Second() {
		if v.proved() {
			return true, nil
		}
		v.redirect(withBack(confirmPath, withBack(factorPath, back)))
		return false, nil
	}
	if v.user.Via == access.OIDC {
		if v.provedThere() {
			return true, nil
		}
		v.redirect(withBack(therePath, withBack(factorPath, back)))
		return false, nil
	}
	_, err := v.site.Accounts.Authenticate(v.r.Context(), v.user.Name, v.r.PostForm.Get("clave"), source(v.r.RemoteAddr))
	problem, status := v.refusal(err)
	if problem == "" && err == nil {
		return true, nil
	}
	if problem == "" {
		return false, err
	}
	v.status, v.did = status, activity.Refused
	return false, v.renderFactors(factorsView{Back: back, Problem: problem})
}

// added goes on after the account got a second factor, which was proved by that.
func (v *visit) added(note string) error {
	back := localPath(v.r.PostForm.Get("volver"))
	v.prove()
	if back == "/" {
		back = factorPath
	}
	return v.done(back, note)
}

func (s *site) addTOTP(v *visit) error {
	may, err := v.mayChange()
	if err != nil || !may {
		return err
	}
	ctx := v.r.Context()
	secret := s.sessions.GetString(ctx, totpKey)
	if secret == "" {
		v.redirect(factorPath)
		return nil
	}
	err = s.Accounts.SetTOTP(ctx, v.user.Name, secret, v.r.PostForm.Get("codigo"), v.user.Name)
	if errors.Is(err, access.ErrDenied) {
		v.status = http.StatusUnprocessableEntity
		return v.renderFactors(factorsView{Back: localPath(v.r.PostForm.Get("volver")), Problem: "code"})
	}
	if err != nil {
		return err
	}
	s.sessions.Remove(ctx, totpKey)
	return v.added(v.T("factor.app.done"))
}

// drawSheet draws a sheet of codes and shows it, once.
func (s *site) drawSheet(v *visit) error {
	may, err := v.mayChange()
	if err != nil || !may {
		return err
	}
	codes, err := s.Accounts.NewCodes(v.r.Context(), v.user.Name, v.user.Name)
	if err != nil {
		return err
	}
	v.prove() // whoever reads the sheet has the factor
	return v.render(view{name: "hoja", title: v.T("sheet.title"), menu: "/acceso",
		data: sheetView{Codes: codes, Name: v.user.Name, Made: v.Moment(s.Now()), Back: localPath(v.r.PostForm.Get("volver"))}})
}

// sheetView is the printable sheet of codes.
type sheetView struct {
	Codes []string
	Name  string
	Made  moment
	Back  string
}

func (s *site) addKey(v *visit) error {
	may, err := v.mayChange()
	if err != nil || !may {
		return err
	}
	ctx, form := v.r.Context(), v.r.PostForm
	err = s.Accounts.FinishKey(ctx, v.user.Name, s.sessions.PopString(ctx, askedKey), form.Get("llave"), form.Get("nombre"), v.origin(), s.Organisation, v.user.Name)
	if errors.Is(err, access.ErrDenied) || errors.Is(err, access.ErrInput) || errors.Is(err, access.ErrNoKeys) {
		v.status = http.StatusUnprocessableEntity
		return v.renderFactors(factorsView{Back: localPath(form.Get("volver")), Problem: "key"})
	}
	if err != nil {
		return err
	}
	return v.added(v.T("factor.key.done"))
}

func (s *site) removeKey(v *visit) error {
	if v.r.ParseForm() != nil {
		return errUnreadable
	}
	if err := s.Accounts.RemoveKey(v.r.Context(), v.user.Name, v.r.PostForm.Get("llave"), v.user.Name); err != nil {
		return err
	}
	return v.done(factorPath, v.T("factor.key.removed"))
}

// qrPicture is a text as a QR code, to be drawn black on white in any scheme, for a camera
// reads it.
type qrPicture struct {
	Size int    // modules of a side, with the quiet ones around
	Path string // of the dark modules, as SVG has it
}

func newQR(text string) (qrPicture, error) {
	const quiet = 4
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return qrPicture{}, fmt.Errorf("QR code: %w", err)
	}
	n := code.Bounds().Dx()
	var path strings.Builder
	for y := range n {
		for x := range n {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	return qrPicture{Size: n + 2*quiet, Path: path.String()}, nil
}
