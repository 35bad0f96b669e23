// Package letters is the book of confidentiality letters (CAR): who signed one, when, and
// the signed sheet. The duty outlives the post, and so does the letter.
package letters

import (
	"strings"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "letters"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "CAR", Theme: registers.ThemePeople,
		Title: say("Cartas de confidencialidad", "Confidentiality letters"),
		Lead: say("Quién firmó el compromiso de confidencialidad, antes de recibir acceso; el compromiso sigue después de irse.",
			"Who signed the commitment to confidentiality, before getting access; it goes on after leaving."),
		Fields: []registers.Field{
			{Name: "person", Kind: registers.Folio, Of: "people", Personal: true, Label: say("Persona", "Person"), Hint: say("Su folio en el libro de personas.", "Its folio in the book of people.")},
			{Name: "name", Kind: registers.Line, Personal: true, Label: say("Nombre", "Name"), Hint: say("De quien no está en el libro de personas: un proveedor.", "Of who is not in the book of people: a supplier.")},
			{Name: "account", Kind: registers.Account, Label: say("Cuenta", "Account")},
			{Name: "department", Kind: registers.Line, Required: true, Label: say("Área", "Department")},
			{Name: "kind", Kind: registers.Choice, Required: true, Label: say("Quién firma", "Who signs"), Options: []registers.Option{
				{Code: "employee", Label: say("Personal propio", "Own staff")},
				{Code: "substitute", Label: say("Sustitución o eventual", "Substitute or temporary")},
				{Code: "external", Label: say("Personal ajeno o proveedor", "Outside staff or supplier")},
				{Code: "official", Label: say("Cargo electo o de confianza", "Elected or appointed official")},
			}},
			{Name: "signed", Kind: registers.Day, Required: true, Label: say("Firmada el", "Signed on")},
			{Name: "manual", Kind: registers.Flag, Label: say("Recibió el manual de uso", "Received the manual")},
			{Name: "survives", Kind: registers.Flag, Label: say("Dice que sigue después de irse", "Says that it goes on after leaving")},
			{Name: "document", Kind: registers.Paper, Label: say("Carta firmada", "Signed letter")},
			{Name: "where", Kind: registers.Line, Label: say("Dónde está el original", "Where the original is")},
			{Name: "checked", Kind: registers.Day, Label: say("Última comprobación", "Last looked at on")},
			{Name: "left", Kind: registers.Day, Label: say("La persona se fue el", "The person left on")},
		},
		Department: "department", Writers: []string{"officer", "administrator", "liaison"}, Check: check, Words: words(),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"letters.who":   {Say: say("diga de quién es: su folio, su cuenta o su nombre", "say whose it is: folio, account or name")},
		"letters.proof": {Say: say("adjunte la carta o diga dónde está el original", "attach the letter or say where the original is")},
		"letters.order": {Say: say("es anterior a la firma", "is before it was signed")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	if v["person"] == "" && v["name"] == "" && v["account"] == "" {
		out = append(out, registers.Problem{Field: "person", Code: "letters.who"})
	}
	if v["document"] == "" && v["where"] == "" {
		out = append(out, registers.Problem{Field: "document", Code: "letters.proof"})
	}
	if v["checked"] != "" && v["checked"] < v["signed"] {
		out = append(out, registers.Problem{Field: "checked", Code: "letters.order"})
	}
	return out
}

// Letter is a row.
type Letter struct {
	Folio                     int64
	Person                    int64 // folio in the book of people; 0: not in it
	Name, Account, Department string
	Signed, Checked, Left     string // days
	Survives                  bool
	Document                  string
}

// Of reads a row.
func Of(row registers.Row) (Letter, error) {
	r, v := registers.Reader{Values: row.Values}, row.Values
	return Letter{Folio: row.Folio, Person: r.Number("person"), Name: v["name"], Account: v["account"], Department: v["department"],
		Signed: v["signed"], Checked: v["checked"], Left: v["left"], Survives: v.Yes("survives"), Document: v["document"]}, r.Err
}

// Find finds the letter of a person, by folio or account, signed by a day; 0 and "" are no
// person.
func Find(all []Letter, person int64, account, day string) (Letter, bool) {
	var last Letter
	for _, l := range all {
		mine := person > 0 && l.Person == person || account != "" && strings.EqualFold(l.Account, account)
		if mine && l.Signed <= day && l.Signed > last.Signed {
			last = l
		}
	}
	return last, last.Folio > 0
}
