// Package processors is the book of those who treat personal data on the organisation's
// behalf (ENC): support, cloud, payroll bureaux; with their contract and what it must say.
package processors

import (
	"slices"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "processors"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "ENC", Theme: registers.ThemeData,
		Title: say("Encargados y nube", "Processors and cloud"),
		Lead: say("Quién trata datos personales por cuenta de la organización: soporte, nube, nómina; con su contrato y sus cláusulas.",
			"Who treats personal data on the organisation's behalf: support, cloud, payroll; with the contract and its clauses."),
		Fields: []registers.Field{
			{Name: "name", Kind: registers.Line, Required: true, Label: say("Encargado", "Processor")},
			{Name: "service", Kind: registers.Line, Required: true, Label: say("Servicio", "Service"), Hint: say("Soporte del sistema de tesorería.", "Support of the treasury system.")},
			{Name: "kind", Kind: registers.Choice, Required: true, Label: say("Tipo", "Kind"), Options: []registers.Option{
				{Code: "cloud", Label: say("Nube o alojamiento", "Cloud or hosting")},
				{Code: "mail", Label: say("Correo", "Mail")},
				{Code: "software", Label: say("Programa con soporte remoto", "Program with remote support")},
				{Code: "maintenance", Label: say("Mantenimiento de equipos", "Maintenance of machines")},
				{Code: "bureau", Label: say("Gestoría, nómina, despacho", "Payroll, accountant, law firm")},
				{Code: "archive", Label: say("Archivo o destrucción de papel", "Archive or shredding of paper")},
				{Code: "cameras", Label: say("Vigilancia y cámaras", "Guards and cameras")},
				{Code: "other", Label: say("Otro", "Other")},
			}},
			{Name: "system", Kind: registers.Folio, Of: "systems", Label: say("Sistema de tratamiento", "System of treatment")},
			{Name: "department", Kind: registers.Line, Required: true, Label: say("Área que lo contrata", "Department that engages it")},
			{Name: "hosts", Kind: registers.Lines, Label: say("Direcciones que usa", "Addresses it uses"), Hint: say("Los nombres en la red que se ven desde los equipos: nube.example, uno por línea.", "The names that machines connect to: cloud.example, one a line.")},
			{Name: "country", Kind: registers.Line, Label: say("País de los datos", "Country of the data")},
			{Name: "contract", Kind: registers.Line, Label: say("Contrato o convenio", "Contract"), Hint: say("Su número; vacío si no lo hay.", "Its number; empty if there is none.")},
			{Name: "signed", Kind: registers.Day, Label: say("Firmado el", "Signed on")},
			{Name: "until", Kind: registers.Day, Label: say("Vigente hasta", "In force until")},
			{Name: "clauses", Kind: registers.Choices, Label: say("Qué cláusulas tiene", "Which clauses it has"), Options: clauses()},
			{Name: "subprocessors", Kind: registers.Choice, Label: say("Subcontrata", "Subcontracts"), Options: []registers.Option{
				{Code: "no", Label: say("No", "No")},
				{Code: "authorised", Label: say("Sí, con autorización", "Yes, authorised")},
				{Code: "unknown", Label: say("No se sabe", "Not known")},
			}},
			{Name: "breach_hours", Kind: registers.Number, Label: say("Horas en que avisa de una vulneración", "Hours within which it tells of a breach")},
			{Name: "contact", Kind: registers.Line, Personal: true, Label: say("A quién se avisa", "Contact")},
			{Name: "document", Kind: registers.Paper, Label: say("Contrato firmado", "Signed contract")},
			{Name: "reviewed", Kind: registers.Day, Label: say("Última revisión", "Last reviewed on")},
			{Name: "ended", Kind: registers.Day, Label: say("Servicio terminado el", "Service ended on")},
			{Name: "returned", Kind: registers.Choice, Label: say("Qué hizo con los datos al terminar", "What it did with the data at the end"), Options: []registers.Option{
				{Code: "returned", Label: say("Los devolvió", "Returned them")},
				{Code: "erased", Label: say("Los borró, con constancia", "Erased them, with a certificate")},
				{Code: "nothing", Label: say("Todavía nada", "Nothing yet")},
			}},
		},
		Key: []string{"name", "service"}, Department: "department", Ends: "ended", Check: check, Words: words(),
	}
}

// clauses are the seven that a contract must have.
func clauses() []registers.Option {
	return []registers.Option{
		{Code: "instructions", Label: say("Trata los datos solo según instrucciones", "Treats the data on instructions only")},
		{Code: "purpose", Label: say("No los usa para otra cosa", "Uses them for nothing else")},
		{Code: "security", Label: say("Medidas de seguridad", "Security measures")},
		{Code: "breach", Label: say("Avisa de las vulneraciones", "Tells of breaches")},
		{Code: "secrecy", Label: say("Guarda confidencialidad", "Keeps confidentiality")},
		{Code: "return", Label: say("Devuelve o suprime los datos al terminar", "Returns or erases the data at the end")},
		{Code: "transfer", Label: say("No los transfiere ni subcontrata sin permiso", "Passes nothing on and subcontracts nothing without leave")},
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"processors.order":    {Say: say("es anterior a la firma", "is before it was signed")},
		"processors.signed":   {Say: say("diga cuándo se firmó el contrato", "say when the contract was signed")},
		"processors.returned": {Say: say("terminó: diga qué hizo con los datos", "it ended: say what it did with the data")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	wrong := func(field, code string) { out = append(out, registers.Problem{Field: field, Code: code}) }
	if v["contract"] != "" && v["signed"] == "" {
		wrong("signed", "processors.signed")
	}
	if v["until"] != "" && v["until"] < v["signed"] {
		wrong("until", "processors.order")
	}
	if v["ended"] != "" && v["returned"] == "" {
		wrong("returned", "processors.returned")
	}
	return out
}

// Processor is a row.
type Processor struct {
	Folio                          int64
	Name, Service, Department      string
	System                         int64
	Hosts, Clauses                 []string
	Contract, Returned             string
	Signed, Until, Reviewed, Ended string // days
	BreachHours                    int64
}

// Of reads a row.
func Of(row registers.Row) (Processor, error) {
	r, v := registers.Reader{Values: row.Values}, row.Values
	return Processor{Folio: row.Folio, Name: v["name"], Service: v["service"], Department: v["department"], System: r.Number("system"),
		Hosts: v.List("hosts"), Clauses: v.List("clauses"), Contract: v["contract"], Returned: v["returned"],
		Signed: v["signed"], Until: v["until"], Reviewed: v["reviewed"], Ended: v["ended"], BreachHours: r.Number("breach_hours")}, r.Err
}

// Covered tells whether a contract holds on the day of an instant.
func (p Processor) Covered(at time.Time) bool {
	day := at.Format(time.DateOnly)
	return p.Contract != "" && p.Signed <= day && (p.Until == "" || p.Until >= day)
}

// Missing are the codes of the clauses that the contract has not.
func (p Processor) Missing() []string {
	var out []string
	for _, c := range clauses() {
		if !slices.Contains(p.Clauses, c.Code) {
			out = append(out, c.Code)
		}
	}
	return out
}

// ByHost finds the processor in service that an address belongs to: its name or a parent.
func ByHost(all []Processor, host string) (Processor, bool) {
	host = strings.ToLower(host)
	for _, p := range all {
		for _, own := range p.Hosts {
			own = strings.ToLower(strings.TrimPrefix(own, "*."))
			if p.Ended == "" && (host == own || strings.HasSuffix(host, "."+own)) {
				return p, true
			}
		}
	}
	return Processor{}, false
}
