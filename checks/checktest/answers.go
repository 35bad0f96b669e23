package checktest

import (
	"context"
	"slices"
	"strings"
	"time"

	"vigia/checks/host"
)

// Answers is the facets of a machine that answer with a list or a value, in memory. A
// nil answer is host.ErrUnsupported, and so is all else that is not said; Errors, by the
// name of the question (access, instances, events, audit_policy, services, processes, sessions,
// wake_requests, clock, listeners, packet_filter, media, search) or by "name about",
// come first.
type Answers struct {
	AccessOf     map[string]host.Access       // by path, in any letter case
	InstancesOf  map[string][]host.Instance   // by "NAMESPACE:Class"
	EventsOf     map[string]host.EventLog     // by channel
	AuditOf      map[string]host.AuditSetting // by GUID in braces
	ServiceList  []host.Service
	ProcessList  []host.Process
	SessionList  []host.Session
	Wakes        []host.WakeRequest
	ClockState   *host.Clock
	ListenerList []host.Listener
	Filter       *host.PacketFilter
	MediaLog     *host.MediaLog
	Entries      map[string][]host.DirectoryEntry // by "SCOPE BASE FILTER"
	Errors       map[string]error
}

// On returns h with the facets of a.
func (a Answers) On(h host.Host) host.Host {
	h.Permissions, h.Management, h.Events, h.Running = a, a, a, a
	h.Network, h.Media, h.Directory = a, a, a
	return h
}

func (a Answers) err(question, about string) error {
	if err, ok := a.Errors[question+" "+about]; ok {
		return err
	}
	return a.Errors[question]
}

func looked[T any](a Answers, question, about string, in map[string]T) (T, error) {
	var none T
	if err := a.err(question, about); err != nil {
		return none, err
	}
	for k, v := range in {
		if strings.EqualFold(k, about) {
			return v, nil
		}
	}
	return none, host.ErrUnsupported
}

func listed[T any](a Answers, question string, list []T) ([]T, error) {
	if err := a.err(question, ""); err != nil {
		return nil, err
	}
	if list == nil {
		return nil, host.ErrUnsupported
	}
	return slices.Clone(list), nil
}

func valued[T any](a Answers, question string, v *T) (T, error) {
	var none T
	if err := a.err(question, ""); err != nil {
		return none, err
	}
	if v == nil {
		return none, host.ErrUnsupported
	}
	return *v, nil
}

// Access implements host.Permissions.
func (a Answers) Access(_ context.Context, path string) (host.Access, error) {
	return looked(a, "access", path, a.AccessOf)
}

// Instances implements host.Management.
func (a Answers) Instances(_ context.Context, namespace, class string, _ ...string) ([]host.Instance, error) {
	return looked(a, "instances", namespace+":"+class, a.InstancesOf)
}

// Events implements host.Events, by the ids, the time and the fields asked for.
func (a Answers) Events(_ context.Context, q host.EventQuery) (host.EventLog, error) {
	log, err := looked(a, "events", q.Channel, a.EventsOf)
	if err != nil {
		return host.EventLog{}, err
	}
	out := host.EventLog{Oldest: log.Oldest}
	for _, e := range log.Events {
		if e.Time.Before(q.Since) || !slices.Contains(q.IDs, e.ID) {
			continue
		}
		if len(out.Events) == q.Max {
			out.More = true
			break
		}
		data := make(map[string]string)
		for _, name := range q.Data {
			if v, ok := e.Data[name]; ok {
				if v, ok = q.Told(name, v); ok {
					data[name] = v
				}
			}
		}
		e.Data = data
		out.Events = append(out.Events, e)
	}
	return out, nil
}

// AuditPolicy implements host.Events.
func (a Answers) AuditPolicy(_ context.Context, subcategory string) (host.AuditSetting, error) {
	return looked(a, "audit_policy", subcategory, a.AuditOf)
}

// Services implements host.Running.
func (a Answers) Services(context.Context) ([]host.Service, error) {
	return listed(a, "services", a.ServiceList)
}

// Processes implements host.Running.
func (a Answers) Processes(context.Context) ([]host.Process, error) {
	return listed(a, "processes", a.ProcessList)
}

// Sessions implements host.Running.
func (a Answers) Sessions(context.Context) ([]host.Session, error) {
	return listed(a, "sessions", a.SessionList)
}

// WakeRequests implements host.Running.
func (a Answers) WakeRequests(context.Context) ([]host.WakeRequest, error) {
	return listed(a, "wake_requests", a.Wakes)
}

// Clock implements host.Running.
func (a Answers) Clock(context.Context) (host.Clock, error) {
	return valued(a, "clock", a.ClockState)
}

// Listeners implements host.Network.
func (a Answers) Listeners(context.Context) ([]host.Listener, error) {
	return listed(a, "listeners", a.ListenerList)
}

// PacketFilter implements host.Network.
func (a Answers) PacketFilter(context.Context) (host.PacketFilter, error) {
	return valued(a, "packet_filter", a.Filter)
}

// Media implements host.Media.
func (a Answers) Media(context.Context) (host.MediaLog, error) {
	return valued(a, "media", a.MediaLog)
}

// Search implements host.Directory.
func (a Answers) Search(_ context.Context, q host.DirectoryQuery) ([]host.DirectoryEntry, error) {
	return looked(a, "search", q.Scope+" "+q.Base+" "+q.Filter, a.Entries)
}

// Clock is a clock that stands still, for a test's host.Host.
func Clock(at time.Time) func() time.Time { return func() time.Time { return at } }
