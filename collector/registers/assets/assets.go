// Package assets is the inventory of equipment (EQU): which machines the organisation
// has, whose they are, who uses them and where they stand.
//
// A machine is known by its host name, which is what it reports; the code is the label on
// it, not a maker's serial number. What was disposed of stays in the book.
package assets

import (
	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "assets"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Status tells where a machine is in its life.
type Status string

// The statuses.
const (
	InUse    Status = "in_use"
	Stored   Status = "stored"
	Repair   Status = "repair"
	Disposed Status = "disposed"
)

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "EQU", Theme: registers.ThemeThings,
		Title: say("Inventario de equipos", "Inventory of equipment"),
		Lead: say("Qué equipos hay, de quién son, quién los usa y dónde están. Se compara con los que reportan.",
			"Which machines there are, whose they are, who uses them and where they stand. It is compared with those that report."),
		Fields: []registers.Field{
			{Name: "hostname", Kind: registers.Host, Label: say("Nombre en la red", "Host name"), Hint: say("Como lo dice el propio equipo: pc-caja-01. De una impresora puede quedar vacío.", "As the machine itself says: pc-caja-01. Of a printer it may be empty.")},
			{Name: "code", Kind: registers.Line, Label: say("Número de inventario", "Inventory number"), Hint: say("El de la etiqueta, no el número de serie del fabricante.", "That of the label, not the maker's serial number.")},
			{Name: "kind", Kind: registers.Choice, Required: true, Label: say("Tipo", "Kind"), Options: []registers.Option{
				{Code: "desktop", Label: say("Equipo de escritorio", "Desktop")},
				{Code: "laptop", Label: say("Portátil", "Portable")},
				{Code: "server", Label: say("Servidor", "Server")},
				{Code: "tablet", Label: say("Tableta o teléfono", "Tablet or telephone")},
				{Code: "printer", Label: say("Impresora o copiadora", "Printer or copier")},
				{Code: "network", Label: say("Equipo de red", "Network equipment")},
				{Code: "other", Label: say("Otro", "Other")},
			}},
			{Name: "department", Kind: registers.Line, Wanted: true, Label: say("Área", "Department")},
			{Name: "responsible", Kind: registers.Line, Personal: true, Label: say("Resguardante", "Responsible"), Hint: say("Quien firma el resguardo.", "Who signed for it.")},
			{Name: "user", Kind: registers.Folio, Of: "people", Personal: true, Label: say("Quién lo usa", "Who uses it")},
			{Name: "location", Kind: registers.Line, Label: say("Ubicación", "Location"), Hint: say("Planta baja, ventanilla 2.", "Ground floor, counter 2.")},
			{Name: "outside", Kind: registers.Flag, Label: say("Sale de la oficina", "Leaves the office"), Hint: say("Debe estar cifrado.", "It must be encrypted.")},
			{Name: "bought", Kind: registers.Day, Label: say("Fecha de compra", "Bought on")},
			{Name: "model", Kind: registers.Line, Label: say("Marca y modelo", "Make and model")},
			{Name: "status", Kind: registers.Choice, Required: true, Label: say("Situación", "Status"), Options: []registers.Option{
				{Code: string(InUse), Label: say("En uso", "In use")},
				{Code: string(Stored), Label: say("Guardado", "Stored")},
				{Code: string(Repair), Label: say("En reparación", "Being repaired")},
				{Code: string(Disposed), Label: say("Dado de baja", "Disposed of")},
			}},
			{Name: "disposed", Kind: registers.Day, Label: say("Fecha de baja", "Disposed of on")},
			{Name: "disposed_by", Kind: registers.Line, Personal: true, Label: say("Quién autorizó la baja", "Who authorised it")},
			{Name: "wiped", Kind: registers.Choice, Label: say("Cómo se borraron sus discos", "How its disks were wiped"), Options: []registers.Option{
				{Code: "clear", Label: say("Sobrescritura", "Overwritten")},
				{Code: "purge", Label: say("Purga del fabricante", "Maker's purge")},
				{Code: "cryptographic", Label: say("Borrado criptográfico", "Cryptographic erasure")},
				{Code: "physical", Label: say("Destrucción física", "Physical destruction")},
				{Code: "none", Label: say("No tenía", "It had none")},
			}},
			{Name: "certificate", Kind: registers.Paper, Label: say("Certificado de borrado", "Certificate of wiping")},
			{Name: "note", Kind: registers.Prose, Label: say("Observaciones", "Notes")},
		},
		Key: []string{"hostname"}, Department: "department", Check: check, Words: words(),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"assets.name":  {Say: say("diga su nombre en la red o su número de inventario", "give its host name or its inventory number")},
		"assets.day":   {Say: say("diga cuándo se dio de baja", "say when it was disposed of")},
		"assets.wiped": {Say: say("diga cómo se borraron sus discos antes de darlo de baja", "say how its disks were wiped before it was disposed of")},
		"assets.order": {Say: say("es anterior a la compra", "is before it was bought")},
		"assets.alive": {Say: say("tiene fecha de baja: ponga la situación «Dado de baja»", "has a day of disposal: set the status to “Disposed of”")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	wrong := func(field, code string) { out = append(out, registers.Problem{Field: field, Code: code}) }
	if v["hostname"] == "" && v["code"] == "" {
		wrong("hostname", "assets.name")
	}
	gone := Status(v["status"]) == Disposed
	switch {
	case gone && v["disposed"] == "":
		wrong("disposed", "assets.day")
	case !gone && v["disposed"] != "":
		wrong("status", "assets.alive")
	case v["disposed"] != "" && v["disposed"] < v["bought"]:
		wrong("disposed", "assets.order")
	}
	if gone && v["wiped"] == "" {
		wrong("wiped", "assets.wiped")
	}
	return out
}

// Asset is a row.
type Asset struct {
	Folio                   int64
	Hostname, Code, Kind    string
	Department, Location    string
	User                    int64
	Outside                 bool
	Status                  Status
	Bought, Disposed, Wiped string
}

// Of reads a row.
func Of(row registers.Row) (Asset, error) {
	r := registers.Reader{Values: row.Values}
	v := row.Values
	return Asset{Folio: row.Folio, Hostname: v["hostname"], Code: v["code"], Kind: v["kind"], Department: v["department"], Location: v["location"],
		User: r.Number("user"), Outside: v.Yes("outside"), Status: Status(v["status"]), Bought: v["bought"], Disposed: v["disposed"], Wiped: v["wiped"]}, r.Err
}

// Reports tells whether such a thing can run an agent, so that one that does not is missed.
func (a Asset) Reports() bool {
	return a.Hostname != "" && a.Status == InUse && (a.Kind == "desktop" || a.Kind == "laptop" || a.Kind == "server")
}
