package accounts

import (
	"context"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// uniqueAccounts is AC-UNIQUE-ID: each account is one person's. What a machine shows
// of that: no two accounts with one number or name, nobody's accounts closed, and
// no account whose name is that of a desk. Whose an account is, the register of
// users tells (accounts.snapshot).
func uniqueAccounts() checks.Check {
	return checks.New(checks.Info{ID: "accounts.unique", Covers: uniqueCovers(), Messages: uniqueMessages()},
		uniqueParams{Generic: genericNames()},
		checks.On[uniqueFacts]{host.Windows: observeWindowsUnique, host.Linux: observeLinuxUnique},
		judgeUnique)
}

type uniqueParams struct {
	// Generic are names that are nobody's, without regard to case, accents and a
	// number behind; each may end in *.
	Generic []string `json:"generic"`
	// Exempt lists accounts that are decided, by name or SID.
	Exempt []string `json:"exempt,omitempty"`
}

// genericNames are names of desks, offices and roles, in Spanish and English.
func genericNames() []string {
	return []string{
		"admin", "administrador", "administrator", "alumno", "atencion", "auxiliar", "ayuntamiento", "biblioteca", "caja",
		"catastro", "compartid*", "comun", "contabilidad", "equipo", "escaner", "general", "guest", "informatica", "intervencion",
		"invitado", "kiosco", "mostrador", "municipio", "oficina", "operador", "padron", "pc", "practicas", "presidencia", "prueba",
		"pruebas", "public", "publico", "puesto", "quiosco", "recepcion", "registro", "scanner", "secretaria", "shared", "sistemas",
		"soporte", "tesoreria", "test", "trabajador", "user", "usuario", "ventanilla",
	}
}

// uniqueFacts is the evidence of accounts.unique.
type uniqueFacts struct {
	// Accounts are those that somebody can log on with, root left out.
	Accounts []uniqueFact `json:"accounts,omitempty"`
	// Numbers, Names and Groups are what several accounts or groups have in
	// common: numbers of accounts, names of accounts, numbers of groups.
	Numbers []sharedFact `json:"numbers,omitempty"`
	Names   []string     `json:"names,omitempty"`
	Groups  []sharedFact `json:"groups,omitempty"`
	// Places are accounts that were in use from two other machines at once (Linux).
	Places    []placesFact    `json:"places,omitempty"`
	Unread    []checks.Unread `json:"unread,omitempty"`
	Directory string          `json:"directory,omitempty"`
}

type uniqueFact struct {
	Name string `json:"name"`
	SID  string `json:"sid,omitempty"`
}

type sharedFact struct {
	Number uint32   `json:"number"`
	Names  []string `json:"names"`
}

func judgeUnique(seen uniqueFacts, p uniqueParams, at time.Time) checks.Verdict {
	var f findings
	for _, s := range seen.Numbers {
		f.add("number/"+strconv.FormatUint(uint64(s.Number), 10), checks.Fail, "unique.number",
			"number", strconv.FormatUint(uint64(s.Number), 10), "accounts", strings.Join(s.Names, ", "))
	}
	for _, name := range seen.Names {
		f.add("name/"+name, checks.Fail, "unique.name", "account", name)
	}
	for _, s := range seen.Groups {
		f.add("group/"+strconv.FormatUint(uint64(s.Number), 10), checks.Warn, "unique.group",
			"number", strconv.FormatUint(uint64(s.Number), 10), "groups", strings.Join(s.Names, ", "))
	}
	for _, a := range seen.Accounts {
		switch {
		case listed(p.Exempt, a.Name, a.SID):
		case strings.HasSuffix(a.SID, ridGuest):
			f.add("account/"+a.Name, checks.Fail, "unique.guest", "account", a.Name)
		case strings.HasSuffix(a.SID, ridAdministrator):
			f.add("account/"+a.Name, checks.Warn, "unique.built_in", "account", a.Name)
		case named(p.Generic, a.Name):
			f.add("account/"+a.Name, checks.Warn, "unique.generic", "account", a.Name)
		}
	}
	for _, used := range seen.Places {
		if at.Sub(used.Week) <= recently && !listed(p.Exempt, used.Account) {
			f.add("places/"+used.Account, checks.Warn, "unique.places", "account", used.Account, "week", used.Week.Format(time.DateOnly))
		}
	}
	f.unread(seen.Unread)
	good := checks.Because("unique.each", "accounts", strconv.Itoa(len(seen.Accounts)))
	if len(seen.Accounts) == 0 {
		good = checks.Because("unique.nobody")
	}
	return beyond(f.verdict(good), seen.Directory)
}

// named tells whether a name is in a list of names or beginnings of names, without
// regard to case, accents and a number behind it: "Caja 2" is "caja".
func named(list []string, name string) bool {
	plain := strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ü", "u")
	name = plain.Replace(strings.ToLower(name))
	word := strings.TrimRight(name, "0123456789 -_.")
	for _, pattern := range list {
		pattern = plain.Replace(strings.ToLower(pattern))
		if start, open := strings.CutSuffix(pattern, "*"); name == pattern || word == pattern || open && strings.HasPrefix(name, start) {
			return true
		}
	}
	return false
}

func observeWindowsUnique(ctx context.Context, h *host.Host) (uniqueFacts, error) {
	r := newReader(h)
	var seen uniqueFacts
	for _, u := range r.windowsUsers(ctx) {
		if usable(u, h.Now()) {
			seen.Accounts = append(seen.Accounts, uniqueFact{Name: u.Name, SID: u.SID})
		}
	}
	seen.Accounts = bounded(r, "NetUserEnum", seen.Accounts)
	seen.Directory, seen.Unread = r.directory(ctx), r.Unread
	return seen, nil
}

func observeLinuxUnique(ctx context.Context, h *host.Host) (uniqueFacts, error) {
	r := newReader(h)
	var seen uniqueFacts
	numbers, names := map[uint32][]string{}, map[string]int{}
	locals := r.locals(ctx, loginDefs(ctx, r))
	for _, a := range locals {
		numbers[a.UID] = append(numbers[a.UID], a.Name)
		names[a.Name]++
		if a.UID != 0 && a.interactive(h.Now()) {
			seen.Accounts = append(seen.Accounts, uniqueFact{Name: a.Name})
		}
	}
	groups := map[uint32][]string{}
	for _, g := range r.groups(ctx) {
		groups[g.GID] = append(groups[g.GID], g.Name)
	}
	seen.Numbers, seen.Groups = shared(numbers), shared(groups)
	for name, n := range names {
		if n > 1 {
			seen.Names = append(seen.Names, name)
		}
	}
	seen.Names = distinct(seen.Names)
	seen.Accounts = bounded(r, "/etc/passwd", seen.Accounts)
	seen.Places = bounded(r, "/etc/passwd", r.places(ctx, locals))
	seen.Directory, seen.Unread = r.directory(ctx), r.Unread
	return seen, nil
}

// shared lists the numbers that several names have.
func shared(by map[uint32][]string) []sharedFact {
	var out []sharedFact
	for number, names := range by {
		if names = distinct(names); len(names) > 1 {
			out = append(out, sharedFact{Number: number, Names: names})
		}
	}
	return sorted(out, func(s sharedFact) string { return s.Names[0] })
}
