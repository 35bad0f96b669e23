package simulate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/collector/registers"
	"vigia/collector/storage"
)

// Office is the people who keep the books of the town hall. It writes as they would: what
// there is in the first week, and then what changes on each day.
type Office struct {
	Store *registers.Store
	Books []*registers.Book
	Zone  *time.Location
	Seed  uint64

	people  map[int]int64 // folio of a person, by the place in Town.People
	systems []int64
	permits []int64 // of media
	assets  map[int]int64
}

// Accounts of those who write.
const (
	officer       = "seguridad"
	administrator = "sistemas"
)

// Day writes what happened on a day, at the end of it.
func (o *Office) Day(ctx context.Context, tx *storage.Tx, town *Town, day int, now time.Time) error {
	d := &diary{Office: o, ctx: ctx, tx: tx, town: town, day: day, now: now,
		rng: rand.New(rand.NewPCG(o.Seed, uint64(day)+1000))} //nolint:gosec // a story, and no secret
	if o.people == nil {
		o.people, o.assets = map[int]int64{}, map[int]int64{}
	}
	for _, write := range []func() error{d.staff, d.inventory, d.systemsAndRights, d.mediaInAndOut, d.papers} {
		if err := write(); err != nil {
			return err
		}
	}
	return nil
}

// diary is one day of the office.
type diary struct {
	*Office
	ctx  context.Context //nolint:containedctx // lives for one call of Day
	tx   *storage.Tx
	town *Town
	day  int
	now  time.Time
	rng  *rand.Rand
}

// The days of the first week on which the books are begun.
const (
	staffDay     = 0
	inventoryDay = 1
	systemsDay   = 2
	mediaDay     = 3
)

// on is when something happened: so many hours before now, as a Moment of a row.
func (d *diary) on(hours int) string {
	return d.now.Add(-time.Duration(hours) * time.Hour).UTC().Truncate(time.Second).Format(time.RFC3339)
}

// date writes the day so many days from now.
func (d *diary) date(days int) string {
	return d.now.In(d.Zone).AddDate(0, 0, days).Format(time.DateOnly)
}

func (d *diary) book(name string) (*registers.Book, error) {
	i := slices.IndexFunc(d.Books, func(b *registers.Book) bool { return b.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no book %s", name)
	}
	return d.Books[i], nil
}

// add writes a row and answers its folio. Empty values are left out.
func (d *diary) add(book, by string, v registers.Values) (int64, error) {
	b, err := d.book(book)
	if err != nil {
		return 0, err
	}
	for name, value := range v {
		if value == "" {
			delete(v, name)
		}
	}
	row, err := d.Store.Add(d.ctx, d.tx, b, v, registers.Act{By: by, Via: registers.Portal})
	if err != nil {
		return 0, fmt.Errorf("write to the book %s: %w", book, err)
	}
	return row.Folio, nil
}

// change rewrites some values of a row.
func (d *diary) change(book, by string, folio int64, why string, set registers.Values) error {
	b, err := d.book(book)
	if err != nil {
		return err
	}
	row, err := d.Store.Row(d.ctx, d.tx, b, folio)
	if errors.Is(err, registers.ErrNoRow) {
		return nil
	}
	if err != nil {
		return err
	}
	v := registers.Values{}
	maps.Copy(v, row.Values)
	maps.Copy(v, set)
	_, err = d.Store.Change(d.ctx, d.tx, b, folio, row.Version, v, registers.Act{By: by, Why: why, Via: registers.Portal})
	if err != nil {
		return fmt.Errorf("change the book %s: %w", book, err)
	}
	return nil
}

// staff writes who works there, who comes and who goes.
func (d *diary) staff() error {
	for i, p := range d.town.People {
		switch {
		case p.Joined == d.day && d.day > staffDay:
			if err := d.join(i, p); err != nil {
				return err
			}
		case d.day == staffDay && p.Joined == 0:
			if err := d.person(i, p, ""); err != nil {
				return err
			}
		case p.Left == d.day && d.day > staffDay:
			if err := d.leave(i, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *diary) person(i int, p Person, joined string) error {
	folio, err := d.add("people", administrator, registers.Values{
		"name": p.Name, "number": fmt.Sprintf("E%04d", i+1), "kind": "staff", "accounts": p.Account, "post": p.Post,
		"department": p.Department, "joined": joined, "status": "active",
	})
	d.people[i] = folio
	return err
}

func (d *diary) join(i int, p Person) error {
	if err := d.person(i, p, d.date(0)); err != nil {
		return err
	}
	_, err := d.add("movements", administrator, registers.Values{
		"kind": "join", "person": strconv.FormatInt(d.people[i], 10), "at": d.on(6), "department": p.Department, "post": p.Post,
		"asked_by": "Titular de " + p.Department, "asked": d.on(30), "account_made": d.on(4), "told": "yes",
	})
	if err != nil || len(d.systems) == 0 {
		return err
	}
	return d.grant(i)
}

// leave writes a leaver, and that the accounts are closed: on the same day, or nobody did.
func (d *diary) leave(i int, p Person) error {
	if d.people[i] == 0 {
		return nil
	}
	removed := d.on(1)
	if p.Slow {
		removed = ""
	}
	if _, err := d.add("movements", administrator, registers.Values{
		"kind": "leave", "person": strconv.FormatInt(d.people[i], 10), "at": d.on(5), "department": p.Department,
		"asked_by": "Titular de " + p.Department, "asked": d.on(6), "rights_removed": removed, "data": "none", "data_done": d.date(0),
	}); err != nil {
		return err
	}
	return d.change("people", administrator, d.people[i], "deja el ayuntamiento", registers.Values{"status": "left", "left": d.on(5)})
}

// inventory writes which machines and programs there are.
func (d *diary) inventory() error {
	if d.day == inventoryDay {
		for _, program := range [][2]string{
			{"LibreOffice*", "The Document Foundation"}, {"Gestión municipal*", "Sistemas del Norte"}, {"firefox-esr", ""}, {"libreoffice-calc", ""},
		} {
			if _, err := d.add("software", administrator, registers.Values{
				"product": program[0], "publisher": program[1], "decision": "allowed", "decided_by": "Dirección de informática", "decided": d.date(0),
				"why": "trabajo diario",
			}); err != nil {
				return err
			}
		}
	}
	for i, m := range d.town.Machines {
		switch {
		case d.day == inventoryDay && m.Joined <= d.day, m.Joined == d.day && d.day > inventoryDay:
			folio, err := d.add("assets", administrator, registers.Values{
				"hostname": m.Host, "code": "INV-" + m.Serial, "kind": string(m.Form), "department": m.Department, "status": "in_use",
				"responsible": "Titular de " + m.Department, "model": "Acme Puesto 3000", "outside": flag(m.Form == Laptop),
			})
			if err != nil {
				return err
			}
			d.assets[i] = folio
		case m.Left == d.day && d.assets[i] > 0:
			if err := d.change("assets", administrator, d.assets[i], "equipo sustituido", registers.Values{
				"status": "disposed", "disposed": d.date(0), "disposed_by": "Dirección de informática", "wiped": "clear",
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

func flag(yes bool) string {
	if yes {
		return "yes"
	}
	return ""
}

// system is one of those of treatment that the town has.
type system struct {
	name, department, purpose, persons, application string
	data                                            []string
}

func systemsOfTown() []system {
	return []system{
		{"Padrón de habitantes", "Padrón", "Llevar el padrón y dar certificados.", "Vecinos", "padron", []string{"name", "address", "curp", "birth"}},
		{"Contabilidad y tesorería", "Tesorería", "Cobrar contribuciones y pagar.", "Contribuyentes y proveedores", "tesoreria", []string{"name", "rfc", "bank", "tax"}},
		{"Catastro", "Catastro", "Llevar el padrón de inmuebles.", "Propietarios", "catastro", []string{"name", "address", "economic"}},
		{"Registro civil", "Registro Civil", "Inscribir los actos del estado civil.", "Vecinos", "registro", []string{"name", "birth", "civil_status", "family"}},
		{"Apoyos sociales", "Servicios Sociales", "Tramitar apoyos y ayudas.", "Beneficiarios", "apoyos", []string{"name", "curp", "economic", "health"}},
		{"Nómina y personal", "Recursos Humanos", "Pagar la nómina y llevar expedientes.", "Personal", "nomina", []string{"name", "rfc", "social_security", "bank", "union"}},
	}
}

// systemsAndRights writes the inventory of treatments, and who may use what.
func (d *diary) systemsAndRights() error {
	if d.day != systemsDay {
		return nil
	}
	d.systems = nil // a transaction may be tried again
	for i, s := range systemsOfTown() {
		server := d.town.Machines[i%max(1, d.servers())].Host
		folio, err := d.add("systems", officer, registers.Values{
			"name": s.name, "department": s.department, "responsible": "Titular de " + s.department, "administrator": "Dirección de informática",
			"purpose": s.purpose, "persons": s.persons, "obtained": "En ventanilla y por formulario.", "data": d.inOrder("systems", "data", s.data),
			"format": "electronic", "machines": server, "application": s.application, "retention": "La que fija el catálogo de disposición documental.",
		})
		if err != nil {
			return err
		}
		d.systems = append(d.systems, folio)
	}
	for i, p := range d.town.People {
		if p.Works(d.day) {
			if err := d.grant(i); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *diary) servers() int {
	n := 0
	for _, m := range d.town.Machines {
		if m.Form == Server {
			n++
		}
	}
	return n
}

// inOrder writes codes of a Choices field in the order of its options.
func (d *diary) inOrder(book, field string, codes []string) string {
	b, err := d.book(book)
	if err != nil {
		return ""
	}
	f, _ := b.Field(field)
	var out []string
	for _, o := range f.Options {
		if slices.Contains(codes, o.Code) {
			out = append(out, o.Code)
		}
	}
	return strings.Join(out, "\n")
}

// grant lets a person use one system of the town.
func (d *diary) grant(i int) error {
	p := d.town.People[i]
	which := slices.IndexFunc(systemsOfTown(), func(s system) bool { return s.department == p.Department })
	if which < 0 {
		which = d.rng.IntN(len(d.systems))
	}
	level := "read"
	if d.rng.IntN(3) > 0 {
		level = "write"
	}
	_, err := d.add("grants", officer, registers.Values{
		"person": strconv.FormatInt(d.people[i], 10), "system": strconv.FormatInt(d.systems[which], 10), "level": level, "role": p.Post,
		"authorised_by": "Titular de " + p.Department, "authorised": d.date(0),
	})
	return err
}

// mediaInAndOut writes which media there are and what goes in and out: a delivery every
// week, now and then one that nobody had authorised.
func (d *diary) mediaInAndOut() error {
	if d.day == mediaDay {
		for n := range 8 {
			if _, err := d.add("media", administrator, registers.Values{
				"code": fmt.Sprintf("SOP-USB-%02d", n+1), "kind": "usb", "holds": "copias de trabajo", "encrypted": "yes", "responsible": "Dirección de informática",
				"serial": fmt.Sprintf("MEM%04d", 1000+n), "status": "in_use",
			}); err != nil {
				return err
			}
		}
		d.permits = nil
		for _, to := range []string{"Auditoría del Estado", "Instituto de Seguridad Social"} {
			folio, err := d.add("mediapermits", officer, registers.Values{
				"direction": "out", "kind": "periodic", "system": d.systemFolio(5), "sender": "Recursos Humanos", "destination": to, "medium": "network", "way": "vpn",
				"reason": "entrega periódica que fija la ley", "authorised_by": "Responsable del tratamiento", "from": d.date(0), "until": d.date(365),
			})
			if err != nil {
				return err
			}
			d.permits = append(d.permits, folio)
		}
	}
	if d.day <= mediaDay || d.day%7 != 4 || len(d.permits) == 0 {
		return nil
	}
	permit := strconv.FormatInt(d.permits[d.rng.IntN(len(d.permits))], 10)
	if d.rng.IntN(9) == 0 {
		permit = ""
	}
	_, err := d.add("mediabook", administrator, registers.Values{
		"direction": "out", "kind": "network", "at": d.on(3), "sender": "Recursos Humanos", "number": "1", "information": "altas y bajas del personal",
		"way": "vpn", "recipient": "Instituto de Seguridad Social", "permit": permit, "system": d.systemFolio(5), "sensitive": "yes", "encrypted": "yes",
	})
	return err
}

func (d *diary) systemFolio(i int) string {
	if i >= len(d.systems) {
		return ""
	}
	return strconv.FormatInt(d.systems[i], 10)
}

// papers writes the permits to keep personal data on a machine, as they are asked for.
func (d *diary) papers() error {
	if d.day < mediaDay || len(d.systems) == 0 {
		return nil
	}
	for _, m := range d.town.Machines {
		if len(m.Users) == 0 || m.pick("permit", 5) > 0 || m.pick("permit day", 60)+mediaDay != d.day || !m.There(d.day) {
			continue
		}
		p := d.town.People[m.Users[0]]
		folder := "/home/" + p.Account + "/Documentos"
		if m.Windows {
			folder = `C:\Users\` + p.Account + `\Documents`
		}
		if _, err := d.add("permits", officer, registers.Values{
			"machine": m.Host, "folder": folder, "purpose": "expedientes en trámite", "department": m.Department, "system": d.systemFolio(0),
			"authorised_by": "Responsable del tratamiento", "authorised": d.date(0), "until": d.date(150),
		}); err != nil {
			return err
		}
	}
	return nil
}
