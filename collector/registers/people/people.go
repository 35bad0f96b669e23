// Package people is the book of persons and their accounts (PER): who works for the
// organisation, what they log on with, since when and until when.
//
// An account stands with the person whose it is, once: as it is typed where it is good
// everywhere, behind the machine's name and a backslash where it is one machine's own.
// The package knows people by what the organisation wrote of them, and judges nobody.
package people

import (
	"slices"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "people"

// Kind is what ties a person to the organisation.
type Kind string

// The kinds.
const (
	Staff    Kind = "staff"
	Elected  Kind = "elected"
	External Kind = "external" // of a contractor: with a contract and an end
	Trainee  Kind = "trainee"  // for a time: with an end
	// Service stands for a program that logs on; the row says who answers for it.
	Service Kind = "service"
)

// Status tells whether a person is there.
type Status string

// The statuses.
const (
	Active Status = "active"
	Away   Status = "away" // on leave; the accounts are to be shut meanwhile
	Left   Status = "left"
)

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "PER", Theme: registers.ThemePeople, Ends: "ends",
		Title: say("Personas y cuentas", "People and accounts"),
		Lead: say("Quién trabaja aquí y con qué cuentas entra. De este libro sale qué cuenta no tiene dueño y quién se fue y sigue pudiendo entrar.",
			"Who works here and with which accounts. This book tells which account is nobody's, and who left and can still log on."),
		Fields: []registers.Field{
			{Name: "name", Kind: registers.Line, Required: true, Personal: true, Label: say("Nombre y apellidos", "Name"),
				Hint: say("Como en su nombramiento. De una cuenta de servicio, para qué sirve: «copias nocturnas».", "As in the appointment. Of a service account, what it is for: “nightly copies”.")},
			{Name: "number", Kind: registers.Line, Personal: true, Label: say("Número de empleado", "Staff number"),
				Hint: say("Distingue a dos personas con el mismo nombre; puede quedar vacío.", "Tells two people of one name apart; may be left empty.")},
			{Name: "kind", Kind: registers.Choice, Required: true, Label: say("Relación", "Tie"),
				Hint: say("De quien viene de fuera o por un tiempo hay que anotar hasta cuándo.", "Of those from outside or for a time, until when must be written."),
				Options: []registers.Option{
					{Code: string(Staff), Label: say("Personal propio", "Own staff")},
					{Code: string(Elected), Label: say("Cargo electo o de confianza", "Elected or appointed")},
					{Code: string(External), Label: say("Personal externo", "External staff")},
					{Code: string(Trainee), Label: say("Prácticas o servicio social", "Trainee")},
					{Code: string(Service), Label: say("Cuenta de servicio (sin persona)", "Service account (no person)")},
				}},
			{Name: "accounts", Kind: registers.Lines, Personal: true, Label: say("Cuentas", "Accounts"),
				Hint: say(`Una por renglón, como se escribe al entrar: mlopez. Si solo existe en un equipo, el equipo delante: pc-caja-01\mlopez.`,
					`One a line, as it is typed to log on: mlopez. If it is one machine's own, the machine before it: pc-caja-01\mlopez.`)},
			{Name: "email", Kind: registers.Line, Personal: true, Label: say("Correo institucional", "Work e-mail")},
			{Name: "post", Kind: registers.Line, Label: say("Puesto", "Post"), Hint: say("Por ejemplo: auxiliar de Catastro.", "For example: clerk of the land registry.")},
			{Name: "department", Kind: registers.Line, Wanted: true, Label: say("Área", "Department"), Hint: say("Con el mismo nombre que en los equipos.", "By the name that its machines have.")},
			{Name: "head", Kind: registers.Flag, Label: say("Es titular del área", "Heads the department"),
				Hint: say("Quien pide las altas, bajas y cambios de su gente.", "Who asks for their people to join, leave or move.")},
			{Name: "contract", Kind: registers.Line, Label: say("Contrato o convenio", "Contract"), Hint: say("Del personal externo: su número.", "Of external staff: its number.")},
			{Name: "duties", Kind: registers.Prose, Label: say("Funciones y obligaciones", "Functions and duties"),
				Hint: say("Con los datos personales; pasa al documento de seguridad.", "As to personal data; goes into the security document.")},
			{Name: "joined", Kind: registers.Day, Label: say("Fecha de alta", "Joined")},
			{Name: "ends", Kind: registers.Day, Label: say("Fin previsto", "Expected end"), Hint: say("El último día de un contrato, unas prácticas o un mandato.", "The last day of a contract, a training or a term.")},
			{Name: "left", Kind: registers.Moment, Label: say("Dejó el puesto", "Left the post"),
				Hint: say("Fecha y hora. Desde entonces hay 24 horas para cerrar sus cuentas.", "Date and time. From then on there are 24 hours to shut the accounts.")},
			{Name: "status", Kind: registers.Choice, Required: true, Label: say("Situación", "Status"), Options: []registers.Option{
				{Code: string(Active), Label: say("En activo", "Active")},
				{Code: string(Away), Label: say("De licencia o suspensión", "On leave")},
				{Code: string(Left), Label: say("De baja", "Left")},
			}},
		},
		Key: []string{"name", "number"}, Department: "department", Check: check, Words: words(),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"people.account": {Say: say("la cuenta «{account}» no se puede leer: escriba mlopez, o pc-caja-01\\mlopez", "the account “{account}” cannot be read: write mlopez, or pc-caja-01\\mlopez")},
		"people.ends":    {Say: say("de quien viene de fuera o por un tiempo diga hasta cuándo", "of those from outside or for a time say until when")},
		"people.when":    {Say: say("diga cuándo dejó el puesto, con la hora: de ahí corren las 24 horas", "say when the post was left, with the time: the 24 hours run from there")},
		"people.stays":   {Say: say("dice cuándo dejó el puesto: ponga la situación «De baja»", "tells when the post was left: set the status to “Left”")},
		"people.order":   {Say: say("es anterior al alta", "is before the day of joining")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	wrong := func(field, code string, pairs ...string) {
		p := registers.Problem{Field: field, Code: code}
		for i := 0; i+1 < len(pairs); i += 2 {
			p.Args = map[string]string{pairs[i]: pairs[i+1]}
		}
		out = append(out, p)
	}
	for _, text := range v.List("accounts") {
		if _, ok := ParseAccount(text); !ok {
			wrong("accounts", "people.account", "account", text)
		}
	}
	kind, status := Kind(v["kind"]), Status(v["status"])
	switch {
	case v["ends"] == "" && v["left"] == "" && (kind == External || kind == Trainee):
		wrong("ends", "people.ends")
	case v["ends"] != "" && v["ends"] < v["joined"]:
		wrong("ends", "people.order")
	}
	switch {
	case status == Left && v["left"] == "":
		wrong("left", "people.when")
	case status == Active && v["left"] != "":
		wrong("status", "people.stays")
	case v["left"] != "" && v["left"] < v["joined"]:
		wrong("left", "people.order")
	}
	return out
}

// Account is a log-on name, of one machine or, with no machine, of all.
type Account struct{ Machine, Name string }

// ParseAccount reads mlopez, pc-caja-01\mlopez or mlopez@ayto.example. It keeps capitals:
// Linux tells them apart.
func ParseAccount(text string) (Account, bool) {
	machine, name, local := strings.Cut(text, `\`)
	if !local {
		machine, name = "", text
	}
	ok := name != "" && !strings.ContainsAny(name, "\\/\t") && len(text) <= 200 && (!local || machine != "" && !strings.ContainsAny(machine, "/ \t"))
	return Account{Machine: strings.ToLower(machine), Name: name}, ok
}

// String writes the account as ParseAccount reads it.
func (a Account) String() string {
	if a.Machine == "" {
		return a.Name
	}
	return a.Machine + `\` + a.Name
}

// Person is a row.
type Person struct {
	Folio         int64
	Name, Number  string
	Kind          Kind
	Accounts      []Account
	Email, Post   string
	Department    string
	Head          bool
	Contract      string
	Joined, Ended string // days, YYYY-MM-DD; Ended is the last one expected
	Left          time.Time
	Status        Status
}

// Of reads a row.
func Of(row registers.Row) (Person, error) {
	r := registers.Reader{Values: row.Values}
	v := row.Values
	p := Person{Folio: row.Folio, Name: v["name"], Number: v["number"], Kind: Kind(v["kind"]), Email: v["email"], Post: v["post"],
		Department: v["department"], Head: v.Yes("head"), Contract: v["contract"], Joined: v["joined"], Ended: v["ends"],
		Left: r.Moment("left"), Status: Status(v["status"])}
	for _, text := range v.List("accounts") {
		if a, ok := ParseAccount(text); ok {
			p.Accounts = append(p.Accounts, a)
		}
	}
	return p, r.Err
}

// GoneBy tells when the person was gone, if that is so at a time: they left, or what was
// for a time is over. Days end in zone.
func (p Person) GoneBy(at time.Time, zone *time.Location) (time.Time, bool) {
	gone := p.Left
	if day, err := time.ParseInLocation(time.DateOnly, p.Ended, zone); gone.IsZero() && err == nil {
		gone = day.AddDate(0, 0, 1)
	}
	return gone, !gone.IsZero() && !gone.After(at)
}

// Owns tells whether an account of a machine is the person's.
func (p Person) Owns(machine, name string) bool {
	return slices.ContainsFunc(p.Accounts, func(a Account) bool {
		return strings.EqualFold(a.Name, name) && (a.Machine == "" || sameHost(a.Machine, machine))
	})
}

// sameHost compares host names; one without domain matches one with it.
func sameHost(a, b string) bool {
	shortA, domainA, _ := strings.Cut(a, ".")
	shortB, domainB, _ := strings.Cut(b, ".")
	return strings.EqualFold(shortA, shortB) && (domainA == "" || domainB == "" || strings.EqualFold(domainA, domainB))
}
