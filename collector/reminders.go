package collector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/collector/access"
	"vigia/collector/enroll"
	"vigia/collector/notify"
	"vigia/collector/storage"
)

// tellEvery is how often it is looked who must be told what.
const tellEvery = time.Minute

// channels are the ways out of the portal that the configuration has.
func (c *Collector) channels() ([]notify.Channel, error) {
	if c.Simulated() {
		return nil, nil // nobody is told of what never was
	}
	return notify.Channels(notify.Config{
		SMTP: c.Config.SMTP, Webhook: c.Config.Webhook, Syslog: c.Config.Syslog,
		Organisation: c.Config.Organisation, Version: c.version, Portal: c.portalAddress(), Now: c.now,
	})
}

// runner tells people and sends.
func (c *Collector) runner() (*notify.Runner, error) {
	channels, err := c.channels()
	if err != nil {
		return nil, err
	}
	return &notify.Runner{DB: c.DB, Store: c.Notify, Channels: channels, People: c.people, Logger: c.logger, Office: c.Worktime}, nil
}

// people are those with an account in use.
func (c *Collector) people(ctx context.Context) ([]notify.Person, error) {
	users, err := c.Access.Users(ctx)
	if err != nil {
		return nil, err
	}
	var out []notify.Person
	for _, u := range users {
		if !u.Disabled && (u.Until.IsZero() || c.now().Before(u.Until)) {
			out = append(out, notify.Person{Account: u.Name, Role: string(u.Role)})
		}
	}
	return out, nil
}

// tellPeople gathers what people must know and sends it, every minute until ctx ends. What
// does not work now is tried a minute later.
func (c *Collector) tellPeople(ctx context.Context) error {
	runner, err := c.runner()
	if err != nil {
		return err
	}
	ticker := time.NewTicker(tellEvery)
	defer ticker.Stop()
	for {
		if err := c.tellOnce(ctx, runner); err != nil && ctx.Err() == nil {
			c.logger.ErrorContext(ctx, "notices could not be sent", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// tellOnce gathers and sends what is due. What cannot be gathered keeps nothing from being sent.
func (c *Collector) tellOnce(ctx context.Context, runner *notify.Runner) error {
	return errors.Join(c.gather(ctx), runner.Once(ctx))
}

// reminder gathers what people must know of one matter. It queues nothing: a key that was
// told is not told again.
type reminder func(ctx context.Context, tx *storage.Tx, now time.Time) ([]notify.Message, error)

// reminders are all matters.
func (c *Collector) reminders() []reminder {
	return []reminder{c.incidentTerms, c.admissionsWait, c.machinesSilent, c.backupOld, c.diskLow, c.findingsUndecided,
		c.requestsDue, c.rowsEnding, c.dutiesDue}
}

// gather queues what people must know and were not told. A matter that cannot be read
// keeps the others from nothing.
func (c *Collector) gather(ctx context.Context) error {
	now := c.now()
	var found []notify.Message
	// Accounts are read by themselves: access keeps transactions of its own.
	users, failed := c.Access.Users(ctx)
	suspended := c.accountsSuspended(users, now)
	noUsers := failed
	err := c.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		found, failed = suspended, noUsers
		for _, remind := range c.reminders() {
			messages, err := remind(ctx, tx, now)
			failed = errors.Join(failed, err)
			found = append(found, messages...)
		}
		// What was told needs no transaction that writes.
		var keys []string
		for _, m := range found {
			keys = append(keys, m.Key)
		}
		told, err := c.Notify.Queued(ctx, tx, keys)
		if err != nil {
			return err
		}
		fresh := found[:0]
		for _, m := range found {
			if !told[m.Key] {
				fresh = append(fresh, m)
			}
		}
		found = fresh
		return nil
	})
	if err == nil && len(found) > 0 {
		err = c.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
			_, err := c.Notify.Queue(ctx, tx, found...)
			return err
		})
	}
	return errors.Join(err, failed)
}

// say fills a text in both languages.
func say(es, en string, pairs ...string) message.Text {
	args := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i]] = pairs[i+1]
	}
	t := message.Text{ES: es, EN: en}
	return message.Text{ES: t.Format(message.Spanish, args), EN: t.Format(message.English, args)}
}

// accountsSuspended tells of accounts that take an unlock by two people.
func (c *Collector) accountsSuspended(users []access.User, now time.Time) []notify.Message {
	var out []notify.Message
	for _, u := range users {
		if u.Suspended && !u.Disabled {
			out = append(out, notify.Message{
				Key: "suspended/" + u.Name + "/" + c.dayOf(now), Kind: "account.suspended", Link: "/cuentas",
				Roles:   []string{string(access.Administrator), string(access.Head), string(access.Officer)},
				Subject: say("Una cuenta quedó suspendida: {name}", "An account was suspended: {name}", "name", u.Name),
				Body: say("La cuenta {name} se suspendió por intentos fallidos. Pregunte a su titular si fue él; para abrirla hacen falta dos personas, en Cuentas.",
					"The account {name} was suspended after failed attempts. Ask its owner whether it was them; it takes two people to open it, in Accounts.", "name", u.Name),
			})
		}
	}
	return out
}

// maxSeparate is up to how many waiting machines are told one by one.
const maxSeparate = 5

// admissionsWait tells of machines that ask to be let in.
func (c *Collector) admissionsWait(ctx context.Context, tx *storage.Tx, now time.Time) ([]notify.Message, error) {
	requests, err := c.Enroll.Requests(ctx, tx, false)
	if err != nil || len(requests) == 0 {
		return nil, err
	}
	to := []string{string(access.Administrator)}
	if n := strconv.Itoa(len(requests)); len(requests) > maxSeparate {
		return []notify.Message{{
			Key: "admission/many/" + c.dayOf(now), Kind: "admission", Roles: to, Link: "/altas",
			Subject: say("Equipos que piden el alta: {n}", "Machines that ask to be admitted: {n}", "n", n),
			Body:    say("{n} equipos esperan a que alguien los apruebe. Compare el código de cada uno con el que muestra su pantalla.", "{n} machines wait for somebody to approve them. Compare the code of each with the one on its screen.", "n", n),
		}}, nil
	}
	var out []notify.Message
	for _, r := range requests {
		out = append(out, notify.Message{
			Key: "admission/" + r.Code, Kind: "admission", Roles: to, Link: "/altas",
			Subject: say("Un equipo pide el alta: {code}", "A machine asks to be admitted: {code}", "code", r.Code),
			Body:    say("El equipo {host} espera a que alguien lo apruebe. Compare el código {code} con el que muestra su pantalla.", "The machine {host} waits for somebody to approve it. Compare the code {code} with the one on its screen.", "host", r.Hostname, "code", r.Code),
		})
	}
	return out, nil
}

// dayOf is the day of an instant where the organisation is.
func (c *Collector) dayOf(at time.Time) string {
	return at.In(c.Config.TimeZone.Location).Format(time.DateOnly)
}

// weekOf is its week, as 2026-W47.
func (c *Collector) weekOf(at time.Time) string {
	year, week := at.In(c.Config.TimeZone.Location).ISOWeek()
	return fmt.Sprintf("%d-W%02d", year, week)
}

// silentFor is after how long without a word machines are told of.
const silentFor = 5 * 24 * time.Hour

// machinesSilent tells once a week of machines that should report and do not.
func (c *Collector) machinesSilent(ctx context.Context, tx *storage.Tx, now time.Time) ([]notify.Message, error) {
	machines, err := c.Enroll.Machines(ctx, tx)
	if err != nil {
		return nil, err
	}
	absent, err := c.absences(ctx, tx, now)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range machines {
		expected := m.Status == enroll.Active && now.Sub(m.LastSeen) > silentFor
		for _, a := range absent[m.ID] {
			expected = expected && (now.Before(a.From) || !now.Before(a.Until.Add(silentFor)))
		}
		if expected {
			names = append(names, m.Hostname)
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	const most = 10
	list, n := strings.Join(names[:min(len(names), most)], ", "), strconv.Itoa(len(names))
	if len(names) > most {
		list += "…"
	}
	return []notify.Message{{
		Key: "silent/" + c.weekOf(now), Kind: "machines.silent", Roles: []string{string(access.Administrator)}, Link: "/equipos",
		Subject: say("Equipos que no informan: {n}", "Machines that do not report: {n}", "n", n),
		Body: say("Llevan más de cinco días sin informar: {list}. De un equipo callado nada cuenta como cumplido. Compruebe si está apagado, de viaje o retirado; si va a faltar, anótelo como ausencia.",
			"They have not reported for more than five days: {list}. Of a silent machine nothing counts as met. See whether it is switched off, travelling or retired; if it will be away, note the absence.", "list", list),
	}}, nil
}

// backupEvery is how old the last backup may be.
const backupEvery = 7 * 24 * time.Hour

// lastBackupFile tells of the last backup, in the data folder.
const lastBackupFile = "ultima-copia.json"

// lastBackup is what that file says.
type lastBackup struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	File string    `json:"file"` // name without its folder
}

// noteBackup keeps when the last backup was made.
func (c *Collector) noteBackup(b lastBackup) error {
	data, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.Dir, lastBackupFile), append(data, '\n'), 0o644) //nolint:gosec // a date, for whoever looks
}

// readBackup is the last backup; a zero time: none is known.
func (c *Collector) readBackup() lastBackup {
	var b lastBackup
	data, err := os.ReadFile(filepath.Join(c.Dir, lastBackupFile))
	if err != nil || json.Unmarshal(data, &b) != nil {
		return lastBackup{}
	}
	return b
}

// backupOld tells once a week that there is no backup of late, once there is something to lose.
func (c *Collector) backupOld(ctx context.Context, tx *storage.Tx, now time.Time) ([]notify.Message, error) {
	last := c.readBackup()
	if now.Sub(last.At) <= backupEvery {
		return nil, nil
	}
	machines, err := c.Enroll.Machines(ctx, tx)
	if err != nil {
		return nil, err
	}
	old := false
	for _, m := range machines {
		old = old || now.Sub(m.EnrolledAt) > backupEvery
	}
	if !old {
		return nil, nil
	}
	return []notify.Message{{
		Key: "backup/" + c.weekOf(now), Kind: "backup.old", Roles: []string{string(access.Administrator), string(access.Officer)},
		Subject: say("Falta una copia reciente de Vigía", "A recent backup of Vigía is missing"),
		Body: say("La última copia del colector es del: {when}. Sin copia, un disco roto se lleva las pruebas. Haga una con «vigia backup» y guárdela fuera de este equipo.",
			"The last backup of the collector is of: {when}. Without one, a broken disk takes the evidence with it. Make one with “vigia backup” and keep it away from this machine.", "when", c.local(last.At)),
	}}, nil
}

// Of the data folder's disk, less than this is little.
const (
	littleSpace   = 1 << 30 // bytes
	littlePercent = 5
)

// diskLow tells once a day that the disk is nearly full. Where that cannot be measured it is silent.
func (c *Collector) diskLow(_ context.Context, _ *storage.Tx, now time.Time) ([]notify.Message, error) {
	left, whole, err := storage.Free(c.Dir)
	if err != nil {
		return nil, nil //nolint:nilerr // not measured on this system; a full database says so itself
	}
	if left >= littleSpace && left >= whole/100*littlePercent {
		return nil, nil
	}
	return []notify.Message{{
		Key: "disk/" + c.dayOf(now), Kind: "disk.low", Urgent: true, Roles: []string{string(access.Administrator)}, Escalate: []string{string(access.Officer)},
		Subject: say("Queda poco disco para Vigía", "Little disk is left for Vigía"),
		Body: say("Quedan {mb} MB en el disco de la carpeta de datos. Cuando se llene, los equipos guardarán sus informes y el portal no admitirá cambios. Libere espacio o amplíe el disco.",
			"{mb} MB are left on the disk of the data folder. Once it is full, machines will keep their reports and the portal will take no changes. Free space or enlarge the disk.", "mb", strconv.FormatUint(left>>20, 10)),
	}}, nil
}
