package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"vigia/collector/access"
	"vigia/collector/notify"
	"vigia/collector/storage"
)

// noticeSettingsView is the page of how notices are delivered.
type noticeSettingsView struct {
	May      bool // change something
	Problem  string
	Channels []channelRow
	Lost     []lostRow // given up
	Waiting  []lostRow // on their way, after a trouble
	Roles    []roleRow
	Quiet    bool
	Hours    int
	People   []personRow
	Paper    []noticeRow // to print, or whose slip did not come back
}

// channelRow is a channel and how it does.
type channelRow struct {
	Name    string
	Value   string
	There   bool   // in the configuration
	Status  string // pass, warn, fail or none, for the shape
	Says    string
	Trouble string
	Mail    bool
}

// lostRow is a delivery that did not arrive yet.
type lostRow struct {
	ID                 int64
	Title, By, To, Why string
	When, Next         moment
}

type roleRow struct {
	Role, Name string
	Modes      []option
}

type personRow struct {
	Account, Role string
	Reach         notify.Reach
	Modes         []option
}

func (s *site) noticeSettings(v *visit) error { return v.renderNoticeSettings("") }

func (v *visit) refuseSettings(problem string) error {
	v.status = http.StatusUnprocessableEntity
	return v.renderNoticeSettings(problem)
}

func (v *visit) renderNoticeSettings(problem string) error {
	s, ctx := v.site, v.r.Context()
	if s.Notify == nil {
		return errNotFound
	}
	people, err := s.People(ctx)
	if err != nil {
		return err
	}
	var set notify.Settings
	var reaches map[string]notify.Reach
	var states []notify.ChannelState
	var lost, waiting []notify.Delivery
	var paper []notify.Notice
	err = s.read(ctx, "the settings of notices", func(ctx context.Context, tx *storage.Tx) (err error) {
		if set, err = s.Notify.Settings(ctx, tx); err != nil {
			return err
		}
		if reaches, err = s.Notify.Reaches(ctx, tx); err != nil {
			return err
		}
		if states, err = s.Notify.Channels(ctx, tx, notify.ChannelNames()); err != nil {
			return err
		}
		if lost, err = s.Notify.Find(ctx, tx, []notify.State{notify.GivenUp}, maxNotices); err != nil {
			return err
		}
		if waiting, err = s.Notify.Find(ctx, tx, []notify.State{notify.Waiting}, maxNotices); err != nil {
			return err
		}
		paper, err = s.Notify.OnPaper(ctx, tx, maxNotices)
		return err
	})
	if err != nil {
		return err
	}
	waiting = slices.DeleteFunc(waiting, func(d notify.Delivery) bool { return d.Trouble.Code == "" })
	page := noticeSettingsView{May: v.user.Role == access.Administrator, Problem: problem, Quiet: set.Quiet, Hours: set.EscalateHours,
		Lost: v.lostRows(lost), Waiting: v.lostRows(waiting), Paper: v.noticeRows(paper)}
	for _, state := range states {
		page.Channels = append(page.Channels, v.channelRow(state))
	}
	for _, role := range anybody() {
		mode, ok := set.Modes[string(role)]
		if !ok {
			mode = notify.Each
		}
		page.Roles = append(page.Roles, roleRow{string(role), access.Roles()[role].In(v.Lang), v.modes(mode, "")})
	}
	for _, p := range people {
		mode, ok := set.Modes[p.Role]
		if !ok {
			mode = notify.Each
		}
		page.People = append(page.People, personRow{p.Account, access.Roles()[access.Role(p.Role)].In(v.Lang), reaches[p.Account], v.modes(reaches[p.Account].Mode, mode)})
	}
	return v.render(view{name: "avisos_ajustes", title: v.T("notices.title"), menu: "/avisos", data: page})
}

// channelRow says how a channel does.
func (v *visit) channelRow(c notify.ChannelState) channelRow {
	row := channelRow{Name: notify.ChannelName(c.Channel).In(v.Lang), Value: c.Channel, There: v.site.channel(c.Channel), Mail: c.Channel == notify.Mail}
	switch {
	case !row.There:
		row.Status, row.Says = "none", v.T("notices.channel.off")
	case c.Trouble.Code != "":
		row.Status, row.Says = "fail", v.T("notices.channel.trouble", "n", c.Waiting, "when", v.Moment(c.Tried).Text)
		row.Trouble = c.Trouble.Say(v.Lang)
	case c.Delivered.IsZero():
		row.Status, row.Says = "unknown", v.T("notices.channel.untried")
	default:
		row.Status, row.Says = "pass", v.T("notices.channel.fine", "when", v.Moment(c.Delivered).Text)
	}
	return row
}

func (v *visit) lostRows(all []notify.Delivery) []lostRow {
	var out []lostRow
	for _, d := range all {
		out = append(out, lostRow{ID: d.ID, Title: d.Subject.In(v.Lang), By: notify.ChannelName(d.Channel).In(v.Lang), To: d.Recipient,
			Why: d.Trouble.Say(v.Lang), When: v.Moment(d.Tried), Next: v.Moment(d.Next)})
	}
	return out
}

// setNoticeSettings puts in force what holds for all.
func (s *site) setNoticeSettings(v *visit) error {
	if s.Notify == nil {
		return errNotFound
	}
	if !v.form() {
		return v.refuseSettings(v.T("admissions.problem.form"))
	}
	hours, err := strconv.Atoi(v.r.PostForm.Get("horas"))
	if err != nil {
		return v.refuseSettings(v.T("notices.problem.hours"))
	}
	set := notify.Settings{Quiet: v.r.PostForm.Get("silencio") != "", EscalateHours: hours, Modes: map[string]notify.Mode{}}
	for _, role := range anybody() {
		set.Modes[string(role)] = notify.Mode(v.r.PostForm.Get("modo-" + string(role)))
	}
	err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
		return s.Notify.SetSettings(ctx, tx, set, v.user.Name)
	})
	if errors.Is(err, notify.ErrSettings) {
		return v.refuseSettings(v.T("notices.problem.hours"))
	}
	if err != nil {
		return err
	}
	return v.done("/avisos/ajustes", v.T("notices.done"))
}

// setPersonReach sets how a person is reached.
func (s *site) setPersonReach(v *visit) error {
	if s.Notify == nil {
		return errNotFound
	}
	account := v.r.PathValue("cuenta")
	people, err := s.People(v.r.Context())
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(people, func(p notify.Person) bool { return p.Account == account }) {
		return errNotFound
	}
	if !v.form() {
		return v.refuseSettings(v.T("admissions.problem.form"))
	}
	reach, ok := v.reach()
	err = notify.ErrAddress
	if ok {
		err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error {
			old, err := s.Notify.Reaches(ctx, tx)
			if err != nil {
				return err
			}
			reach.Lang = old[account].Lang // a person's own
			return s.Notify.SetReach(ctx, tx, account, reach)
		})
	}
	if errors.Is(err, notify.ErrAddress) || errors.Is(err, notify.ErrSettings) {
		return v.refuseSettings(account + ": " + v.T("inbox.problem.address"))
	}
	if err != nil {
		return err
	}
	return v.done("/avisos/ajustes", v.T("notices.done.person", "who", account))
}

// testChannel sends a test message and tells what happened.
func (s *site) testChannel(v *visit) error {
	if s.Notify == nil {
		return errNotFound
	}
	if !v.form() {
		return v.refuseSettings(v.T("admissions.problem.form"))
	}
	name := v.r.PostForm.Get("medio")
	i := slices.IndexFunc(s.Channels, func(c notify.Channel) bool { return c.Name() == name })
	if i < 0 {
		return v.refuseSettings(v.T("notices.problem.channel"))
	}
	to, ok := v.typed("correo")
	if name == notify.Mail && (!ok || notify.CheckAddress(to) != nil) {
		return v.refuseSettings(v.T("inbox.problem.address"))
	}
	err := notify.Test(v.r.Context(), s.Channels[i], to, s.Now())
	if trouble, ok := errors.AsType[*notify.Trouble](err); ok {
		return v.refuseSettings(v.T("notices.test.bad") + " " + trouble.Say(v.Lang))
	}
	if err != nil {
		return err
	}
	if name == notify.Mail {
		return v.done("/avisos/ajustes", v.T("notices.test.mail", "to", to))
	}
	return v.done("/avisos/ajustes", v.T("notices.test.sent"))
}

// retryDelivery puts on its way again what was given up.
func (s *site) retryDelivery(v *visit) error {
	id, err := strconv.ParseInt(v.r.PathValue("id"), 10, 64)
	if err != nil || s.Notify == nil {
		return errNotFound
	}
	err = s.DB.Write(v.r.Context(), func(ctx context.Context, tx *storage.Tx) error { return s.Notify.Retry(ctx, tx, id) })
	if errors.Is(err, notify.ErrNoDelivery) {
		return errNotFound
	}
	if err != nil {
		return err
	}
	return v.done("/avisos/ajustes", v.T("notices.done.retry"))
}
