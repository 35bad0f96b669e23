// Package web is the portal: pages that officials read in a browser.
//
// Every page is made on the server from the views of the other parts, in one
// snapshot, and needs no script. The package reads, and writes nothing but the
// attempts of a log-in, which access counts, and what an administrator decides
// about admissions, which enroll keeps; it judges nothing again, and a page of
// one machine or control has an address that one can send.
//
// Always true: without a session there is nothing but the log-in, the health
// probe and the files of the pages' looks; a page loads nothing from elsewhere
// and is kept in no cache; what is not known is never drawn as if it were good;
// a status is told by a word and a shape, not by its colour alone.
package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"vigia/checks/catalog"
	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/access"
	"vigia/collector/enroll"
	"vigia/collector/findings"
	"vigia/collector/report"
	"vigia/collector/storage"
)

// Database gives snapshots and transactions; *storage.DB is one.
type Database interface {
	Read(ctx context.Context, fn func(ctx context.Context, tx *storage.Tx) error) error
	Write(ctx context.Context, fn func(ctx context.Context, tx *storage.Tx) error) error
}

// Accounts knows who may log in; *access.Store is one.
type Accounts interface {
	Authenticate(ctx context.Context, name, password, source string) (access.User, error)
	User(ctx context.Context, name string) (access.User, error)
}

// Options are what the portal is made from.
type Options struct {
	// Organisation is the name at the head of each page; it may be empty.
	Organisation string
	// Zone is where days and quarters begin; nil means UTC.
	Zone *time.Location

	DB       Database
	Accounts Accounts
	Enroll   *enroll.Store
	Findings *findings.Store
	Catalog  *catalog.Catalog
	Laws     policy.LawBook
	// Packs are those in force, which may change while the portal runs.
	Packs func(ctx context.Context, tx *storage.Tx) ([]Pack, error)

	// Agents is where agents reach the collector, as HOST:PORT; it may be empty.
	Agents string

	// Now is the clock; nil means time.Now. Logger may be nil. Version stands
	// at the foot of the pages.
	Now     func() time.Time
	Logger  *slog.Logger
	Version string
}

// Pack is a pack in force and where it is from.
type Pack struct {
	policy.Pack
	// Signer published it, Imported is when it was imported; zero for one of the program.
	Signer   string
	Imported time.Time
	// Chosen: the organisation's machines are measured by it.
	Chosen bool
}

// New returns the portal. It must be served over TLS: browsers send its
// cookies over nothing else.
func New(opts Options) (http.Handler, error) {
	if opts.DB == nil || opts.Accounts == nil || opts.Enroll == nil || opts.Findings == nil || opts.Catalog == nil || opts.Packs == nil {
		return nil, errors.New("the portal needs a database, accounts, machines, findings, a catalogue and packs")
	}
	s := &site{Options: opts, words: words(), voices: map[message.Lang]report.Voice{}}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Zone == nil {
		s.Zone = time.UTC
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	for _, lang := range message.Langs() {
		s.voices[lang] = report.NewVoice(lang, opts.Catalog)
	}
	s.sessions = newSessions(s)
	var err error
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if s.pages, err = loadPages(); err != nil {
		return nil, err
	}
	return s.handler(), nil
}

// Limits of one request and of the server.
const (
	maxBody     = 128 << 10 // bytes of a form: as many machines as are told apart at once
	maxHeader   = 32 << 10  // bytes
	pageTime    = 15 * time.Second
	headerTime  = 10 * time.Second
	requestTime = 30 * time.Second
	idleTime    = 2 * time.Minute
)

// Server returns an HTTPS server for the portal, with limits on what a client
// may send and for how long. The caller listens, serves and shuts it down.
func Server(portal http.Handler, config *tls.Config, logger *slog.Logger) *http.Server {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &http.Server{
		Handler: portal, TLSConfig: config, MaxHeaderBytes: maxHeader,
		ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, WriteTimeout: requestTime, IdleTimeout: idleTime,
		// Debug: scanners and browsers that distrust the certificate fill it.
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

// site is the portal. Nothing of it changes after New but the sessions.
type site struct {
	Options

	words    message.Catalogue
	voices   map[message.Lang]report.Voice
	sessions *sessions
	assets   assets
	pages    pages
}

// route is one address. Roles are who may use it; Open means everybody, logged
// in or not.
type route struct {
	method, path string
	open         bool
	roles        []access.Role
	serve        func(*visit) error
}

// routes is the table of all addresses but the static files. Looking is for
// every role; what changes something names its roles one by one.
func (s *site) routes() []route {
	all := []access.Role{access.Officer, access.Director, access.Administrator, access.Auditor}
	return append(s.admissionRoutes(), []route{
		{method: "GET", path: "/{$}", roles: all, serve: s.overview},
		{method: "GET", path: "/equipos", roles: all, serve: s.machines},
		{method: "GET", path: "/equipos/{id}", roles: all, serve: s.machine},
		{method: "GET", path: "/controles", roles: all, serve: s.controls},
		{method: "GET", path: "/controles/{id}", roles: all, serve: s.control},
		{method: "GET", path: "/ayuda", roles: all, serve: s.help},
		{method: "POST", path: "/salir", roles: all, serve: s.logOut},
		{method: "GET", path: "/entrar", open: true, serve: s.logInForm},
		{method: "POST", path: "/entrar", open: true, serve: s.logIn},
		{method: "GET", path: "/idioma", open: true, serve: s.setLang},
		{method: "GET", path: "/salud", open: true, serve: s.health},
	}...)
}

func (s *site) handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		mux.Handle(r.method+" "+r.path, s.guard(r))
	}
	mux.Handle("/", s.guard(route{open: true, serve: func(*visit) error { return errNotFound }}))
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(s.guard(route{open: true, serve: func(*visit) error { return errForbidden }}))
	pages := s.sessions.LoadAndSave(cross.Handler(mux))

	outer := http.NewServeMux()
	outer.Handle("GET "+assetsPath, s.assets)
	outer.Handle("/", limits(pages))
	return secured(outer)
}

// Errors that have a page of their own; any other is a 500.
var (
	errNotFound  = errors.New("no such page")
	errForbidden = errors.New("not for this role")
)

// guard admits to a route and turns its error into a page.
func (s *site) guard(r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		v := s.newVisit(w, req)
		err := v.identify()
		switch {
		case err != nil:
		case r.open:
			err = r.serve(v)
		case v.user == nil:
			v.redirect(logInPath(req))
			return
		case !slices.Contains(r.roles, v.user.Role):
			err = errForbidden
		default:
			err = r.serve(v)
		}
		if err != nil {
			v.fail(err)
		}
	})
}

// health answers a probe: 200 when the database can be read. It says nothing
// about the organisation.
func (s *site) health(v *visit) error {
	err := s.DB.Read(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
		_, err := s.Enroll.Machine(ctx, tx, "none")
		if errors.Is(err, enroll.ErrNoMachine) {
			return nil
		}
		return err
	})
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err != nil {
		s.Logger.Error("portal cannot read the database", "err", err)
		v.w.WriteHeader(http.StatusServiceUnavailable)
		_, err = fmt.Fprintln(v.w, "error")
	} else {
		_, err = fmt.Fprintln(v.w, "ok")
	}
	if err != nil {
		s.Logger.Debug("client left", "err", err)
	}
	return nil
}
