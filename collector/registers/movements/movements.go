// Package movements is the book of joiners, leavers, moves and substitutions (MOV), each
// with the steps that it asks for and the clock of the accounts that it ends.
//
// A row is one event of one person. What was done about it is written into the same row,
// step by step, so that an open one shows what is missing and since when. The accounts of
// a leaver are to be shut within 24 hours, those of a substitute when it ends; a change of
// profile within three working days.
package movements

import (
	"slices"
	"time"

	"vigia/checks/message"
	"vigia/collector/registers"
	"vigia/collector/worktime"
)

// Name is the book's.
const Name = "movements"

// Kind is what happens.
type Kind string

// The kinds.
const (
	Join         Kind = "join"
	Leave        Kind = "leave"
	Move         Kind = "move"
	Profile      Kind = "profile" // other rights in the same post
	Substitution Kind = "substitution"
)

// The terms.
const (
	Shut        = 24 * time.Hour // of accounts, from the movement or the end of a substitution
	ProfileDays = 3              // working days, from the request
)

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "MOV", Theme: registers.ThemePeople,
		Title: say("Altas, bajas y sustituciones", "Joiners, leavers and substitutions"),
		Lead: say("Cada alta, baja, cambio o sustitución, con sus pasos. Desde una baja hay 24 horas para cerrar las cuentas: anótela en cuanto la sepa, aunque falten pasos.",
			"Each joiner, leaver, change or substitution, with its steps. From a leave there are 24 hours to shut the accounts: write it down as soon as you know, even if steps are missing."),
		Fields: []registers.Field{
			{Name: "kind", Kind: registers.Choice, Required: true, Label: say("Movimiento", "Movement"), Options: []registers.Option{
				{Code: string(Join), Label: say("Alta", "Joins")},
				{Code: string(Leave), Label: say("Baja", "Leaves")},
				{Code: string(Move), Label: say("Cambio de puesto o de área", "Moves to another post")},
				{Code: string(Profile), Label: say("Cambio de perfil", "Change of profile")},
				{Code: string(Substitution), Label: say("Sustitución", "Substitution")},
			}},
			{Name: "person", Kind: registers.Folio, Of: "people", Required: true, Personal: true, Label: say("Persona", "Person"),
				Hint: say("Si aún no está en «Personas y cuentas», añádala antes allí.", "If not yet among “People and accounts”, add them there first.")},
			{Name: "at", Kind: registers.Moment, Required: true, Label: say("Desde", "From"),
				Hint: say("Fecha y hora en que surte efecto. De ahí corre el plazo.", "Date and time from which it holds. The term runs from there.")},
			{Name: "until", Kind: registers.Moment, Label: say("Hasta", "Until"), Hint: say("De una sustitución: cuándo termina.", "Of a substitution: when it ends.")},
			{Name: "replaces", Kind: registers.Folio, Of: "people", Personal: true, Label: say("Sustituye a", "Replaces")},
			{Name: "department", Kind: registers.Line, Label: say("Área", "Department"), Hint: say("A la que llega, o de la que sale.", "The one joined, or left.")},
			{Name: "post", Kind: registers.Line, Label: say("Puesto", "Post")},
			{Name: "asked_by", Kind: registers.Line, Required: true, Personal: true, Label: say("Quién lo pide", "Asked by"), Hint: say("El titular del área, o Recursos Humanos.", "The head of the department, or personnel.")},
			{Name: "asked", Kind: registers.Moment, Label: say("Cuándo lo pidió", "Asked on")},
			{Name: "request", Kind: registers.Paper, Label: say("Oficio", "Written request"), Hint: say("El escrito con que se pide, escaneado.", "The letter that asks for it, scanned.")},
			{Name: "profile", Kind: registers.Prose, Label: say("Perfil y ficheros permitidos", "Profile and files allowed"), Hint: say("Qué podrá usar y con qué nivel.", "What may be used, and at which level.")},
			{Name: "manual", Kind: registers.Paper, Label: say("Recibí del manual de seguridad", "Receipt of the security manual"), Hint: say("Firmado por la persona, escaneado.", "Signed by the person, scanned.")},
			{Name: "confidentiality", Kind: registers.Paper, Label: say("Compromiso de confidencialidad", "Confidentiality commitment"), Hint: say("Firmado; sigue valiendo después de la baja.", "Signed; it goes on after they leave.")},
			{Name: "account_made", Kind: registers.Moment, Label: say("Cuenta creada", "Account made"), Hint: say("Con una primera contraseña que hay que cambiar al entrar.", "With a first password that must be changed at log-on.")},
			{Name: "rights_removed", Kind: registers.Moment, Label: say("Cuentas y permisos anulados", "Accounts and rights removed"),
				Hint: say("Cuándo se cerró la última, en equipos y aplicaciones.", "When the last one was shut, on machines and in applications.")},
			{Name: "data", Kind: registers.Choice, Label: say("Datos que quedaban en el puesto", "Data left on the post"), Hint: say("Antes de que lo use otra persona.", "Before somebody else uses it."), Options: []registers.Option{
				{Code: "moved", Label: say("Trasladados", "Moved")},
				{Code: "erased", Label: say("Borrados", "Erased")},
				{Code: "none", Label: say("No había", "There were none")},
			}},
			{Name: "data_done", Kind: registers.Day, Label: say("Fecha en que se movieron o borraron", "Day they were moved or erased")},
			{Name: "told", Kind: registers.Flag, Label: say("Se le comunicaron sus nuevas obligaciones", "New duties were told")},
			{Name: "note", Kind: registers.Prose, Label: say("Observaciones", "Notes")},
		},
		Department: "department", Check: check, Words: words(),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"movements.until": {Say: say("diga cuándo termina la sustitución: los permisos temporales acaban ese día", "say when the substitution ends: temporary rights end then")},
		"movements.order": {Say: say("es anterior al comienzo", "is before it begins")},
		"movements.data":  {Say: say("diga qué se hizo con los datos", "say what was done with the data")},
		"movements.self":  {Say: say("nadie se sustituye a sí mismo", "nobody replaces themselves")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	wrong := func(field, code string) { out = append(out, registers.Problem{Field: field, Code: code}) }
	if Kind(v["kind"]) == Substitution && v["until"] == "" {
		wrong("until", "movements.until")
	}
	if v["until"] != "" && v["until"] <= v["at"] {
		wrong("until", "movements.order")
	}
	if v["data_done"] != "" && v["data"] == "" {
		wrong("data", "movements.data")
	}
	if v["replaces"] != "" && v["replaces"] == v["person"] {
		wrong("replaces", "movements.self")
	}
	return out
}

// Movement is a row.
type Movement struct {
	Folio, Person, Replaces int64
	Kind                    Kind
	At, Until               time.Time
	Department, Post        string
	AskedBy                 string
	Asked                   time.Time
	Request, Manual         string // papers
	Confidentiality         string
	AccountMade             time.Time
	RightsRemoved           time.Time
	Data, DataDone          string
	Told                    bool
}

// Of reads a row.
func Of(row registers.Row) (Movement, error) {
	r := registers.Reader{Values: row.Values}
	v := row.Values
	m := Movement{Folio: row.Folio, Person: r.Number("person"), Replaces: r.Number("replaces"), Kind: Kind(v["kind"]),
		At: r.Moment("at"), Until: r.Moment("until"), Department: v["department"], Post: v["post"], AskedBy: v["asked_by"],
		Asked: r.Moment("asked"), Request: v["request"], Manual: v["manual"], Confidentiality: v["confidentiality"],
		AccountMade: r.Moment("account_made"), RightsRemoved: r.Moment("rights_removed"), Data: v["data"], DataDone: v["data_done"],
		Told: v.Yes("told")}
	return m, r.Err
}

// Ends is from when on the person's accounts must not open what the movement ends: that of
// a leave, and the end of a substitution. ok is false where it ends nothing.
func (m Movement) Ends() (at time.Time, ok bool) {
	switch m.Kind {
	case Leave:
		return m.At, true
	case Substitution:
		return m.Until, true
	case Join, Move, Profile:
	}
	return time.Time{}, false
}

// Step is something that a movement asks for and that is not written down yet.
type Step struct {
	Field string
	// Due is zero where no term runs.
	Due time.Time
}

// Missing lists the steps that are not written down, those with a term first.
func (m Movement) Missing(cal worktime.Calendar) ([]Step, error) {
	var out []Step
	need := func(done bool, field string, due time.Time) {
		if !done {
			out = append(out, Step{field, due})
		}
	}
	switch m.Kind {
	case Join, Substitution:
		need(m.Manual != "", "manual", time.Time{})
		need(m.Confidentiality != "", "confidentiality", time.Time{})
		need(!m.AccountMade.IsZero(), "account_made", time.Time{})
		if m.Kind == Substitution {
			need(!m.RightsRemoved.IsZero(), "rights_removed", m.Until.Add(Shut))
		}
	case Leave, Move:
		need(!m.RightsRemoved.IsZero(), "rights_removed", m.At.Add(Shut))
		need(m.Data != "", "data", time.Time{})
		if m.Kind == Move {
			need(m.Told, "told", time.Time{})
		}
	case Profile:
		asked := m.Asked
		if asked.IsZero() {
			asked = m.At
		}
		due, err := cal.AddDays(asked, ProfileDays)
		if err != nil {
			return nil, err
		}
		need(!m.AccountMade.IsZero() || !m.RightsRemoved.IsZero(), "account_made", due)
		need(m.Told, "told", time.Time{})
	}
	slices.SortStableFunc(out, func(a, b Step) int {
		switch {
		case a.Due.IsZero() == b.Due.IsZero():
			return a.Due.Compare(b.Due)
		case a.Due.IsZero():
			return 1
		default:
			return -1
		}
	})
	return out, nil
}
