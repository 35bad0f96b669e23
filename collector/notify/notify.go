// Package notify tells people what they must know: in the portal, by mail, and to other
// systems by webhook and syslog.
//
// A Message is queued once for its Key, in the transaction of whoever has something to
// tell, and says roles and accounts; who that is today is looked up when it is told. The
// portal's inbox holds every message of a person; channels carry it further.
//
// Always true: what was queued is delivered, or stands as given up where people see it,
// once for each receiver and channel; nothing is dropped. Between a delivery and its record
// the program can die, and then the message goes out again: every delivery has an ID that
// stays the same (the mail's Message-ID, the webhook's id), by which a repetition can be
// told. What the network swallowed cannot be known: syslog has no answer, and a mail server
// that took a message may lose it. No message goes in clear text over a network, and no
// password or secret is ever written anywhere.
package notify

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vigia/checks/message"
	"vigia/collector/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the package's tables.
func Schema() storage.Schema { return storage.Embedded("notify", migrations) }

// Message is something that people must know.
type Message struct {
	// Key names the matter: "incident/12/clock/24h". A second message with the same key is
	// not queued. Up to 200 bytes.
	Key string
	// Roles and Accounts are whom it is for; both may be given.
	Roles, Accounts []string
	// Kind sorts messages for people and for other systems: "incident.clock".
	Kind string
	// Urgent messages wait for no working hours and no digest.
	Urgent bool
	// PortalOnly messages go by no channel.
	PortalOnly bool
	// Subject says kind and folio; Body what to do. Neither says more of a person than is needed.
	Subject, Body message.Text
	// Link is the path of the portal's page about it: /incidencias/12. It may be empty.
	Link string
	// NotBefore is when it is told; zero: at once.
	NotBefore time.Time
	// Escalate are the roles to tell next, one after the other, while nobody acknowledges.
	Escalate []string
}

// Bounds of a message.
const (
	maxKey     = 200  // bytes
	maxSubject = 200  // characters
	maxText    = 4000 // characters
)

// ErrMessage is wrapped by what is wrong with a message.
var ErrMessage = errors.New("the message cannot be queued")

func (m Message) check() error {
	bad := func(what string) error { return fmt.Errorf("%s: %w: %s", m.Key, ErrMessage, what) }
	switch {
	case m.Key == "" || len(m.Key) > maxKey || strings.ContainsFunc(m.Key, unicode.IsControl):
		return bad("a key of at most 200 bytes")
	case m.Kind == "":
		return bad("a kind")
	case len(m.Roles) == 0 && len(m.Accounts) == 0:
		return bad("somebody to tell")
	case m.Link != "" && (!strings.HasPrefix(m.Link, "/") || strings.HasPrefix(m.Link, "//")):
		return bad("a link within the portal")
	}
	for _, text := range []string{m.Subject.ES, m.Subject.EN} {
		if text == "" || utf8.RuneCountInString(text) > maxSubject || strings.ContainsFunc(text, unicode.IsControl) {
			return bad("a subject of one line in both languages")
		}
	}
	for _, text := range []string{m.Body.ES, m.Body.EN} {
		if text == "" || utf8.RuneCountInString(text) > maxText {
			return bad("a text in both languages")
		}
	}
	return nil
}

// Person is somebody with an account in use.
type Person struct {
	Account string
	Role    string
}

// Mode is how often a person gets mail.
type Mode string

// The modes. What is urgent comes at once in all but None.
const (
	Each   Mode = "each"   // every message by itself
	Daily  Mode = "daily"  // together, when the office opens
	Weekly Mode = "weekly" // together, when the week begins
	None   Mode = "none"   // only in the portal
)

// Modes lists the modes with their names.
func Modes() []Option {
	return []Option{
		{string(Each), message.Text{ES: "Cada aviso por separado", EN: "Each notice by itself"}},
		{string(Daily), message.Text{ES: "Un resumen al día", EN: "One summary a day"}},
		{string(Weekly), message.Text{ES: "Un resumen a la semana", EN: "One summary a week"}},
		{string(None), message.Text{ES: "Solo en el portal", EN: "Only in the portal"}},
	}
}

// Option is a value that people choose, with its name.
type Option struct {
	Value string
	Name  message.Text
}

// State is what became of a delivery.
type State string

// The states. Held ones wait for a digest; InDigest ones went in one, whose own delivery
// tells the rest.
const (
	Waiting   State = "waiting"
	Held      State = "held"
	InDigest  State = "digest"
	Delivered State = "delivered"
	GivenUp   State = "given_up"
)

// Delivery is a message on its way by a channel to a receiver.
type Delivery struct {
	ID        int64
	Message   int64
	Channel   string
	Recipient string // account; empty for a channel with one receiver
	State     State
	Created   time.Time
	Next      time.Time // of the next attempt
	Attempts  int
	Trouble   Trouble   // the last one; its Code is empty when there was none
	Tried     time.Time // the last attempt
	Done      time.Time // delivered or given up
	Subject   message.Text
	Urgent    bool
}

// idOf is the name of a delivery to the outside, the same for every attempt.
func idOf(key, channel, recipient string) string {
	sum := sha256.Sum256([]byte(key + "\n" + channel + "\n" + recipient))
	const digits = 32
	return hex.EncodeToString(sum[:])[:digits]
}

// Notice is a message in somebody's inbox.
type Notice struct {
	Message  int64
	Account  string
	Kind     string
	Subject  message.Text
	Body     message.Text
	Link     string
	Urgent   bool
	Level    int // after how many steps up it came here
	Told     time.Time
	Read     time.Time
	Acked    time.Time
	AckedVia string // portal or paper
	AckedBy  string
	Slip     string // SHA-256 of the signed slip
}

// The ways to acknowledge.
const (
	ViaPortal = "portal"
	ViaPaper  = "paper"
)

// Errors that callers tell apart.
var (
	// ErrNoNotice: the account has no such notice.
	ErrNoNotice = errors.New("there is no such notice")
	// ErrNoDelivery: there is no such delivery, or it was not given up.
	ErrNoDelivery = errors.New("there is no such delivery to try again")
	// ErrAddress: the text is no address for mail.
	ErrAddress = errors.New("that is no e-mail address")
	// ErrSettings is wrapped by what is wrong with settings.
	ErrSettings = errors.New("the settings are not acceptable")
)

// Database gives snapshots and transactions; *storage.DB is one.
type Database interface {
	Read(ctx context.Context, fn func(ctx context.Context, tx *storage.Tx) error) error
	Write(ctx context.Context, fn func(ctx context.Context, tx *storage.Tx) error) error
}
