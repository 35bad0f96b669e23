// Package software is the list of programs (PRG): which may be installed, which may not,
// who decided, and under which licence.
//
// A program is named as it calls itself, with * for any text, perhaps with its publisher
// and its versions, in the way in which machines compare them.
package software

import (
	"strings"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "software"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "PRG", Theme: registers.ThemeThings,
		Title: say("Programas autorizados", "Authorised software"),
		Lead: say("Qué programas pueden estar instalados y cuáles no. En cuanto hay uno permitido, lo que no está en la lista se señala.",
			"Which programs may be installed and which may not. As soon as one is allowed, what is not on the list is pointed out."),
		Fields: []registers.Field{
			{Name: "product", Kind: registers.Line, Required: true, Label: say("Programa", "Program"), Hint: say("Como aparece instalado; * vale por cualquier texto: LibreOffice *.", "As it appears installed; * stands for any text: LibreOffice *.")},
			{Name: "publisher", Kind: registers.Line, Label: say("Fabricante", "Publisher"), Hint: say("Vacío: cualquiera. También admite *.", "Empty: any. It takes * too.")},
			{Name: "versions", Kind: registers.Line, Label: say("Versiones", "Versions"), Hint: say("24.2, 24.* o >=24.2 <25; vacío: todas.", "24.2, 24.* or >=24.2 <25; empty: all.")},
			{Name: "decision", Kind: registers.Choice, Required: true, Label: say("Decisión", "Decision"), Options: []registers.Option{
				{Code: "allowed", Label: say("Permitido", "Allowed")},
				{Code: "forbidden", Label: say("Prohibido", "Forbidden")},
			}},
			{Name: "decided_by", Kind: registers.Line, Required: true, Personal: true, Label: say("Quién lo decidió", "Decided by")},
			{Name: "decided", Kind: registers.Day, Label: say("Fecha", "Day")},
			{Name: "why", Kind: registers.Line, Label: say("Motivo", "Reason"), Hint: say("Para qué hace falta, o por qué no se permite.", "What it is needed for, or why it is not allowed.")},
			{Name: "licence", Kind: registers.Choice, Label: say("Licencia", "Licence"), Options: []registers.Option{
				{Code: "free", Label: say("Libre o gratuita", "Free")},
				{Code: "bought", Label: say("Comprada", "Bought")},
				{Code: "subscription", Label: say("Suscripción", "Subscription")},
				{Code: "public", Label: say("De otra administración", "Another administration's")},
				{Code: "own", Label: say("Desarrollo propio", "Own")},
			}},
			{Name: "licences", Kind: registers.Number, Label: say("Licencias", "Licences"), Hint: say("Cuántas se tienen.", "How many there are.")},
		},
		Key: []string{"product", "publisher", "versions"}, Check: check, Words: words(),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"software.versions": {Say: say("«{bound}» no es una versión: escriba 24.2, 24.* o >=24.2 <25", "“{bound}” is no version: write 24.2, 24.* or >=24.2 <25")},
		"software.stars":    {Say: say("lleva demasiados *, o es demasiado largo", "has too many *, or is too long")},
		"software.all":      {Say: say("un * solo permite o prohíbe todo: diga un programa", "a lone * allows or forbids everything: name a program")},
	}
}

// check holds rows to what the checks of machines accept: a row that they refuse would
// leave a machine without its next policy.
func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	all := v["product"] + v["publisher"] + v["versions"]
	if len(all) > 500 || strings.Count(all, "*") > 8 {
		out = append(out, registers.Problem{Field: "product", Code: "software.stars"})
	}
	if strings.Trim(v["product"], "* ") == "" && v["publisher"] == "" {
		out = append(out, registers.Problem{Field: "product", Code: "software.all"})
	}
	for bound := range strings.FieldsSeq(v["versions"]) {
		version := strings.TrimLeft(bound, "<>=")
		switch op := bound[:len(bound)-len(version)]; {
		case version == "", op != "" && strings.Contains(version, "*"), op != "" && op != "<" && op != "<=" && op != ">" && op != ">=":
			out = append(out, registers.Problem{Field: "versions", Code: "software.versions", Args: map[string]string{"bound": bound}})
		}
	}
	return out
}

// Program is a row.
type Program struct {
	Folio                        int64
	Product, Publisher, Versions string
	Allowed                      bool // else forbidden
	DecidedBy                    string
}

// Of reads a row.
func Of(row registers.Row) (Program, error) {
	v := row.Values
	return Program{Folio: row.Folio, Product: v["product"], Publisher: v["publisher"], Versions: v["versions"],
		Allowed: v["decision"] == "allowed", DecidedBy: v["decided_by"]}, nil
}
