// Package appointments is the book of those who hold an office in data protection (NOM):
// who, by which act, since when, and who stands in.
package appointments

import (
	"slices"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "appointments"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Office is what somebody is appointed to.
type Office string

// The offices.
const (
	Controller    Office = "controller"
	Officer       Office = "officer"
	Administrator Office = "administrator"
	DPO           Office = "dpo"
	Transparency  Office = "transparency"
	Committee     Office = "committee"
	Control       Office = "control"
	Auditor       Office = "auditor"
	Liaison       Office = "liaison"
)

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "NOM", Theme: registers.ThemePeople,
		Title: say("Nombramientos", "Appointments"),
		Lead: say("Quién es responsable del tratamiento, responsable de seguridad, administrador, enlace…, desde cuándo, con qué oficio y quién lo suple.",
			"Who is controller, security officer, administrator, liaison…, since when, by which act and who stands in."),
		Fields: []registers.Field{
			{Name: "office", Kind: registers.Choice, Required: true, Label: say("Cargo", "Office"), Options: offices()},
			{Name: "person", Kind: registers.Line, Required: true, Personal: true, Label: say("Nombre", "Name")},
			{Name: "post", Kind: registers.Line, Label: say("Puesto", "Post"), Hint: say("Directora de Informática.", "Head of IT.")},
			{Name: "account", Kind: registers.Account, Label: say("Cuenta", "Account")},
			{Name: "department", Kind: registers.Line, Label: say("Área", "Department"), Hint: say("La que representa un enlace.", "The one that a liaison speaks for.")},
			{Name: "substitute", Kind: registers.Line, Personal: true, Label: say("Suplente", "Stands in")},
			{Name: "act", Kind: registers.Line, Required: true, Label: say("Oficio o acuerdo", "Act"), Hint: say("Número y fecha: oficio 12/2026.", "Number and date: act 12/2026.")},
			{Name: "from", Kind: registers.Day, Required: true, Label: say("Desde", "From")},
			{Name: "until", Kind: registers.Day, Label: say("Hasta", "Until")},
			{Name: "duties", Kind: registers.Prose, Label: say("Funciones", "Duties")},
			{Name: "document", Kind: registers.Paper, Label: say("Nombramiento firmado", "Signed appointment")},
		},
		Department: "department", Ends: "until", Writers: []string{"officer", "head", "administrator"}, Check: check, Words: words(),
	}
}

func offices() []registers.Option {
	return []registers.Option{
		{Code: string(Controller), Label: say("Responsable del tratamiento", "Controller")},
		{Code: string(Officer), Label: say("Responsable de seguridad", "Security officer")},
		{Code: string(Administrator), Label: say("Administrador del sistema", "System administrator")},
		{Code: string(DPO), Label: say("Delegado u oficial de protección de datos", "Data protection officer")},
		{Code: string(Transparency), Label: say("Unidad de Transparencia", "Transparency office")},
		{Code: string(Committee), Label: say("Comité de Transparencia", "Transparency committee")},
		{Code: string(Control), Label: say("Órgano interno de control", "Internal control body")},
		{Code: string(Auditor), Label: say("Auditoría", "Auditor")},
		{Code: string(Liaison), Label: say("Enlace de área", "Liaison of a department")},
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"appointments.order":      {Say: say("es anterior al nombramiento", "is before the appointment")},
		"appointments.department": {Say: say("diga de qué área es enlace", "say of which department")},
		"appointments.self":       {Say: say("nadie se suple a sí mismo", "nobody stands in for himself")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	wrong := func(field, code string) { out = append(out, registers.Problem{Field: field, Code: code}) }
	if v["until"] != "" && v["until"] < v["from"] {
		wrong("until", "appointments.order")
	}
	if Office(v["office"]) == Liaison && v["department"] == "" {
		wrong("department", "appointments.department")
	}
	if v["substitute"] != "" && registers.Fold(v["substitute"]) == registers.Fold(v["person"]) {
		wrong("substitute", "appointments.self")
	}
	return out
}

// Appointment is a row.
type Appointment struct {
	Folio           int64
	Office          Office
	Person, Account string
	Department      string
	Substitute      string
	From, Until     string // days
}

// Of reads a row.
func Of(row registers.Row) (Appointment, error) {
	v := row.Values
	return Appointment{Folio: row.Folio, Office: Office(v["office"]), Person: v["person"], Account: v["account"], Department: v["department"],
		Substitute: v["substitute"], From: v["from"], Until: v["until"]}, nil
}

// Holds tells whether it is in force on the day of an instant.
func (a Appointment) Holds(at time.Time) bool {
	day := at.Format(time.DateOnly)
	return a.From <= day && (a.Until == "" || a.Until >= day)
}

// Vacant are the offices of some that nobody holds on the day of an instant, each with
// since when: the day after the last one ended, empty when there never was one.
func Vacant(wanted []Office, all []Appointment, at time.Time) map[Office]string {
	out := map[Office]string{}
	for _, office := range wanted {
		since, held := "", false
		for _, a := range all {
			if a.Office != office {
				continue
			}
			held = held || a.Holds(at)
			if end, err := time.Parse(time.DateOnly, a.Until); err == nil {
				since = max(since, end.AddDate(0, 0, 1).Format(time.DateOnly))
			}
		}
		if !held {
			out[office] = since
		}
	}
	return out
}

// Conflict is one person in two offices, one of which looks at the other.
type Conflict struct{ One, Other Appointment }

// Conflicts are those of the day of an instant: who audits or controls runs nothing that
// is audited, and the security officer administers nothing.
func Conflicts(all []Appointment, at time.Time) []Conflict {
	apart := map[Office][]Office{
		Auditor: {Administrator, Officer, Controller},
		Control: {Administrator, Officer, Controller},
		Officer: {Administrator},
		DPO:     {Administrator, Officer, Controller},
	}
	var out []Conflict
	for _, one := range all {
		for _, other := range all {
			if one.Holds(at) && other.Holds(at) && slices.Contains(apart[one.Office], other.Office) && one.same(other) {
				out = append(out, Conflict{one, other})
			}
		}
	}
	return out
}

// same tells whether two rows are about one person.
func (a Appointment) same(o Appointment) bool {
	if a.Account != "" && o.Account != "" {
		return strings.EqualFold(a.Account, o.Account)
	}
	return registers.Fold(a.Person) == registers.Fold(o.Person)
}
