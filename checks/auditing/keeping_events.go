package auditing

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// Channels and providers of Windows. They are names, the same in any language.
const (
	security        = "Security"
	system          = "System"
	eventLog        = "EventLog"
	kernelGeneral   = "Microsoft-Windows-Kernel-General"
	keyEventLog     = `HKLM\SYSTEM\CurrentControlSet\Services\EventLog`
	keySecurity     = keyEventLog + `\Security`
	keyLogPolicy    = `HKLM\SOFTWARE\Policies\Microsoft\Windows\EventLog\Security`
	keyVersion      = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion`
	keyProduct      = `HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions`
	defaultLogBytes = 20480 << 10 // what the system does without a setting
)

// Events that tell of the log itself.
const (
	logCleared     = 1102 // Security, of itself
	logFull        = 1104 // Security
	otherCleared   = 104  // System, of any other channel
	systemStarted  = 12   // System, kernel
	serviceStarted = 6005 // System
	serviceStopped = 6006
)

const (
	clearedChannel = "UserData/LogFileCleared/Channel"
	clearedBy      = "UserData/LogFileCleared/SubjectUserSid"
)

// integer reads a number of the registry; known is false when it could not be
// read.
func (r *reader) integer(ctx context.Context, key, name string) (n uint64, present, known bool) {
	v, err := r.Host.Registry.Value(ctx, key, name)
	switch {
	case err != nil:
		return 0, false, r.Miss(key+`\`+name, err)
	case v.Kind == host.RegistryInteger:
		return v.Integer, true, true
	case v.Kind == host.RegistryString && (v.String == "0" || v.String == "1"): // as policies write a switch
		return uint64(v.String[0] - '0'), true, true
	default:
		r.Note(key+`\`+name, "unreadable")
		return 0, false, false
	}
}

// channel tells how a Windows machine keeps its Security log.
func (r *reader) channel(ctx context.Context, p *people) keeping {
	var k keeping
	if start, present, _ := r.integer(ctx, keyEventLog, "Start"); present && start == 4 {
		k.Disabled = true
	}
	r.size(ctx, &k)
	if installed, present, _ := r.integer(ctx, keyVersion, "InstallDate"); present {
		k.setInstalled(time.Unix(int64(installed&(1<<32-1)), 0), r.now)
	}
	log, ok := r.events(ctx, host.EventQuery{Channel: security, IDs: []uint32{logCleared, logFull}, Data: []string{clearedBy}})
	if ok {
		k.setSince(log.Oldest, r.now)
	} else if r.serviceStopped(ctx) {
		k.Disabled = true
	}
	for _, e := range log.Events {
		d := e.Time.UTC().Format(day)
		switch {
		case e.ID == logFull && !slices.Contains(k.Lost, d):
			k.Lost = append(k.Lost, d)
		case e.ID == logCleared:
			k.clear(d, security, e.Data[clearedBy], p)
		}
	}
	log, _ = r.events(ctx, host.EventQuery{
		Channel: system,
		IDs:     []uint32{otherCleared, systemStarted, serviceStarted, serviceStopped},
		Data:    []string{clearedChannel, clearedBy},
	})
	for _, e := range log.Events {
		if e.ID != otherCleared {
			continue
		}
		for _, name := range []string{system, "Application", security} { // others are emptied by programs of their own
			if strings.EqualFold(e.Data[clearedChannel], name) {
				k.clear(e.Time.UTC().Format(day), name, e.Data[clearedBy], p)
			}
		}
	}
	k.Gaps = gaps(log.Events)
	return k
}

func (k *keeping) clear(d, channel, sid string, p *people) {
	c := clearing{Day: d, Channel: channel, By: sid, Name: p.bySID[sid]}
	if !slices.Contains(k.Cleared, c) {
		k.Cleared = append(k.Cleared, c)
	}
}

// serviceStopped tells whether the event log cannot be read because nobody runs it.
func (r *reader) serviceStopped(ctx context.Context) bool {
	services, err := r.Host.Running.Services(ctx)
	if err != nil {
		return false // that the log was not read is noted already
	}
	i := slices.IndexFunc(services, func(s host.Service) bool { return strings.EqualFold(s.Name, eventLog) })
	return i >= 0 && services[i].State == "stopped"
}

// size reads how large the Security channel may grow and what happens then. A
// policy wins, and gives kilobytes.
func (r *reader) size(ctx context.Context, k *keeping) {
	bytes, present, known := r.integer(ctx, keySecurity, "MaxSize")
	if kb, set, ok := r.integer(ctx, keyLogPolicy, "MaxSize"); set || !ok {
		bytes, present, known = kb<<10, set, ok
	}
	if known && !present {
		bytes = defaultLogBytes
	}
	k.SizeKB = bytes >> 10
	whenFull := func(key string) (string, bool) {
		retain, present, known := r.integer(ctx, key, "Retention")
		switch {
		case !known:
			return "", true
		case !present:
			return "", false
		case retain == 0:
			return "overwrite", true
		}
		if archive, _, _ := r.integer(ctx, key, "AutoBackupLogFiles"); archive == 1 {
			return "archive", true
		}
		return "stop", true
	}
	var set bool
	if k.WhenFull, set = whenFull(keyLogPolicy); set {
		return
	}
	if k.WhenFull, set = whenFull(keySecurity); !set {
		k.WhenFull = "overwrite"
	}
}

// events asks for the events of the days that are looked at.
func (r *reader) events(ctx context.Context, q host.EventQuery) (host.EventLog, bool) {
	q.Since, q.Max = r.since, maxEvents
	log, err := r.Host.Events.Events(ctx, q)
	if err != nil {
		r.Need("EvtQuery:"+q.Channel, err)
		return host.EventLog{}, false
	}
	if log.More {
		r.Note("EvtQuery:"+q.Channel, "too_big")
	}
	return log, true
}

// gaps finds where the log service was stopped and started again although the
// machine was not.
func gaps(events []host.Event) []gap {
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, func(a, b host.Event) int { return a.Time.Compare(b.Time) })
	var out []gap
	var stopped time.Time
	for _, e := range sorted {
		switch {
		case e.ID == serviceStopped && strings.EqualFold(e.Provider, eventLog):
			stopped = e.Time
		case e.ID == systemStarted && strings.EqualFold(e.Provider, kernelGeneral):
			stopped = time.Time{}
		case e.ID == serviceStarted && strings.EqualFold(e.Provider, eventLog) && !stopped.IsZero():
			out = append(out, gap{Day: stopped.UTC().Format(day), Minutes: int(e.Time.Sub(stopped).Minutes())})
			stopped = time.Time{}
		}
	}
	return out
}

// audited asks whether successes or failures of a subcategory are logged. proven
// tells that events show that they are, which is enough where the policy may not
// be asked.
func (r *reader) audited(ctx context.Context, subcategory string, failure, proven bool) (on, known bool) {
	s, err := r.Host.Events.AuditPolicy(ctx, subcategory)
	switch {
	case err == nil && failure:
		return s.Failure, true
	case err == nil:
		return s.Success, true
	case proven:
		return true, true
	case errors.Is(err, fs.ErrNotExist): // no such subcategory on this version
		r.Note("AuditQuerySystemPolicy", "unsupported")
	default:
		r.Need("AuditQuerySystemPolicy", err)
	}
	return false, false
}

// controller tells whether the machine is a domain controller, at which the
// accounts of all others are checked.
func (r *reader) controller(ctx context.Context) bool {
	v, err := r.Host.Registry.Value(ctx, keyProduct, "ProductType")
	if err != nil {
		r.Need(keyProduct+`\ProductType`, err)
		return false
	}
	return strings.EqualFold(v.String, "LanmanNT")
}

// one keeps each source of unread once: several questions go to the same.
func one(unread []checks.Unread) []checks.Unread {
	var out []checks.Unread
	for _, u := range unread {
		if !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	return out
}
