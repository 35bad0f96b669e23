// Package transfers is the book of personal data that other bodies or firms receive to use
// for themselves (TRA): who, which data, on which basis, with which instrument, and whether
// the privacy notice was handed on.
//
// Who works on the organisation's behalf is not here but in the book of processors.
package transfers

import (
	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "transfers"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "TRA", Theme: registers.ThemeRights,
		Title: say("Transferencias y cesiones", "Transfers"),
		Lead: say("A qué otras instituciones se entregan datos personales para su propio uso, con qué fundamento y con qué instrumento.",
			"To which other bodies personal data are given for their own use, on which basis and with which instrument."),
		Fields: []registers.Field{
			{Name: "recipient", Kind: registers.Line, Required: true, Label: say("Quién los recibe", "Recipient"), Hint: say("La institución, no la persona.", "The body, not the person.")},
			{Name: "recipient_kind", Kind: registers.Choice, Required: true, Label: say("Qué es", "What it is"), Options: []registers.Option{
				{Code: "public", Label: say("Institución pública", "Public body")},
				{Code: "private", Label: say("Particular o empresa", "Private person or firm")},
				{Code: "abroad", Label: say("Fuera del país o de la Unión Europea", "Outside the country or the European Union")},
			}},
			{Name: "system", Kind: registers.Folio, Of: "systems", Label: say("Sistema del que salen", "System they come from")},
			{Name: "department", Kind: registers.Line, Required: true, Label: say("Área que los entrega", "Department that gives them")},
			{Name: "data", Kind: registers.Lines, Required: true, Label: say("Qué datos", "Which data"), Hint: say("Una clase por línea: nombre, domicilio.", "One kind a line: name, address.")},
			{Name: "sensitive", Kind: registers.Flag, Label: say("Hay datos sensibles", "Some are sensitive")},
			{Name: "purpose", Kind: registers.Line, Required: true, Label: say("Para qué", "What for")},
			{Name: "basis", Kind: registers.Choice, Required: true, Label: say("Fundamento", "Basis"), Options: []registers.Option{
				{Code: "consent", Label: say("Consentimiento de la persona", "The person's consent")},
				{Code: "law", Label: say("Una ley lo manda o permite", "A law demands or allows it")},
				{Code: "authority", Label: say("Orden de una autoridad o de un juez", "Order of an authority or court")},
				{Code: "emergency", Label: say("Urgencia médica o de seguridad", "Medical or security emergency")},
				{Code: "contract", Label: say("Contrato o relación con la persona", "Contract with the person")},
			}},
			{Name: "law", Kind: registers.Line, Label: say("Artículo u oficio", "Article or order"), Hint: say("Obligatorio si no hay consentimiento.", "Required without consent.")},
			{Name: "instrument", Kind: registers.Choice, Required: true, Label: say("Instrumento", "Instrument"), Options: []registers.Option{
				{Code: "agreement", Label: say("Convenio o contrato", "Agreement or contract")},
				{Code: "clauses", Label: say("Cláusulas contractuales", "Contractual clauses")},
				{Code: "exempt", Label: say("No se exige: entre autoridades, por ley", "None is needed: between authorities, by law")},
				{Code: "none", Label: say("No lo hay", "There is none")},
			}},
			{Name: "document", Kind: registers.Paper, Label: say("Documento", "Document")},
			{Name: "notice", Kind: registers.Day, Label: say("Aviso de privacidad entregado a quien los recibe", "Privacy notice given to the recipient on")},
			{Name: "safeguards", Kind: registers.Prose, Label: say("Garantías fuera del país", "Safeguards abroad"), Hint: say("Nivel de protección del país o garantías pactadas.", "The country's level of protection, or agreed safeguards.")},
			{Name: "from", Kind: registers.Day, Required: true, Label: say("Desde", "From")},
			{Name: "until", Kind: registers.Day, Label: say("Hasta", "Until")},
		},
		Department: "department", Ends: "until", Writers: []string{"officer", "transparency", "administrator"}, Check: check, Words: words(),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"transfers.order":      {Say: say("es anterior al comienzo", "is before it began")},
		"transfers.law":        {Say: say("sin consentimiento hace falta: diga qué artículo u oficio lo permite", "is needed without consent: say which article or order allows it")},
		"transfers.document":   {Say: say("diga qué instrumento: adjunte el documento", "say which instrument: attach the document")},
		"transfers.safeguards": {Say: say("salen del país: diga con qué garantías", "they leave the country: say with which safeguards")},
		"transfers.exempt":     {Say: say("solo entre autoridades y por ley se puede prescindir del instrumento", "only between authorities and by law is no instrument needed")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	wrong := func(field, code string) { out = append(out, registers.Problem{Field: field, Code: code}) }
	if v["until"] != "" && v["until"] < v["from"] {
		wrong("until", "transfers.order")
	}
	if v["basis"] != "consent" && v["law"] == "" {
		wrong("law", "transfers.law")
	}
	switch v["instrument"] {
	case "agreement", "clauses":
		if v["document"] == "" {
			wrong("document", "transfers.document")
		}
	case "exempt":
		if v["recipient_kind"] != "public" || v["basis"] == "consent" || v["basis"] == "contract" {
			wrong("instrument", "transfers.exempt")
		}
	}
	if v["recipient_kind"] == "abroad" && v["safeguards"] == "" {
		wrong("safeguards", "transfers.safeguards")
	}
	return out
}

// Transfer is a row.
type Transfer struct {
	Folio                 int64
	Recipient, Department string
	System                int64
	Instrument, Notice    string
	Sensitive             bool
	From, Until           string // days
}

// Of reads a row.
func Of(row registers.Row) (Transfer, error) {
	r, v := registers.Reader{Values: row.Values}, row.Values
	return Transfer{Folio: row.Folio, Recipient: v["recipient"], Department: v["department"], System: r.Number("system"), Instrument: v["instrument"],
		Notice: v["notice"], Sensitive: v.Yes("sensitive"), From: v["from"], Until: v["until"]}, r.Err
}

// Lacks are what a transfer still lacks: the instrument, the notice to the recipient.
func (t Transfer) Lacks() []string {
	var out []string
	if t.Instrument == "none" {
		out = append(out, "instrument")
	}
	if t.Notice == "" {
		out = append(out, "notice")
	}
	return out
}
