// Package waivers is the book of what the organisation lives with for a time (EXC): a duty
// that is not met, where, why, what is done instead, who approved it and until when.
//
// A waiver ends by itself: after its last day what it covered fails again, and nobody has
// to remember it. It hides nothing: what it covers is still measured and still shown.
// The package reads no clock.
package waivers

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/checks/policy"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "waivers"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "EXC", Theme: registers.ThemeGovernance,
		Title: say("Excepciones", "Waivers"),
		Lead: say("Lo que no se cumple y se acepta por un tiempo: por qué, qué se hace mientras tanto, quién lo aprobó y hasta cuándo. Al terminar, vuelve a contar como incumplimiento.",
			"What is not met and accepted for a time: why, what is done instead, who approved it and until when. When it ends it counts as not met again."),
		Fields: []registers.Field{
			{Name: "control", Kind: registers.Line, Required: true, Label: say("Control", "Control"), Hint: say("Su clave: AC-LOCK-15.", "Its id: AC-LOCK-15.")},
			{Name: "machine", Kind: registers.Host, Label: say("Equipo", "Machine"), Hint: say("Vacío: todos los del área.", "Empty: all of the department.")},
			{Name: "department", Kind: registers.Line, Label: say("Área", "Department"), Hint: say("Vacía: toda la organización.", "Empty: the whole organisation.")},
			{Name: "finding", Kind: registers.Line, Label: say("Hallazgo", "Finding"), Hint: say("Su clave. Vacío: todo lo que falle en el control.", "Its key. Empty: all that fails in the control.")},
			{Name: "reason", Kind: registers.Prose, Required: true, Label: say("Motivo", "Reason")},
			{Name: "compensating", Kind: registers.Prose, Label: say("Qué se hace mientras tanto", "What is done instead"), Hint: say("La medida compensatoria: el equipo está bajo llave y sin red.", "The compensating measure: the machine is under lock and without network.")},
			{Name: "asker", Kind: registers.Account, Label: say("Quién la pide", "Who asks for it"), Hint: say("Cuenta. Vacía: quien la anota.", "Account. Empty: who enters it.")},
			{Name: "approver", Kind: registers.Account, Required: true, Label: say("Quién la aprueba", "Who approves it"), Hint: say("Cuenta de quien responde por la decisión; otra persona que quien la pide.", "Account of who answers for the decision; another person than who asks for it.")},
			{Name: "from", Kind: registers.Day, Label: say("Desde", "From")},
			{Name: "until", Kind: registers.Day, Required: true, Label: say("Hasta", "Until"), Hint: say("Último día en que vale.", "The last day on which it holds.")},
		},
		Department: "department", Ends: "until", Writers: []string{"officer", "head"}, Check: check, Words: words(),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"waivers.order":    {Say: say("es anterior al primer día", "is before the first day")},
		"waivers.long":     {Say: say("pasa del máximo: a más tardar el {day}", "is longer than allowed: {day} at the latest")},
		"waivers.approver": {Say: say("nadie aprueba lo que él mismo pide: ponga la cuenta de otra persona", "nobody approves what he asked for himself: give another person's account")},
		"waivers.control":  {Say: say("escriba la clave del control, como AC-LOCK-15", "write the control's id, such as AC-LOCK-15")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	if id := v["control"]; id != strings.ToUpper(id) || !strings.Contains(id, "-") || strings.ContainsAny(id, " ,;") {
		out = append(out, registers.Problem{Field: "control", Code: "waivers.control"})
	}
	if v["from"] != "" && v["until"] < v["from"] {
		out = append(out, registers.Problem{Field: "until", Code: "waivers.order"})
	}
	return out
}

// Waiver is a row.
type Waiver struct {
	Folio, Version       int64
	Control              string
	Machine, Department  string // empty: all
	Finding              string // empty: all of the control
	Reason, Compensating string
	Asker, Approver      string
	// From and Until are days, 2026-11-22, both of the waiver; From may be empty.
	From, Until string
	Written     time.Time
	By          string // who wrote this version
}

// Of reads a row.
func Of(row registers.Row) (Waiver, error) {
	v := row.Values
	return Waiver{Folio: row.Folio, Version: row.Version, Control: v["control"], Machine: v["machine"], Department: v["department"], Finding: v["finding"],
		Reason: v["reason"], Compensating: v["compensating"], Asker: v["asker"], Approver: v["approver"],
		From: v["from"], Until: v["until"], Written: row.At, By: row.Act.By}, nil
}

// Holds tells whether the waiver is in force on the day of an instant, in its zone. One
// without a first day begins when it is written.
func (w Waiver) Holds(at time.Time) bool {
	day := at.Format(time.DateOnly)
	return day >= w.From && day <= w.Until && !at.Before(w.Written.Truncate(time.Second))
}

// Ended tells whether its last day is over.
func (w Waiver) Ended(at time.Time) bool { return at.Format(time.DateOnly) > w.Until }

// Left is how many days it still holds; 0 on its last day.
func (w Waiver) Left(at time.Time) int {
	until, err := time.Parse(time.DateOnly, w.Until)
	if err != nil {
		return 0
	}
	today, _ := time.Parse(time.DateOnly, at.Format(time.DateOnly)) // as it was written
	return max(0, int(until.Sub(today).Hours()/24))
}

// Covers tells whether a waiver is about a finding. machine is a host name; a waiver of a
// machine or of a department covers nothing that has none.
func (w Waiver) Covers(control, machine, department, finding string) bool {
	same := func(own, other string) bool { return own == "" || strings.EqualFold(own, other) }
	return w.Control == control && same(w.Machine, machine) && same(w.Department, department) && (w.Finding == "" || w.Finding == finding)
}

// List is some waivers.
type List []Waiver

// Active are the rows that hold at an instant, in its zone: it decides which day it is.
func Active(rows []registers.Row, at time.Time) List {
	var out List
	for _, row := range rows {
		if w, err := Of(row); err == nil && !row.Removed && w.Holds(at) {
			out = append(out, w)
		}
	}
	return out
}

// Covers finds the waiver that covers a finding: of several the one that holds longest.
func (l List) Covers(control, machine, department, finding string) (Waiver, bool) {
	var best Waiver
	for _, w := range l {
		if w.Covers(control, machine, department, finding) && w.Until > best.Until {
			best = w
		}
	}
	return best, best.Folio > 0
}

// Rules are what packs demand of a waiver.
type Rules struct {
	// Longest is how many days it may hold; 0: no bound.
	Longest int
	// TwoPeople: who asks does not approve.
	TwoPeople bool
}

// RulesOf are those of packs that hold together: the shortest life, and two people if one
// of them wants them.
func RulesOf(packs []policy.Pack) Rules {
	var out Rules
	for _, t := range policy.TermsOf(packs, policy.WaiverLongest) {
		days := t.Count
		if t.Unit == policy.Months {
			days *= 30
		}
		if out.Longest == 0 || days < out.Longest {
			out.Longest = days
		}
	}
	for _, p := range packs {
		out.TwoPeople = out.TwoPeople || slices.Contains(p.TwoPeople, policy.TwoPeopleWaivers)
	}
	return out
}

// Review looks at a row that is being written; zone is where its days are.
func (r Rules) Review(row registers.Row, zone *time.Location) []registers.Problem {
	w, err := Of(row)
	if err != nil || row.Removed {
		return nil
	}
	var out []registers.Problem
	from := w.From
	if from == "" {
		from = row.At.In(zone).Format(time.DateOnly)
	}
	if first, err := time.Parse(time.DateOnly, from); err == nil && r.Longest > 0 {
		if last := first.AddDate(0, 0, r.Longest); w.Until > last.Format(time.DateOnly) {
			out = append(out, registers.Problem{Field: "until", Code: "waivers.long",
				Args: map[string]string{"day": last.Format("02/01/2006"), "days": strconv.Itoa(r.Longest)}})
		}
	}
	asker := w.Asker
	if asker == "" {
		asker = strings.ToLower(row.Act.By)
	}
	if r.TwoPeople && asker == w.Approver {
		out = append(out, registers.Problem{Field: "approver", Code: "waivers.approver"})
	}
	return out
}
