// Package requests is the book of what persons ask about their own data (SOL): access,
// rectification, cancellation, opposition, suppression, portability; and its clock.
//
// The book needs no name: a reference chosen by the office, such as initials or the file's
// number, is enough to find the papers, and how somebody proved who he is is a kind, never
// the document. Terms is a pure function of a row, the terms of the packs in force, the
// calendar and the time.
package requests

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "requests"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Outcome is what was answered.
type Outcome string

// The outcomes.
const (
	Granted   Outcome = "granted"
	Partly    Outcome = "partly"
	Denied    Outcome = "denied"
	NoData    Outcome = "no_data"
	Withdrawn Outcome = "withdrawn" // by the person
	Lapsed    Outcome = "lapsed"    // what was missing never came
)

// Book says what the rows hold.
func Book() *registers.Book {
	roles := []string{"transparency", "officer"}
	return &registers.Book{
		Name: Name, Prefix: "SOL", Theme: registers.ThemeRights,
		Title: say("Solicitudes de derechos (ARCO)", "Requests of persons"),
		Lead: say("Quien pide conocer, corregir o cancelar sus datos, oponerse a su uso o llevárselos. Los plazos corren solos.",
			"Who asks to see, correct or cancel his data, objects to their use or takes them away. The clocks run by themselves."),
		Fields: []registers.Field{
			{Name: "reference", Kind: registers.Line, Required: true, Personal: true, Label: say("Referencia de la persona", "Reference of the person"), Hint: say("Iniciales o número de expediente: no hace falta el nombre.", "Initials or file number: no name is needed.")},
			{Name: "kinds", Kind: registers.Choices, Required: true, Label: say("Qué pide", "What is asked"), Options: Kinds()},
			{Name: "received", Kind: registers.Moment, Required: true, Label: say("Recibida el", "Received on")},
			{Name: "channel", Kind: registers.Choice, Required: true, Label: say("Por dónde llegó", "How it came"), Options: []registers.Option{
				{Code: "counter", Label: say("Ventanilla", "Counter")},
				{Code: "platform", Label: say("Plataforma o sede electrónica", "Platform or electronic office")},
				{Code: "email", Label: say("Correo electrónico", "E-mail")},
				{Code: "post", Label: say("Correo postal", "Post")},
				{Code: "other", Label: say("Otro", "Other")},
			}},
			{Name: "holder", Kind: registers.Choice, Required: true, Label: say("Quién pide", "Who asks"), Options: []registers.Option{
				{Code: "self", Label: say("La persona misma", "The person himself")},
				{Code: "representative", Label: say("Su representante", "A representative")},
				{Code: "guardian", Label: say("Madre, padre o tutor", "Parent or guardian")},
				{Code: "heir", Label: say("Familiar de una persona fallecida", "Relative of a person who died")},
			}},
			{Name: "identity", Kind: registers.Choice, Required: true, Label: say("Cómo acreditó quién es", "How identity was proven"), Hint: say("Solo la clase de prueba; no guarde copia aquí.", "The kind of proof only; keep no copy here."), Options: []registers.Option{
				{Code: "pending", Label: say("Todavía no", "Not yet")},
				{Code: "document", Label: say("Identificación oficial, a la vista", "Official identification, shown")},
				{Code: "esignature", Label: say("Firma electrónica", "Electronic signature")},
				{Code: "power", Label: say("Identificación y poder", "Identification and power of attorney")},
				{Code: "known", Label: say("Sesión en la plataforma", "Session on the platform")},
			}},
			{Name: "department", Kind: registers.Line, Label: say("Área que tiene los datos", "Department that has the data")},
			{Name: "systems", Kind: registers.Lines, Label: say("Sistemas donde puede estar", "Systems which may hold the person"), Hint: say("Folios del inventario, uno por línea: SIS-0003.", "Folios of the inventory, one a line: SIS-0003.")},
			{Name: "acknowledged", Kind: registers.Day, Label: say("Acuse entregado el", "Receipt given on")},
			{Name: "not_competent", Kind: registers.Day, Label: say("Se avisó que corresponde a otro el", "Told that another is competent on")},
			{Name: "referred", Kind: registers.Line, Label: say("A quién corresponde", "Who is competent")},
			{Name: "asked", Kind: registers.Day, Label: say("Se pidió completar el", "What is missing was asked for on")},
			{Name: "completed", Kind: registers.Day, Label: say("La persona completó el", "The person completed it on")},
			{Name: "extended", Kind: registers.Day, Label: say("Plazo ampliado el", "Term extended on"), Hint: say("Una sola vez y avisando a la persona.", "Once only, and the person is told.")},
			{Name: "extension_why", Kind: registers.Prose, Label: say("Por qué se amplió", "Why it was extended")},
			{Name: "answered", Kind: registers.Day, Label: say("Respondida el", "Answered on")},
			{Name: "outcome", Kind: registers.Choice, Label: say("Qué se respondió", "What was answered"), Options: []registers.Option{
				{Code: string(Granted), Label: say("Procede", "Granted")},
				{Code: string(Partly), Label: say("Procede en parte", "Granted in part")},
				{Code: string(Denied), Label: say("No procede", "Denied")},
				{Code: string(NoData), Label: say("No hay datos de la persona", "There are no data of the person")},
				{Code: string(Withdrawn), Label: say("La persona desistió", "The person withdrew it")},
				{Code: string(Lapsed), Label: say("No completó lo que faltaba", "What was missing never came")},
			}},
			{Name: "outcome_why", Kind: registers.Prose, Label: say("Fundamento", "Grounds"), Hint: say("Obligatorio si no procede del todo. Sin datos de la persona.", "Required if not wholly granted. No data of the person.")},
			{Name: "executed", Kind: registers.Day, Label: say("Hecho efectivo el", "Carried out on")},
			{Name: "portability", Kind: registers.Choice, Label: say("Formato en que se entregaron los datos", "Format in which the data were given"), Options: []registers.Option{
				{Code: "csv", Label: say("CSV", "CSV")},
				{Code: "xml", Label: say("XML", "XML")},
				{Code: "json", Label: say("JSON", "JSON")},
				{Code: "xlsx", Label: say("Hoja de cálculo", "Spreadsheet")},
				{Code: "pdf", Label: say("PDF o papel", "PDF or paper")},
			}},
			{Name: "note", Kind: registers.Prose, Label: say("Qué se buscó y dónde", "What was searched, and where"), Hint: say("Sin datos de la persona.", "No data of the person.")},
		},
		Department: "department", Writers: roles, Readers: []string{"head", "committee", "auditor", "control"}, Check: check, Words: words(),
	}
}

// Kinds are the rights.
func Kinds() []registers.Option {
	return []registers.Option{
		{Code: "access", Label: say("Acceso", "Access")},
		{Code: "rectification", Label: say("Rectificación", "Rectification")},
		{Code: "cancellation", Label: say("Cancelación", "Cancellation")},
		{Code: "opposition", Label: say("Oposición", "Opposition")},
		{Code: "suppression", Label: say("Supresión", "Suppression")},
		{Code: "portability", Label: say("Portabilidad", "Portability")},
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"requests.order":      {Say: say("es anterior a «{before}»", "is before “{before}”")},
		"requests.referred":   {Say: say("diga a quién corresponde", "say who is competent")},
		"requests.asked":      {Say: say("diga primero cuándo se pidió", "say first when it was asked for")},
		"requests.why":        {Say: say("diga por qué", "say why")},
		"requests.extended":   {Say: say("diga cuándo se amplió", "say when it was extended")},
		"requests.outcome":    {Say: say("diga qué se respondió", "say what was answered")},
		"requests.answered":   {Say: say("diga cuándo se respondió", "say when it was answered")},
		"requests.executed":   {Say: say("solo se hace efectivo lo que procede", "only what is granted is carried out")},
		"requests.identity":   {Say: say("no se entregan datos sin acreditar quién pide", "no data are given before identity is proven")},
		"requests.format":     {Say: say("diga en qué formato se entregaron los datos", "say in which format the data were given")},
		"requests.structured": {Say: say("la portabilidad pide un formato estructurado: CSV, XML, JSON u hoja de cálculo", "portability asks for a structured format: CSV, XML, JSON or a spreadsheet")},
		"requests.system":     {Say: say("«{value}» no es un folio del inventario: escriba SIS-0003", "“{value}” is no folio of the inventory: write SIS-0003")},
		"requests.values":     {Say: say("parece un dato personal ({kind}): use iniciales o un número de expediente", "looks like personal data ({kind}): use initials or a file number")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	wrong := func(field, code string, args ...string) {
		p := registers.Problem{Field: field, Code: code}
		if len(args) > 0 {
			p.Args = map[string]string{args[0]: args[1]}
		}
		out = append(out, p)
	}
	out = append(out, order(v)...)
	outcome := Outcome(v["outcome"])
	granted := outcome == Granted || outcome == Partly
	if v["not_competent"] != "" && v["referred"] == "" {
		wrong("referred", "requests.referred")
	}
	if v["completed"] != "" && v["asked"] == "" {
		wrong("asked", "requests.asked")
	}
	switch {
	case v["extended"] != "" && v["extension_why"] == "":
		wrong("extension_why", "requests.why")
	case v["extended"] == "" && v["extension_why"] != "":
		wrong("extended", "requests.extended")
	}
	switch {
	case v["answered"] != "" && outcome == "":
		wrong("outcome", "requests.outcome")
	case v["answered"] == "" && outcome != "":
		wrong("answered", "requests.answered")
	case (outcome == Partly || outcome == Denied || outcome == NoData) && v["outcome_why"] == "":
		wrong("outcome_why", "requests.why")
	}
	if granted && v["identity"] == "pending" {
		wrong("identity", "requests.identity")
	}
	if v["executed"] != "" {
		if !granted {
			wrong("executed", "requests.executed")
		} else if slices.Contains(v.List("kinds"), "portability") {
			switch v["portability"] {
			case "":
				wrong("portability", "requests.format")
			case "pdf":
				wrong("portability", "requests.structured")
			}
		}
	}
	for _, folio := range v.List("systems") {
		if !isFolio(folio) {
			wrong("systems", "requests.system", "value", folio[:min(len(folio), 40)])
		}
	}
	if kind := personal(v["reference"]); kind != "" {
		wrong("reference", "requests.values", "kind", kind)
	}
	return out
}

// order demands that the days of a row follow one another.
func order(v registers.Values) []registers.Problem {
	before := map[string]string{"completed": "asked", "executed": "answered"}
	labels := map[string]string{"received": "Recibida el", "asked": "Se pidió completar el", "answered": "Respondida el"}
	var out []registers.Problem
	for _, field := range []string{"acknowledged", "not_competent", "asked", "completed", "extended", "answered", "executed"} {
		earlier, ok := before[field]
		if !ok {
			earlier = "received"
		}
		day := v[earlier]
		if earlier == "received" && len(day) >= len(time.DateOnly) {
			// The moment is of UTC and the day of the zone: a day's difference decides nothing.
			if t, err := time.Parse(time.RFC3339, day); err == nil {
				day = t.AddDate(0, 0, -1).Format(time.DateOnly)
			}
		}
		if v[field] != "" && v[field] < day {
			out = append(out, registers.Problem{Field: field, Code: "requests.order", Args: map[string]string{"before": labels[earlier]}})
		}
	}
	return out
}

// isFolio tells whether a text is a folio of the inventory of systems.
func isFolio(text string) bool {
	digits, ok := strings.CutPrefix(text, "SIS-")
	return ok && len(digits) >= 4 && len(digits) <= 12 && strings.Trim(digits, "0123456789") == ""
}

// personal names the kind of identifier that a reference looks like, so that none is kept
// by mistake; empty: none.
func personal(reference string) string {
	text := strings.ToUpper(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '.' {
			return -1
		}
		return r
	}, reference))
	for _, shape := range []struct{ kind, form string }{
		{"CURP", `^[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d$`},
		{"RFC", `^[A-ZÑ&]{4}\d{6}[A-Z0-9]{3}$`},
		{"DNI", `^\d{8}[A-Z]$`},
		{"NIE", `^[XYZ]\d{7}[A-Z]$`},
		{"correo", `^[^@]+@[^@]+$`},
	} {
		if ok, err := regexp.MatchString(shape.form, text); err == nil && ok {
			return shape.kind
		}
	}
	return ""
}

// Request is a row.
type Request struct {
	Folio, Version int64
	Reference      string
	Kinds          []string
	Received       time.Time
	Department     string
	Systems        []string // folios of the inventory
	Identity       string
	// Days, 2026-11-22; empty while they have not come.
	Acknowledged, NotCompetent, Asked, Completed string
	Extended, Answered, Executed                 string
	Referred, ExtensionWhy, OutcomeWhy           string
	Outcome                                      Outcome
	Portability                                  string
}

// Of reads a row.
func Of(row registers.Row) (Request, error) {
	r, v := registers.Reader{Values: row.Values}, row.Values
	return Request{
		Folio: row.Folio, Version: row.Version, Reference: v["reference"], Kinds: v.List("kinds"), Received: r.Moment("received"),
		Department: v["department"], Systems: v.List("systems"), Identity: v["identity"],
		Acknowledged: v["acknowledged"], NotCompetent: v["not_competent"], Asked: v["asked"], Completed: v["completed"],
		Extended: v["extended"], Answered: v["answered"], Executed: v["executed"],
		Referred: v["referred"], ExtensionWhy: v["extension_why"], OutcomeWhy: v["outcome_why"],
		Outcome: Outcome(v["outcome"]), Portability: v["portability"],
	}, r.Err
}

// FolioText is how people cite it.
func (r Request) FolioText() string { return Book().FolioText(r.Folio) }
