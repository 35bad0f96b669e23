package protection

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
	"vigia/checks/message"
)

// clock holds what every record of the machine rests on: that its clock is kept right,
// so that the times of attempts, copies and incidents are those at which they happened.
func clock() checks.Check {
	return checks.New(checks.Info{ID: "protection.clock", Covers: clockCovers(), Messages: clockMessages()},
		clockParams{MaxError: 5, MaxDays: 8, LostDays: 30},
		checks.On[clockFacts]{
			host.Windows: observeClockRegistry,
			host.Linux:   observeClockKernel,
		}, judgeClock)
}

// clockParams is the tolerance.
type clockParams struct {
	// MaxError is the largest error that the kernel may estimate, in seconds.
	MaxError int64 `json:"max_error"`
	// MaxDays is how long ago a time source may have been heard; PCs of no domain ask
	// once a week. After LostDays nobody keeps the clock any more.
	MaxDays  int `json:"max_days"`
	LostDays int `json:"lost_days"`
}

// Validate implements checks.Validator.
func (p *clockParams) Validate() error {
	if p.MaxError < 1 || p.MaxDays < 1 || p.LostDays < p.MaxDays {
		return errors.New("max_error and max_days must be at least 1, and lost_days not below max_days")
	}
	return nil
}

// clockFacts is the evidence of protection.clock. Days are YYYY-MM-DD in UTC.
type clockFacts struct {
	Kernel *kernelClock `json:"kernel,omitempty"`
	// JustStarted tells that the machine runs for too short a time to have been set right.
	JustStarted bool `json:"just_started,omitempty"`
	// Heard are programs that keep the clock, and when each last heard a source. They are
	// looked for where the kernel does not say that the clock is kept.
	Heard []heardSource `json:"heard,omitempty"`
	// Starts are programs that keep the clock and start with the machine. They are looked
	// for where there is no kernel to ask.
	Starts []string `json:"starts,omitempty"`

	Windows *windowsClock   `json:"windows,omitempty"`
	Unread  []checks.Unread `json:"unread,omitempty"`
}

// kernelClock is what the Linux kernel says.
type kernelClock struct {
	Synchronised bool `json:"synchronised"`
	// Error is the largest error, in whole seconds and rounded up.
	Error int64 `json:"error"`
}

// heardSource is a program and the day on which it last heard a source.
type heardSource struct {
	Program string `json:"program"`
	Day     string `json:"day"`
}

// windowsClock is the time service of Windows.
type windowsClock struct {
	// Type is where it takes the time from: NTP, NT5DS (the domain), AllSync or NoSync.
	Type string `json:"type,omitempty"`
	// ClientOff: the part that asks time servers is switched off.
	ClientOff bool `json:"client_off,omitempty"`
	// Service is running, stopped, disabled or missing; empty if it could not be read.
	Service string `json:"service,omitempty"`
	// Event is the last that the event log tells: kept or lost, and Day its day.
	Event string `json:"event,omitempty"`
	Day   string `json:"day,omitempty"`
	// Other is a program of another maker that may keep the clock.
	Other string `json:"other,omitempty"`
}

const (
	clockKept = "kept"
	clockLost = "lost"

	keyTime       = keyServices + "W32Time"
	keyTimePolicy = `HKLM\SOFTWARE\Policies\Microsoft\W32Time`
	serviceTime   = "W32Time"
	providerTime  = "Microsoft-Windows-Time-Service"
	channelSystem = "System"
)

// observeClockKernel asks the kernel. Programs that keep the clock without telling the
// kernel, as chrony may, are known by the files that they write.
func observeClockKernel(ctx context.Context, h *host.Host) (clockFacts, error) {
	const settle = 30 * time.Minute
	look := checks.Look{Host: h}
	var seen clockFacts
	state, err := h.Running.Clock(ctx)
	if err != nil {
		look.Need("adjtimex", err)
		if look.Unread[0].Why == "unsupported" {
			seen.Starts = timePrograms(ctx, &look)
		}
		seen.Unread = look.Unread
		return seen, nil
	}
	const second = 1_000_000
	seen.Kernel = &kernelClock{Synchronised: state.Synchronised, Error: (state.Error + second - 1) / second}
	if !state.Synchronised {
		if id, err := h.System.Identity(ctx); err == nil && !id.BootTime.IsZero() && h.Now().Sub(id.BootTime) < settle {
			seen.JustStarted = true
		}
		for _, f := range []struct{ program, path string }{
			{"systemd-timesyncd", "/run/systemd/timesync/synchronized"},
			{"chrony", "/var/lib/chrony/chrony.drift"}, {"chrony", "/var/lib/chrony/drift"},
			{"ntp", "/var/lib/ntp/ntp.drift"}, {"ntp", "/var/lib/ntp/drift"}, {"ntpsec", "/var/lib/ntpsec/ntp.drift"},
			{"openntpd", "/var/lib/openntpd/db/ntpd.drift"},
		} {
			info, err := h.Files.Stat(ctx, f.path)
			if err == nil && !info.ModTime.IsZero() {
				seen.Heard = append(seen.Heard, heardSource{f.program, dayOf(info.ModTime)})
			} else if err != nil {
				look.Miss(f.path, err)
			}
		}
	}
	seen.Unread = look.Unread
	return seen, nil
}

// timePrograms lists the units that keep the clock and start with the machine.
func timePrograms(ctx context.Context, look *checks.Look) []string {
	known := []string{"systemd-timesyncd", "chrony", "chronyd", "ntp", "ntpd", "ntpsec", "openntpd"}
	out := slices.DeleteFunc(enabledUnits(ctx, look), func(name string) bool { return !slices.Contains(known, name) })
	slices.Sort(out)
	return slices.Compact(out)
}

// observeClockRegistry reads how the time service of Windows is set up, and in the event
// log how it fares: 35 and 37 say that there is a source, 36 that there has been none
// for a day. The ids are those of its provider in every language.
func observeClockRegistry(ctx context.Context, h *host.Host) (clockFacts, error) {
	const kept, lost, keptToo, enough = 35, 36, 37, 1000
	const since = 60 * 24 * time.Hour
	look := checks.Look{Host: h}
	w := &windowsClock{}
	w.Type = registryText(ctx, &look, keyTimePolicy+`\Parameters`, "Type")
	if w.Type == "" {
		w.Type = registryText(ctx, &look, keyTime+`\Parameters`, "Type")
	}
	enabled := registryText(ctx, &look, keyTimePolicy+`\TimeProviders\NtpClient`, "Enabled")
	if enabled == "" {
		enabled = registryText(ctx, &look, keyTime+`\TimeProviders\NtpClient`, "Enabled")
	}
	w.ClientOff = enabled == "0"
	services, err := h.Running.Services(ctx)
	if err != nil {
		look.Need("EnumServicesStatus", err)
	} else {
		w.Service = "missing"
	}
	for _, s := range services {
		switch name := strings.ToLower(s.Name); {
		case name == strings.ToLower(serviceTime):
			w.Service = s.State
			if s.State != "running" && s.Start == "disabled" {
				w.Service = "disabled"
			}
		case s.State == "running" && slices.Contains([]string{"ntp", "ntpd", "chronyd", "nettime", "nettimesvc", "dimension4"}, name):
			w.Other = s.Name
		}
	}
	log, err := h.Events.Events(ctx, host.EventQuery{Channel: channelSystem, IDs: []uint32{kept, lost, keptToo}, Since: h.Now().Add(-since), Max: enough})
	if err != nil {
		look.Need("event log "+channelSystem, err)
	}
	for _, e := range log.Events { // newest first
		if e.Provider != providerTime {
			continue
		}
		if w.Event, w.Day = clockKept, dayOf(e.Time); e.ID == lost {
			w.Event = clockLost
		}
		break
	}
	return clockFacts{Windows: w, Unread: look.Unread}, nil
}

func judgeClock(seen clockFacts, p clockParams, at time.Time) checks.Verdict {
	switch {
	case seen.Windows != nil:
		return judgeTimeService(*seen.Windows, seen.Unread, p, at)
	case seen.Kernel != nil:
		return judgeKernelClock(seen, p, at)
	case len(seen.Starts) > 0:
		return said(checks.Unknown, "clock.configured", "programs", strings.Join(seen.Starts, ", "))
	case len(seen.Unread) == 1 && seen.Unread[0].Why == "unsupported":
		return said(checks.Fail, "clock.none")
	}
	return unreadClock(seen.Unread)
}

func said(status checks.Status, code string, args ...string) checks.Verdict {
	return checks.Verdict{Status: status, Reason: checks.Because(code, args...)}
}

func unreadClock(unread []checks.Unread) checks.Verdict {
	if len(unread) == 0 {
		return said(checks.Unknown, "clock.unproven")
	}
	return said(checks.Unknown, "clock.unread", "source", unread[0].Source, "why", unread[0].Why)
}

func judgeKernelClock(seen clockFacts, p clockParams, at time.Time) checks.Verdict {
	const today = 1 // and yesterday: the files are written by the hour
	if seen.Kernel.Synchronised {
		args := []string{"seconds", strconv.FormatInt(seen.Kernel.Error, 10), "limit", strconv.FormatInt(p.MaxError, 10)}
		if seen.Kernel.Error > p.MaxError {
			return said(checks.Fail, "clock.error", args...)
		}
		return said(checks.Pass, "clock.kept", args...)
	}
	newest := heardSource{}
	for _, s := range seen.Heard {
		if s.Day > newest.Day {
			newest = s
		}
	}
	days, ok := daysSince(newest.Day, at)
	args := []string{"program", newest.Program, "day", newest.Day}
	switch {
	case ok && days < -today:
		return said(checks.Fail, "clock.behind", args...)
	case ok && days <= today:
		return said(checks.Pass, "clock.heard", args...)
	case seen.JustStarted:
		return said(checks.Unknown, "clock.just_started")
	case ok && days <= p.MaxDays:
		return said(checks.Warn, "clock.heard_old", args...)
	case len(seen.Unread) > 0:
		return unreadClock(seen.Unread)
	case ok:
		return said(checks.Fail, "clock.heard_old", args...)
	}
	return said(checks.Fail, "clock.none")
}

// judgeTimeService judges Windows. What the event log tells counts for more than the
// settings: a virtual machine may get its time from its host.
func judgeTimeService(w windowsClock, unread []checks.Unread, p clockParams, at time.Time) checks.Verdict {
	days, dated := daysSince(w.Day, at)
	off := w.Type == "NoSync" || w.ClientOff
	switch {
	case w.Event == clockKept && dated && days < -1:
		return said(checks.Fail, "clock.behind", "program", serviceTime, "day", w.Day)
	case w.Other != "":
		return said(checks.Unknown, "clock.other", "program", w.Other)
	case w.Service == "disabled" || w.Service == "missing":
		return said(checks.Fail, "clock."+w.Service)
	case w.Event == clockLost:
		return said(checks.Fail, "clock.lost", "day", w.Day)
	case w.Event == clockKept && days <= p.MaxDays:
		return said(checks.Pass, "clock.heard", "program", serviceTime, "day", w.Day)
	case off:
		return said(checks.Fail, "clock.no_source")
	case w.Event == clockKept && w.Service == "running": // it would have told
		return said(checks.Pass, "clock.heard", "program", serviceTime, "day", w.Day)
	case len(unread) > 0:
		return unreadClock(unread)
	case w.Event == clockKept && days <= p.LostDays:
		return said(checks.Warn, "clock.heard_old", "program", serviceTime, "day", w.Day)
	case w.Event == clockKept:
		return said(checks.Fail, "clock.heard_old", "program", serviceTime, "day", w.Day)
	}
	return said(checks.Unknown, "clock.unproven")
}

func clockCovers() map[host.OS]checks.Coverage {
	return map[host.OS]checks.Coverage{
		host.Windows: {
			Sources: []string{keyTime + `\Parameters, \TimeProviders\NtpClient`, keyTimePolicy, "EnumServicesStatusEx (" + serviceTime + ")",
				"event log System, " + providerTime + " 35, 36, 37"},
			Missing: say(
				"cuántos segundos se desvía el reloj: Windows no lo guarda en ningún sitio que se pueda leer sin preguntar a la red; de programas de otros fabricantes no se sabe nada",
				"by how many seconds the clock is off: Windows keeps that nowhere that can be read without asking the network; of programs of other makers nothing is known"),
			ByHand: say(
				"símbolo del sistema como administrador: «w32tm /query /status» («Última sincronización correcta» y «Origen»)",
				"command prompt as administrator: \"w32tm /query /status\" (\"Last Successful Sync Time\" and \"Source\")"),
		},
		host.Linux: {
			Sources: []string{"adjtimex(2): STA_UNSYNC, maxerror", "/run/systemd/timesync/synchronized", "/var/lib/{chrony,ntp,ntpsec,openntpd}: drift", unitFolder + "*.target.wants"},
			Missing: say(
				"se cree la estimación del propio núcleo, sin comparar con otro reloj; de un equipo montado solo se ve si algo arranca para poner el reloj en hora",
				"the kernel's own estimate is believed and not compared with another clock; of a mounted machine only whether something starts that keeps the clock is seen"),
			ByHand: say(
				"«timedatectl» («System clock synchronized: yes») o «chronyc tracking»",
				"\"timedatectl\" (\"System clock synchronized: yes\") or \"chronyc tracking\""),
		},
	}
}

// clockMessages says the reasons of protection.clock.
func clockMessages() message.Catalogue {
	windows := say(
		"como administrador: «sc config w32time start= auto», «net start w32time», «w32tm /config /manualpeerlist:pool.ntp.org /syncfromflags:manual /update» (en dominio, /syncfromflags:domhier) y «w32tm /resync»",
		"as administrator: \"sc config w32time start= auto\", \"net start w32time\", \"w32tm /config /manualpeerlist:pool.ntp.org /syncfromflags:manual /update\" (in a domain, /syncfromflags:domhier) and \"w32tm /resync\"")
	linux := say(
		"como root: «timedatectl set-ntp true» (o «apt install chrony») y compruebe que el puerto UDP 123 de salida no está cortado; en Windows: «w32tm /resync»",
		"as root: \"timedatectl set-ntp true\" (or \"apt install chrony\") and see that outgoing UDP port 123 is not blocked; on Windows: \"w32tm /resync\"")
	look := say(
		"ejecute el agente como servicio del sistema; si persiste, revise los permisos de lo indicado",
		"run the agent as a system service; if it persists, look at the permissions of what is named")
	return message.Catalogue{
		"clock.kept":      {Say: say("el reloj está sincronizado (error máximo {seconds} s, límite {limit} s)", "the clock is synchronised (largest error {seconds} s, limit {limit} s)")},
		"clock.error":     {Say: say("el reloj puede desviarse {seconds} s (límite {limit} s)", "the clock may be off by {seconds} s (limit {limit} s)"), Do: linux},
		"clock.heard":     {Say: say("el reloj está sincronizado ({program}, {day})", "the clock is synchronised ({program}, {day})")},
		"clock.heard_old": {Say: say("el reloj no se sincroniza desde el {day} ({program})", "the clock has not been synchronised since {day} ({program})"), Do: linux},
		"clock.none":      {Say: say("nada mantiene el reloj en hora", "nothing keeps the clock right"), Do: linux},
		"clock.behind":    {Say: say("el reloj va atrasado: {program} anotó una sincronización del {day}", "the clock is behind: {program} noted a synchronisation of {day}"), Do: linux},
		"clock.just_started": {Say: say("el equipo acaba de arrancar y aún no ha puesto el reloj en hora", "the machine has just started and not yet set its clock"),
			Do: say("espere a la próxima medición", "wait for the next measurement")},
		"clock.configured": {Say: say("arranca {programs}, pero solo el equipo en marcha sabe si el reloj está en hora", "{programs} starts, but only the running machine knows whether the clock is right"),
			Do: say("mida el equipo en marcha con el agente instalado", "measure the running machine with the agent installed")},
		"clock.lost":      {Say: say("el servicio de hora perdió su origen el {day} y no lo ha recuperado", "the time service lost its source on {day} and has not found it again"), Do: windows},
		"clock.no_source": {Say: say("el servicio de hora está configurado para no preguntar a nadie", "the time service is set up to ask nobody"), Do: windows},
		"clock.disabled":  {Say: say("el servicio Hora de Windows está deshabilitado", "the service Windows Time is disabled"), Do: windows},
		"clock.missing":   {Say: say("falta el servicio Hora de Windows", "the service Windows Time is missing"), Do: windows},
		"clock.unproven":  {Say: say("nada dice cuándo se sincronizó el reloj por última vez", "nothing says when the clock was last synchronised"), Do: windows},
		"clock.other": {Say: say("el reloj lo mantiene {program}, cuyo estado no se sabe leer", "the clock is kept by {program}, whose state cannot be read"),
			Do: say("compruebe la hora a mano y anótelo en la revisión", "check the time by hand and note it in the review")},
		"clock.unread": {Say: say("no se pudo leer {source} ({why})", "{source} could not be read ({why})"), Do: look},
	}
}
