// Package liaisons is the book of the reports that a department's liaison hands in (ENL):
// for a month or a quarter, what was looked at and what was found.
package liaisons

import (
	"fmt"
	"strconv"
	"time"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "liaisons"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "ENL", Theme: registers.ThemeGovernance,
		Title: say("Informes de enlaces", "Liaison reports"),
		Lead: say("Lo que el enlace de cada área informa por mes o por trimestre: qué comprobó y qué encontró.",
			"What each department's liaison reports for a month or a quarter: what was looked at and what was found."),
		Fields: []registers.Field{
			{Name: "department", Kind: registers.Line, Required: true, Label: say("Área", "Department")},
			{Name: "period", Kind: registers.Line, Required: true, Label: say("Periodo", "Period"), Hint: say("2026-11 para un mes, 2026Q4 para un trimestre.", "2026-11 for a month, 2026Q4 for a quarter.")},
			{Name: "by", Kind: registers.Line, Required: true, Personal: true, Label: say("Quién informa", "Who reports")},
			{Name: "delivered", Kind: registers.Day, Required: true, Label: say("Entregado el", "Handed in on")},
			{Name: "looked", Kind: registers.Choices, Label: say("Qué comprobó", "What was looked at"), Options: []registers.Option{
				{Code: "users", Label: say("Usuarios y niveles", "Users and levels")},
				{Code: "movements", Label: say("Altas, bajas y cambios", "Joiners, leavers and changes")},
				{Code: "machines", Label: say("Equipos y programas", "Machines and programs")},
				{Code: "media", Label: say("Soportes, entradas y salidas", "Media, in and out")},
				{Code: "paper", Label: say("Armarios y papel", "Cabinets and paper")},
				{Code: "incidents", Label: say("Incidencias", "Incidents")},
			}},
			{Name: "problems", Kind: registers.Number, Required: true, Label: say("Cuántos problemas encontró", "How many problems were found"), Hint: say("0 si ninguno.", "0 if none.")},
			{Name: "words", Kind: registers.Prose, Label: say("Qué encontró", "What was found")},
			{Name: "document", Kind: registers.Paper, Label: say("Informe firmado", "Signed report")},
		},
		Key: []string{"department", "period"}, Department: "department", Writers: []string{"officer", "administrator", "liaison"}, Check: check, Words: words(),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"liaisons.period": {Say: say("escriba el mes como 2026-11 o el trimestre como 2026Q4", "write the month as 2026-11 or the quarter as 2026Q4")},
		"liaisons.words":  {Say: say("encontró problemas: diga cuáles", "problems were found: say which")},
		"liaisons.early":  {Say: say("es anterior al periodo", "is before the period")},
		"liaisons.looked": {Say: say("diga qué comprobó", "say what was looked at")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	wrong := func(field, code string) { out = append(out, registers.Problem{Field: field, Code: code}) }
	first, _, ok := Period(v["period"])
	switch {
	case !ok:
		wrong("period", "liaisons.period")
	case v["delivered"] < first.Format(time.DateOnly):
		wrong("delivered", "liaisons.early")
	}
	if v["problems"] != "0" && v["words"] == "" {
		wrong("words", "liaisons.words")
	}
	if v["looked"] == "" {
		wrong("looked", "liaisons.looked")
	}
	return out
}

// Period is the first day of a month or quarter and of the one after it.
func Period(text string) (first, next time.Time, ok bool) {
	if first, err := time.Parse("2006-01", text); err == nil {
		return first, first.AddDate(0, 1, 0), true
	}
	if len(text) != 6 || text[4] != 'Q' || text[5] < '1' || text[5] > '4' {
		return time.Time{}, time.Time{}, false
	}
	year, err := strconv.Atoi(text[:4])
	if err != nil || year < 1900 {
		return time.Time{}, time.Time{}, false
	}
	first = time.Date(year, time.Month(3*int(text[5]-'1')+1), 1, 0, 0, 0, 0, time.UTC)
	return first, first.AddDate(0, 3, 0), true
}

// Quarter names the quarter of a day.
func Quarter(t time.Time) string { return fmt.Sprintf("%dQ%d", t.Year(), (int(t.Month())+2)/3) }

// Report is a row.
type Report struct {
	Folio              int64
	Department, Period string
	Delivered          string // day
	Problems           int64
	Words              string
}

// Of reads a row.
func Of(row registers.Row) (Report, error) {
	r, v := registers.Reader{Values: row.Values}, row.Values
	return Report{Folio: row.Folio, Department: v["department"], Period: v["period"], Delivered: v["delivered"], Problems: r.Number("problems"), Words: v["words"]}, r.Err
}

// Silent are the departments of some that have no report for a quarter, neither of it nor
// of any of its months.
func Silent(departments []string, all []Report, quarter string) []string {
	from, to, ok := Period(quarter)
	if !ok {
		return nil
	}
	heard := map[string]bool{}
	for _, r := range all {
		if first, _, ok := Period(r.Period); ok && !first.Before(from) && first.Before(to) {
			heard[r.Department] = true
		}
	}
	var out []string
	for _, d := range departments {
		if !heard[d] {
			out = append(out, d)
		}
	}
	return out
}
