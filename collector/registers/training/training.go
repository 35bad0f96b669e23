// Package training is the book of courses on data protection and security (FOR): what was
// taught, to whom, and the list that they signed.
package training

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "training"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "FOR", Theme: registers.ThemeGovernance,
		Title: say("Capacitación", "Training"),
		Lead: say("Qué cursos se dieron, a quién y con qué lista firmada. Cada cuenta activa, al menos uno al año.",
			"Which courses were given, to whom and with which signed list. Each active account, one a year at least."),
		Fields: []registers.Field{
			{Name: "topic", Kind: registers.Line, Required: true, Label: say("Tema", "Topic")},
			{Name: "kind", Kind: registers.Choice, Required: true, Label: say("Tipo", "Kind"), Options: []registers.Option{
				{Code: "induction", Label: say("Al entrar", "On joining")},
				{Code: "yearly", Label: say("Anual", "Yearly")},
				{Code: "role", Label: say("De un cargo (responsable, administrador, enlace)", "For a post (officer, administrator, liaison)")},
				{Code: "incident", Label: say("Después de una incidencia", "After an incident")},
				{Code: "notice", Label: say("Lectura del manual o de un aviso", "Reading of the manual or of a notice")},
			}},
			{Name: "day", Kind: registers.Day, Required: true, Label: say("Día", "Day")},
			{Name: "hours", Kind: registers.Number, Label: say("Horas", "Hours")},
			{Name: "trainer", Kind: registers.Line, Personal: true, Label: say("Quién lo dio", "Who gave it")},
			{Name: "department", Kind: registers.Line, Label: say("Área", "Department"), Hint: say("Vacía: varias.", "Empty: several.")},
			{Name: "accounts", Kind: registers.Lines, Personal: true, Label: say("Cuentas de quienes asistieron", "Accounts of who attended"), Hint: say("Una por línea; así se sabe a quién le falta.", "One a line; so it is known who lacks it.")},
			{Name: "attendees", Kind: registers.Number, Required: true, Label: say("Cuántas personas asistieron", "How many people attended")},
			{Name: "passed", Kind: registers.Number, Label: say("Cuántas aprobaron", "How many passed")},
			{Name: "document", Kind: registers.Paper, Label: say("Lista firmada o constancia", "Signed list or certificate")},
		},
		Department: "department", Check: check, Words: words(),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"training.none":   {Say: say("nadie asistió: no lo anote", "nobody attended: do not enter it")},
		"training.fewer":  {Say: say("son menos que las {n} cuentas que anotó", "are fewer than the {n} accounts that you wrote")},
		"training.passed": {Say: say("son más que quienes asistieron", "are more than those who attended")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	attended, _ := v.Number("attendees") // Review has looked at both
	passed, _ := v.Number("passed")
	switch accounts := len(v.List("accounts")); {
	case attended == 0:
		out = append(out, registers.Problem{Field: "attendees", Code: "training.none"})
	case int64(accounts) > attended:
		out = append(out, registers.Problem{Field: "attendees", Code: "training.fewer", Args: map[string]string{"n": strconv.Itoa(accounts)}})
	case passed > attended:
		out = append(out, registers.Problem{Field: "passed", Code: "training.passed"})
	}
	return out
}

// Course is a row.
type Course struct {
	Folio             int64
	Topic, Kind       string
	Day, Department   string
	Accounts          []string // in lower case
	Attendees, Passed int64
	Document          string
}

// Of reads a row.
func Of(row registers.Row) (Course, error) {
	r, v := registers.Reader{Values: row.Values}, row.Values
	out := Course{Folio: row.Folio, Topic: v["topic"], Kind: v["kind"], Day: v["day"], Department: v["department"],
		Attendees: r.Number("attendees"), Passed: r.Number("passed"), Document: v["document"]}
	for _, account := range v.List("accounts") {
		out.Accounts = append(out.Accounts, strings.ToLower(account))
	}
	return out, r.Err
}

// Last is the day of the last course of an account, empty for none.
func Last(courses []Course, account string) string {
	last := ""
	for _, c := range courses {
		if c.Day > last && slices.Contains(c.Accounts, strings.ToLower(account)) {
			last = c.Day
		}
	}
	return last
}

// Untrained are the accounts of some without a course in so many days before an instant.
func Untrained(accounts []string, courses []Course, at time.Time, days int) []string {
	since, today := at.AddDate(0, 0, -days).Format(time.DateOnly), at.Format(time.DateOnly)
	trained := map[string]bool{}
	for _, c := range courses {
		if c.Day >= since && c.Day <= today {
			for _, account := range c.Accounts {
				trained[account] = true
			}
		}
	}
	var out []string
	for _, account := range accounts {
		if !trained[strings.ToLower(account)] {
			out = append(out, account)
		}
	}
	return out
}
