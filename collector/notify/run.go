package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"vigia/checks/message"
	"vigia/collector/storage"
	"vigia/collector/worktime"
)

// The channels.
const (
	Mail    = "mail"
	Webhook = "webhook"
	Syslog  = "syslog"
)

// ChannelNames lists all channels.
func ChannelNames() []string { return []string{Mail, Webhook, Syslog} }

// Channel carries messages out of the portal.
type Channel interface {
	Name() string
	// Open begins to send; its errors are a *Trouble.
	Open(ctx context.Context) (Session, error)
}

// Session sends one message after the other. An error is a *Trouble.
type Session interface {
	Send(ctx context.Context, l Letter) error
	Close() error
}

// Config is what the configuration file says of channels.
type Config struct {
	SMTP    SMTP
	Webhook Hook
	Syslog  Log
	// Organisation and Version stand in messages, Portal is its address.
	Organisation, Version, Portal string
	Now                           func() time.Time
}

// Channels are those that the configuration has. It opens nothing; an error says which
// setting is wrong.
func Channels(conf Config) ([]Channel, error) {
	if conf.Now == nil {
		conf.Now = time.Now
	}
	var out []Channel
	if conf.SMTP.Server != "" {
		m, err := newMailer(conf.SMTP, conf.Organisation, conf.Portal)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	if conf.Webhook.URL != "" {
		h, err := newHook(conf.Webhook, conf.Organisation, conf.Portal, conf.Now)
		if err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	if conf.Syslog.Server != "" {
		s, err := newSyslogger(conf.Syslog, conf.Portal, conf.Version)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// Test sends one message by a channel, and keeps nothing. to is the address of mail.
func Test(ctx context.Context, c Channel, to string, at time.Time) error {
	session, err := c.Open(ctx)
	if err != nil {
		return err
	}
	err = session.Send(ctx, Letter{
		ID: idOf(at.Format(time.RFC3339Nano), c.Name(), to), Key: "test", Kind: KindTest, To: to, At: at, Link: "/avisos",
		Subject: message.Text{ES: "Mensaje de prueba", EN: "Test message"},
		Body: message.Text{
			ES: "Si lee esto, los avisos de Vigía llegan por este medio. No hay que hacer nada.",
			EN: "If you read this, the notices of Vigía come by this channel. Nothing needs to be done.",
		},
	})
	if closing := session.Close(); err == nil && closing != nil {
		return &Trouble{Code: codeReach, Detail: detail(closing), Channel: true}
	}
	return err
}

// Runner tells people what is due and sends what is in the outbox.
type Runner struct {
	DB       Database
	Store    *Store
	Channels []Channel
	// People are those who have an account in use.
	People func(ctx context.Context) ([]Person, error)
	// Office is when people work, which may change.
	Office func(ctx context.Context, tx *storage.Tx) (worktime.Calendar, error)
	Logger *slog.Logger

	// step is called before each thing that is done, in tests: an error is a power cut.
	step func(name string) error
}

// batch bounds what is sent by a channel before the others have their turn.
const batch = 100

// Once plans and sends what is due now.
func (r *Runner) Once(ctx context.Context) error {
	people, err := r.People(ctx)
	if err != nil {
		return fmt.Errorf("who is there to tell: %w", err)
	}
	var names []string
	for _, c := range r.Channels {
		names = append(names, c.Name())
	}
	if err := r.at("plan"); err != nil {
		return err
	}
	if err := r.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		office, err := r.Office(ctx, tx)
		if err != nil {
			return err
		}
		return r.Store.Plan(ctx, tx, people, names, office)
	}); err != nil {
		return fmt.Errorf("plan notices: %w", err)
	}
	for _, name := range ChannelNames() {
		var channel Channel = absent{name}
		if i := slices.Index(names, name); i >= 0 {
			channel = r.Channels[i]
		}
		if err := r.send(ctx, channel, people); err != nil {
			return fmt.Errorf("send by %s: %w", name, err)
		}
	}
	return nil
}

// absent is a channel that the configuration does not have any more.
type absent struct{ name string }

func (a absent) Name() string { return a.name }
func (a absent) Open(context.Context) (Session, error) {
	return nil, &Trouble{Code: codeOff, Channel: true}
}

// send sends what is due by a channel.
func (r *Runner) send(ctx context.Context, c Channel, people []Person) error {
	var due []Delivery
	if err := r.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		due, err = r.Store.due(ctx, tx, c.Name(), batch)
		return err
	}); err != nil || len(due) == 0 {
		return err
	}
	session, err := c.Open(ctx)
	if err == nil {
		defer func() {
			if closing := session.Close(); closing != nil && r.Logger != nil {
				r.Logger.DebugContext(ctx, "end of a conversation", "channel", c.Name(), "error", closing)
			}
		}()
	}
	trouble := troubleOf(err)
	for _, d := range due {
		if err := ctx.Err(); err != nil {
			return err
		}
		if trouble, err = r.attempt(ctx, session, d, people, trouble); err != nil {
			return err
		}
	}
	if trouble != nil && r.Logger != nil {
		r.Logger.WarnContext(ctx, "notices wait", "channel", c.Name(), "trouble", trouble.Code, "detail", trouble.Detail)
	}
	return nil
}

// attempt delivers, or notes why not. It returns the channel's trouble, with which the
// rest need not be tried.
func (r *Runner) attempt(ctx context.Context, session Session, d Delivery, people []Person, down *Trouble) (*Trouble, error) {
	var letter Letter
	mine := false
	if err := r.at("claim"); err != nil {
		return nil, err
	}
	if err := r.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		if mine, err = r.Store.claim(ctx, tx, d); err != nil || !mine {
			return err
		}
		if letter, err = r.Store.letter(ctx, tx, d.Message); err != nil {
			return err
		}
		letter.ID = idOf(letter.Key, d.Channel, d.Recipient)
		reaches, err := r.Store.Reaches(ctx, tx)
		letter.To, letter.Lang = reaches[d.Recipient].Address, reaches[d.Recipient].Lang
		return err
	}); err != nil || !mine {
		return down, err
	}
	trouble := down
	switch {
	case down != nil:
	case d.Recipient != "" && !slices.ContainsFunc(people, func(p Person) bool { return p.Account == d.Recipient }):
		trouble = &Trouble{Code: codeAccount, Permanent: true}
	case d.Channel == Mail && letter.To == "":
		trouble = &Trouble{Code: codeNoAddress, Permanent: true}
	default:
		if err := r.at("send"); err != nil {
			return nil, err
		}
		trouble = troubleOf(session.Send(ctx, letter))
		if err := ctx.Err(); err != nil {
			return nil, err // told to end: the attempt is made again
		}
	}
	if err := r.at("settle"); err != nil {
		return nil, err
	}
	if err := r.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		return r.Store.settle(ctx, tx, d, trouble)
	}); err != nil {
		return nil, err
	}
	if trouble != nil && trouble.Channel {
		return trouble, nil
	}
	return nil, nil
}

func (r *Runner) at(name string) error {
	if r.step == nil {
		return nil
	}
	return r.step(name)
}

// troubleOf is an error of a channel as what it is.
func troubleOf(err error) *Trouble {
	if err == nil {
		return nil
	}
	if t, ok := errors.AsType[*Trouble](err); ok {
		return t
	}
	return &Trouble{Code: codeReach, Detail: detail(err), Channel: true}
}
