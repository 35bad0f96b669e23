// Package cabinets is the book of paper files that hold personal data (ARM): where the
// cabinet stands, what it holds, how it is locked, and who holds its keys.
package cabinets

import (
	"strconv"
	"time"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// Name is the book's.
const Name = "cabinets"

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// Book says what the rows hold.
func Book() *registers.Book {
	return &registers.Book{
		Name: Name, Prefix: "ARM", Theme: registers.ThemeThings,
		Title: say("Armarios y llaves", "Cabinets and keys"),
		Lead: say("Dónde se guardan los expedientes en papel con datos personales, cómo se cierran y quién tiene llave.",
			"Where paper files with personal data are kept, how they are locked and who holds a key."),
		Fields: []registers.Field{
			{Name: "name", Kind: registers.Line, Required: true, Label: say("Armario o archivo", "Cabinet or archive"), Hint: say("Archivero 3 de Catastro.", "Cabinet 3 of the land registry.")},
			{Name: "place", Kind: registers.Line, Required: true, Label: say("Dónde está", "Where it stands")},
			{Name: "department", Kind: registers.Line, Required: true, Label: say("Área", "Department")},
			{Name: "system", Kind: registers.Folio, Of: "systems", Label: say("Sistema de tratamiento", "System of treatment")},
			{Name: "contents", Kind: registers.Line, Required: true, Label: say("Qué guarda", "What it holds"), Hint: say("La clase de expedientes, sin nombres.", "The kind of files, no names.")},
			{Name: "sensitive", Kind: registers.Flag, Label: say("Hay datos sensibles", "Some are sensitive")},
			{Name: "lock", Kind: registers.Choice, Required: true, Label: say("Cómo se cierra", "How it is locked"), Options: []registers.Option{
				{Code: "key", Label: say("Con llave", "With a key")},
				{Code: "code", Label: say("Con clave", "With a code")},
				{Code: "card", Label: say("Con tarjeta", "With a card")},
				{Code: "room", Label: say("Está en un cuarto cerrado", "It is in a locked room")},
				{Code: "none", Label: say("No se cierra", "It is not locked")},
			}},
			{Name: "keys", Kind: registers.Number, Label: say("Cuántas llaves hay", "How many keys there are")},
			{Name: "holders", Kind: registers.Lines, Personal: true, Label: say("Quién tiene llave o clave", "Who holds a key or the code"), Hint: say("Una persona por línea.", "One person a line.")},
			{Name: "shredder", Kind: registers.Flag, Label: say("Hay trituradora cerca", "There is a shredder nearby")},
			{Name: "copies", Kind: registers.Line, Label: say("Quién autoriza sacar copias", "Who authorises copies")},
			{Name: "checked", Kind: registers.Day, Required: true, Label: say("Última comprobación", "Last looked at on"), Hint: say("El día en que alguien vio que cierra y contó las llaves.", "The day on which somebody saw that it locks and counted the keys.")},
			{Name: "picture", Kind: registers.Paper, Label: say("Fotografía o acta", "Picture or minutes")},
			{Name: "retired", Kind: registers.Day, Label: say("Dejó de usarse", "Out of use since")},
		},
		Key: []string{"name", "department"}, Department: "department", Ends: "retired",
		Writers: []string{"officer", "administrator", "liaison"}, Check: check, Words: words(),
	}
}

func words() message.Catalogue {
	return message.Catalogue{
		"cabinets.keys":    {Say: say("diga cuántas llaves hay", "say how many keys there are")},
		"cabinets.holders": {Say: say("diga quién puede abrirlo", "say who can open it")},
		"cabinets.more":    {Say: say("son {n} personas y hay {keys} llaves: falta contar alguna", "they are {n} people and there are {keys} keys: one was not counted")},
	}
}

func check(v registers.Values) []registers.Problem {
	var out []registers.Problem
	holders, keys := len(v.List("holders")), v["keys"]
	if v["lock"] == "key" && (keys == "" || keys == "0") {
		out = append(out, registers.Problem{Field: "keys", Code: "cabinets.keys"})
	}
	if v["lock"] != "none" && holders == 0 {
		out = append(out, registers.Problem{Field: "holders", Code: "cabinets.holders"})
	}
	if n, err := v.Number("keys"); err == nil && v["lock"] == "key" && n > 0 && int64(holders) > n {
		out = append(out, registers.Problem{Field: "holders", Code: "cabinets.more", Args: map[string]string{"n": strconv.Itoa(holders), "keys": keys}})
	}
	return out
}

// Cabinet is a row.
type Cabinet struct {
	Folio                         int64
	Name, Place, Department, Lock string
	Keys                          int64
	Holders                       []string
	Sensitive                     bool
	Checked, Retired              string // days
}

// Of reads a row.
func Of(row registers.Row) (Cabinet, error) {
	r, v := registers.Reader{Values: row.Values}, row.Values
	return Cabinet{Folio: row.Folio, Name: v["name"], Place: v["place"], Department: v["department"], Lock: v["lock"], Keys: r.Number("keys"),
		Holders: v.List("holders"), Sensitive: v.Yes("sensitive"), Checked: v["checked"], Retired: v["retired"]}, r.Err
}

// Open tells whether anybody can open it.
func (c Cabinet) Open() bool { return c.Lock == "none" }

// Loose is how many keys nobody is said to hold.
func (c Cabinet) Loose() int64 {
	if c.Lock != "key" {
		return 0
	}
	return max(0, c.Keys-int64(len(c.Holders)))
}

// Stale tells whether nobody has looked at it for more than so many days.
func (c Cabinet) Stale(at time.Time, days int) bool {
	return c.Checked < at.AddDate(0, 0, -days).Format(time.DateOnly)
}
