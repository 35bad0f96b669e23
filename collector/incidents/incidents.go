// Package incidents keeps the incident book and, of those incidents that reach personal
// data, the log of breaches.
//
// An incident is a run of entries: the first opens it, later ones add what became known,
// correct an earlier one, assess the harm, write an action, a notice, a recovery of data,
// close it. What the book says of an incident is the fold of its entries, so that both the
// state and how people came to it can be read.
//
// Always true: an entry is never changed, and each is a leaf of the evidence log, written
// in the transaction that makes it true; a correction names what it corrects; when
// something happened, when it was detected, known and confirmed are kept apart, and terms
// run from the instant that the law names; an exemption because of encryption stands only
// on evidence that the machine was encrypted then. Articles and terms are data of packs.
package incidents

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks/message"
	"vigia/collector/evidence"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the package's tables.
func Schema() storage.Schema { return storage.Embedded("incidents", migrations) }

// Kind is what an entry does.
type Kind string

// The kinds.
const (
	Open       Kind = "open"
	Update     Kind = "update"     // more became known, or an earlier entry was wrong
	Assessment Kind = "assessment" // is it a breach, of what, and how grave
	Action     Kind = "action"     // something is done about it
	Notice     Kind = "notice"     // somebody was told
	Recovery   Kind = "recovery"   // data were recovered
	Close      Kind = "close"
	Reopen     Kind = "reopen"
)

// Kinds lists the kinds.
func Kinds() []Kind {
	return []Kind{Open, Update, Assessment, Action, Notice, Recovery, Close, Reopen}
}

// Entry is one entry of the book.
type Entry struct {
	Folio  int64
	Number int64 // of the folio, from 1
	At     time.Time
	Kind   Kind
	Act    registers.Act
	// Corrects is the number of the entry that this one corrects; 0: none.
	Corrects int64
	Values   registers.Values
	Leaf     int64
}

// Record is the payload of a leaf of kind incident, as JSON. Its subject is "incident/" and
// the folio, its sequence the number of the entry.
type Record struct {
	Folio    int64            `json:"folio"`
	Number   int64            `json:"number"`
	Kind     Kind             `json:"kind"`
	At       time.Time        `json:"at"`
	By       string           `json:"by"`
	Why      string           `json:"why,omitempty"`
	Via      registers.Via    `json:"via"`
	Corrects int64            `json:"corrects,omitempty"`
	Values   registers.Values `json:"values"`
}

// Prefix begins the folios as people cite them: INC-0007.
const Prefix = "INC"

// FolioText writes a folio as people cite it.
func FolioText(folio int64) string { return fmt.Sprintf("%s-%04d", Prefix, folio) }

// ParseFolio reads a folio as FolioText writes it, or its number alone.
func ParseFolio(text string) (int64, bool) {
	text = strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(text)), Prefix+"-")
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n > 0 && n < 1e9 && !strings.HasPrefix(text, "+")
}

// Errors that callers tell apart.
var (
	ErrNoIncident = errors.New("the book has no such incident")
	// ErrClosed: a closed incident takes nothing but to be opened again.
	ErrClosed = errors.New("the incident is closed: open it again first")
	// ErrOpen: only a closed incident is opened again.
	ErrOpen = errors.New("the incident is not closed")
)

// Incident is what the book says of one incident.
type Incident struct {
	Folio   int64
	Entries []Entry
	// Facts are the fields of Form(Open), Assessed and Recovered those of their forms,
	// each as the last entry that gave it says.
	Facts, Assessed, Recovered registers.Values
	Actions, Notices           []Entry
	Opened                     time.Time // when it was entered
	Closed                     time.Time // zero: it is open
}

// Fold makes an incident of its entries, which must be in their order.
func Fold(entries []Entry) (Incident, error) {
	if len(entries) == 0 || entries[0].Kind != Open {
		return Incident{}, errors.New("an incident does not begin with its opening")
	}
	in := Incident{Folio: entries[0].Folio, Entries: entries, Opened: entries[0].At,
		Facts: registers.Values{}, Assessed: registers.Values{}, Recovered: registers.Values{}}
	for i, e := range entries {
		switch {
		case e.Folio != in.Folio || e.Number != int64(i+1):
			return Incident{}, fmt.Errorf("incident %d: entry %d is not in its place", in.Folio, i+1)
		case e.Corrects < 0 || e.Corrects >= e.Number:
			return Incident{}, fmt.Errorf("incident %d: entry %d corrects one that does not come before it", in.Folio, i+1)
		}
		switch e.Kind {
		case Open, Update:
			maps.Copy(in.Facts, e.Values)
		case Assessment:
			maps.Copy(in.Assessed, e.Values)
		case Recovery:
			maps.Copy(in.Recovered, e.Values)
		case Action:
			in.Actions = replace(in.Actions, e)
		case Notice:
			in.Notices = replace(in.Notices, e)
		case Close:
			in.Closed = e.At
		case Reopen:
			in.Closed = time.Time{}
		default:
			return Incident{}, fmt.Errorf("incident %d: entry %d is of an unknown kind %q", in.Folio, i+1, e.Kind)
		}
	}
	for _, v := range []registers.Values{in.Facts, in.Assessed, in.Recovered} {
		maps.DeleteFunc(v, func(_, value string) bool { return value == "" })
	}
	return in, nil
}

// replace adds an entry, in place of the one that it corrects.
func replace(list []Entry, e Entry) []Entry {
	if i := slices.IndexFunc(list, func(o Entry) bool { return e.Corrects > 0 && o.Number == e.Corrects }); i >= 0 {
		out := slices.Clone(list)
		out[i] = e
		return out
	}
	return append(list, e)
}

// Title is the incident in a line.
func (in Incident) Title() string { return in.Facts["title"] }

// Breach tells whether it reaches personal data, by who assessed it: Yes, No, or empty
// while nobody did.
func (in Incident) Breach() string { return in.Assessed["breach"] }

// Yes and No answer a question.
const (
	Yes = "yes"
	No  = "no"
)

// Instants are the times that terms run from; zero where it is not known.
type Instants struct{ Happened, Detected, Known, Confirmed time.Time }

// Instants reads them.
func (in Incident) Instants() (Instants, error) {
	r := registers.Reader{Values: in.Facts}
	return Instants{r.Moment("happened"), r.Moment("detected"), r.Moment("known"), r.Moment("confirmed")}, r.Err
}

// Log is where evidence goes; *evidence.Log is one.
type Log interface {
	Append(ctx context.Context, tx *storage.Tx, leaves ...evidence.Leaf) (first int64, err error)
}

func say(es, en string) message.Text { return message.Text{ES: es, EN: en} }

// byFolio orders incidents, the last one first.
func byFolio(a, b Incident) int { return cmp.Compare(b.Folio, a.Folio) }
