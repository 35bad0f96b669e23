package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/reviews"
)

// ActSchema names the format of acta/acta.json. Fields are only added.
const ActSchema = "vigia-act/1"

// Act is an act as data: what the acta/ folder of a package holds, in all its forms. It
// follows from the act's steps and nothing else.
type Act struct {
	Schema       string    `json:"schema"`
	ID           string    `json:"id"`
	Amends       string    `json:"amends,omitempty"`
	Why          string    `json:"why,omitempty"`
	Organisation string    `json:"organisation"`
	Period       string    `json:"period"`
	Zone         string    `json:"time_zone"`
	Begin        time.Time `json:"begin"`
	End          time.Time `json:"end"`
	At           time.Time `json:"at"`
	Final        bool      `json:"final"`
	Stage        string    `json:"stage"`
	OpenedBy     string    `json:"opened_by"`
	OpenedAt     time.Time `json:"opened_at"`

	Digest    string           `json:"digest"`
	Log       reviews.LogState `json:"log"`
	Statement string           `json:"statement"` // of what is or will be signed

	Count    reviews.Count     `json:"count"`
	Totals   reviews.StatusMap `json:"totals"`
	Coverage reviews.Covered   `json:"coverage"`
	Waivers  []reviews.Excused `json:"waivers"`
	Changes  []reviews.Change  `json:"changes"`
	Roles    []reviews.Holder  `json:"roles"`
	Sections []ActSection      `json:"sections"`

	Signatures []ActSignature `json:"signatures"`
	Late       []reviews.Late `json:"late,omitempty"`
	Steps      []ActStep      `json:"steps"`
}

// ActSection is one of the nine reviews.
type ActSection struct {
	ID       string               `json:"id"`
	Number   int                  `json:"number"`
	Title    string               `json:"title"`
	Asks     string               `json:"asks"`
	Words    string               `json:"words,omitempty"`
	Controls []ActControl         `json:"controls"`
	Books    []reviews.BookChange `json:"books,omitempty"`
	Proof    *reviews.Proof       `json:"proof,omitempty"`
	Lines    []ActLine            `json:"lines"`
}

// ActControl is a duty of a section with its counts.
type ActControl struct {
	ID       string            `json:"id"`
	Title    string            `json:"title"`
	Measured bool              `json:"measured"`
	Counts   reviews.StatusMap `json:"counts,omitempty"`
	Before   reviews.StatusMap `json:"before,omitempty"`
}

// ActLine is one line with its decision.
type ActLine struct {
	ID       string          `json:"id"`
	Kind     string          `json:"kind"`
	Title    string          `json:"title"`
	Text     string          `json:"text,omitempty"`
	Severity policy.Severity `json:"severity"`
	Status   checks.Status   `json:"status"`
	Controls []string        `json:"controls,omitempty"`
	Machines int             `json:"machines"`
	Names    []string        `json:"names,omitempty"`
	// Choice is empty while it is undecided.
	Choice reviews.Choice `json:"choice,omitempty"`
	Words  string         `json:"words,omitempty"`
	Owner  string         `json:"owner,omitempty"`
	Due    string         `json:"due,omitempty"`
	Ref    string         `json:"ref,omitempty"` // what came of it: PLN-0007
	By     string         `json:"by,omitempty"`
	At     time.Time      `json:"at,omitzero"`
	Leaf   int64          `json:"leaf"` // of the step that decided it; -1 for none
}

// ActSignature is one signature.
type ActSignature struct {
	Kind      string    `json:"kind"` // reviews.StepKind
	Name      string    `json:"name"`
	Post      string    `json:"post,omitempty"`
	By        string    `json:"by"`
	At        time.Time `json:"at"`
	Day       string    `json:"day,omitempty"`  // on paper
	Scan      string    `json:"scan,omitempty"` // SHA-256 of the scan
	Statement string    `json:"statement"`
	Leaf      int64     `json:"leaf"`
}

// ActStep is a step in the log.
type ActStep struct {
	Number int       `json:"number"`
	Kind   string    `json:"kind"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Leaf   int64     `json:"leaf"`
	SHA256 string    `json:"sha256"` // of its payload
}

// NewAct puts an act into words.
func NewAct(a *reviews.Act, lang message.Lang) (Act, error) {
	f := a.Frozen
	out := Act{
		Schema: ActSchema, ID: a.ID, Amends: f.Amends, Why: f.Why, Organisation: f.Organisation, Period: f.Period, Zone: f.Zone,
		Begin: a.Period.Begin().UTC(), End: a.Period.End().UTC(), At: f.At.UTC(), Final: f.Final, Stage: string(a.Stage),
		OpenedBy: a.Opened().By, OpenedAt: a.Opened().At, Digest: f.Digest, Log: f.Log, Count: a.Count(), Totals: f.Counts,
		Coverage: f.Coverage, Waivers: f.Waivers, Changes: f.Changes, Roles: f.Roles,
	}
	refs := map[string]string{}
	for _, s := range a.Steps {
		out.Steps = append(out.Steps, ActStep{s.Number, string(s.Kind), s.By, s.At, s.Leaf, s.Hash})
		row := ActSignature{Kind: string(s.Kind), By: s.By, At: s.At, Leaf: s.Leaf}
		var followed []reviews.Followed
		switch {
		case s.Signature != nil:
			row.Name, row.Post, row.Statement, followed = s.Signature.Name, s.Signature.Post, s.Signature.Statement, s.Signature.Followed
			out.Late = append(out.Late, s.Signature.Late...)
		case s.Paper != nil:
			row.Name, row.Day, row.Scan, row.Statement, followed = s.Paper.Officer+" · "+s.Paper.Head, s.Paper.Day, s.Paper.SHA256, s.Paper.Statement, s.Paper.Followed
			out.Late = append(out.Late, s.Paper.Late...)
		default:
			continue
		}
		out.Signatures, out.Statement = append(out.Signatures, row), row.Statement
		for _, x := range followed {
			refs[x.Line] = x.Ref
		}
	}
	if out.Statement == "" {
		var err error
		if _, out.Statement, err = a.Statement(nil); err != nil {
			return Act{}, err
		}
	}
	for i, p := range f.Sections {
		out.Sections = append(out.Sections, actSection(a, i, p, refs, lang))
	}
	return out, nil
}

func actSection(a *reviews.Act, i int, p reviews.Part, refs map[string]string, lang message.Lang) ActSection {
	out := ActSection{ID: p.ID, Number: i + 1, Title: p.Title.In(lang), Asks: p.Asks.In(lang), Words: a.Words(p.ID), Books: p.Books, Proof: p.Proof}
	for _, c := range p.Controls {
		out.Controls = append(out.Controls, ActControl{c.ID, c.Title.In(lang), c.Measured, c.Counts, c.Before})
	}
	for _, l := range p.Lines {
		row := ActLine{ID: l.ID, Kind: string(l.Kind), Severity: l.Severity, Status: l.Status, Machines: l.Machines, Leaf: -1, Ref: refs[l.ID]}
		row.Title, row.Text = lineWords(p, l, lang)
		for _, c := range l.Causes {
			if !slices.Contains(row.Controls, c.Control) {
				row.Controls = append(row.Controls, c.Control)
			}
			for _, name := range c.Names {
				if !slices.Contains(row.Names, name) {
					row.Names = append(row.Names, name)
				}
			}
		}
		row.Controls = append(row.Controls, l.Duties...)
		if d, step, ok := a.Decision(l.ID); ok {
			row.Choice, row.Words, row.Owner, row.Due = d.Choice, d.Words, d.Owner, d.Due
			row.By, row.At, row.Leaf = step.By, step.At, step.Leaf
		}
		out.Lines = append(out.Lines, row)
	}
	return out
}

// lineWords says what a line is about.
func lineWords(p reviews.Part, l reviews.Line, lang message.Lang) (title, text string) {
	say := func(es, en string) string { return message.Text{ES: es, EN: en}.In(lang) }
	var titles []string
	for _, c := range l.Causes {
		titles = append(titles, c.Title.In(lang))
	}
	switch l.Kind {
	case reviews.Settled:
		return say("Ya en el plan o con excepción", "In the plan or waived"), strings.Join(slices.Compact(titles), "; ")
	case reviews.Missing:
		return say("No consta ninguna recuperación de copias en el trimestre", "No restore from a backup is on record in the quarter"), ""
	case reviews.Conclusion:
		if len(l.Duties) == 0 {
			return say("Nada que corregir en esta revisión", "Nothing to put right in this review"), ""
		}
		for _, c := range p.Controls {
			if slices.Contains(l.Duties, c.ID) {
				titles = append(titles, c.Title.In(lang))
			}
		}
		return say("Deberes que ningún equipo mide, comprobados a mano", "Duties that no machine measures, checked by hand"), strings.Join(titles, "; ")
	case reviews.Minor:
		return say("Varias causas en una decisión", "Several causes in one decision"), strings.Join(slices.Compact(titles), "; ")
	case reviews.Open:
		return titles[0], l.Causes[0].Text.In(lang)
	}
	return string(l.Kind), ""
}

// ChoiceWord names a decision.
func ChoiceWord(lang message.Lang, c reviews.Choice) string {
	words := map[reviews.Choice]message.Text{
		reviews.Confirm: {ES: "conforme", EN: "agreed"}, reviews.Plan: {ES: "corregir", EN: "put right"},
		reviews.Waive: {ES: "excepción temporal", EN: "temporary waiver"}, reviews.Incident: {ES: "incidencia", EN: "incident"},
		reviews.Dismiss: {ES: "no procede", EN: "does not apply"}, "": {ES: "SIN DECIDIR", EN: "UNDECIDED"},
	}
	return words[c].In(lang)
}

// stageWord names how far an act is.
func stageWord(lang message.Lang, stage string) string {
	words := map[reviews.Stage]message.Text{
		reviews.Deciding: {ES: "borrador sin firmar", EN: "draft, not signed"}, reviews.Signed: {ES: "falta la segunda firma", EN: "second signature missing"},
		reviews.Locked: {ES: "firmada y cerrada", EN: "signed and locked"}, reviews.OnPaper: {ES: "firmada en papel", EN: "signed on paper"},
	}
	return words[reviews.Stage(stage)].In(lang)
}

// roleWord names a role of the portal.
func roleWord(lang message.Lang, role string) string {
	words := map[string]message.Text{
		"officer": {ES: "Responsable de seguridad", EN: "Security officer"}, "head": {ES: "Responsable del tratamiento", EN: "Head of the organisation"},
		"director": {ES: "Dirección de informática", EN: "IT director"}, "administrator": {ES: "Administración del sistema", EN: "System administrator"},
		"auditor": {ES: "Auditoría", EN: "Auditor"}, "liaison": {ES: "Enlace de área", EN: "Department liaison"},
		"transparency": {ES: "Unidad de Transparencia", EN: "Transparency unit"}, "committee": {ES: "Comité de Transparencia", EN: "Transparency committee"},
		"control": {ES: "Órgano interno de control", EN: "Internal control body"},
	}
	if word, ok := words[role]; ok {
		return word.In(lang)
	}
	return role
}

// encode writes the act as indented JSON, the same bytes every time.
func (a Act) encode() ([]byte, error) {
	b, err := json.MarshalIndent(a, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encode the act: %w", err)
	}
	return append(b, '\n'), nil
}

func (a Act) zone() *time.Location {
	loc, err := time.LoadLocation(a.Zone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// lineRows are the act's lines as a table.
func (a Act) lineRows(lang message.Lang) [][]string {
	rows := [][]string{{"n.º", "revisión", "línea", "asunto", "detalle", "controles", "gravedad", "estado", "equipos", "decisión", "quién lo hace", "para el día",
		"palabras", "resultado", "decidió", "cuándo", "hoja"}}
	for _, s := range a.Sections {
		for _, l := range s.Lines {
			when := ""
			if !l.At.IsZero() {
				when = l.At.In(a.zone()).Format("2006-01-02 15:04")
			}
			rows = append(rows, []string{number(int64(s.Number)), s.Title, l.ID, l.Title, l.Text, strings.Join(l.Controls, " "), Label(lang, string(l.Severity)),
				Label(lang, string(l.Status)), number(int64(l.Machines)), ChoiceWord(lang, l.Choice), l.Owner, l.Due, l.Words, l.Ref, l.By, when, number(l.Leaf)})
		}
	}
	return rows
}
