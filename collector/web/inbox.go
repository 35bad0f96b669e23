package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/notify"
	"vigia/collector/storage"
)

// The inbox is everybody's own: what one must know, read and acknowledged. Whoever has no
// computer gets a printed notice, and the slip that comes back is recorded here.

// inboxRoutes are the addresses of notices.
func (s *site) inboxRoutes() []route {
	look, change := noticeRoles(), []access.Role{access.Administrator}
	return []route{
		{method: "GET", path: "/avisos", roles: anybody(), serve: s.inbox},
		{method: "GET", path: "/avisos/{id}", roles: anybody(), serve: s.notice},
		{method: "POST", path: "/avisos/{id}", roles: anybody(), body: maxUpload, serve: s.acknowledge},
		{method: "POST", path: "/avisos/direccion", roles: anybody(), serve: s.setReach},
		{method: "GET", path: "/avisos/ajustes", roles: look, serve: s.noticeSettings},
		{method: "POST", path: "/avisos/ajustes", roles: change, serve: s.setNoticeSettings},
		{method: "POST", path: "/avisos/ajustes/personas/{cuenta}", roles: change, serve: s.setPersonReach},
		{method: "POST", path: "/avisos/ajustes/prueba", roles: change, serve: s.testChannel},
		{method: "POST", path: "/avisos/entregas/{id}", roles: change, serve: s.retryDelivery},
	}
}

// noticeRoles see how notices are delivered, and record slips that come back.
func noticeRoles() []access.Role { return []access.Role{access.Administrator, access.Officer} }

// maxNotices are those of a page.
const maxNotices = 100

// noticeRow is a notice as it is shown.
type noticeRow struct {
	notify.Notice
	Title, Text string
	When        moment
	// Known tells when and how it was acknowledged.
	Known string
}

func (v *visit) noticeRow(n notify.Notice) noticeRow {
	row := noticeRow{Notice: n, Title: n.Subject.In(v.Lang), Text: n.Body.In(v.Lang), When: v.Moment(n.Told)}
	switch {
	case n.Acked.IsZero():
	case n.AckedVia == notify.ViaPaper:
		row.Known = v.T("inbox.known.paper", "when", v.Moment(n.Acked).Text, "who", n.AckedBy)
	default:
		row.Known = v.T("inbox.known", "when", v.Moment(n.Acked).Text)
	}
	return row
}

func (v *visit) noticeRows(all []notify.Notice) []noticeRow {
	out := make([]noticeRow, 0, len(all))
	for _, n := range all {
		out = append(out, v.noticeRow(n))
	}
	return out
}

// inboxView is the page of one's own notices.
type inboxView struct {
	Waiting, Past []noticeRow
	Settings      bool // the visitor may look at the settings
	Reach         notify.Reach
	Modes         []option
	Mail          bool // there is a mail server
	Problem       string
}

// option is a value of a list to choose from.
type option struct {
	Value, Name string
	Chosen      bool
}

// modes are the ways to get mail; own adds the role's.
func (v *visit) modes(chosen notify.Mode, role notify.Mode) []option {
	var out []option
	if role != "" {
		name := ""
		for _, m := range notify.Modes() {
			if m.Value == string(role) {
				name = strings.ToLower(m.Name.In(v.Lang))
			}
		}
		out = append(out, option{"", v.T("inbox.mode.role", "mode", name), chosen == ""})
	}
	for _, m := range notify.Modes() {
		out = append(out, option{m.Value, m.Name.In(v.Lang), m.Value == string(chosen)})
	}
	return out
}

// channel tells whether the configuration has one.
func (s *site) channel(name string) bool {
	return slices.ContainsFunc(s.Channels, func(c notify.Channel) bool { return c.Name() == name })
}

// unread counts what waits in the visitor's inbox.
func (v *visit) unread() int {
	if v.site.Notify == nil {
		return 0
	}
	n := 0
	if err := v.site.read(v.r.Context(), "the inbox", func(ctx context.Context, tx *storage.Tx) (err error) {
		n, err = v.site.Notify.Unacknowledged(ctx, tx, v.user.Name)
		return err
	}); err != nil {
		v.site.Logger.Warn("portal cannot count the notices", "err", err)
	}
	return n
}

func (s *site) inbox(v *visit) error { return v.renderInbox(inboxView{}) }

func (v *visit) renderInbox(page inboxView) error {
	s := v.site
	if s.Notify == nil {
		return errNotFound
	}
	var waiting, past []notify.Notice
	var set notify.Settings
	err := s.read(v.r.Context(), "the inbox", func(ctx context.Context, tx *storage.Tx) (err error) {
		if waiting, err = s.Notify.Inbox(ctx, tx, v.user.Name, false, maxNotices); err != nil {
			return err
		}
		if past, err = s.Notify.Inbox(ctx, tx, v.user.Name, true, maxNotices); err != nil {
			return err
		}
		if set, err = s.Notify.Settings(ctx, tx); err != nil {
			return err
		}
		reaches, err := s.Notify.Reaches(ctx, tx)
		if page.Problem == "" {
			page.Reach = reaches[v.user.Name]
		}
		return err
	})
	if err != nil {
		return err
	}
	page.Waiting, page.Past, page.Mail = v.noticeRows(waiting), v.noticeRows(past), s.channel(notify.Mail)
	page.Settings = slices.Contains(noticeRoles(), v.user.Role)
	role, ok := set.Modes[string(v.user.Role)]
	if !ok {
		role = notify.Each
	}
	page.Modes = v.modes(page.Reach.Mode, role)
	return v.render(view{name: "avisos", title: v.T("inbox.title"), menu: "/avisos", data: page})
}

// noticeView is the page of one notice.
type noticeView struct {
	noticeRow
	Own     bool
	Problem string
	Office  string
}

// whose is the account whose notice is asked for: one's own, or for those who record
// slips another's.
func (v *visit) whose(name string) (string, error) {
	if name == "" || name == v.user.Name {
		return v.user.Name, nil
	}
	if !slices.Contains(noticeRoles(), v.user.Role) {
		return "", errForbidden
	}
	return name, nil
}

func (v *visit) renderNotice(account, problem string) error {
	s := v.site
	id, err := strconv.ParseInt(v.r.PathValue("id"), 10, 64)
	if err != nil || s.Notify == nil {
		return errNotFound
	}
	var n notify.Notice
	err = s.read(v.r.Context(), "a notice", func(ctx context.Context, tx *storage.Tx) (err error) {
		n, err = s.Notify.Notice(ctx, tx, id, account)
		return err
	})
	if errors.Is(err, notify.ErrNoNotice) {
		return errNotFound
	}
	if err != nil {
		return err
	}
	page := noticeView{noticeRow: v.noticeRow(n), Own: account == v.user.Name, Problem: problem, Office: s.Organisation}
	if page.Own && n.Read.IsZero() {
		if err := s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
			return s.Notify.MarkRead(ctx, tx, id, account)
		}); err != nil {
			return err
		}
	}
	return v.render(view{name: "aviso", title: page.Title, menu: "/avisos", data: page})
}

func (s *site) notice(v *visit) error {
	account, err := v.whose(v.r.URL.Query().Get("cuenta"))
	if err != nil {
		return err
	}
	return v.renderNotice(account, "")
}

// acknowledge notes that one knows, or, with the scan of a signed slip, that another does.
func (s *site) acknowledge(v *visit) error {
	id, err := strconv.ParseInt(v.r.PathValue("id"), 10, 64)
	if err != nil || s.Notify == nil {
		return errNotFound
	}
	if !v.multipart() {
		v.status = http.StatusUnprocessableEntity
		return v.renderNotice(v.user.Name, v.T("document.problem.size", "mb", maxUpload>>20))
	}
	account, err := v.whose(v.r.PostForm.Get("cuenta"))
	if err != nil {
		return err
	}
	file, err := v.file("acuse")
	if err != nil {
		return err
	}
	if account != v.user.Name && file == nil {
		v.status = http.StatusUnprocessableEntity
		return v.renderNotice(account, v.T("inbox.problem.slip"))
	}
	err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
		slip := ""
		if account != v.user.Name {
			doc, err := v.keep(ctx, tx, file, "notice/"+strconv.FormatInt(id, 10)+"/"+account)
			if err != nil {
				return err
			}
			slip = doc.SHA256
		}
		return s.Notify.Acknowledge(ctx, tx, id, account, v.user.Name, slip)
	})
	switch {
	case errors.Is(err, notify.ErrNoNotice):
		return errNotFound
	case v.fileProblem(err) != "":
		v.status = http.StatusUnprocessableEntity
		return v.renderNotice(account, v.fileProblem(err))
	case err != nil:
		return err
	case account != v.user.Name:
		return v.done("/avisos/ajustes", v.T("inbox.done.slip", "who", account))
	}
	return v.done("/avisos", v.T("inbox.done"))
}

// reach reads how somebody is reached from a form.
func (v *visit) reach() (notify.Reach, bool) {
	address, ok := v.typed("correo")
	return notify.Reach{Address: address, Mode: notify.Mode(v.r.PostForm.Get("modo")), Lang: message.ParseLang(v.r.PostForm.Get("idioma")),
		Paper: v.r.PostForm.Get("papel") != ""}, ok
}

// setReach sets how oneself is reached. Whether one is given paper stays as it is.
func (s *site) setReach(v *visit) error {
	if s.Notify == nil {
		return errNotFound
	}
	if !v.form() {
		v.status = http.StatusUnprocessableEntity
		return v.renderInbox(inboxView{Problem: v.T("inbox.problem.address")})
	}
	reach, ok := v.reach()
	err := notify.ErrAddress
	if ok {
		err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
			old, err := s.Notify.Reaches(ctx, tx)
			if err != nil {
				return err
			}
			reach.Paper = old[v.user.Name].Paper
			return s.Notify.SetReach(ctx, tx, v.user.Name, reach)
		})
	}
	if errors.Is(err, notify.ErrAddress) || errors.Is(err, notify.ErrSettings) {
		v.status = http.StatusUnprocessableEntity
		return v.renderInbox(inboxView{Problem: v.T("inbox.problem.address"), Reach: reach})
	}
	if err != nil {
		return err
	}
	return v.done("/avisos", v.T("inbox.done.address"))
}
