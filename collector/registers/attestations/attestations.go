// Package attestations is the book in which people declare what no program can measure
// (ATE): a room with a lock, a yearly audit, a procedure that was gone over; who did what,
// when, with which result and which document.
//
// A declaration ends: after its last day, or the cadence of its duty, nothing is known any
// more. It is shown as what a person said, never as what was measured.
package attestations

import (
	"time"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "attestations"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Result is what who declares found.
type Result string

// The results.
const (
	Meets  Result = "meets"
	Partly Result = "partly"
	Fails  Result = "fails"
)

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "ATE", Theme: registers.ThemeGovernance,
		Title: say("Declaraciones de cumplimiento", "Attestations"),
		Lead: say("Lo que ningún programa puede medir y una persona comprueba: qué se hizo, quién, cuándo, con qué resultado y con qué documento.",
			"What no program can measure and a person looks at: what was done, by whom, when, with which result and which document."),
		Fields: []registers.Field{
			{Name: "control", Kind: registers.Line, Required: true, Label: say("Control", "Control"), Hint: say("Su clave: GOV-AUDIT-Y.", "Its id: GOV-AUDIT-Y.")},
			{Name: "what", Kind: registers.Prose, Required: true, Label: say("Qué se hizo", "What was done")},
			{Name: "by", Kind: registers.Line, Required: true, Personal: true, Label: say("Quién lo hizo", "Who did it"), Hint: say("Nombre y cargo.", "Name and post.")},
			{Name: "department", Kind: registers.Line, Label: say("Área", "Department"), Hint: say("Vacía: toda la organización.", "Empty: the whole organisation.")},
			{Name: "day", Kind: registers.Day, Required: true, Label: say("Día", "Day")},
			{Name: "result", Kind: registers.Choice, Required: true, Label: say("Resultado", "Result"), Options: []registers.Option{
				{Code: string(Meets), Label: say("Se cumple", "Met")},
				{Code: string(Partly), Label: say("Se cumple en parte", "Partly met")},
				{Code: string(Fails), Label: say("No se cumple", "Not met")},
			}},
			{Name: "document", Kind: registers.Paper, Label: say("Documento", "Document"), Hint: say("Acta, fotografía, constancia.", "Minutes, a picture, a certificate.")},
			{Name: "until", Kind: registers.Day, Label: say("Vale hasta", "Valid until"), Hint: say("Vacío: lo que dure el plazo del control.", "Empty: as long as the control's cadence.")},
			{Name: "note", Kind: registers.Prose, Label: say("Qué falta", "What is missing"), Hint: say("Obligatorio si no se cumple del todo.", "Required if it is not wholly met.")},
		},
		Department: "department", Ends: "until", Check: check, Words: words(),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"attestations.order": {Say: say("es anterior al día en que se hizo", "is before the day on which it was done")},
		"attestations.note":  {Say: say("diga qué falta", "say what is missing")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	if v["until"] != "" && v["until"] < v["day"] {
		out = append(out, registers.Problem{Field: "until", Code: "attestations.order"})
	}
	if Result(v["result"]) != Meets && v["note"] == "" {
		out = append(out, registers.Problem{Field: "note", Code: "attestations.note"})
	}
	return out
}

// Attestation is a row.
type Attestation struct {
	Folio                    int64
	Control, Department      string
	What, By, Note, Document string
	Day, Until               string // 2026-11-22; Until may be empty
	Result                   Result
	Written                  time.Time
}

// Of reads a row.
func Of(row registers.Row) (Attestation, error) {
	v := row.Values
	return Attestation{Folio: row.Folio, Control: v["control"], Department: v["department"], What: v["what"], By: v["by"], Note: v["note"],
		Document: v["document"], Day: v["day"], Until: v["until"], Result: Result(v["result"]), Written: row.At}, nil
}

// Standing is what people have declared of a duty.
type Standing struct {
	// Status is that of the last declaration that still holds; unknown when there is none.
	Status checks.Status
	// Last is the last declaration, whether it holds or not; zero: there never was one.
	Last Attestation
	// Until is its last day, empty when there is none.
	Until string
	// Expired tells that there is a last one and its time is over.
	Expired bool
}

// Status is how a duty stands on the day of an instant, in its zone, by the declarations
// for the whole organisation. days is the control's cadence, which bounds a declaration
// that does not say how long it holds, and one that says more; 0: no bound.
func Status(rows []registers.Row, control string, days int, at time.Time) Standing {
	return StatusOf(rows, control, "", days, at)
}

// StatusOf is Status for one department: its own declarations and those for all.
func StatusOf(rows []registers.Row, control, department string, days int, at time.Time) Standing {
	today := at.Format(time.DateOnly)
	out := Standing{Status: checks.Unknown}
	for _, row := range rows {
		a, err := Of(row)
		mine := a.Department == "" || department != "" && a.Department == department
		if err != nil || row.Removed || a.Control != control || !mine || a.Day > today || a.Day < out.Last.Day {
			continue
		}
		out.Last = a
	}
	if out.Last.Folio == 0 {
		return out
	}
	out.Until = out.Last.end(days)
	if out.Expired = out.Until != "" && out.Until < today; out.Expired {
		return out
	}
	switch out.Last.Result {
	case Meets:
		out.Status = checks.Pass
	case Partly:
		out.Status = checks.Warn
	case Fails:
		out.Status = checks.Fail
	}
	return out
}

// end is the last day on which the declaration holds.
func (a Attestation) end(days int) string {
	day, err := time.Parse(time.DateOnly, a.Day)
	if err != nil || days <= 0 {
		return a.Until
	}
	bound := day.AddDate(0, 0, days).Format(time.DateOnly)
	if a.Until == "" || a.Until > bound {
		return bound
	}
	return a.Until
}
