package protection

import (
	"io/fs"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

func TestClockOnLinux(t *testing.T) {
	day := func(d string) time.Time { at, _ := parseDay(d); return at }
	state := func(s bool, micros int64) checktest.Answers {
		return checktest.Answers{ClockState: &host.Clock{Synchronised: s, Error: micros}}
	}
	chrony := map[string]string{"/var/lib/chrony/chrony.drift": "x"}
	const wants = unitFolder + "sysinit.target.wants/"
	for _, row := range []struct {
		name    string
		answers checktest.Answers
		files   map[string]string
		at      time.Time // of the files
		denied  []string
		booted  time.Time
		want    checks.Status
		code    string
	}{
		{"kept", state(true, 57_000), nil, time.Time{}, nil, time.Time{}, checks.Pass, "clock.kept"},
		{"kept to the limit", state(true, 5_000_000), nil, time.Time{}, nil, time.Time{}, checks.Pass, "clock.kept"},
		{"too far off", state(true, 5_000_001), nil, time.Time{}, nil, time.Time{}, checks.Fail, "clock.error"},
		{"nobody", state(false, 0), nil, time.Time{}, nil, time.Time{}, checks.Fail, "clock.none"},
		{"nobody yet", state(false, 0), nil, time.Time{}, nil, now().Add(-time.Minute), checks.Unknown, "clock.just_started"},
		{"nobody, for long", state(false, 0), nil, time.Time{}, nil, now().Add(-time.Hour), checks.Fail, "clock.none"},
		{"chrony keeps it and does not tell the kernel", state(false, 0), chrony, day("2026-11-20"), nil, time.Time{}, checks.Pass, "clock.heard"},
		{"chrony has heard nobody for five days", state(false, 0), chrony, day("2026-11-15"), nil, time.Time{}, checks.Warn, "clock.heard_old"},
		{"chrony has heard nobody for a month", state(false, 0), chrony, day("2026-10-15"), nil, time.Time{}, checks.Fail, "clock.heard_old"},
		{"chrony has heard somebody next week", state(false, 0), chrony, day("2026-11-27"), nil, time.Time{}, checks.Fail, "clock.behind"},
		{"chrony's file unreadable", state(false, 0), chrony, day("2026-11-20"), []string{"/var/lib/chrony"}, time.Time{}, checks.Unknown, "clock.unread"},
		{"not allowed to ask", checktest.Answers{Errors: map[string]error{"clock": fs.ErrPermission}}, nil, time.Time{}, nil, time.Time{}, checks.Unknown, "clock.unread"},
		{"mounted, timesyncd starts", checktest.Answers{}, map[string]string{wants + "systemd-timesyncd.service": ""}, time.Time{}, nil, time.Time{}, checks.Unknown, "clock.configured"},
		{"mounted, nothing starts", checktest.Answers{}, map[string]string{wants + "ufw.service": ""}, time.Time{}, nil, time.Time{}, checks.Fail, "clock.none"},
		{"mounted, unreadable", checktest.Answers{}, nil, time.Time{}, []string{unitFolder + "sysinit.target.wants"}, time.Time{}, checks.Unknown, "clock.unread"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := host.Host{OS: host.Linux, Now: now, Files: marked{checktest.Files{Content: row.files, Unreadable: row.denied}, row.at, nil}}
			if !row.booted.IsZero() {
				h.System = system{id: host.Identity{BootTime: row.booted}}
			}
			res := checktest.Run(t, clock(), row.answers.On(h), "")
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v, want %s %s", res.Status, res.Reason, row.want, row.code)
			}
		})
	}
}

func TestClockOnWindows(t *testing.T) {
	set := func(kind string, more map[string]any) map[string]any {
		return joined(map[string]any{keyTime + `\Parameters\Type`: kind, keyTime + `\TimeProviders\NtpClient\Enabled`: 1}, more)
	}
	event := func(id uint32, day, provider string) host.Event {
		at, _ := parseDay(day)
		return host.Event{ID: id, Provider: provider, Time: at}
	}
	answers := func(service, start string, events ...host.Event) checktest.Answers {
		a := checktest.Answers{ServiceList: serviceList("Dnscache running"), EventsOf: map[string]host.EventLog{"System": {Events: events}}}
		if service != "" {
			a.ServiceList = append(a.ServiceList, host.Service{Name: "w32time", State: service, Start: start})
		}
		return a
	}
	without := func(a checktest.Answers, question string) checktest.Answers {
		a.Errors = map[string]error{question: fs.ErrPermission}
		return a
	}
	kept := func(day string) host.Event { return event(37, day, providerTime) }
	lost := func(day string) host.Event { return event(36, day, providerTime) }
	for _, row := range []struct {
		name    string
		values  map[string]any
		denied  []string
		answers checktest.Answers
		want    checks.Status
		code    string
	}{
		{"of the domain, kept", set("NT5DS", nil), nil, answers("running", "auto", kept("2026-11-19")), checks.Pass, "clock.heard"},
		{"kept for a month without a word", set("NT5DS", nil), nil, answers("running", "auto", kept("2026-10-19")), checks.Pass, "clock.heard"},
		{"once a week", set("NTP", nil), nil, answers("stopped", "manual", kept("2026-11-13")), checks.Pass, "clock.heard"},
		{"once a fortnight", set("NTP", nil), nil, answers("stopped", "manual", kept("2026-11-06")), checks.Warn, "clock.heard_old"},
		{"not for six weeks", set("NTP", nil), nil, answers("stopped", "manual", kept("2026-10-06")), checks.Fail, "clock.heard_old"},
		{"lost", set("NT5DS", nil), nil, answers("running", "auto", lost("2026-11-18"), kept("2026-11-10")), checks.Fail, "clock.lost"},
		{"lost and found", set("NT5DS", nil), nil, answers("running", "auto", kept("2026-11-19"), lost("2026-11-18")), checks.Pass, "clock.heard"},
		{"same numbers of another provider", set("NT5DS", nil), nil, answers("running", "auto", event(36, "2026-11-19", "volsnap"), event(37, "2026-11-19", "Microsoft-Windows-Kernel-Processor-Power")), checks.Unknown, "clock.unproven"},
		{"asks nobody", set("NoSync", nil), nil, answers("running", "auto", kept("2026-10-01")), checks.Fail, "clock.no_source"},
		{"asks nobody, by policy", set("NTP", map[string]any{keyTimePolicy + `\Parameters\Type`: "NoSync"}), nil, answers("running", "auto"), checks.Fail, "clock.no_source"},
		{"asks nobody, and gets it from its host", set("NoSync", nil), nil, answers("running", "auto", event(35, "2026-11-19", providerTime)), checks.Pass, "clock.heard"},
		{"client off", set("NTP", map[string]any{keyTime + `\TimeProviders\NtpClient\Enabled`: 0}), nil, answers("running", "auto"), checks.Fail, "clock.no_source"},
		{"service disabled", set("NTP", nil), nil, answers("stopped", "disabled", kept("2026-11-19")), checks.Fail, "clock.disabled"},
		{"service missing", set("NTP", nil), nil, answers("", "", kept("2026-11-19")), checks.Fail, "clock.missing"},
		{"a time to come", set("NTP", nil), nil, answers("running", "auto", kept("2026-12-19")), checks.Fail, "clock.behind"},
		{"no word at all", set("NTP", nil), nil, answers("stopped", "manual"), checks.Unknown, "clock.unproven"},
		{"log unreadable", set("NTP", nil), nil, without(answers("stopped", "manual"), "events"), checks.Unknown, "clock.unread"},
		{"log unreadable, asks nobody", set("NoSync", nil), nil, without(answers("stopped", "manual"), "events"), checks.Fail, "clock.no_source"},
		{"settings unreadable, lost", set("NTP", nil), []string{keyTime}, answers("running", "auto", lost("2026-11-18")), checks.Fail, "clock.lost"},
		{"another program", set("NoSync", nil), nil, func() checktest.Answers {
			a := answers("stopped", "disabled")
			a.ServiceList = append(a.ServiceList, host.Service{Name: "NTP", State: "running", Start: "auto"})
			return a
		}(), checks.Unknown, "clock.other"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := row.answers.On(host.Host{OS: host.Windows, Now: now, Registry: checktest.Registry{Values: row.values, Unreadable: row.denied}})
			res := checktest.Run(t, clock(), h, "")
			if res.Status != row.want || res.Reason.Code != row.code {
				t.Errorf("got %s %v, want %s %s", res.Status, res.Reason, row.want, row.code)
			}
		})
	}
}

func TestClockParams(t *testing.T) {
	for params, good := range map[string]bool{`{}`: true, `{"max_error":60}`: true, `{"max_error":0}`: false, `{"max_days":40}`: false} {
		if err := clock().CheckParams([]byte(params)); (err == nil) != good {
			t.Errorf("%s: %v", params, err)
		}
	}
}
