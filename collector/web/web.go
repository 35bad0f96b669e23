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
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"vigia/checks/catalog"
	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/access"
	"vigia/collector/activity"
	"vigia/collector/compare"
	"vigia/collector/decisions"
	"vigia/collector/documents"
	"vigia/collector/enroll"
	"vigia/collector/findings"
	"vigia/collector/incidents"
	"vigia/collector/notify"
	"vigia/collector/registers"
	"vigia/collector/report"
	"vigia/collector/reviews"
	"vigia/collector/storage"
	"vigia/collector/worktime"
)

// Database gives snapshots and transactions; *storage.DB is one.
type Database interface {
	Read(ctx context.Context, fn func(ctx context.Context, tx *storage.Tx) error) error
	Write(ctx context.Context, fn func(ctx context.Context, tx *storage.Tx) error) error
}

// Options are what the portal is made from.
type Options struct {
	// Organisation is the name at the head of each page; it may be empty.
	Organisation string
	// Simulated tells that nothing the portal shows is real: every page says so.
	Simulated bool
	// Zone is where days and quarters begin; nil means UTC.
	Zone *time.Location

	DB       Database
	Accounts *access.Store
	// Provider lets people log in elsewhere; nil: nobody does. Directory tells that there is
	// one which has passwords of accounts.
	Provider  access.Provider
	Directory bool
	// Activity takes note of what everybody does; nil: nobody does.
	Activity  *activity.Log
	Enroll    *enroll.Store
	Findings  *findings.Store
	Registers *registers.Store
	Documents *documents.Store
	Decisions *decisions.Store
	Incidents *incidents.Store
	Catalog   *catalog.Catalog
	Laws      policy.LawBook
	// Compare proposes rows of books from what was measured; nil: nothing is proposed.
	Compare *compare.Store
	// Books are all registers, in the order in which they are shown.
	Books []*registers.Book
	// Search finds what the search of the frame knows beside machines, controls and books,
	// in the order in which it is shown.
	Search []Searcher
	// Reviews keeps the acts, OpenReview freezes the numbers of a quarter for a new one.
	Reviews    *reviews.Store
	OpenReview func(ctx context.Context, period reviews.Period, who registers.Act) (*reviews.Act, error)
	// Packages makes the packages of acts; nil: none can be made.
	Packages Packages
	// LogKey is the fingerprint of the evidence log's key, as it stands on paper.
	LogKey string
	// Packs are those in force, which may change while the portal runs.
	Packs func(ctx context.Context, tx *storage.Tx) ([]Pack, error)

	// Worktime is the organisation's calendar, Chosen the packs that hold for it, with their
	// terms. Nil: an office without holidays, and no pack.
	Worktime func(ctx context.Context, tx *storage.Tx) (worktime.Calendar, error)
	Chosen   func(ctx context.Context, tx *storage.Tx) ([]policy.Pack, error)

	// Notify keeps the inboxes; nil: there are none. Channels carry notices out of the portal,
	// People have an account in use.
	Notify   *notify.Store
	Channels []notify.Channel
	People   func(ctx context.Context) ([]notify.Person, error)

	// Handover makes the package of a change of administration; nil: nobody does.
	Handover Handover

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
	s := newSite(opts)
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

// newSite fills in what the options leave open.
func newSite(opts Options) *site {
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
	if s.Worktime == nil {
		s.Worktime = func(context.Context, *storage.Tx) (worktime.Calendar, error) { return worktime.Office(s.Zone), nil }
	}
	if s.Chosen == nil {
		s.Chosen = func(context.Context, *storage.Tx) ([]policy.Pack, error) { return nil, nil }
	}
	for _, lang := range message.Langs() {
		s.voices[lang] = report.NewVoice(lang, opts.Catalog)
	}
	return s
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
	// fresh: only within minutes of proving with password and second factor who one is.
	// Whoever did not is led to do so, and back.
	fresh bool
	body  int64 // most bytes of what is sent; 0 is maxBody
	serve func(*visit) error
}

// routes is the table of all addresses but the static files. Looking is for
// every role; what changes something names its roles one by one.
func (s *site) routes() []route {
	bound := departmental()
	return slices.Concat(
		s.reviewRoutes(),
		s.calendarRoutes(),
		s.admissionRoutes(),
		s.inboxRoutes(),
		s.handoverRoutes(),
		s.bookRoutes(),
		s.proposalRoutes(),
		s.documentRoutes(),
		s.incidentRoutes(),
		s.queueRoutes(),
		s.planRoutes(),
		s.arcoRoutes(),
		s.receiptRoutes(),
		s.declarationRoutes(),
		s.accessRoutes(),
		s.accountRoutes(),
		s.activityRoutes(),
		[]route{
			{method: "GET", path: "/{$}", roles: anybody(), serve: s.home},
			{method: "GET", path: "/equipos", roles: bound, serve: s.machines},
			{method: "GET", path: "/equipos/{id}", roles: bound, serve: s.machine},
			{method: "GET", path: "/controles", roles: bound, serve: s.controls},
			{method: "GET", path: "/controles/{id}", roles: bound, serve: s.control},
			{method: "GET", path: "/ayuda", roles: anybody(), serve: s.help},
			{method: "POST", path: "/salir", roles: anybody(), serve: s.logOut},
			{method: "GET", path: "/entrar", open: true, serve: s.logInForm},
			{method: "POST", path: "/entrar", open: true, serve: s.logIn},
			{method: "GET", path: "/idioma", open: true, serve: s.setLang},
			{method: "GET", path: "/salud", open: true, serve: s.health},
		})
}

// everybody are the roles that see the whole organisation, so all but those who speak for
// a department or look at one matter.
func everybody() []access.Role {
	return []access.Role{access.Officer, access.Head, access.Director, access.Administrator, access.Auditor, access.Committee, access.Control}
}

// departmental are those of everybody and the liaisons, whose department the page itself
// keeps to: by visit.department and visit.sees.
func departmental() []access.Role { return append(everybody(), access.Liaison) }

// anybody are all roles.
func anybody() []access.Role { return slices.Sorted(maps.Keys(access.Roles())) }

func (s *site) handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		mux.Handle(r.method+" "+r.path, s.guard(r))
	}
	mux.Handle("/", s.guard(route{open: true, serve: func(*visit) error { return errNotFound }}))
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(s.guard(route{open: true, serve: func(*visit) error { return errForbidden }}))
	pages := remembering(s.sessions.LoadAndSave(cross.Handler(mux)))

	outer := http.NewServeMux()
	outer.Handle("GET "+assetsPath, s.assets)
	outer.Handle("/", limits(pages))
	return secured(outer)
}

// Errors that have a page of their own; any other is a 500.
var (
	errNotFound  = errors.New("no such page")
	errForbidden = errors.New("not for this role")
	// errUnreadable is a form that is none, or too large.
	errUnreadable = errors.New("what was sent cannot be read")
)

// guard admits to a route and turns its error into a page.
func (s *site) guard(r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		v := s.newVisit(w, req)
		v.w = &witness{ResponseWriter: w, v: v, route: r}
		req.Body = http.MaxBytesReader(w, req.Body, cmp.Or(r.body, maxBody))
		if err := v.admit(r); err != nil {
			v.fail(err)
		}
	})
}

// admit serves the route to whoever may use it, and leads the others to where they can see to
// it that they may.
func (v *visit) admit(r route) error {
	if err := v.identify(); err != nil {
		return err
	}
	switch {
	case r.open:
		return r.serve(v)
	case v.user == nil:
		v.redirect(logInPath(v.r))
		return nil
	case v.user.Provisional && !slices.Contains([]string{"/acceso/clave", "/salir"}, r.path):
		v.redirect("/acceso/clave")
		return nil
	case !slices.Contains(r.roles, v.user.Role), v.user.Role.Bound() && v.user.Department == "":
		return errForbidden
	case r.fresh && !v.proved():
		return v.lead()
	}
	if r.fresh && v.r.Method != http.MethodGet {
		v.site.sessions.Remove(v.r.Context(), heldKey) // what was kept is done now
	}
	return r.serve(v)
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
