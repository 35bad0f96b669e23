package reviewtest

import (
	"context"
	"time"

	"vigia/collector/enroll"
	"vigia/collector/storage"
)

// Quarter is the one that Live lives through.
const Quarter = "2026Q4"

// End is the end of the quarter.
func End() time.Time { return time.Date(2027, 1, 1, 0, 0, 0, 0, Zone()) }

// Middle is a moment within the quarter.
func Middle() time.Time { return time.Date(2026, 11, 21, 18, 0, 0, 0, Zone()) }

// Small are the machines of Live by what befalls them.
type Small struct {
	Well, Fixed, Worse, Silent, Revoked, Never, Server *Agent
}

// Live lets a small town hall live until a day: seven machines, of which one
// is put right, one gets worse, one falls silent, one is revoked and one never
// reports; and of the machines that are only known, one has no agent and one is
// excluded. They report every third day, and each day in the last week.
func (w *Town) Live(until time.Time) Small {
	w.t.Helper()
	s := Small{
		Well:    w.Admit(Good("alcaldia-01", "Alcaldía")),
		Fixed:   w.Admit(PC{Host: "padron-01", Department: "Padrón", Lock: 0, Length: 8, Classes: 3, Attempts: 3}),
		Worse:   w.Admit(PC{Host: "tesoreria-01", Department: "Tesorería", Lock: 900, Length: 12, Classes: 3, Attempts: 3, Boasts: true}),
		Silent:  w.Admit(Good("policia-01", "Policía local")),
		Revoked: w.Admit(Good("obras-01", "Obras")),
		Never:   w.Admit(Good("biblioteca-01", "Biblioteca")),
		Server: w.Admit(PC{Host: "srv-ficheros", Department: "Informática", Linux: true, Length: 12, Classes: 3, Attempts: 3,
			Copies: 74 * time.Hour, Unreadable: true}),
	}
	w.Now = w.Now.Add(time.Hour)
	w.Write(func(ctx context.Context, tx *storage.Tx) error {
		list := []enroll.KnownMachine{
			{Hostname: "cultura-01", Department: "Cultura"},
			{Hostname: "torno-entrada", Department: "Conserjería", Excluded: true, Note: "sin sistema operativo propio"},
		}
		for _, a := range []*Agent{s.Well, s.Fixed, s.Worse, s.Silent, s.Revoked, s.Never, s.Server} {
			list = append(list, enroll.KnownMachine{Hostname: a.Host, Department: a.Department})
		}
		_, err := w.Enroll.ImportKnown(ctx, tx, list, "informatica")
		return err
	})
	start := w.Now
	imported := false
	for d := 0; ; d++ {
		at := start.Add(time.Duration(d)*day + time.Hour)
		if !at.Before(until) {
			break
		}
		w.Now = at
		if d == 20 {
			s.Fixed.Lock, s.Fixed.Length = 600, 12
		}
		if d == 30 {
			s.Worse.Lock, s.Worse.Admins = 7200, []string{"cobros"}
			s.Worse.Persons, s.Worse.Path = 61, `C:\Users\puesto\Documents\listado.csv`
		}
		if d == 33 {
			w.Write(func(ctx context.Context, tx *storage.Tx) error {
				return w.Enroll.Revoke(ctx, tx, s.Revoked.ID, "equipo robado", "informatica")
			})
		}
		if d >= 15 && !imported {
			imported = true
			w.Import(Policy)
		}
		if d%3 != 0 && until.Sub(at) > 7*day {
			continue
		}
		reporting := []*Agent{s.Well, s.Fixed, s.Worse, s.Server}
		if d < 24 {
			reporting = append(reporting, s.Silent)
		}
		if d < 33 {
			reporting = append(reporting, s.Revoked)
		}
		w.Report(reporting...)
	}
	w.Now = until
	return s
}

// Policy is what the town hall decides half a month into the quarter.
const Policy = `packs: [es-rgpd]
datasets:
  - name: expedientes
    machine: srv-ficheros
    copies: /srv/copias/expedientes
schedule:
  silence: 120h
overrides:
  - control: AC-LOCK-15
    params: {max_idle: 600}
    why: acuerdo de la junta de gobierno
    by: secretaria
`

// Quarterly lets many machines live through the quarter with a report a day.
func (w *Town) Quarterly(machines, days int) {
	w.t.Helper()
	var agents []*Agent
	for _, p := range Fleet(machines) {
		w.Now = w.Now.Add(2 * time.Minute) // within the limit of enrolments
		agents = append(agents, w.Admit(p))
	}
	start := time.Date(2026, 10, 1, 9, 0, 0, 0, Zone())
	for d := range days {
		w.Now = start.Add(time.Duration(d) * day)
		for i, a := range agents {
			if i%11 == 5 && d%20 == i%20 { // people change things
				a.Lock = 600 + 60*int64(d)
			}
		}
		w.Report(agents...)
	}
	w.Now = w.Now.Add(8 * time.Hour)
	if w.Now.After(End()) {
		w.t.Fatalf("%d days are more than the quarter", days)
	}
}
