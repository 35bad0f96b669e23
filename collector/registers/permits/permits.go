// Package permits is the book of permits to keep personal data outside of the systems
// (PDP): in which folder, of whom or on which machine, for what, until when.
//
// A permit reaches the machine with its next policy, and its end takes it away again.
// A folder is whole, without steps upwards, and never a whole disk.
package permits

import (
	"slices"
	"strings"
	"unicode/utf8"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "permits"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "PDP", Theme: registers.ThemeData, Ends: "until",
		Title: say("Permisos para tener datos personales", "Permits to hold personal data"),
		Lead: say("En qué carpetas de qué equipos puede haber documentos con datos personales, quién lo autorizó y hasta cuándo. El equipo lo sabe en su siguiente contacto.",
			"In which folders of which machines documents with personal data may lie, who authorised it and until when. The machine knows with its next contact."),
		Fields: []registers.Field{
			{Name: "machine", Kind: registers.Host, Label: say("Equipo", "Machine"), Hint: say("Vacío: en todos los equipos, para la cuenta que diga abajo.", "Empty: on all machines, for the account below.")},
			{Name: "user", Kind: registers.Account, Personal: true, Label: say("Cuenta", "Account"), Hint: say("De quién son los documentos; vacío: de cualquiera en ese equipo.", "Whose the documents are; empty: anybody's on that machine.")},
			{Name: "folder", Kind: registers.Line, Required: true, Label: say("Carpeta", "Folder"), Hint: say(`Entera: C:\Users\mlopez\Documents\Padron o /home/mlopez/padron. Vale también para lo que hay dentro.`,
				`Whole: C:\Users\mlopez\Documents\Padron or /home/mlopez/padron. It holds for all below it too.`)},
			{Name: "purpose", Kind: registers.Line, Required: true, Label: say("Para qué", "What for")},
			{Name: "system", Kind: registers.Folio, Of: "systems", Label: say("Sistema del que salen", "System they come from")},
			{Name: "department", Kind: registers.Line, Label: say("Área", "Department")},
			{Name: "authorised_by", Kind: registers.Line, Required: true, Personal: true, Label: say("Autorizado por", "Authorised by"), Hint: say("El responsable de seguridad o del tratamiento.", "The security officer or the head of the organisation.")},
			{Name: "authorised", Kind: registers.Day, Label: say("Fecha de autorización", "Authorised on")},
			{Name: "until", Kind: registers.Day, Required: true, Label: say("Hasta", "Until"), Hint: say("El último día. Después, Vigía vuelve a avisar.", "The last day. After it, Vigía warns again.")},
			{Name: "request", Kind: registers.Paper, Label: say("Autorización firmada", "Signed authorisation")},
		},
		Key: []string{"machine", "user", "folder"}, Department: "department", Check: check, Words: words(),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"permits.whole": {Say: say(`escriba la carpeta entera, como C:\Users\mlopez\Padron o /home/mlopez/padron`, `write the whole folder, such as C:\Users\mlopez\Padron or /home/mlopez/padron`)},
		"permits.up":    {Say: say("escriba la carpeta sin ..", "write the folder without ..")},
		"permits.disk":  {Say: say("un permiso para todo el disco lo permite todo: diga una carpeta", "a permit for a whole disk permits everything: name a folder")},
		"permits.whose": {Say: say("diga el equipo, la cuenta o ambos", "name the machine, the account or both")},
		"permits.order": {Say: say("es anterior a la autorización", "is before it was authorised")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	if code := folder(v["folder"]); code != "" {
		out = append(out, registers.Problem{Field: "folder", Code: code})
	}
	if v["machine"] == "" && v["user"] == "" {
		out = append(out, registers.Problem{Field: "machine", Code: "permits.whose"})
	}
	if v["authorised"] != "" && v["until"] < v["authorised"] {
		out = append(out, registers.Problem{Field: "until", Code: "permits.order"})
	}
	return out
}

// folder tells what is wrong with a folder, by the rules of package policy: a code of
// words, empty for nothing.
func folder(path string) string {
	slashed := strings.ReplaceAll(path, `\`, "/")
	drive := len(path) >= 3 && path[0]|0x20 >= 'a' && path[0]|0x20 <= 'z' && path[1] == ':' && slashed[2] == '/'
	rest := strings.Trim(slashed, "/")
	switch {
	case !strings.HasPrefix(path, "/") && !strings.HasPrefix(path, `\\`) && !drive, utf8.RuneCountInString(path) > 500:
		return "permits.whole"
	case slices.Contains(strings.Split(slashed, "/"), ".."):
		return "permits.up"
	case rest == "" || drive && len(rest) == 2:
		return "permits.disk"
	}
	return ""
}

// Permit is a row.
type Permit struct {
	Folio                         int64
	Machine, User                 string // empty: any
	Folder, Purpose, AuthorisedBy string
	Department                    string
	System                        int64
	Until                         string // the last day, YYYY-MM-DD
}

// Of reads a row.
func Of(row registers.Row) (Permit, error) {
	r := registers.Reader{Values: row.Values}
	v := row.Values
	return Permit{Folio: row.Folio, Machine: v["machine"], User: v["user"], Folder: v["folder"], Purpose: v["purpose"],
		AuthorisedBy: v["authorised_by"], Department: v["department"], System: r.Number("system"), Until: v["until"]}, r.Err
}

// Holds tells whether the permit is good on a day, YYYY-MM-DD.
func (p Permit) Holds(day string) bool { return day <= p.Until }
