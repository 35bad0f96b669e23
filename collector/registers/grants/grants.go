// Package grants is the book of authorised users (AUT): which person may use which system
// or machine, at which level, who authorised it and until when.
//
// That somebody's own account stands with them in the book of people lets them log on;
// a row here is needed for a system of treatment, and for any right to administer.
package grants

import (
	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "grants"

// Level is what a person may do.
type Level string

// The levels, the least first.
const (
	Read  Level = "read"
	Write Level = "write"
	Admin Level = "admin"
)

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "AUT", Theme: registers.ThemePeople, Ends: "until",
		Title: say("Usuarios autorizados", "Authorised users"),
		Lead: say("Quién puede usar cada sistema o equipo, y con qué nivel. Se compara con los usuarios que de verdad existen.",
			"Who may use each system or machine, and at which level. It is compared with the users that really exist."),
		Fields: []registers.Field{
			{Name: "person", Kind: registers.Folio, Of: "people", Required: true, Personal: true, Label: say("Persona", "Person")},
			{Name: "system", Kind: registers.Folio, Of: "systems", Label: say("Sistema", "System"), Hint: say("O un equipo, si el permiso es para administrarlo.", "Or a machine, if it is to administer that.")},
			{Name: "machine", Kind: registers.Host, Label: say("Equipo", "Machine"), Hint: say("Su nombre. Sin sistema y sin equipo, vale en todos los equipos.", "Its name. Without system and machine it holds on all machines.")},
			{Name: "level", Kind: registers.Choice, Required: true, Label: say("Nivel de acceso", "Level of access"), Options: []registers.Option{
				{Code: string(Read), Label: say("Consulta", "Reads")},
				{Code: string(Write), Label: say("Captura y modificación", "Enters and changes")},
				{Code: string(Admin), Label: say("Administración", "Administers")},
			}},
			{Name: "role", Kind: registers.Line, Label: say("Perfil en la aplicación", "Role in the application"), Hint: say("Como lo llama la aplicación: cajero, supervisor…", "As the application calls it: cashier, supervisor…")},
			{Name: "authorised_by", Kind: registers.Line, Required: true, Personal: true, Label: say("Autorizado por", "Authorised by")},
			{Name: "authorised", Kind: registers.Day, Required: true, Label: say("Fecha de autorización", "Authorised on")},
			{Name: "until", Kind: registers.Day, Label: say("Hasta", "Until"), Hint: say("El último día; vacío, sin término.", "The last day; empty for no end.")},
			{Name: "request", Kind: registers.Paper, Label: say("Solicitud firmada", "Signed request")},
			{Name: "note", Kind: registers.Prose, Label: say("Observaciones", "Notes")},
		},
		Key: []string{"person", "system", "machine", "role"}, Check: check, Words: words(),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"grants.one":   {Say: say("diga el sistema o el equipo, no los dos", "name the system or the machine, not both")},
		"grants.order": {Say: say("es anterior a la autorización", "is before it was authorised")},
		"grants.all":   {Say: say("para todos los equipos solo tiene sentido «Administración»", "for all machines only “Administers” makes sense")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	if v["system"] != "" && v["machine"] != "" {
		out = append(out, registers.Problem{Field: "machine", Code: "grants.one"})
	}
	if v["system"] == "" && v["machine"] == "" && Level(v["level"]) != Admin {
		out = append(out, registers.Problem{Field: "level", Code: "grants.all"})
	}
	if v["until"] != "" && v["until"] < v["authorised"] {
		out = append(out, registers.Problem{Field: "until", Code: "grants.order"})
	}
	return out
}

// Grant is a row.
type Grant struct {
	Folio, Person, System int64
	Machine               string // empty with no System: every machine
	Level                 Level
	Role, AuthorisedBy    string
	Authorised, Until     string // days, YYYY-MM-DD; Until is the last one, empty for no end
}

// Of reads a row.
func Of(row registers.Row) (Grant, error) {
	r := registers.Reader{Values: row.Values}
	v := row.Values
	g := Grant{Folio: row.Folio, Person: r.Number("person"), System: r.Number("system"), Machine: v["machine"], Level: Level(v["level"]),
		Role: v["role"], AuthorisedBy: v["authorised_by"], Authorised: v["authorised"], Until: v["until"]}
	return g, r.Err
}

// Holds tells whether the grant is good on a day, YYYY-MM-DD.
func (g Grant) Holds(day string) bool {
	return g.Authorised <= day && (g.Until == "" || day <= g.Until)
}

// Covers tells whether what somebody has is within what was granted.
func (l Level) Covers(has Level) bool { return rank(l) >= rank(has) }

func rank(l Level) int {
	switch l {
	case Admin:
		return 3
	case Write:
		return 2
	case Read:
		return 1
	default:
		return 0
	}
}
