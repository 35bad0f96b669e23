// Package media is the inventory of media (SOP): sticks, disks and tapes with what they
// hold, who answers for them, and how they end.
//
// A medium is known by the code on its label, which does not say what it holds, and to
// machines by its serial number. It is destroyed only after somebody asked and the
// security officer authorised it.
package media

import (
	"strings"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "media"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Kinds are the kinds of media, shared by the books of media.
func Kinds() []registers.Option {
	o := func(code, es, en string) registers.Option {
		return registers.Option{Code: code, Label: say(es, en)}
	}
	return []registers.Option{
		o("usb", "Memoria USB", "USB stick"), o("disk", "Disco externo", "External disk"), o("card", "Tarjeta de memoria", "Memory card"),
		o("phone", "Teléfono o cámara", "Telephone or camera"), o("optical", "CD o DVD", "CD or DVD"), o("tape", "Cinta", "Tape"),
		o("internal", "Disco interno", "Internal disk"), o("paper", "Papel", "Paper"), o("other", "Otro", "Other"),
	}
}

// Status tells where a medium is in its life.
type Status string

// The statuses.
const (
	InUse     Status = "in_use"
	Stored    Status = "stored"
	Lost      Status = "lost"
	Destroyed Status = "destroyed"
)

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "SOP", Theme: registers.ThemeThings, Ends: "until",
		Title: say("Inventario de soportes", "Inventory of media"),
		Lead: say("Memorias, discos y cintas: código, qué guardan, quién responde y cómo terminan. Los que tienen número de serie se reconocen al conectarlos.",
			"Sticks, disks and tapes: code, what they hold, who answers for them and how they end. Those with a serial number are known when plugged in."),
		Fields: []registers.Field{
			{Name: "code", Kind: registers.Line, Required: true, Label: say("Código", "Code"), Hint: say("El de la etiqueta: SOP-USB-04. Que no diga qué contiene.", "That of the label: SOP-USB-04. It should not say what is in it.")},
			{Name: "kind", Kind: registers.Choice, Required: true, Label: say("Tipo", "Kind"), Options: Kinds()},
			{Name: "copied", Kind: registers.Day, Label: say("Fecha de la copia", "Day of the copy"), Hint: say("De lo que guarda.", "Of what it holds.")},
			{Name: "holds", Kind: registers.Line, Label: say("Qué guarda", "What it holds"), Hint: say("El tipo de información, no los datos.", "The kind of information, not the data.")},
			{Name: "system", Kind: registers.Folio, Of: "systems", Label: say("Sistema", "System")},
			{Name: "sensitive", Kind: registers.Flag, Label: say("Datos sensibles", "Sensitive data")},
			{Name: "label_coded", Kind: registers.Flag, Label: say("Etiqueta en clave", "Coded label"), Hint: say("La etiqueta solo la entiende quien tiene que entenderla.", "Only those who should can tell what the label means.")},
			{Name: "encrypted", Kind: registers.Flag, Label: say("Cifrado", "Encrypted")},
			{Name: "responsible", Kind: registers.Line, Wanted: true, Personal: true, Label: say("Responsable", "Responsible")},
			{Name: "department", Kind: registers.Line, Label: say("Área", "Department")},
			{Name: "location", Kind: registers.Line, Label: say("Dónde se guarda", "Where it is kept")},
			{Name: "serial", Kind: registers.Line, Label: say("Número de serie", "Serial number"), Hint: say("Como lo dice el equipo al conectarlo; Vigía lo propone.", "As the machine tells when it is plugged in; Vigía proposes it.")},
			{Name: "model", Kind: registers.Line, Label: say("Marca y modelo", "Make and model")},
			{Name: "until", Kind: registers.Day, Label: say("Autorizado hasta", "Authorised until"), Hint: say("Vacío: mientras esté en uso.", "Empty: as long as it is in use.")},
			{Name: "status", Kind: registers.Choice, Required: true, Label: say("Situación", "Status"), Options: []registers.Option{
				{Code: string(InUse), Label: say("En uso", "In use")},
				{Code: string(Stored), Label: say("Guardado", "Stored")},
				{Code: string(Lost), Label: say("Perdido", "Lost")},
				{Code: string(Destroyed), Label: say("Destruido", "Destroyed")},
			}},
			{Name: "asked_by", Kind: registers.Line, Personal: true, Label: say("Quién pide destruirlo", "Who asks to destroy it")},
			{Name: "asked", Kind: registers.Day, Label: say("Fecha de la solicitud", "Asked on")},
			{Name: "authorised_by", Kind: registers.Line, Personal: true, Label: say("Quién autoriza destruirlo", "Who authorises it"), Hint: say("El responsable de seguridad.", "The security officer.")},
			{Name: "authorised", Kind: registers.Day, Label: say("Fecha de la autorización", "Authorised on")},
			{Name: "method", Kind: registers.Choice, Label: say("Método de destrucción", "Method"), Options: []registers.Option{
				{Code: "clear", Label: say("Sobrescritura verificada", "Overwritten and verified")},
				{Code: "purge", Label: say("Purga del fabricante", "Maker's purge")},
				{Code: "cryptographic", Label: say("Borrado criptográfico", "Cryptographic erasure")},
				{Code: "shredded", Label: say("Triturado", "Shredded")},
				{Code: "degaussed", Label: say("Desmagnetizado", "Degaussed")},
			}},
			{Name: "destroyed", Kind: registers.Day, Label: say("Fecha de destrucción", "Destroyed on")},
			{Name: "certificate", Kind: registers.Paper, Label: say("Certificado de destrucción", "Certificate of destruction")},
		},
		Key: []string{"code"}, Department: "department", Check: check, Words: words(),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"media.asked":      {Say: say("para destruirlo alguien tiene que pedirlo: diga quién y cuándo", "somebody must ask to destroy it: say who and when")},
		"media.authorised": {Say: say("para destruirlo hace falta la autorización del responsable de seguridad: diga quién y cuándo", "to destroy it takes the authorisation of the security officer: say who and when")},
		"media.method":     {Say: say("diga cómo se destruyó", "say how it was destroyed")},
		"media.day":        {Say: say("diga cuándo se destruyó", "say when it was destroyed")},
		"media.order":      {Say: say("es anterior al paso que va antes", "is before the step that comes first")},
		"media.alive":      {Say: say("tiene fecha de destrucción: ponga la situación «Destruido»", "has a day of destruction: set the status to “Destroyed”")},
		"media.coded":      {Say: say("con datos sensibles la etiqueta va en clave", "with sensitive data the label must be coded")},
		"media.serial":     {Say: say("los números de serie no llevan espacios ni pasan de 200 letras", "serial numbers have no spaces and at most 200 characters")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	wrong := func(field, code string) { out = append(out, registers.Problem{Field: field, Code: code}) }
	if v.Yes("sensitive") && !v.Yes("label_coded") && v["kind"] != "internal" {
		wrong("label_coded", "media.coded")
	}
	if strings.ContainsAny(v["serial"], " \t") || len(v["serial"]) > 200 {
		wrong("serial", "media.serial")
	}
	if v["authorised"] != "" && v["authorised"] < v["asked"] {
		wrong("authorised", "media.order")
	}
	if Status(v["status"]) != Destroyed {
		if v["destroyed"] != "" {
			wrong("status", "media.alive")
		}
		return out
	}
	if v["asked"] == "" || v["asked_by"] == "" {
		wrong("asked_by", "media.asked")
	}
	if v["authorised"] == "" || v["authorised_by"] == "" {
		wrong("authorised_by", "media.authorised")
	}
	if v["method"] == "" {
		wrong("method", "media.method")
	}
	switch {
	case v["destroyed"] == "":
		wrong("destroyed", "media.day")
	case v["authorised"] != "" && v["destroyed"] < v["authorised"]:
		wrong("destroyed", "media.order")
	}
	return out
}

// Medium is a row.
type Medium struct {
	Folio                       int64
	Code, Kind, Serial, Model   string
	Responsible, Department     string
	Sensitive, Coded, Encrypted bool
	Status                      Status
	Until, Asked, Destroyed     string // days, YYYY-MM-DD
}

// Of reads a row.
func Of(row registers.Row) (Medium, error) {
	v := row.Values
	return Medium{Folio: row.Folio, Code: v["code"], Kind: v["kind"], Serial: v["serial"], Model: v["model"], Responsible: v["responsible"],
		Department: v["department"], Sensitive: v.Yes("sensitive"), Coded: v.Yes("label_coded"), Encrypted: v.Yes("encrypted"),
		Status: Status(v["status"]), Until: v["until"], Asked: v["asked"], Destroyed: v["destroyed"]}, nil
}

// Usable tells whether the medium may be plugged in at all; until when, Until says.
func (m Medium) Usable() bool { return m.Serial != "" && (m.Status == InUse || m.Status == Stored) }
