// Package registers keeps the books of an organisation: who may use what, which files may
// lie where, which media came and went.
//
// A Book says what its rows hold; the packages below this one define the books and turn
// rows into their own types. Here a row is text in a canonical form, field by field, so
// that forms, imports with a preview, exports and histories are the same for all books.
//
// Always true: nothing is overwritten. A change is a new version, a removal a version that
// strikes the row out, and what a book said at any past time can be read; every version is
// a leaf of the evidence log, written in the transaction that makes it true; a folio is
// never given twice; a row that does not meet its book's rules is not taken, and what is
// wrong is said of every field at once. The package knows no book and no law.
package registers

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/collector/evidence"
	"vigia/collector/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the package's tables, those of all books.
func Schema() storage.Schema { return storage.Embedded("registers", migrations) }

// Book is what one register holds.
type Book struct {
	// Name is the book's own in addresses, files and evidence: "people". It never changes.
	Name string
	// Prefix begins its folios, as people cite them: PER-0007.
	Prefix string
	// Title and Lead are its heading, and what it is for in a sentence or two.
	Title, Lead message.Text
	Fields      []Field
	// Key names the fields by which an import finds the row that a line is about, when
	// the line has no folio. No two rows in force have the same.
	Key []string
	// AppendOnly books take no change and no removal: a correction is another row that
	// names the one it corrects.
	AppendOnly bool
	// Theme is the shelf on which the book stands; empty: ThemeOther.
	Theme Theme
	// Department names the field that tells whose the row is; empty: the organisation's.
	Department string
	// Writers and Readers are codes of roles, as package access has them. No writers: the
	// security officer and the administrator. No readers: everybody who sees the whole
	// organisation. Writers read. A liaison reads and writes rows of her own department
	// only, and so only in a book that has a Department.
	Writers, Readers []string
	// Ends names the Day field after which a row does not hold any more; empty: none does.
	Ends string
	// Check looks for what is wrong between fields that are right by themselves; nil: nothing.
	Check func(Values) []Problem
	// Words are those of the codes of Check, beside Messages.
	Words message.Catalogue
}

// Theme is a shelf: what a book is about, so that people find it.
type Theme string

// The themes, in the order of the shelves.
const (
	ThemePeople     Theme = "people"     // persons, accounts, who may use what
	ThemeData       Theme = "data"       // systems of treatment, permits, applications, processors
	ThemeThings     Theme = "things"     // machines, programs, media, cabinets
	ThemeRights     Theme = "rights"     // requests of persons, notices, transfers
	ThemeGovernance Theme = "governance" // plan, waivers, attestations, restores
	ThemeOther      Theme = "other"
)

// Themes are all themes in their order, with their titles.
func Themes() []Option {
	return []Option{
		{string(ThemePeople), message.Text{ES: "Personas y cuentas", EN: "People and accounts"}},
		{string(ThemeData), message.Text{ES: "Sistemas y datos personales", EN: "Systems and personal data"}},
		{string(ThemeThings), message.Text{ES: "Equipos, programas y soportes", EN: "Machines, programs and media"}},
		{string(ThemeRights), message.Text{ES: "Derechos de las personas", EN: "Rights of persons"}},
		{string(ThemeGovernance), message.Text{ES: "Gobierno de la seguridad", EN: "Governance of security"}},
		{string(ThemeOther), message.Text{ES: "Otros libros", EN: "Other books"}},
	}
}

// Values are a row's fields that are not empty, by name, in their canonical form.
type Values map[string]string

// Row is one version of a row of a book.
type Row struct {
	Folio   int64 // of the book, from 1
	Version int64 // of the folio, from 1
	Values  Values
	// At is when this version was written, Until when the next was; zero: it is in force.
	At, Until time.Time
	// Removed tells that this version strikes the row out; Values are the last before.
	Removed bool
	Act     Act
	Leaf    int64 // of the evidence log
}

// Act is who writes, and why.
type Act struct {
	By  string // account
	Why string // in the words of who writes; may be empty where the book speaks for itself
	Via Via
}

// Via is the way by which something came into a book.
type Via string

// The ways.
const (
	Portal  Via = "portal"
	Import  Via = "import"
	Command Via = "command"
)

// Record is the payload of a leaf of kind register and subject "register/" and the book's
// name, with the folio as its sequence, as JSON.
type Record struct {
	Book    string    `json:"book"`
	Folio   int64     `json:"folio"`
	Version int64     `json:"version"`
	Action  Action    `json:"action"`
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Why     string    `json:"why,omitempty"`
	Via     Via       `json:"via"`
	Values  Values    `json:"values"`
}

// Action is what a version does to its row.
type Action string

// The actions.
const (
	Added   Action = "added"
	Changed Action = "changed"
	Removed Action = "removed"
)

// Errors that callers tell apart.
var (
	// ErrNoRow: the book has no row with that folio, or had none at that time.
	ErrNoRow = errors.New("the book has no such row")
	// ErrConflict: somebody else wrote in the meantime.
	ErrConflict = errors.New("somebody changed the row in the meantime: look at it again")
	// ErrAppendOnly: the book takes no change.
	ErrAppendOnly = errors.New("rows of this book are never changed: write another that corrects it")
)

// InvalidError says all that is wrong with a row.
type InvalidError struct{ Problems []Problem }

// Error says it in a line, in English, for logs.
func (e *InvalidError) Error() string {
	parts := make([]string, 0, len(e.Problems))
	for _, p := range e.Problems {
		parts = append(parts, p.String())
	}
	return "the row is not right: " + strings.Join(parts, "; ")
}

// Problem is one thing that is wrong with a row: a code of Messages about a field.
type Problem struct {
	Field string // name; empty: the row as a whole
	Code  string
	Args  map[string]string
}

// String writes the problem for logs and tests.
func (p Problem) String() string {
	out := p.Field
	if out != "" {
		out += ": "
	}
	out += p.Code
	for _, name := range slices.Sorted(maps.Keys(p.Args)) {
		out += fmt.Sprintf(" %s=%q", name, p.Args[name])
	}
	return out
}

// Field finds a field by its name.
func (b *Book) Field(name string) (Field, bool) {
	i := slices.IndexFunc(b.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return b.Fields[i], true
}

// Say words a problem of the book's rows, without the field that it is about.
func (b *Book) Say(lang message.Lang, p Problem) string {
	if _, own := b.Words[p.Code]; own {
		return b.Words.Say(lang, p.Code, p.Args)
	}
	return Messages().Say(lang, p.Code, p.Args)
}

// FolioText writes a folio as people cite it: PER-0007.
func (b *Book) FolioText(folio int64) string { return fmt.Sprintf("%s-%04d", b.Prefix, folio) }

// ParseFolio reads a folio as FolioText writes it, or its number alone.
func (b *Book) ParseFolio(text string) (int64, bool) {
	text = strings.ToUpper(strings.TrimSpace(text))
	text = strings.TrimPrefix(text, b.Prefix+"-")
	var folio int64
	if len(text) == 0 || len(text) > 15 {
		return 0, false
	}
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return 0, false
		}
		folio = 10*folio + int64(c-'0')
	}
	return folio, folio > 0
}

// Review makes sure that values meet the book's rules.
func (b *Book) Review(v Values) error {
	var problems []Problem
	for name := range v {
		if _, ok := b.Field(name); !ok {
			problems = append(problems, Problem{Code: codeNoField, Args: map[string]string{"field": name}})
		}
	}
	for _, f := range b.Fields {
		if p, bad := f.review(v[f.Name]); bad {
			problems = append(problems, p)
		}
	}
	if len(problems) == 0 && b.Check != nil {
		problems = b.Check(v)
	}
	if len(problems) > 0 {
		slices.SortStableFunc(problems, func(a, c Problem) int { return strings.Compare(a.Code, c.Code) })
		return &InvalidError{Problems: problems}
	}
	return nil
}

// keyOf joins the fields of the book's key; empty when the book has none or the row none
// of them.
func (b *Book) keyOf(v Values) string {
	var parts []string
	some := false
	for _, name := range b.Key {
		some = some || v[name] != ""
		parts = append(parts, fold(v[name]))
	}
	if !some {
		return ""
	}
	return strings.Join(parts, "\x00")
}

// Log is where evidence goes; *evidence.Log is one.
type Log interface {
	Append(ctx context.Context, tx *storage.Tx, leaves ...evidence.Leaf) (first int64, err error)
}
