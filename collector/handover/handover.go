// Package handover makes the sealed package with which one administration hands the books
// over to the next: all registers as of an instant, who has an account, which keys there
// are, and the act that both sign.
//
// The package is a ZIP. MANIFIESTO.sha256 lists the SHA-256 of every file but itself and the
// act, as sha256sum writes and checks it; the act, which is signed on paper, cites the
// SHA-256 of that list, and so does the leaf of kind register and subject "handover" in the
// evidence log. Whoever has the signed act can check the package with nothing else.
//
// It decides nothing and reads no database: it is given what there is. It holds no secret:
// of keys only their fingerprints. The same input gives the same bytes.
package handover

import (
	"time"

	"vigia/checks/message"
	"vigia/collector/registers"
)

// MinPassphrase is the least number of characters of a passphrase of a package.
const MinPassphrase = 12

// Act is who hands over to whom, and what was gone through.
type Act struct {
	At      time.Time `json:"at"`
	By      string    `json:"by"` // account that made the package
	Place   string    `json:"place,omitempty"`
	From    Party     `json:"from"`
	To      Party     `json:"to"`
	Witness Party     `json:"witness,omitzero"`
	Notes   string    `json:"notes,omitempty"`
	Answers []Answer  `json:"answers"`
}

// Party is somebody who signs.
type Party struct {
	Name string `json:"name"`
	Post string `json:"post,omitempty"`
}

// Answer is what was said of an item of the checklist.
type Answer struct {
	Code string `json:"code"`
	Done bool   `json:"done"`
	Note string `json:"note,omitempty"`
}

// Item is something to go through before signing.
type Item struct {
	Code string
	Ask  message.Text
}

// Checklist is what is gone through, in its order.
func Checklist() []Item {
	out := make([]Item, 0, 9)
	for _, i := range [][3]string{
		{"accounts.new", "Quien llega tiene su propia cuenta del portal y su segundo factor; nadie usa la cuenta de otra persona.", "Whoever comes has a portal account and second factor of their own; nobody uses another's account."},
		{"accounts.old", "Las cuentas del portal de quien se va están cerradas, o se dice aquí cuál sigue abierta y hasta cuándo.", "The portal accounts of whoever leaves are closed, or it is said here which stays open and until when."},
		{"leavers", "Las bajas están anotadas en «Altas, bajas y sustituciones» (la lista puede importarse de una vez) y sus cuentas en equipos y aplicaciones están cerradas.", "The leavers are in “Joiners, leavers and substitutions” (the list can be imported at once) and their accounts on machines and in applications are closed."},
		{"factors", "Se devolvieron las llaves y códigos de segundo factor, las tarjetas y las llaves de archivos y armarios.", "Second-factor keys and codes, cards, and the keys of archives and cabinets were given back."},
		{"backup", "Hay una copia de seguridad reciente del colector, que incluye sus claves, guardada fuera de este equipo.", "There is a recent backup of the collector, with its keys, kept away from this machine."},
		{"backup.opened", "Esa copia se restauró en otra carpeta y se abrió delante de quien recibe.", "That backup was restored into another folder and opened before whoever receives."},
		{"passphrases", "Se entregaron en sobre cerrado, y se cambiaron, la frase de paso de las copias y las contraseñas de administración del servidor.", "The passphrase of the backups and the server's administration passwords were handed over in a sealed envelope, and changed."},
		{"open", "Quien recibe conoce las incidencias, solicitudes, excepciones y acciones abiertas, y los plazos que corren.", "Whoever receives knows the open incidents, requests, waivers and actions, and the terms that run."},
		{"checkpoint", "Quien recibe guarda aparte el punto de control del registro de pruebas (punto-de-control.txt).", "Whoever receives keeps the checkpoint of the evidence log apart (punto-de-control.txt)."},
	} {
		out = append(out, Item{i[0], message.Text{ES: i[1], EN: i[2]}})
	}
	return out
}

// State is what is handed over, as it stands.
type State struct {
	Organisation string
	Zone         *time.Location
	Accounts     []Account
	Keys         []Key
	Books        []BookRows
	Machines     int
	// Left counts the leavers noted in the last ninety days.
	Left   int
	Backup Backup
	// Checkpoint is the signed state of the evidence log, Verifier its public key.
	Checkpoint []byte
	Verifier   string
	// Tables are further lists for the package.
	Tables []Table
	// Simulated: nothing of it is real.
	Simulated bool
}

// Account is one of the portal.
type Account struct {
	Name, Role         string
	Created, LastLogin time.Time
	Disabled           bool
}

// Key is a key of the collector, by what everybody may know of it.
type Key struct {
	Name        string // what it is, in Spanish
	File        string // in the keys folder
	Fingerprint string
}

// BookRows is a register with its rows in force.
type BookRows struct {
	Book *registers.Book
	// Count is how many there are, also where Rows were not asked for.
	Count int
	Rows  []registers.Row
}

// Backup is the last one that is known of; At is zero when none is.
type Backup struct {
	At       time.Time
	By, File string
}

// Table is a list of the package.
type Table struct {
	Name  string // of its file, without its ending
	Title string
	Head  []string
	Rows  [][]string
}
