// Package mediabook is the book of what comes in and goes out (ESR): on media, by network
// and on paper.
//
// Nothing is changed or taken out of it, and its folios have no gaps. A mistake is
// corrected by another entry that names the one it corrects.
package mediabook

import (
	"time"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "mediabook"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Directions are out and in, shared with the permits.
func Directions() []registers.Option {
	return []registers.Option{
		{Code: "out", Label: say("Salida", "Out")},
		{Code: "in", Label: say("Entrada", "In")},
	}
}

// Ways are the ways of sending, shared with the permits.
func Ways() []registers.Option {
	o := func(code, es, en string) registers.Option {
		return registers.Option{Code: code, Label: say(es, en)}
	}
	return []registers.Option{
		o("hand", "En mano", "By hand"), o("courier", "Mensajería", "Courier"), o("post", "Correo postal", "Post"),
		o("vpn", "Red privada (VPN)", "Private network (VPN)"), o("mail", "Correo electrónico", "E-mail"), o("web", "Plataforma web", "Web platform"), o("other", "Otra", "Other"),
	}
}

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "ESR", Theme: registers.ThemeThings, AppendOnly: true,
		Title: say("Entradas y salidas de soportes", "Media in and out"),
		Lead: say("Todo lo que entra o sale con datos personales: en soportes, por red o en papel. No se borra ni se cambia: un error se corrige con otro asiento.",
			"All that comes in or goes out with personal data: on media, by network or on paper. Nothing is erased or changed: a mistake is corrected by another entry."),
		Fields: []registers.Field{
			{Name: "direction", Kind: registers.Choice, Required: true, Label: say("Entrada o salida", "In or out"), Options: Directions()},
			{Name: "kind", Kind: registers.Choice, Required: true, Label: say("Tipo de soporte", "Kind of medium"), Options: kinds()},
			{Name: "at", Kind: registers.Moment, Required: true, Label: say("Fecha y hora", "Date and time")},
			{Name: "sender", Kind: registers.Line, Required: true, Personal: true, Label: say("Emisor", "Sender"), Hint: say("Persona u oficina que envía.", "Person or office that sends.")},
			{Name: "number", Kind: registers.Number, Required: true, Label: say("Número de soportes", "Number of media"), Hint: say("1 si va por red.", "1 if by network.")},
			{Name: "information", Kind: registers.Line, Required: true, Label: say("Tipo de información", "Kind of information"), Hint: say("Qué es, no los datos: padrón de agua, nómina de octubre.", "What it is, not the data: water roll, October payroll.")},
			{Name: "way", Kind: registers.Choice, Required: true, Label: say("Forma de envío", "Way of sending"), Options: Ways()},
			{Name: "recipient", Kind: registers.Line, Required: true, Personal: true, Label: say("Destinatario o quien recibe", "Recipient"), Hint: say("La persona autorizada.", "The authorised person.")},
			{Name: "permit", Kind: registers.Folio, Of: "mediapermits", Label: say("Autorización", "Authorisation"), Hint: say("Su folio en «Autorizaciones de entrada y salida».", "Its folio among “Authorisations in and out”.")},
			{Name: "medium", Kind: registers.Folio, Of: "media", Label: say("Soporte", "Medium"), Hint: say("Si está en el inventario.", "If it is in the inventory.")},
			{Name: "system", Kind: registers.Folio, Of: "systems", Label: say("Sistema", "System")},
			{Name: "sensitive", Kind: registers.Flag, Label: say("Datos sensibles", "Sensitive data")},
			{Name: "encrypted", Kind: registers.Choice, Label: say("Cifrado", "Encryption"), Options: []registers.Option{
				{Code: "yes", Label: say("Sí (AES-256 o equivalente)", "Yes (AES-256 or as good)")},
				{Code: "weak", Label: say("Solo contraseña de ZIP o RAR antiguo", "Only an old ZIP or RAR password")},
				{Code: "no", Label: say("No", "No")},
			}},
			{Name: "corrects", Kind: registers.Folio, Of: Name, Label: say("Corrige el asiento", "Corrects entry"), Hint: say("El folio del asiento equivocado.", "The folio of the mistaken entry.")},
			{Name: "note", Kind: registers.Prose, Label: say("Observaciones", "Notes")},
		},
		Check: check, Words: words(),
	}
}

func kinds() []registers.Option {
	o := func(code, es, en string) registers.Option {
		return registers.Option{Code: code, Label: say(es, en)}
	}
	return []registers.Option{
		o("usb", "Memoria USB", "USB stick"), o("disk", "Disco externo", "External disk"), o("card", "Tarjeta de memoria", "Memory card"),
		o("optical", "CD o DVD", "CD or DVD"), o("tape", "Cinta", "Tape"), o("portable", "Equipo portátil", "Portable computer"),
		o("network", "Por red, sin soporte", "By network, no medium"), o("paper", "Papel", "Paper"), o("other", "Otro", "Other"),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"mediabook.number":    {Say: say("al menos uno", "at least one")},
		"mediabook.encrypted": {Say: say("con datos sensibles diga si va cifrado", "with sensitive data say whether it is encrypted")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	if v["number"] == "0" {
		out = append(out, registers.Problem{Field: "number", Code: "mediabook.number"})
	}
	if v.Yes("sensitive") && v["encrypted"] == "" && v["kind"] != "paper" {
		out = append(out, registers.Problem{Field: "encrypted", Code: "mediabook.encrypted"})
	}
	return out
}

// Entry is a row.
type Entry struct {
	Folio, Permit, Medium, Corrects int64
	Out                             bool
	Kind, Sender, Recipient, Way    string
	At                              time.Time
	Sensitive                       bool
	Encrypted                       string // yes, weak, no; empty: not said
}

// Of reads a row.
func Of(row registers.Row) (Entry, error) {
	r := registers.Reader{Values: row.Values}
	v := row.Values
	e := Entry{Folio: row.Folio, Permit: r.Number("permit"), Medium: r.Number("medium"), Corrects: r.Number("corrects"), Out: v["direction"] == "out",
		Kind: v["kind"], Sender: v["sender"], Recipient: v["recipient"], Way: v["way"], At: r.Moment("at"), Sensitive: v.Yes("sensitive"), Encrypted: v["encrypted"]}
	return e, r.Err
}

// InForce leaves out the entries that a later one corrects.
func InForce(all []Entry) []Entry {
	corrected := map[int64]bool{}
	for _, e := range all {
		if e.Corrects != 0 && e.Corrects < e.Folio {
			corrected[e.Corrects] = true
		}
	}
	var out []Entry
	for _, e := range all {
		if !corrected[e.Folio] {
			out = append(out, e)
		}
	}
	return out
}
