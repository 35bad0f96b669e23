// Package restores is the book of recoveries of data from copies (RES), those of need and
// those that only show that copies can be recovered.
//
// Always true: the authorisation comes first. A row begins as an authorisation, and the
// recovery that it then tells of is not earlier than the moment at which the authorisation
// was written into the book; or the authorisation was given on paper, which is attached,
// with the reason why it was entered late, and the row says so for ever.
package restores

import (
	"time"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "restores"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "RES", Theme: registers.ThemeGovernance,
		Title: say("Recuperaciones de datos", "Restores"),
		Lead: say("Primero se autoriza; después se recupera y se anota quién lo hizo, qué datos, qué se volvió a capturar a mano y con qué resultado. Una prueba por trimestre también se anota aquí.",
			"First it is authorised; then it is done, and it is entered who did it, which data, what was keyed again by hand and with which result. The quarterly test is entered here too."),
		Fields: []registers.Field{
			{Name: "dataset", Kind: registers.Line, Required: true, Label: say("Qué copia", "Which copy"), Hint: say("El nombre del conjunto de datos: tesoreria.", "The name of the dataset: treasury.")},
			{Name: "system", Kind: registers.Folio, Of: "systems", Label: say("Sistema de tratamiento", "System of treatment")},
			{Name: "department", Kind: registers.Line, Label: say("Área", "Department")},
			{Name: "reason", Kind: registers.Choice, Required: true, Label: say("Motivo", "Reason"), Options: []registers.Option{
				{Code: "test", Label: say("Prueba de recuperación", "Test of recovery")},
				{Code: "incident", Label: say("Incidencia", "Incident")},
				{Code: "error", Label: say("Borrado o cambio por error", "Deleted or changed by mistake")},
				{Code: "move", Label: say("Cambio de equipo", "Change of machine")},
			}},
			{Name: "incident", Kind: registers.Line, Label: say("Folio de la incidencia", "Folio of the incident")},
			{Name: "special", Kind: registers.Flag, Label: say("Hay categorías especiales", "There are special categories"), Hint: say("Entonces firma también el responsable de seguridad.", "Then the security officer signs too.")},
			{Name: "authorised_by", Kind: registers.Account, Required: true, Label: say("Quién lo autoriza", "Who authorises it"), Hint: say("La cuenta del responsable del tratamiento.", "The account of the controller.")},
			{Name: "authorised", Kind: registers.Moment, Required: true, Label: say("Autorizado el", "Authorised on")},
			{Name: "officer", Kind: registers.Account, Label: say("Firma del responsable de seguridad", "Signature of the security officer")},
			{Name: "paper", Kind: registers.Paper, Label: say("Autorización firmada", "Signed authorisation")},
			{Name: "late", Kind: registers.Prose, Label: say("Por qué se anota tarde", "Why it is entered late"), Hint: say("Solo si se autorizó en papel y no se pudo anotar antes.", "Only if it was authorised on paper and could not be entered before.")},
			{Name: "restored", Kind: registers.Moment, Label: say("Recuperado el", "Restored on"), Hint: say("Déjelo vacío mientras solo está autorizado.", "Leave it empty while it is only authorised.")},
			{Name: "run_by", Kind: registers.Line, Personal: true, Label: say("Quién la ejecutó", "Who ran it")},
			{Name: "copy", Kind: registers.Day, Label: say("De la copia del día", "From the copy of the day")},
			{Name: "data", Kind: registers.Prose, Label: say("Qué datos se recuperaron", "Which data were restored"), Hint: say("Qué carpetas o tablas; ningún dato personal.", "Which folders or tables; no personal data.")},
			{Name: "rekeyed", Kind: registers.Prose, Label: say("Qué se capturó a mano", "What was keyed again by hand")},
			{Name: "rekeyed_none", Kind: registers.Flag, Label: say("Nada se capturó a mano", "Nothing was keyed again")},
			{Name: "result", Kind: registers.Choice, Label: say("Resultado", "Result"), Options: []registers.Option{
				{Code: "complete", Label: say("Completa", "Complete")},
				{Code: "partial", Label: say("En parte", "In part")},
				{Code: "failed", Label: say("No se pudo", "Failed")},
			}},
			{Name: "minutes", Kind: registers.Number, Label: say("Minutos que tardó", "Minutes it took")},
			{Name: "proof", Kind: registers.Paper, Label: say("Fotografía o registro", "Picture or log")},
			{Name: "note", Kind: registers.Prose, Label: say("Qué falló y qué se hará", "What failed and what will be done")},
		},
		Department: "department", Writers: []string{"officer", "head", "administrator"}, Check: check, Words: words(),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"restores.before":   {Say: say("es anterior a la autorización: primero se autoriza", "is before the authorisation: it is authorised first")},
		"restores.written":  {Say: say("la autorización se anotó el {when}, después de recuperar; si se dio en papel, adjúntela y diga por qué se anota tarde", "the authorisation was entered on {when}, after the restore; if it was given on paper, attach it and say why it is entered late")},
		"restores.officer":  {Say: say("hay categorías especiales: hace falta la firma del responsable de seguridad", "there are special categories: the security officer's signature is needed")},
		"restores.needs":    {Say: say("se recuperó: anótelo para cerrar", "it was restored: enter it to close")},
		"restores.rekeyed":  {Say: say("diga qué se capturó a mano, o que nada", "say what was keyed again by hand, or that nothing was")},
		"restores.both":     {Say: say("dice que nada y también qué: deje una de las dos", "says that nothing was, and also what: leave one of them")},
		"restores.note":     {Say: say("no fue completa: diga qué falló y qué se hará", "it was not complete: say what failed and what will be done")},
		"restores.not_yet":  {Say: say("diga primero cuándo se recuperó", "say first when it was restored")},
		"restores.incident": {Say: say("diga el folio de la incidencia", "give the folio of the incident")},
		"restores.paper":    {Say: say("adjunte la autorización firmada en papel", "attach the authorisation signed on paper")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	wrong := func(field, code string) { out = append(out, registers.Problem{Field: field, Code: code}) }
	if v.Yes("special") && v["officer"] == "" {
		wrong("officer", "restores.officer")
	}
	if v["reason"] == "incident" && v["incident"] == "" {
		wrong("incident", "restores.incident")
	}
	if v["late"] != "" && v["paper"] == "" {
		wrong("paper", "restores.paper")
	}
	told := []string{"run_by", "data", "result", "minutes", "proof"}
	if v["restored"] == "" {
		for _, field := range append(told, "rekeyed", "rekeyed_none", "copy") {
			if v[field] != "" {
				wrong("restored", "restores.not_yet")
				break
			}
		}
		return out
	}
	if v["restored"] < v["authorised"] { // both of UTC in one form
		wrong("restored", "restores.before")
	}
	for _, field := range told {
		if v[field] == "" {
			wrong(field, "restores.needs")
		}
	}
	switch {
	case v["rekeyed"] == "" && !v.Yes("rekeyed_none"):
		wrong("rekeyed", "restores.rekeyed")
	case v["rekeyed"] != "" && v.Yes("rekeyed_none"):
		wrong("rekeyed", "restores.both")
	}
	if v["result"] != "" && v["result"] != "complete" && v["note"] == "" {
		wrong("note", "restores.note")
	}
	return out
}

// Restore is a row.
type Restore struct {
	Folio                int64
	Dataset              string
	Department           string
	Reason, Incident     string
	AuthorisedBy         string
	Authorised, Restored time.Time // Restored is zero while it is only authorised
	Special, Late        bool
	Result               string
	Minutes              int64
	Proof                string
	Written              time.Time // this version
}

// Of reads a row.
func Of(row registers.Row) (Restore, error) {
	r, v := registers.Reader{Values: row.Values}, row.Values
	return Restore{Folio: row.Folio, Dataset: v["dataset"], Department: v["department"], Reason: v["reason"], Incident: v["incident"],
		AuthorisedBy: v["authorised_by"], Authorised: r.Moment("authorised"), Restored: r.Moment("restored"),
		Special: v.Yes("special"), Late: v["late"] != "", Result: v["result"], Minutes: r.Number("minutes"), Proof: v["proof"], Written: row.At}, r.Err
}

// Done tells whether the recovery was carried out and entered.
func (r Restore) Done() bool { return !r.Restored.IsZero() }

// Review looks at a version that is being written: history are those of its row, the
// oldest first, itself last or not there yet. The authorisation as it now stands must have
// been in the book before the recovery, unless the row says why it is entered late.
func Review(history []registers.Row, row registers.Row, zone *time.Location) []registers.Problem {
	now, err := Of(row)
	if err != nil || row.Removed || !now.Done() || now.Late {
		return nil
	}
	written := row.At
	for _, version := range history {
		v := version.Values
		if !version.Removed && v["authorised_by"] == row.Values["authorised_by"] && v["authorised"] == row.Values["authorised"] {
			written = version.At
			break
		}
	}
	if !now.Restored.Before(written.Truncate(time.Minute)) { // a form gives minutes
		return nil
	}
	return []registers.Problem{{Field: "restored", Code: "restores.written",
		Args: map[string]string{"when": written.In(zone).Format("02/01/2006 15:04")}}}
}

// Last is the last recovery of a dataset that was complete by an instant; false for none.
func Last(all []Restore, dataset string, at time.Time) (Restore, bool) {
	var last Restore
	for _, r := range all {
		if r.Dataset == dataset && r.Result == "complete" && !r.Restored.After(at) && r.Restored.After(last.Restored) {
			last = r
		}
	}
	return last, last.Folio > 0
}

// Waiting are those that were authorised and never entered as done: by an instant their
// time for it is over.
func Waiting(all []Restore, at time.Time, within time.Duration) []Restore {
	var out []Restore
	for _, r := range all {
		if !r.Done() && at.Sub(r.Authorised) > within {
			out = append(out, r)
		}
	}
	return out
}
