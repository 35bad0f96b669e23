// Package notices is the book of privacy notices (AVP): which notice, simplified or
// complete, is shown where, since when, and what a notice of its kind must say.
//
// The book records what a person read in the notice; it does not read the document.
package notices

import (
	"slices"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "notices"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Kind is how much a notice says.
type Kind string

// The kinds.
const (
	Simplified Kind = "simplified"
	Complete   Kind = "complete"
)

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "AVP", Theme: registers.ThemeRights,
		Title: say("Avisos de privacidad", "Privacy notices"),
		Lead: say("Qué aviso, simplificado o integral, se muestra en cada trámite, dónde, desde cuándo y qué le falta.",
			"Which notice, simplified or complete, is shown for each procedure, where, since when and what it lacks."),
		Fields: []registers.Field{
			{Name: "title", Kind: registers.Line, Required: true, Label: say("Aviso", "Notice"), Hint: say("Aviso de privacidad del padrón del agua.", "Privacy notice of the water register.")},
			{Name: "kind", Kind: registers.Choice, Required: true, Label: say("Tipo", "Kind"), Options: []registers.Option{
				{Code: string(Simplified), Label: say("Simplificado (primera capa)", "Simplified (first layer)")},
				{Code: string(Complete), Label: say("Integral (completo)", "Complete")},
			}},
			{Name: "system", Kind: registers.Folio, Of: "systems", Label: say("Sistema de tratamiento", "System of treatment")},
			{Name: "department", Kind: registers.Line, Required: true, Label: say("Área", "Department")},
			{Name: "places", Kind: registers.Choices, Required: true, Label: say("Dónde se muestra", "Where it is shown"), Options: []registers.Option{
				{Code: "counter", Label: say("Ventanilla", "Counter")},
				{Code: "form", Label: say("Formulario en papel", "Paper form")},
				{Code: "web", Label: say("Página web", "Web page")},
				{Code: "phone", Label: say("Teléfono", "Telephone")},
				{Code: "cameras", Label: say("Cartel de videovigilancia", "Sign of cameras")},
				{Code: "contract", Label: say("Contrato o expediente", "Contract or file")},
			}},
			{Name: "contents", Kind: registers.Choices, Label: say("Qué dice", "What it says"), Hint: say("Marque lo que el aviso dice de verdad.", "Mark what the notice really says."), Options: contents()},
			{Name: "consent", Kind: registers.Choice, Label: say("Cómo se prueba el consentimiento", "How consent is proven"), Options: []registers.Option{
				{Code: "not_needed", Label: say("No hace falta: lo manda una ley", "Not needed: a law demands it")},
				{Code: "tacit", Label: say("Tácito: se puso a la vista", "Tacit: it was shown")},
				{Code: "express", Label: say("Expreso", "Express")},
				{Code: "written", Label: say("Expreso y por escrito", "Express and in writing")},
			}},
			{Name: "published", Kind: registers.Day, Required: true, Label: say("Publicado el", "Published on")},
			{Name: "reviewed", Kind: registers.Day, Label: say("Última revisión", "Last reviewed on")},
			{Name: "url", Kind: registers.Line, Label: say("Dirección web", "Web address")},
			{Name: "document", Kind: registers.Paper, Label: say("Texto del aviso", "Text of the notice")},
			{Name: "withdrawn", Kind: registers.Day, Label: say("Retirado el", "Withdrawn on")},
		},
		Department: "department", Ends: "withdrawn", Writers: []string{"officer", "transparency", "administrator"}, Check: check, Words: words(),
	}
}

// contents are what a notice may say; those of a simplified one come first.
func contents() []registers.Option {
	return []registers.Option{
		{Code: "controller", Label: say("Quién es el responsable", "Who the controller is")},
		{Code: "purposes", Label: say("Para qué se usan, y qué necesita consentimiento", "What they are used for, and what needs consent")},
		{Code: "transfers", Label: say("A quién se transfieren y para qué", "To whom they are passed on and what for")},
		{Code: "refusal", Label: say("Cómo negarse", "How to refuse")},
		{Code: "where", Label: say("Dónde está el aviso integral", "Where the complete notice is")},
		{Code: "address", Label: say("Domicilio del responsable", "The controller's address")},
		{Code: "data", Label: say("Qué datos, y cuáles son sensibles", "Which data, and which are sensitive")},
		{Code: "basis", Label: say("Con qué fundamento legal", "On which legal basis")},
		{Code: "rights", Label: say("Cómo ejercer los derechos", "How to exercise the rights")},
		{Code: "office", Label: say("Dónde se atienden (Unidad de Transparencia o delegado)", "Where they are served (transparency office or data protection officer)")},
		{Code: "changes", Label: say("Cómo se avisan los cambios", "How changes are told")},
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"notices.order":    {Say: say("es anterior a la publicación", "is before it was published")},
		"notices.url":      {Say: say("escriba la dirección entera, con https://", "write the whole address, with https://")},
		"notices.no_where": {Say: say("está en la página web: diga en qué dirección", "it is on the web: give its address")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	for _, field := range []string{"reviewed", "withdrawn"} {
		if v[field] != "" && v[field] < v["published"] {
			out = append(out, registers.Problem{Field: field, Code: "notices.order"})
		}
	}
	switch url := v["url"]; {
	case url != "" && !hasScheme(url):
		out = append(out, registers.Problem{Field: "url", Code: "notices.url"})
	case url == "" && slices.Contains(v.List("places"), "web"):
		out = append(out, registers.Problem{Field: "url", Code: "notices.no_where"})
	}
	return out
}

func hasScheme(url string) bool {
	for _, scheme := range []string{"https://", "http://"} {
		if len(url) > len(scheme) && url[:len(scheme)] == scheme {
			return true
		}
	}
	return false
}

// Notice is a row.
type Notice struct {
	Folio                          int64
	Title, Department              string
	Kind                           Kind
	System                         int64
	Contents                       []string
	Published, Reviewed, Withdrawn string // days
	Document                       string
}

// Of reads a row.
func Of(row registers.Row) (Notice, error) {
	r, v := registers.Reader{Values: row.Values}, row.Values
	return Notice{Folio: row.Folio, Title: v["title"], Department: v["department"], Kind: Kind(v["kind"]), System: r.Number("system"), Contents: v.List("contents"),
		Published: v["published"], Reviewed: v["reviewed"], Withdrawn: v["withdrawn"], Document: v["document"]}, r.Err
}

// Missing are the codes of contents that a notice of this kind must have and has not. A
// complete one need not say where the complete one is.
func (n Notice) Missing() []string {
	const simplified = 5
	var out []string
	for i, o := range contents() {
		wanted := i < simplified || n.Kind == Complete
		if n.Kind == Complete && o.Code == "where" {
			wanted = false
		}
		if wanted && !slices.Contains(n.Contents, o.Code) {
			out = append(out, o.Code)
		}
	}
	return out
}

// Without are the systems of some that no notice in force on a day is about.
func Without(systems []int64, notices []Notice, day string) []int64 {
	var out []int64
	for _, system := range systems {
		if !slices.ContainsFunc(notices, func(n Notice) bool {
			return n.System == system && n.Published <= day && (n.Withdrawn == "" || n.Withdrawn >= day)
		}) {
			out = append(out, system)
		}
	}
	return out
}
