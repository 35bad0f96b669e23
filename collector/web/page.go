package web

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"strings"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/activity"
)

//go:embed templates/*.html
var templates embed.FS

// pages are the templates by name, each with the frame around it.
type pages map[string]*template.Template

func loadPages() (pages, error) {
	frame, err := template.ParseFS(templates, "templates/marco.html", "templates/piezas.html")
	if err != nil {
		return nil, fmt.Errorf("frame of the pages: %w", err)
	}
	files, err := templates.ReadDir("templates")
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	out := pages{}
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), path.Ext(f.Name()))
		if name == "marco" || name == "piezas" {
			continue
		}
		t, err := frame.Clone()
		if err == nil {
			t, err = t.ParseFS(templates, "templates/"+f.Name())
		}
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
		out[name] = t
	}
	return out, nil
}

// visit is one request: who asks, in which language, and where the answer goes.
type visit struct {
	site *site
	w    http.ResponseWriter
	r    *http.Request
	tongue
	user   *access.User // nil without a session
	status int          // of the answer; 0 is 200

	// did, suspect and record are for the activity log: what was done when the method does not
	// say it, as whom without a session, and the record when the address does not say it.
	did             activity.Act
	suspect, record string

	// held are documents that a row names which the visitor may change.
	held map[string]bool
}

// newVisit begins the answer to a request.
func (s *site) newVisit(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{site: s, w: w, r: r}
	v.tongue = tongue{Lang: v.language(), words: s.words, zone: s.Zone, now: s.Now()}
	return v
}

func (v *visit) redirect(to string) { http.Redirect(v.w, v.r, to, http.StatusSeeOther) }

// view is what a page shows: its template, title, place in the menu and data.
type view struct {
	name, title, menu string
	data              any
	// script loads the one script that there is, which talks to security keys.
	script bool
}

// frame is what every template is given. Its methods are the templates' words.
type frame struct {
	tongue
	Organisation string
	Simulated    bool
	Version      string
	Title, Menu  string
	// Path is the page's own address, for the switch of language.
	Path  string
	User  *access.User
	Role  string
	Items []item
	// Lacks tells that whoever looks cannot sign yet, for want of a second factor.
	Lacks bool
	// Note is what was just done, told once.
	Note  string
	Style string
	Icon  string
	// Script is the address of the page's script; empty: it has none, like most.
	Script string
	Data   any
}

// Badge shows a status with its shape and word.
func (f frame) Badge(status checks.Status) badge {
	return badge{Status: status, Word: f.Label(status)}
}

// With gives a piece of a page its own data, and the frame's words.
func (f frame) With(data any) frame {
	f.Data = data
	return f
}

type badge struct {
	Status checks.Status
	Word   string
}

// render answers with a page. Nothing is sent before it is whole.
func (v *visit) render(p view) error {
	t, ok := v.site.pages[p.name]
	if !ok {
		return fmt.Errorf("no template %s", p.name)
	}
	f := frame{
		tongue: v.tongue, Organisation: v.site.Organisation, Simulated: v.site.Simulated, Version: v.site.Version, Title: p.title, Menu: p.menu,
		Path: localPath(v.r.URL.RequestURI()), User: v.user, Data: p.data,
		Style: v.site.assets.names["estilo.css"], Icon: v.site.assets.names["vigia.svg"],
	}
	if v.r.Method != http.MethodGet {
		f.Path = "/"
	}
	if p.script {
		f.Script = v.site.assets.names["llave.js"]
		v.w.Header().Set("Content-Security-Policy", keyContentPolicy)
	}
	if v.user != nil {
		f.Role = access.Roles()[v.user.Role].In(v.Lang)
		if v.user.Department != "" {
			f.Role += " · " + v.user.Department
		}
		f.Lacks = v.user.Role.Signs() && !v.canProve()
		f.Items = v.items()
		f.Note = v.site.sessions.PopString(v.r.Context(), noteKey)
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, "marco.html", f); err != nil {
		return fmt.Errorf("page %s: %w", p.name, err)
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(v.Lang))
	if v.status != 0 {
		v.w.WriteHeader(v.status)
	}
	if _, err := out.WriteTo(v.w); err != nil {
		v.site.Logger.Debug("client left", "err", err)
	}
	return nil
}

// OtherLang is the language one can change to.
func (f frame) OtherLang() message.Lang {
	if f.Lang == message.English {
		return message.Spanish
	}
	return message.English
}

// LangPath is where the switch of language leads.
func (f frame) LangPath() string {
	return "/idioma?" + url.Values{"lang": {string(f.OtherLang())}, "volver": {f.Path}}.Encode()
}

// errorView is the page of a problem.
type errorView struct{ Code, What, Do string }

// fail answers with the page of an error. What was wrong inside goes to the
// log and not to the reader.
func (v *visit) fail(err error) {
	key := "error.internal"
	v.status = http.StatusInternalServerError
	switch {
	case errors.Is(err, errNotFound):
		key, v.status = "error.missing", http.StatusNotFound
	case errors.Is(err, errUnreadable):
		key, v.status = "error.unreadable", http.StatusBadRequest
	case errors.Is(err, errForbidden):
		key, v.status = "error.forbidden", http.StatusForbidden
	case errors.Is(err, context.Canceled) && v.r.Context().Err() != nil:
		return // nobody waits for it any more
	default:
		v.site.Logger.Error("portal page failed", "path", v.r.URL.Path, "err", err)
	}
	page := errorView{Code: fmt.Sprint(v.status), What: v.T(key), Do: v.T(key + ".do")}
	if err := v.render(view{name: "error", title: page.What, data: page}); err != nil {
		v.site.Logger.Error("page of an error failed", "err", err)
		http.Error(v.w, http.StatusText(v.status), v.status)
	}
}
