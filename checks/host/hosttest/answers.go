package hosttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/checks/host"
)

// asked is one question to a facet that has no section of its own in
// recording.json, with its answer.
type asked struct {
	// Ask names the question, About what it was about: a path, a class, a channel.
	Ask    string          `json:"ask"`
	About  string          `json:"about,omitempty"`
	Answer json.RawMessage `json:"answer,omitempty"`
	Error  errorCode       `json:"error,omitempty"`
	// IDs and Since bound what was asked of an event channel; empty for all of it.
	IDs   []uint32  `json:"ids,omitempty"`
	Since time.Time `json:"since,omitzero"`
}

// The questions.
const (
	askAccess       = "access"
	askInstances    = "instances"
	askEvents       = "events"
	askAuditPolicy  = "audit_policy"
	askServices     = "services"
	askProcesses    = "processes"
	askSessions     = "sessions"
	askWakeRequests = "wake_requests"
	askClock        = "clock"
	askListeners    = "listeners"
	askPacketFilter = "packet_filter"
	askMedia        = "media"
	askSearch       = "search"
)

// shapes decode the answer of each question, strictly.
var shapes = map[string]func(json.RawMessage) error{
	askAccess:       shape[host.Access],
	askInstances:    shape[[]host.Instance],
	askEvents:       shape[host.EventLog],
	askAuditPolicy:  shape[host.AuditSetting],
	askServices:     shape[[]host.Service],
	askProcesses:    shape[[]host.Process],
	askSessions:     shape[[]host.Session],
	askWakeRequests: shape[[]host.WakeRequest],
	askClock:        shape[host.Clock],
	askListeners:    shape[[]host.Listener],
	askPacketFilter: shape[host.PacketFilter],
	askMedia:        shape[host.MediaLog],
	askSearch:       shape[[]host.DirectoryEntry],
}

func shape[T any](raw json.RawMessage) error {
	_, err := decodeAnswer[T](raw)
	return err
}

func decodeAnswer[T any](raw json.RawMessage) (T, error) {
	var v T
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.DisallowUnknownFields()
	err := dec.Decode(&v)
	return v, err
}

// check tells what is wrong with a recorded answer.
func (a asked) check() error {
	decode, ok := shapes[a.Ask]
	switch {
	case !ok:
		return fmt.Errorf("unknown question %q", a.Ask)
	case (a.Answer == nil) == (a.Error == ""):
		return fmt.Errorf(`%s %s: want either "answer" or "error"`, a.Ask, a.About)
	case a.Error != "":
		return a.Error.check()
	}
	if err := decode(a.Answer); err != nil {
		return fmt.Errorf("%s %s: %w", a.Ask, a.About, err)
	}
	return nil
}

// replayAnswers answers the facets of the questions above.
type replayAnswers struct{ answers []asked }

// find returns the answer to a question; letter case does not tell apart what it is
// about, since Windows makes none.
func (r replayAnswers) find(ask, about string) (asked, bool) {
	i := slices.IndexFunc(r.answers, func(a asked) bool { return a.Ask == ask && strings.EqualFold(a.About, about) })
	if i < 0 {
		return asked{}, false
	}
	return r.answers[i], true
}

func replayed[T any](ctx context.Context, r replayAnswers, ask, about string) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	a, ok := r.find(ask, about)
	if !ok {
		return none, fmt.Errorf("%s %s: %w", ask, about, host.ErrNotRecorded)
	}
	if err := a.Error.err(); err != nil {
		return none, fmt.Errorf("%s %s: %w", ask, about, err)
	}
	return decodeAnswer[T](a.Answer)
}

// Access implements host.Permissions.
func (r replayAnswers) Access(ctx context.Context, path string) (host.Access, error) {
	return replayed[host.Access](ctx, r, askAccess, path)
}

// Instances implements host.Management. An instance has the properties that were
// recorded, whichever are asked for.
func (r replayAnswers) Instances(ctx context.Context, namespace, class string, _ ...string) ([]host.Instance, error) {
	return replayed[[]host.Instance](ctx, r, askInstances, namespace+":"+class)
}

// Events implements host.Events. What the recording did not ask about, or not as far
// back, is not known.
func (r replayAnswers) Events(ctx context.Context, q host.EventQuery) (host.EventLog, error) {
	log, err := replayed[host.EventLog](ctx, r, askEvents, q.Channel)
	if err != nil {
		return host.EventLog{}, err
	}
	a, _ := r.find(askEvents, q.Channel)
	if !a.Since.IsZero() && q.Since.Before(a.Since) ||
		len(a.IDs) > 0 && slices.ContainsFunc(q.IDs, func(id uint32) bool { return !slices.Contains(a.IDs, id) }) {
		return host.EventLog{}, fmt.Errorf("%s %s: %w", askEvents, q.Channel, host.ErrNotRecorded)
	}
	log.Events = slices.DeleteFunc(log.Events, func(e host.Event) bool {
		return e.Time.Before(q.Since) || !slices.Contains(q.IDs, e.ID)
	})
	slices.SortStableFunc(log.Events, func(a, b host.Event) int { return b.Time.Compare(a.Time) })
	if len(log.Events) > q.Max {
		log.Events, log.More = log.Events[:q.Max], true
	}
	for i := range log.Events {
		data := make(map[string]string)
		for _, name := range q.Data {
			if v, ok := log.Events[i].Data[name]; ok {
				if v, ok = q.Told(name, v); ok {
					data[name] = v
				}
			}
		}
		log.Events[i].Data = data
	}
	return log, nil
}

// AuditPolicy implements host.Events.
func (r replayAnswers) AuditPolicy(ctx context.Context, subcategory string) (host.AuditSetting, error) {
	return replayed[host.AuditSetting](ctx, r, askAuditPolicy, subcategory)
}

// Services implements host.Running.
func (r replayAnswers) Services(ctx context.Context) ([]host.Service, error) {
	return replayed[[]host.Service](ctx, r, askServices, "")
}

// Processes implements host.Running.
func (r replayAnswers) Processes(ctx context.Context) ([]host.Process, error) {
	return replayed[[]host.Process](ctx, r, askProcesses, "")
}

// Sessions implements host.Running.
func (r replayAnswers) Sessions(ctx context.Context) ([]host.Session, error) {
	return replayed[[]host.Session](ctx, r, askSessions, "")
}

// WakeRequests implements host.Running.
func (r replayAnswers) WakeRequests(ctx context.Context) ([]host.WakeRequest, error) {
	return replayed[[]host.WakeRequest](ctx, r, askWakeRequests, "")
}

// Clock implements host.Running.
func (r replayAnswers) Clock(ctx context.Context) (host.Clock, error) {
	return replayed[host.Clock](ctx, r, askClock, "")
}

// Listeners implements host.Network.
func (r replayAnswers) Listeners(ctx context.Context) ([]host.Listener, error) {
	return replayed[[]host.Listener](ctx, r, askListeners, "")
}

// PacketFilter implements host.Network.
func (r replayAnswers) PacketFilter(ctx context.Context) (host.PacketFilter, error) {
	return replayed[host.PacketFilter](ctx, r, askPacketFilter, "")
}

// Media implements host.Media.
func (r replayAnswers) Media(ctx context.Context) (host.MediaLog, error) {
	return replayed[host.MediaLog](ctx, r, askMedia, "")
}

// Search implements host.Directory.
func (r replayAnswers) Search(ctx context.Context, q host.DirectoryQuery) ([]host.DirectoryEntry, error) {
	return replayed[[]host.DirectoryEntry](ctx, r, askSearch, searchKey(q))
}

// searchKey writes a search as one line: what a person writes into a recording.
func searchKey(q host.DirectoryQuery) string { return q.Scope + " " + q.Base + " " + q.Filter }

// recordAnswers asks the recorded machine and keeps the answers.
type recordAnswers struct{ r *Recorder }

// recorded keeps one answer; an error that says nothing about the machine is not kept.
func recorded[T any](r *Recorder, a asked, v T, err error) (T, error) {
	if err == nil {
		raw, encodeErr := json.Marshal(v)
		if encodeErr != nil {
			return v, err
		}
		a.Answer = raw
	} else if a.Error = codeOf(err); a.Error == "" {
		return v, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	same := func(old asked) bool { return old.Ask == a.Ask && old.About == a.About }
	if i := slices.IndexFunc(r.answers, same); i >= 0 {
		r.answers[i] = merged(r.answers[i], a)
	} else {
		r.answers = append(r.answers, a)
	}
	return v, err
}

// merged joins two answers to the same question: the later one counts, but events that
// were asked for in parts are all kept.
func merged(old, a asked) asked {
	if a.Ask != askEvents || old.Answer == nil || a.Answer == nil {
		return a
	}
	before, err := decodeAnswer[host.EventLog](old.Answer)
	after, err2 := decodeAnswer[host.EventLog](a.Answer)
	if errors.Join(err, err2) != nil {
		return a
	}
	for _, e := range before.Events {
		if !slices.ContainsFunc(after.Events, func(f host.Event) bool { return f.Record == e.Record }) {
			after.Events = append(after.Events, e)
		}
	}
	for _, id := range old.IDs {
		if !slices.Contains(a.IDs, id) {
			a.IDs = append(a.IDs, id)
		}
	}
	if old.Since.After(a.Since) {
		a.Since = old.Since // both questions were answered only from here on
	}
	after.More = after.More || before.More
	if raw, err := json.Marshal(after); err == nil {
		a.Answer = raw
	}
	return a
}

// Access implements host.Permissions.
func (f recordAnswers) Access(ctx context.Context, path string) (host.Access, error) {
	v, err := f.r.inner.Permissions.Access(ctx, path)
	return recorded(f.r, asked{Ask: askAccess, About: path}, v, err)
}

// Instances implements host.Management.
func (f recordAnswers) Instances(ctx context.Context, namespace, class string, properties ...string) ([]host.Instance, error) {
	v, err := f.r.inner.Management.Instances(ctx, namespace, class, properties...)
	return recorded(f.r, asked{Ask: askInstances, About: namespace + ":" + class}, v, err)
}

// Events implements host.Events.
func (f recordAnswers) Events(ctx context.Context, q host.EventQuery) (host.EventLog, error) {
	v, err := f.r.inner.Events.Events(ctx, q)
	return recorded(f.r, asked{Ask: askEvents, About: q.Channel, IDs: slices.Clone(q.IDs), Since: q.Since.UTC()}, v, err)
}

// AuditPolicy implements host.Events.
func (f recordAnswers) AuditPolicy(ctx context.Context, subcategory string) (host.AuditSetting, error) {
	v, err := f.r.inner.Events.AuditPolicy(ctx, subcategory)
	return recorded(f.r, asked{Ask: askAuditPolicy, About: subcategory}, v, err)
}

// Services implements host.Running.
func (f recordAnswers) Services(ctx context.Context) ([]host.Service, error) {
	v, err := f.r.inner.Running.Services(ctx)
	return recorded(f.r, asked{Ask: askServices}, v, err)
}

// Processes implements host.Running.
func (f recordAnswers) Processes(ctx context.Context) ([]host.Process, error) {
	v, err := f.r.inner.Running.Processes(ctx)
	return recorded(f.r, asked{Ask: askProcesses}, v, err)
}

// Sessions implements host.Running.
func (f recordAnswers) Sessions(ctx context.Context) ([]host.Session, error) {
	v, err := f.r.inner.Running.Sessions(ctx)
	return recorded(f.r, asked{Ask: askSessions}, v, err)
}

// WakeRequests implements host.Running.
func (f recordAnswers) WakeRequests(ctx context.Context) ([]host.WakeRequest, error) {
	v, err := f.r.inner.Running.WakeRequests(ctx)
	return recorded(f.r, asked{Ask: askWakeRequests}, v, err)
}

// Clock implements host.Running.
func (f recordAnswers) Clock(ctx context.Context) (host.Clock, error) {
	v, err := f.r.inner.Running.Clock(ctx)
	return recorded(f.r, asked{Ask: askClock}, v, err)
}

// Listeners implements host.Network.
func (f recordAnswers) Listeners(ctx context.Context) ([]host.Listener, error) {
	v, err := f.r.inner.Network.Listeners(ctx)
	return recorded(f.r, asked{Ask: askListeners}, v, err)
}

// PacketFilter implements host.Network.
func (f recordAnswers) PacketFilter(ctx context.Context) (host.PacketFilter, error) {
	v, err := f.r.inner.Network.PacketFilter(ctx)
	return recorded(f.r, asked{Ask: askPacketFilter}, v, err)
}

// Media implements host.Media.
func (f recordAnswers) Media(ctx context.Context) (host.MediaLog, error) {
	v, err := f.r.inner.Media.Media(ctx)
	return recorded(f.r, asked{Ask: askMedia}, v, err)
}

// Search implements host.Directory. Its answers are people, whom nobody can replace one
// by one: they are never kept. That the machine reads no directory is.
func (f recordAnswers) Search(ctx context.Context, q host.DirectoryQuery) ([]host.DirectoryEntry, error) {
	v, err := f.r.inner.Directory.Search(ctx, q)
	if errors.Is(err, host.ErrUnsupported) {
		return recorded(f.r, asked{Ask: askSearch, About: searchKey(q)}, v, err)
	}
	return v, err
}

// saveAnswer prepares an answer for Save: what names somebody, or tells one thing from
// all others, gets its stand-in.
func (p *pseudonyms) saveAnswer(a asked) (asked, error) {
	a.About = p.path(a.About)
	if a.Answer == nil {
		return a, nil
	}
	var v any
	dec := json.NewDecoder(strings.NewReader(string(a.Answer)))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return a, fmt.Errorf("%s %s: %w", a.Ask, a.About, err)
	}
	raw, err := json.Marshal(p.hide(a.Ask, "", v))
	if err != nil {
		return a, fmt.Errorf("%s %s: %w", a.Ask, a.About, err)
	}
	a.Answer = raw
	return a, nil
}

// hide replaces the strings of an answer; field is the name under which v stands.
func (p *pseudonyms) hide(ask, field string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			v[k] = p.hide(ask, k, inner)
		}
		return v
	case []any:
		for i, inner := range v {
			v[i] = p.hide(ask, field, inner)
		}
		return v
	case string:
		return p.hideText(ask, field, v)
	default:
		return v
	}
}

func (p *pseudonyms) hideText(ask, field, s string) string {
	switch {
	case ask == askMedia && (field == "serial" || field == "volumes"), ask == askInstances && strings.Contains(strings.ToLower(field), "serial"):
		return p.serial(s)
	case ask == askEvents && field != "provider" && field != "time" && field != "oldest":
		return p.eventData(field, s)
	case strings.ContainsAny(s, `/\`):
		return p.path(s)
	case field == "account" || field == "owner" || field == "user":
		return p.name(s)
	default:
		return p.text(s)
	}
}

// plainData are values of event data that name nobody: numbers, codes, GUIDs.
var plainData = compiled(`^(-|[0-9]{1,12}|0x[0-9A-Fa-f]+|%%[0-9]+|\{[0-9A-Fa-f-]{36}\}|S-1-[0-59]-[0-9]{1,3}(-[0-9]{1,3})?)$`)

// eventData replaces one field of an event. Anybody can have typed it, so that a text
// of no known form gets a stand-in whether or not it is a name that the machine knows.
func (p *pseudonyms) eventData(field, s string) string {
	switch {
	case s == "" || plainData().MatchString(s) && !strings.HasSuffix(field, "UserName"):
		return s // as a name, even a number can be somebody's password
	case strings.HasPrefix(s, "S-1-5-21-"):
		return p.sid(s)
	}
	if to, ok := p.exact[strings.ToLower(s)]; ok {
		return to
	}
	return p.stand("dato", s, func(n int) string { return fmt.Sprintf("dato%02d", n) })
}
