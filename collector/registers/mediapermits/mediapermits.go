// Package mediapermits is the book of authorisations to send out and to take in (ASO), of
// three kinds: periodic and ordinary ones hold for many movements, an extraordinary one
// for a single movement.
package mediapermits

import (
	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "mediapermits"

// Kind tells for how many movements an authorisation holds.
type Kind string

// The kinds.
const (
	Periodic      Kind = "periodic"
	Ordinary      Kind = "ordinary"
	Extraordinary Kind = "extraordinary"
)

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Book says what the rows hold.
func Book() *registers.Book {
	o := func(code, es, en string) registers.Option {
		return registers.Option{Code: code, Label: say(es, en)}
	}
	return &registers.Book{
		Name: Name, Prefix: "ASO", Theme: registers.ThemeThings, Ends: "until",
		Title: say("Autorizaciones de entrada y salida", "Authorisations in and out"),
		Lead: say("Quién autorizó cada salida o entrada de datos. Las periódicas y ordinarias valen para muchas; una extraordinaria, para una sola.",
			"Who authorised each exit or entry of data. Periodic and ordinary ones hold for many; an extraordinary one for one only."),
		Fields: []registers.Field{
			{Name: "direction", Kind: registers.Choice, Required: true, Label: say("Entrada o salida", "In or out"), Options: []registers.Option{o("out", "Salida", "Out"), o("in", "Entrada", "In")}},
			{Name: "kind", Kind: registers.Choice, Required: true, Label: say("Clase", "Kind"), Options: []registers.Option{
				o(string(Periodic), "Periódica", "Periodic"), o(string(Ordinary), "Ordinaria", "Ordinary"), o(string(Extraordinary), "Extraordinaria (una sola vez)", "Extraordinary (once only)"),
			}},
			{Name: "system", Kind: registers.Folio, Of: "systems", Label: say("Sistema del que procede", "System it comes from")},
			{Name: "file", Kind: registers.Line, Label: say("Fichero o documento", "File or document"), Hint: say("Si no es de un sistema del inventario, o para concretar.", "If of no system of the inventory, or to be precise.")},
			{Name: "sender", Kind: registers.Line, Required: true, Personal: true, Label: say("Quién envía", "Sender")},
			{Name: "destination", Kind: registers.Line, Required: true, Personal: true, Label: say("Destino", "Destination")},
			{Name: "medium", Kind: registers.Choice, Required: true, Label: say("Tipo de soporte", "Kind of medium"), Options: []registers.Option{
				o("usb", "Memoria USB", "USB stick"), o("disk", "Disco externo", "External disk"), o("card", "Tarjeta de memoria", "Memory card"),
				o("optical", "CD o DVD", "CD or DVD"), o("tape", "Cinta", "Tape"), o("portable", "Equipo portátil", "Portable computer"),
				o("network", "Por red, sin soporte", "By network, no medium"), o("paper", "Papel", "Paper"), o("other", "Otro", "Other"),
			}},
			{Name: "way", Kind: registers.Choice, Required: true, Label: say("Forma de envío", "Way of sending"), Options: []registers.Option{
				o("hand", "En mano", "By hand"), o("courier", "Mensajería", "Courier"), o("post", "Correo postal", "Post"),
				o("vpn", "Red privada (VPN)", "Private network (VPN)"), o("mail", "Correo electrónico", "E-mail"), o("web", "Plataforma web", "Web platform"), o("other", "Otra", "Other"),
			}},
			{Name: "reason", Kind: registers.Line, Required: true, Label: say("Motivo", "Reason")},
			{Name: "department", Kind: registers.Line, Label: say("Área", "Department")},
			{Name: "authorised_by", Kind: registers.Line, Required: true, Personal: true, Label: say("Autorizado por", "Authorised by"), Hint: say("El responsable de seguridad o del tratamiento.", "The security officer or the head of the organisation.")},
			{Name: "from", Kind: registers.Day, Required: true, Label: say("Desde", "From")},
			{Name: "until", Kind: registers.Day, Label: say("Hasta", "Until"), Hint: say("El último día. De una extraordinaria, vacío: el mismo día.", "The last day. Of an extraordinary one, empty: the same day.")},
			{Name: "paper", Kind: registers.Paper, Label: say("Autorización firmada", "Signed authorisation")},
		},
		Department: "department", Check: check, Words: words(),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"mediapermits.what":  {Say: say("diga de qué sistema o fichero se trata", "say which system or file it is about")},
		"mediapermits.order": {Say: say("es anterior al comienzo", "is before it begins")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	if v["system"] == "" && v["file"] == "" {
		out = append(out, registers.Problem{Field: "file", Code: "mediapermits.what"})
	}
	if v["until"] != "" && v["until"] < v["from"] {
		out = append(out, registers.Problem{Field: "until", Code: "mediapermits.order"})
	}
	return out
}

// Permit is a row.
type Permit struct {
	Folio       int64
	Out         bool
	Kind        Kind
	From, Until string // days, YYYY-MM-DD; Until is the last one, empty for no end
}

// Of reads a row. An extraordinary one without an end holds on its day only.
func Of(row registers.Row) (Permit, error) {
	v := row.Values
	p := Permit{Folio: row.Folio, Out: v["direction"] == "out", Kind: Kind(v["kind"]), From: v["from"], Until: v["until"]}
	if p.Kind == Extraordinary && p.Until == "" {
		p.Until = p.From
	}
	return p, nil
}

// Covers tells whether a movement in a direction on a day, YYYY-MM-DD, is within it.
func (p Permit) Covers(out bool, day string) bool {
	return p.Out == out && p.From <= day && (p.Until == "" || day <= p.Until)
}
