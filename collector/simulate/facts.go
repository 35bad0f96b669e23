package simulate

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// facts are what a check observes, as its JSON has them.
type facts = map[string]any

// observer is what there is to see on one machine on one day.
type observer struct {
	Machine
	town *Town
	day  int
	at   time.Time
	// datasets and leavers are what the machine's policy asks about.
	datasets []dataset
	leavers  []string
}

// dataset is one whose copies the policy wants to see.
type dataset struct{ Name, Source, Copies string }

// asked are the parameters that say what to look at.
type asked struct {
	Datasets []dataset `json:"datasets"`
	Leavers  []struct {
		Account string `json:"account"`
	} `json:"leavers"`
}

// observe answers the facts of a check, as JSON.
func (o observer) observe(check string, params json.RawMessage) (json.RawMessage, error) {
	var a asked
	if len(params) > 0 {
		if err := json.Unmarshal(params, &a); err != nil {
			return nil, fmt.Errorf("parameters of %s: %w", check, err)
		}
	}
	o.datasets = a.Datasets
	for _, l := range a.Leavers {
		o.leavers = append(o.leavers, l.Account)
	}
	return json.Marshal(o.facts(check))
}

func (o observer) facts(check string) any {
	domain, _, _ := strings.Cut(check, ".")
	switch domain {
	case "session":
		return o.session(check)
	case "accounts":
		return o.accounts(check)
	case "protection":
		return o.protection(check)
	case "inventory":
		return o.inventory(check)
	case "personaldata", "tempfiles", "media":
		return o.data(check)
	case "backup":
		return o.backup(check)
	case "auditing":
		return o.auditing(check)
	default:
		return facts{}
	}
}

func (o observer) has(kind Kind) bool { return o.Has(kind, o.day) }

// people are those who log on to the machine on that day.
func (o observer) people() []Person {
	var out []Person
	for _, i := range o.Users {
		if p := o.town.People[i]; p.Works(o.day) || p.Slow && p.Left > 0 && o.day < p.Left+40 {
			out = append(out, p)
		}
	}
	return out
}

// sid is a person's on that machine.
func (o observer) sid(i int) string {
	return fmt.Sprintf("S-1-5-21-1100000001-1200000002-%d-%d", 1300000000+o.number, 1001+i)
}

// ago writes the day so many days before.
func (o observer) ago(days int) string { return o.at.AddDate(0, 0, -days).Format(time.DateOnly) }

// monday is the last Monday before, so that what moves slowly is the same all week.
func (o observer) monday(weeks int) time.Time {
	t := o.at.UTC().Truncate(24 * time.Hour)
	return t.AddDate(0, 0, -(int(t.Weekday())+6)%7-7*weeks)
}

func from(value int, where string) facts { return facts{"value": value, "from": where} }

func (o observer) session(check string) any {
	switch check {
	case "session.screenlock":
		if o.Form == Server && !o.Windows {
			return facts{"headless": true}
		}
		on, idle := 1, 600
		if o.has(NoLock) {
			on = 0
		}
		if o.has(SlowLock) {
			idle = 3600
		}
		var lockers []facts
		for i, p := range o.people() {
			if o.Windows {
				lockers = append(lockers, facts{"profile": o.sid(i), "folder": p.Account, "locker": "windows",
					"idle": from(idle, "user"), "enabled": from(on, "user"), "secure": from(1, "user")})
			} else {
				lockers = append(lockers, facts{"profile": p.Account, "locker": "gnome", "desktop": "gnome",
					"idle": from(idle*on, "user"), "enabled": from(on, "user"), "secure": from(1, "user"), "delay": from(0, "program_default")})
			}
		}
		out := facts{"lockers": lockers}
		if o.Windows {
			out["machine"] = from(600*on, "machine_policy")
			if o.has(SlowLock) || on == 0 {
				out["machine"] = from(0, "program_default")
			}
		} else {
			out["desktops"] = []string{"gnome"}
		}
		return out
	case "session.logon":
		out := facts{"looked": 1 + len(o.people())}
		if o.Windows {
			out["guest"] = false
		}
		if people := o.people(); o.has(AutoLogon) && len(people) > 0 {
			program, source := "gdm", "/etc/gdm3/daemon.conf"
			if o.Windows {
				program, source = "winlogon", `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon\AutoAdminLogon`
			}
			out["automatic"] = []facts{{"program": program, "account": people[0].Account, "source": source, "stored": o.Windows}}
		}
		return out
	case "session.disk_encryption":
		if o.Form != Laptop {
			return facts{"portable": facts{"chassis": 3}}
		}
		state, mount, by := "on", "/", "luks2"
		if o.Windows {
			mount, by = `C:\`, "bitlocker"
		}
		volume := facts{"mount": mount, "state": state, "by": by}
		if o.has(Unencrypted) {
			volume = facts{"mount": mount, "state": "off"}
		}
		return facts{"portable": facts{"chassis": 10}, "volumes": []facts{volume}}
	case "session.boot_password":
		if o.Form != Laptop {
			return facts{"portable": facts{"chassis": 3}}
		}
		if o.has(Unencrypted) {
			return facts{"portable": facts{"chassis": 10}, "disk": "none", "firmware": "unset", "firmware_from": "lenovo"}
		}
		return facts{"portable": facts{"chassis": 10}, "disk": "passphrase"}
	}
	return facts{}
}

func (o observer) protection(check string) any {
	switch check {
	case "protection.antivirus":
		if !o.Windows {
			return facts{"linux": true, "products": []facts{{"id": "clamav", "name": "ClamAV", "from": "process", "state": "on", "signatures": "current"}}}
		}
		if o.has(NoAntivirus) {
			return facts{"products": []facts{{"id": "defender", "name": "Microsoft Defender", "from": "service", "state": "off", "signatures": "current"}}}
		}
		return facts{"products": []facts{{"id": "defender", "name": "Microsoft Defender", "from": "defender", "state": "on", "real_time": "on",
			"signature_day": o.ago(1), "scan_day": o.monday(0).Format(time.DateOnly)}}}
	case "protection.clock":
		if !o.Windows {
			return facts{"kernel": facts{"synchronised": !o.has(ClockLost), "error": 1}}
		}
		event := "kept"
		if o.has(ClockLost) {
			event = "lost"
		}
		return facts{"windows": facts{"type": "NTP", "service": "running", "event": event, "day": o.monday(0).Format(time.DateOnly)}}
	case "protection.firewall":
		if !o.Windows {
			if o.has(NoFirewall) {
				return facts{"filtered": true}
			}
			return facts{"filtered": true, "chains": []facts{{"family": "inet", "table": "filter", "name": "input", "drops": true}},
				"open": []facts{{"port": "tcp/22", "program": "sshd"}}}
		}
		public := 1
		if o.has(NoFirewall) {
			public = 0
		}
		var profiles []facts
		for _, name := range []string{"domain", "private", "public"} {
			on := 1
			if name == "public" {
				on = public
			}
			profiles = append(profiles, facts{"name": name, "enabled": from(on, "local"), "local_rules": true})
		}
		return facts{"profiles": profiles, "service": "running"}
	case "protection.patches":
		if !o.Windows {
			lists := o.monday(0).Format(time.DateOnly)
			if o.has(Unpatched) {
				lists = o.ago(40)
			}
			return facts{"system": "debian 13", "name": "Debian GNU/Linux 13 (trixie)", "manager": "apt", "lists": lists}
		}
		updated := o.monday(1)
		if o.has(Unpatched) {
			updated = o.monday(8)
		}
		system, name, pkg := "windows 26200 pro", "Windows 11 25H2 (Professional, 26200.9903)", "26100.9903.1.16"
		switch {
		case o.Form == Server:
			system, name, pkg = "windows 20348 server", "Windows Server 2022 (20348.2849)", "20348.2849.1.10"
		case strings.Contains(o.OSName, "10 Pro"):
			system, name, pkg = "windows 19045 pro", "Windows 10 22H2 (Professional, 19045.6456)", "19041.6456.1.9"
		}
		return facts{"system": system, "name": name, "build": strings.TrimPrefix(o.OSBuild, "10.0."), "package": pkg,
			"updated": updated.Format(time.DateOnly), "made": updated.AddDate(0, 0, -7).Format(time.DateOnly)}
	}
	return facts{}
}

func (o observer) inventory(check string) any {
	software := []facts{{"name": "LibreOffice 25.2", "version": "25.2.1.2", "publisher": "The Document Foundation", "from": "machine"},
		{"name": "Gestión municipal", "version": "7.0", "publisher": "Sistemas del Norte", "from": "machine"}}
	if !o.Windows {
		software = []facts{{"name": "firefox-esr", "version": "140.5.0esr-1", "arch": "amd64", "from": "dpkg"},
			{"name": "libreoffice-calc", "version": "4:25.2.3-2", "arch": "amd64", "from": "dpkg"}}
	}
	if o.has(BadProgram) {
		name, publisher, source := "Torrent Fácil", "Sin editor", "user"
		if !o.Windows {
			name, publisher, source = "qbittorrent", "", "dpkg"
		}
		software = append(software, facts{"name": name, "version": "4.6", "publisher": publisher, "from": source})
	}
	switch check {
	case "inventory.snapshot":
		chassis := map[Form]int{Desktop: 3, Laptop: 10, Server: 23}[o.Form]
		mount, device, fs := "/", "/dev/sda2", "ext4"
		if o.Windows {
			mount, device, fs = `C:\`, `\\?\Volume{00000000-0000-0000-0000-000000000001}\`, "NTFS"
		}
		return facts{
			"machine": facts{"hostname": o.Host, "os_name": o.OSName, "os_version": o.OSBuild, "arch": "amd64"},
			"hardware": facts{"vendor": "Acme", "model": "Puesto 3000", "serial": o.Serial, "chassis": chassis, "cpu": "Acme Core 5", "cores": 8, "ram": 17179869184,
				"disks": []facts{{"name": "disk0", "model": "Acme SSD 512", "serial": "DISCO-" + o.Serial, "size": 512110190592}}},
			"volumes":    []facts{{"mount": mount, "device": device, "fs_type": fs, "total": 511000000000}},
			"interfaces": []facts{{"name": "eth0", "mac": fmt.Sprintf("02:00:00:00:%02x:%02x", o.number>>8&255, o.number&255)}},
			"software":   software, "digest": fmt.Sprintf("%064x", o.number<<8+uint64(len(software))),
		}
	case "inventory.unauthorised":
		return facts{"programs": software}
	case "inventory.special_utilities":
		return facts{"list": "2026-11-22"}
	case "inventory.channels":
		if people := o.people(); o.has(CloudDrive) && len(people) > 0 {
			return facts{"channels": []facts{{"channel": "dropbox", "account": "personal", "profile": people[0].Account}}}
		}
		return facts{}
	}
	return facts{}
}

func (o observer) data(check string) any {
	root, folder, system := "/home", "/home/puesto/Documentos", "linux"
	if people := o.people(); len(people) > 0 {
		folder = "/home/" + people[0].Account + "/Documentos"
		if o.Windows {
			folder = `C:\Users\` + people[0].Account + `\Documents`
		}
	}
	if o.Windows {
		root, system = `C:\Users`, "windows"
	}
	seen := 1200 + o.pick("files", 9000)
	base := func() facts {
		return facts{"system": system, "roots": []string{root}, "files": facts{"clean": seen}, "bytes": seen * 740_000, "complete": true}
	}
	join := func(name string) string {
		if o.Windows {
			return folder + `\` + name
		}
		return folder + "/" + name
	}
	switch check {
	case "personaldata.local":
		out := base()
		if o.has(PersonalData) {
			persons := 40 + o.pick("persons", 1800)
			out["files"] = facts{"clean": seen, "found": 1}
			out["persons"], out["counts"] = persons, facts{"mx.curp": persons}
			out["found"] = []facts{{"path": join("padron de apoyos.xlsx"), "folder": folder, "level": "high", "persons": persons,
				"counts": facts{"mx.curp": persons}, "whole": true, "modified": o.monday(5).Format(time.DateOnly)}}
		}
		return out
	case "personaldata.special":
		out := base()
		if o.has(PersonalData) && o.pick("special", 5) == 0 {
			out["files"] = facts{"clean": seen, "found": 1}
			out["persons"], out["counts"] = 12, facts{"mx.nss": 12}
			out["found"] = []facts{{"path": join("incapacidades.docx"), "folder": folder, "level": "high", "persons": 12,
				"counts": facts{"mx.nss": 12}, "categories": []string{"health"}, "whole": true, "modified": o.monday(9).Format(time.DateOnly)}}
		}
		return out
	case "personaldata.leftovers":
		out := base()
		if o.has(Leftovers) {
			out["files"] = facts{"clean": seen, "found": 1}
			out["persons"], out["counts"] = 25, facts{"mx.rfc": 25}
			out["found"] = []facts{{"path": join("~$listado (1).tmp"), "folder": folder, "level": "medium", "persons": 25,
				"counts": facts{"mx.rfc": 25}, "whole": true, "modified": o.monday(6).Format(time.DateOnly)}}
		}
		return out
	case "tempfiles.access":
		out := facts{"closed": 5}
		if o.has(OpenTemp) {
			out["open"] = []facts{{"path": "/var/tmp/escaner", "kind": "temp", "others": "read"}}
		}
		return out
	case "media.portable":
		out := facts{"from": o.ago(min(o.day-o.Joined, 92))}
		if o.has(StrangeUSB) {
			out["media"] = []facts{{"kind": "disk", "vendor": "Acme", "model": "Memoria 32", "serial": fmt.Sprintf("MEM%04d", o.pick("stick", 400)), "uses": 2,
				"first": o.monday(1).Format(time.DateOnly), "last": o.monday(0).Format(time.DateOnly), "bytes": 31037849600}}
		}
		return out
	}
	return facts{}
}

func (o observer) backup(check string) any {
	var sets []facts
	for i, d := range o.datasets {
		set := facts{"name": d.Name, "copies": d.Copies}
		if d.Source != "" {
			set["source"] = d.Source
		}
		if check == "backup.daily" {
			newest := o.at.Truncate(24 * time.Hour).Add(3*time.Hour + time.Duration(i)*7*time.Minute)
			if o.has(NoCopies) {
				newest = newest.AddDate(0, 0, -3)
			}
			size := int64(700+o.pick(d.Name, 9000)) << 20
			copyOf := func(days int) facts {
				return facts{"time": newest.AddDate(0, 0, -days), "size": size - int64(days)<<18, "format": "zip", "depth": "whole"}
			}
			set["seen"] = facts{"matching": 14, "best": []facts{copyOf(0)}, "recent": []facts{copyOf(0), copyOf(1), copyOf(2)},
				"usual": facts{"sizes": []int64{size, size}, "time": newest}, "period": 1}
		}
		sets = append(sets, set)
	}
	return facts{"datasets": sets}
}

func (o observer) auditing(check string) any {
	installed := o.at.AddDate(0, 0, -o.day-400).Format(time.DateOnly)
	log := facts{"journal": "persistent", "syslog": "/var/log/auth.log", "since": o.monday(12).Format(time.DateOnly), "installed": installed}
	audit := facts{"credentials": true, "kerberos": true, "logon": true}
	if o.Windows {
		log = facts{"size_kb": 131072, "when_full": "overwrite", "since": o.monday(12).Format(time.DateOnly), "installed": installed}
	}
	if check == "auditing.account_changes" {
		out := facts{"log": log}
		if o.Windows {
			out["audit"] = facts{"accounts": true, "groups": true}
		}
		return out
	}
	count := 1 + o.pick("failures"+o.ago(0), 6)
	out := facts{"log": log, "days": []facts{{"day": o.ago(1), "count": count}}}
	if o.Windows {
		out["audit"] = audit
		out["days"] = []facts{{"day": o.ago(1), "count": count, "why": facts{"wrong_password": count}}}
	} else {
		out["btmp"] = true
	}
	if o.has(Attacked) {
		out["accounts"] = []facts{{"day": o.ago(1), "account": "admin", "count": 480, "peak": 60}}
		out["sources"] = []facts{{"day": o.ago(1), "source": "203.0.113.77", "count": 480, "peak": 60, "accounts": 14}}
		out["days"] = []facts{{"day": o.ago(1), "count": 480 + count}}
	}
	return out
}
