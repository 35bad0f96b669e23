package reviewtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	apiv1 "vigia/collector/api/v1"
)

const day = 24 * time.Hour

// PC is a machine of the town and what is to be seen on it.
type PC struct {
	Host, Department string
	Linux            bool
	// Lock is the idle limit of its profiles in seconds, 0 for none.
	Lock int64
	// Length, Classes and Attempts are its password rules.
	Length, Classes, Attempts int64
	// Admins are accounts with more power than they should have.
	Admins []string
	// Copies is the age of the last backup, 0 where there is none to keep.
	Copies time.Duration
	// Persons are in documents that have no permit, in Path.
	Persons int64
	Path    string
	// Unreadable: its account rules could not be read.
	Unreadable bool
	// Stray are facts that no check asks for, in every result.
	Stray map[string]any
	// Boasts: its agent says that all is well.
	Boasts bool
}

// Good is a machine on which all is well.
func Good(host, department string) PC {
	return PC{Host: host, Department: department, Lock: 600, Length: 12, Classes: 3, Attempts: 3}
}

func (p PC) machine() *apiv1.Machine {
	m := &apiv1.Machine{Hostname: p.Host, Os: "windows", OsName: "Windows 11 Pro", OsVersion: "10.0.22631", Arch: "amd64", AgentVersion: "0.1.0"}
	if p.Linux {
		m.Os, m.OsName, m.OsVersion = "linux", "Debian GNU/Linux", "13.1"
	}
	return m
}

type facts = map[string]any

func (p PC) observe(t testing.TB, check string, at time.Time) []byte {
	t.Helper()
	f := p.facts(check, at)
	maps.Copy(f, p.Stray)
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// facts are in the form in which each check observes them.
func (p PC) facts(check string, at time.Time) facts {
	system := "windows"
	if p.Linux {
		system = "linux"
	}
	rule := func(n int64) facts {
		if p.Unreadable {
			return facts{"by": system, "source": "/etc/pam.d/common-password", "unread": []facts{{"source": "/etc/pam.d/common-password", "why": "permission"}}}
		}
		return facts{"value": n, "by": system, "source": "política de cuentas"}
	}
	switch check {
	case "session.screenlock":
		if p.Linux {
			return facts{"headless": true}
		}
		on := int64(1)
		if p.Lock == 0 {
			on = 0
		}
		set := func(n int64) facts { return facts{"value": n, "from": "user"} }
		return facts{"lockers": []facts{{"profile": "S-1-5-21-1111111111-2222222222-3333333333-1001", "locker": "windows",
			"idle": set(max(p.Lock, 900)), "enabled": set(on), "secure": set(1)}}}
	case "session.logon":
		return facts{"looked": 4}
	case "accounts.password_age":
		// The day it was changed, as systems keep it, so that facts stay the same.
		return facts{"max_days": 365, "source": "política de cuentas", "accounts": []facts{{"name": "puesto", "changed": "2026-08-03T00:00:00Z"}}}
	case "accounts.password_length":
		return rule(p.Length)
	case "accounts.password_composition":
		return rule(p.Classes)
	case "accounts.lockout":
		return rule(p.Attempts)
	case "accounts.privileges":
		admins := []facts{{"name": "Administrador", "via": "Administradores", "built_in": true}}
		for _, name := range p.Admins {
			admins = append(admins, facts{"name": name, "via": "Administradores"})
		}
		return facts{"admins": admins}
	case "backup.daily":
		if p.Copies == 0 {
			return facts{}
		}
		return facts{"datasets": []facts{{"name": "expedientes", "copies": "/srv/copias/expedientes",
			"seen": facts{"matching": 12, "best": []facts{{"time": at.Add(-p.Copies), "size": 7_340_032}}}}}}
	case "personaldata.local":
		f := facts{"system": system, "roots": []string{"/home"}, "files": facts{"clean": 1240}, "bytes": 912_000_000, "persons": p.Persons, "complete": true}
		if p.Persons > 0 {
			folder := p.Path[:max(strings.LastIndexAny(p.Path, `/\`), 0)]
			f["files"] = facts{"clean": 1238, "found": 1}
			f["found"] = []facts{{"path": p.Path, "folder": folder, "level": "medium",
				"persons": p.Persons, "counts": facts{"es.dni": p.Persons}, "whole": true}}
		}
		return f
	case "personaldata.special", "personaldata.leftovers": // nothing of that kind on any machine
		return facts{"system": system, "roots": []string{"/home"}, "files": facts{"clean": 1239}, "bytes": 912_000_000, "complete": true}
	case "inventory.snapshot":
		return facts{"machine": facts{"hostname": strings.ToLower(p.Host), "os_name": p.machine().GetOsName(), "os_version": p.machine().GetOsVersion(), "arch": "amd64"},
			"software": []facts{{"name": "Firefox", "version": "140.0", "from": "machine"}}, "digest": strings.Repeat("0123abcd", 8)}
	default:
		return facts{}
	}
}

// Fleet are n machines of which some are not well, in fixed places.
func Fleet(n int) []PC {
	departments := []string{"Padrón", "Intervención", "Tesorería", "Obras y urbanismo", "Servicios sociales", "Policía local", "Biblioteca"}
	out := make([]PC, n)
	for i := range out {
		p := Good(fmt.Sprintf("puesto-%03d", i+1), departments[i%len(departments)])
		switch i % 9 {
		case 1:
			p.Lock = 3600
		case 3:
			p.Length = 8
		case 4:
			p.Lock, p.Attempts = 0, 10
		case 6:
			p.Persons, p.Path = 240, `C:\Users\puesto\Documents\listados\censo-de-prueba.csv`
		case 7:
			p.Admins = []string{"cobros"}
		case 8:
			p.Linux, p.Unreadable = true, true
		}
		out[i] = p
	}
	return out
}
