// Package plan is the book of what the organisation has set out to do: the work plan.
//
// A row is an action with its owner and its day. Rows come from decisions on findings, from
// the baseline, reviews, incidents and audits, and people add their own. The package knows
// no finding and no law: where a row comes from is a word and a reference.
package plan

import (
	"fmt"
	"time"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// Row is an action of the plan.
type Row struct {
	Folio     int64
	Version   int64
	Action    string
	Control   string // id of a duty; some, with commas; may be empty
	Origin    Origin
	OriginRef string // of the origin: a finding's key, a folio
	// Department that does it or that it is done for; empty: the whole organisation.
	Department string
	Owner      string
	// Due and Closed are midnights in UTC; Closed is zero while it is open.
	Due, Closed time.Time
	State       State
	Note        string
	At          time.Time // of this version
}

// Origin is what an action follows from.
type Origin string

// The origins.
const (
	Baseline Origin = "baseline" // found when measuring began
	Finding  Origin = "finding"
	Incident Origin = "incident"
	Review   Origin = "review"
	Gap      Origin = "gap" // a duty that is not met, in the gap analysis
	Audit    Origin = "audit"
	Restore  Origin = "restore"
)

// State is how far an action is.
type State string

// The states.
const (
	Planned State = "planned"
	Doing   State = "doing"
	Done    State = "done"
	Dropped State = "dropped"
)

// States lists the states, in the order of an action's life.
func States() []State { return []State{Planned, Doing, Done, Dropped} }

// Open tells whether something is still to be done.
func (s State) Open() bool { return s == Planned || s == Doing }

// Overdue tells whether the action's day is over on the day of an instant, in its zone.
func (r Row) Overdue(at time.Time) bool {
	y, m, d := at.Date()
	return r.State.Open() && r.Due.Before(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
}

// Of reads a row of the book.
func Of(row registers.Row) (Row, error) {
	v := row.Values
	out := Row{
		Folio: row.Folio, Version: row.Version, Action: v["action"], Control: v["control"], Origin: Origin(v["origin"]), OriginRef: v["origin_ref"],
		Department: v["department"], Owner: v["owner"], State: State(v["state"]), Note: v["note"], At: row.At,
	}
	var err error
	if out.Due, err = time.Parse(time.DateOnly, v["due"]); err != nil {
		return Row{}, fmt.Errorf("day of action %d: %w", row.Folio, err)
	}
	if v["closed"] != "" {
		if out.Closed, err = time.Parse(time.DateOnly, v["closed"]); err != nil {
			return Row{}, fmt.Errorf("end of action %d: %w", row.Folio, err)
		}
	}
	return out, nil
}

// Values writes the row as the book has it.
func (r Row) Values() registers.Values {
	out := registers.Values{}
	for name, value := range map[string]string{
		"action": r.Action, "control": r.Control, "origin": string(r.Origin), "origin_ref": r.OriginRef, "department": r.Department,
		"owner": r.Owner, "due": day(r.Due), "state": string(r.State), "closed": day(r.Closed), "note": r.Note,
	} {
		if value != "" {
			out[name] = value
		}
	}
	return out
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// Move is the row in another state, closed on a day if the state ends it.
func (r Row) Move(to State, on time.Time) Row {
	r.State, r.Closed = to, time.Time{}
	if !to.Open() {
		y, m, d := on.Date()
		r.Closed = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return r
}

const codeClosed = "plan.closed"

// Book is the register.
func Book() *registers.Book {
	text := func(es, en string) message.Text { return message.Text{ES: es, EN: en} }
	return &registers.Book{
		Name: "plan", Prefix: "PLN", Department: "department", Theme: registers.ThemeGovernance,
		Title: text("Plan de trabajo", "Work plan"),
		Lead: text("Lo que la organización se ha propuesto hacer para cumplir: cada acción con quien responde de ella y su fecha.",
			"What the organisation has set out to do in order to comply: each action with who answers for it and its day."),
		Fields: []registers.Field{
			{Name: "action", Kind: registers.Line, Required: true, Label: text("Acción", "Action"),
				Hint: text("Qué hay que hacer, con un verbo: «Poner bloqueo de pantalla en los equipos de Tesorería».", "What is to be done, with a verb: “Set a screen lock on the Treasury's machines”.")},
			{Name: "control", Kind: registers.Line, Label: text("Control", "Control"),
				Hint: text("La obligación que se cumple con ello, por su clave: AC-LOCK-15.", "The duty that it meets, by its id: AC-LOCK-15.")},
			{Name: "origin", Kind: registers.Choice, Label: text("Origen", "Origin"), Options: []registers.Option{
				{Code: string(Baseline), Label: text("Línea base", "Baseline")},
				{Code: string(Finding), Label: text("Hallazgo", "Finding")},
				{Code: string(Incident), Label: text("Incidencia", "Incident")},
				{Code: string(Review), Label: text("Revisión trimestral", "Quarterly review")},
				{Code: string(Gap), Label: text("Análisis de brecha", "Gap analysis")},
				{Code: string(Audit), Label: text("Auditoría", "Audit")},
				{Code: string(Restore), Label: text("Prueba de recuperación", "Restore test")},
			}},
			{Name: "origin_ref", Kind: registers.Line, Label: text("Referencia del origen", "Reference of the origin"),
				Hint: text("La clave del hallazgo, o el folio de la incidencia o de la revisión.", "The finding's key, or the folio of the incident or of the review.")},
			{Name: "department", Kind: registers.Line, Label: text("Área", "Department"),
				Hint: text("El área a la que afecta; vacío, toda la organización.", "The department concerned; empty, the whole organisation.")},
			{Name: "owner", Kind: registers.Line, Required: true, Personal: true, Label: text("Responsable", "Owner"),
				Hint: text("La persona o el puesto que responde de que se haga.", "The person or post that answers for it being done.")},
			{Name: "due", Kind: registers.Day, Required: true, Label: text("Fecha límite", "Due"),
				Hint: text("El último día para hacerlo: 15/12/2026.", "The last day to do it: 15/12/2026.")},
			{Name: "state", Kind: registers.Choice, Required: true, Label: text("Estado", "State"), Options: []registers.Option{
				{Code: string(Planned), Label: text("Por empezar", "Planned")},
				{Code: string(Doing), Label: text("En marcha", "Under way")},
				{Code: string(Done), Label: text("Hecha", "Done")},
				{Code: string(Dropped), Label: text("Descartada", "Dropped")},
			}},
			{Name: "closed", Kind: registers.Day, Label: text("Terminada el", "Closed on"),
				Hint: text("El día en que se hizo o se descartó.", "The day on which it was done or dropped.")},
			{Name: "note", Kind: registers.Prose, Label: text("Notas", "Notes"),
				Hint: text("Lo que haya que saber para hacerla o para entender por qué se descartó.", "What one must know to do it, or to understand why it was dropped.")},
		},
		Check: func(v registers.Values) []registers.Problem {
			if v["closed"] != "" && State(v["state"]).Open() {
				return []registers.Problem{{Field: "closed", Code: codeClosed}}
			}
			return nil
		},
		Words: message.Catalogue{codeClosed: {Say: text("solo la lleva lo que está hecho o descartado", "belongs to what is done or dropped only")}},
	}
}
