// Package appaccess is the book of the users that applications really have (ACC), and of
// the files in which their suppliers and administrators hand them in (ENT): treasury, land
// registry, payroll, which no agent can look into.
//
// A delivery is whole: its list takes the place of the one before for that application,
// whose rows are struck out and stay in the history. Of an access log the book keeps what it
// amounts to and the hash of the file, not its lines, which tell of persons.
package appaccess

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

// Names of the books.
const (
	Name           = "appaccess"
	DeliveriesName = "appdeliveries"
)

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Book says what the rows of the users hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "ACC", Theme: registers.ThemeData,
		Title: say("Usuarios de las aplicaciones", "Users of applications"),
		Lead: say("Quién puede entrar de verdad en tesorería, catastro, nómina…, según la lista que entrega cada aplicación. Se compara con los usuarios autorizados.",
			"Who really may enter treasury, land registry, payroll…, by the list that each application hands in. It is compared with the authorised users."),
		Fields: []registers.Field{
			{Name: "application", Kind: registers.Line, Required: true, Label: say("Aplicación", "Application"), Hint: say("Como en el inventario de sistemas: tesorería.", "As in the inventory of systems: treasury.")},
			{Name: "account", Kind: registers.Line, Required: true, Label: say("Usuario", "User"), Hint: say("Como se entra en la aplicación.", "As one logs on to the application.")},
			{Name: "role", Kind: registers.Line, Label: say("Perfil o rol", "Role")},
			{Name: "name", Kind: registers.Line, Personal: true, Label: say("Nombre", "Name")},
			{Name: "department", Kind: registers.Line, Label: say("Área", "Department")},
			{Name: "status", Kind: registers.Choice, Label: say("Situación", "Status"), Options: []registers.Option{
				{Code: "enabled", Label: say("Activo", "Enabled")},
				{Code: "disabled", Label: say("Bloqueado o de baja", "Disabled")},
			}},
			{Name: "last", Kind: registers.Day, Label: say("Último acceso", "Last log-on")},
		},
		Key: []string{"application", "account", "role"}, Department: "department",
	}
}

// Kinds of deliveries.
const (
	Users     = "users"
	AccessLog = "log"
)

// Deliveries says what the rows of the deliveries hold.
func Deliveries() *registers.Book {
	return &registers.Book{
		Name: DeliveriesName, Prefix: "ENT", Theme: registers.ThemeData, AppendOnly: true,
		Title: say("Entregas de las aplicaciones", "Deliveries of applications"),
		Lead: say("Quién entregó la lista de usuarios o el registro de accesos de cada aplicación, cuándo y en qué archivo. Del registro se guarda el resumen, no sus renglones.",
			"Who handed in an application's list of users or its access log, when and in which file. Of the log the summary is kept, not its lines."),
		Fields: []registers.Field{
			{Name: "application", Kind: registers.Line, Required: true, Label: say("Aplicación", "Application")},
			{Name: "kind", Kind: registers.Choice, Required: true, Label: say("Qué se entrega", "What is handed in"), Options: []registers.Option{
				{Code: Users, Label: say("Lista de usuarios", "List of users")},
				{Code: AccessLog, Label: say("Registro de accesos", "Access log")},
			}},
			{Name: "by", Kind: registers.Line, Required: true, Personal: true, Label: say("Quién lo entrega", "Who hands it in"), Hint: say("Nombre y cargo o empresa.", "Name and post or firm.")},
			{Name: "delivered", Kind: registers.Moment, Required: true, Label: say("Entregado el", "Handed in on")},
			{Name: "file", Kind: registers.Line, Label: say("Archivo", "File")},
			{Name: "hash", Kind: registers.Line, Required: true, Label: say("Huella del archivo (SHA-256)", "Hash of the file (SHA-256)")},
			{Name: "from", Kind: registers.Day, Label: say("Periodo: desde", "Period: from")},
			{Name: "until", Kind: registers.Day, Label: say("Periodo: hasta", "Period: to")},
			{Name: "rows", Kind: registers.Number, Required: true, Label: say("Renglones", "Lines")},
			{Name: "failed", Kind: registers.Number, Label: say("Accesos fallidos", "Failed log-ons")},
			{Name: "outside", Kind: registers.Number, Label: say("Accesos fuera de horario", "Log-ons out of hours")},
			{Name: "corrects", Kind: registers.Folio, Of: DeliveriesName, Label: say("Corrige la entrega", "Corrects the delivery")},
			{Name: "note", Kind: registers.Prose, Label: say("Observaciones", "Notes")},
		},
		Check: checkDelivery, Words: words(),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"appaccess.hash":   {Say: say("no es una huella SHA-256: son 64 cifras y letras de la a a la f", "is no SHA-256: it has 64 digits and letters a to f")},
		"appaccess.period": {Say: say("de un registro de accesos, diga de qué días a qué días", "of an access log, give its first and last day")},
		"appaccess.order":  {Say: say("es anterior al primer día", "is before the first day")},
		"appaccess.more":   {Say: say("son más que los renglones", "are more than the lines")},
	}
}

func checkDelivery(v registers.Values) []registers.Problem {
	var out []registers.Problem
	wrong := func(field, code string) { out = append(out, registers.Problem{Field: field, Code: code}) }
	if h := v["hash"]; len(h) != 64 || strings.Trim(h, "0123456789abcdef") != "" {
		wrong("hash", "appaccess.hash")
	}
	switch {
	case v["kind"] == AccessLog && (v["from"] == "" || v["until"] == ""):
		wrong("from", "appaccess.period")
	case v["until"] != "" && v["until"] < v["from"]:
		wrong("until", "appaccess.order")
	}
	rows, _ := v.Number("rows") // Review has looked at all three
	for _, field := range []string{"failed", "outside"} {
		if n, _ := v.Number(field); n > rows {
			wrong(field, "appaccess.more")
		}
	}
	return out
}

// User is a row of Book.
type User struct {
	Folio                      int64
	Application, Account, Role string
	Name, Department           string
	Enabled                    bool
	Last                       string // day; empty: not told
}

// Of reads a row of Book. A user of whom the application does not say is enabled.
func Of(row registers.Row) (User, error) {
	v := row.Values
	return User{Folio: row.Folio, Application: v["application"], Account: v["account"], Role: v["role"], Name: v["name"],
		Department: v["department"], Enabled: v["status"] != "disabled", Last: v["last"]}, nil
}

// Delivery is a row of Deliveries.
type Delivery struct {
	Folio                 int64
	Application, Kind, By string
	Delivered             time.Time
	File, Hash            string
	From, Until           string // days
	Rows, Failed, Outside int64
}

// OfDelivery reads a row of Deliveries.
func OfDelivery(row registers.Row) (Delivery, error) {
	r, v := registers.Reader{Values: row.Values}, row.Values
	return Delivery{Folio: row.Folio, Application: v["application"], Kind: v["kind"], By: v["by"], Delivered: r.Moment("delivered"),
		File: v["file"], Hash: v["hash"], From: v["from"], Until: v["until"], Rows: r.Number("rows"), Failed: r.Number("failed"), Outside: r.Number("outside")}, r.Err
}

// Last is the last delivery of a kind for an application; false for none.
func Last(all []Delivery, application, kind string) (Delivery, bool) {
	var last Delivery
	for _, d := range all {
		if d.Kind == kind && registers.Fold(d.Application) == registers.Fold(application) && !d.Delivered.Before(last.Delivered) {
			last = d
		}
	}
	return last, last.Folio > 0
}

// Late are the applications of some of which no delivery of a kind is younger than so many
// days at an instant.
func Late(applications []string, all []Delivery, kind string, at time.Time, days int) []string {
	var out []string
	for _, a := range applications {
		if d, ok := Last(all, a, kind); !ok || at.Sub(d.Delivered) > time.Duration(days)*24*time.Hour {
			out = append(out, a)
		}
	}
	return out
}

// Plan says what a delivered list would change: the users of one application that it does
// not name are struck out, those of others stay as they are.
func Plan(ctx context.Context, tx *storage.Tx, s *registers.Store, application string, sheet registers.Sheet, zone *time.Location) (registers.Plan, error) {
	plan, err := s.Plan(ctx, tx, Book(), sheet, registers.PlanOptions{Zone: zone, Fixed: registers.Values{"application": application}})
	if err != nil {
		return registers.Plan{}, err
	}
	plan.Replace = true
	plan.Missing = slices.DeleteFunc(plan.Missing, func(r registers.Row) bool {
		return registers.Fold(r.Values["application"]) != registers.Fold(application)
	})
	return plan, nil
}

// Carry writes a delivery: its users in place of those before, and its row.
func Carry(ctx context.Context, tx *storage.Tx, s *registers.Store, plan registers.Plan, delivery registers.Values, act registers.Act) (registers.Row, error) {
	if _, err := s.Carry(ctx, tx, Book(), plan, act); err != nil {
		return registers.Row{}, fmt.Errorf("users of %s: %w", delivery["application"], err)
	}
	return s.Add(ctx, tx, Deliveries(), delivery, act)
}

// Applications are the names in use, as they were first written, sorted.
func Applications(users []User, deliveries []Delivery) []string {
	var names []string
	for _, u := range users {
		names = append(names, u.Application)
	}
	for _, d := range deliveries {
		names = append(names, d.Application)
	}
	seen := map[string]bool{}
	var out []string
	for _, name := range names {
		if !seen[registers.Fold(name)] {
			seen[registers.Fold(name)], out = true, append(out, name)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(registers.Fold(a), registers.Fold(b)) })
	return out
}
