package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"vigia/checks/message"
)

// SMTP is how mail is sent.
type SMTP struct {
	// Server is HOST:PORT; empty: no mail.
	Server string `mapstructure:"server"`
	// TLS is starttls, the default; implicit, as on port 465; or none, to this machine only
	// and without a user.
	TLS string `mapstructure:"tls"`
	// CAFile holds the authorities of the server's certificate in PEM; empty: the system's.
	CAFile string `mapstructure:"ca_file"`
	// From and ReplyTo are addresses, such as Vigía <vigia@ayuntamiento.example>.
	From    string `mapstructure:"from"`
	ReplyTo string `mapstructure:"reply_to"`
	// User and the password in PasswordFile, which nobody else may read.
	User         string `mapstructure:"user"`
	PasswordFile string `mapstructure:"password_file"`
}

// Bounds of a conversation with a mail server.
const mailTime = 30 * time.Second

// mailer sends mail.
type mailer struct {
	conf         SMTP
	host         string
	port         int
	organisation string
	portal       string
}

func newMailer(conf SMTP, organisation, portal string) (*mailer, error) {
	host, portText, err := net.SplitHostPort(conf.Server)
	port, numberErr := strconv.Atoi(portText)
	switch {
	case err != nil || numberErr != nil || host == "":
		return nil, fmt.Errorf("smtp.server %q: escriba nombre y puerto, como correo.ayuntamiento.example:587", conf.Server)
	case conf.TLS != "" && conf.TLS != "starttls" && conf.TLS != "implicit" && conf.TLS != "none":
		return nil, fmt.Errorf("smtp.tls %q: use starttls, implicit o none", conf.TLS)
	case conf.TLS == "none" && !loopback(host):
		return nil, errors.New("smtp.tls none: sin cifrado solo se envía a un servidor de este mismo equipo")
	case conf.TLS == "none" && conf.User != "":
		return nil, errors.New("smtp.user: sin cifrado no se envía ninguna contraseña")
	case (conf.User == "") != (conf.PasswordFile == ""):
		return nil, errors.New("smtp.user y smtp.password_file van juntos")
	}
	if err := mail.NewMsg().From(conf.From); err != nil {
		return nil, fmt.Errorf("smtp.from %q: escriba la dirección del remitente, como Vigía <vigia@ayuntamiento.example>", conf.From)
	}
	if conf.ReplyTo != "" {
		if err := mail.NewMsg().ReplyTo(conf.ReplyTo); err != nil {
			return nil, fmt.Errorf("smtp.reply_to %q: no es una dirección", conf.ReplyTo)
		}
	}
	return &mailer{conf: conf, host: host, port: port, organisation: organisation, portal: portal}, nil
}

// loopback tells whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Name implements Channel.
func (m *mailer) Name() string { return Mail }

// Open implements Channel: it connects, encrypts and logs in.
func (m *mailer) Open(ctx context.Context) (Session, error) {
	pool, err := roots(m.conf.CAFile)
	if err != nil {
		return nil, &Trouble{Code: codeSecret, Detail: detail(err), Channel: true}
	}
	config := &tls.Config{ServerName: m.host, RootCAs: pool, MinVersion: tls.VersionTLS12}
	s := &mailSession{mailer: m}
	options := []mail.Option{mail.WithPort(m.port), mail.WithTimeout(mailTime), mail.WithTLSConfig(config), mail.WithDialContextFunc(
		func(ctx context.Context, network, address string) (net.Conn, error) {
			var err error
			if m.conf.TLS == "implicit" {
				s.conn, err = (&tls.Dialer{Config: config}).DialContext(ctx, network, address)
			} else {
				s.conn, err = new(net.Dialer).DialContext(ctx, network, address)
			}
			return s.conn, err
		})}
	switch m.conf.TLS {
	case "implicit":
		options = append(options, mail.WithSSL())
	case "none":
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if m.conf.User != "" {
		password, err := ReadSecret(m.conf.PasswordFile)
		if err != nil {
			return nil, &Trouble{Code: codeSecret, Detail: detail(err), Channel: true}
		}
		options = append(options, mail.WithUsername(m.conf.User), mail.WithPassword(password),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256PLUS, mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1PLUS,
				mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthCramMD5, mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	if s.client, err = mail.NewClient(m.host, options...); err != nil {
		return nil, &Trouble{Code: codeReach, Detail: detail(err), Channel: true}
	}
	if err := s.client.DialWithContext(ctx); err != nil {
		if s.conn != nil {
			_ = s.conn.Close() // the library leaves it open when it fails after connecting
		}
		return nil, openTrouble(err)
	}
	return s, nil
}

// openTrouble says why no mail can be sent at all.
func openTrouble(err error) *Trouble {
	t := &Trouble{Code: codeReach, Detail: detail(err), Channel: true}
	switch {
	case distrust(err):
		t.Code = codeTLS
	case strings.Contains(err.Error(), "SMTP AUTH") || strings.Contains(err.Error(), "SMTP Auth"):
		t.Code = codeAuth
		if answer, ok := errors.AsType[*textproto.Error](err); ok && answer.Code < 500 {
			t.Code = codeLater
		}
	}
	return t
}

type mailSession struct {
	*mailer
	client *mail.Client
	conn   net.Conn
}

// Send implements Session.
func (s *mailSession) Send(ctx context.Context, l Letter) error {
	if err := ctx.Err(); err != nil {
		return &Trouble{Code: codeReach, Detail: detail(err), Channel: true}
	}
	msg, err := s.compose(l)
	if err != nil {
		return &Trouble{Code: codeRecipient, Detail: detail(err), Permanent: true}
	}
	stop := context.AfterFunc(ctx, func() { _ = s.conn.SetDeadline(time.Now()) })
	defer stop()
	if err := s.client.Send(msg); err != nil {
		return sendTrouble(err)
	}
	return nil
}

func (s *mailSession) compose(l Letter) (*mail.Msg, error) {
	msg := mail.NewMsg()
	if err := msg.From(s.conf.From); err != nil {
		return nil, err
	}
	if err := msg.To(l.To); err != nil {
		return nil, err
	}
	if s.conf.ReplyTo != "" {
		if err := msg.ReplyTo(s.conf.ReplyTo); err != nil {
			return nil, err
		}
	}
	domain := s.host
	if from := msg.GetFrom(); len(from) == 1 {
		_, domain, _ = strings.Cut(from[0].Address, "@")
	}
	msg.SetMessageIDWithValue("vigia." + l.ID + "@" + domain)
	msg.SetDateWithValue(l.At)
	msg.Subject("[Vigía] " + l.Subject.In(l.Lang))
	msg.SetUserAgent("Vigia")
	// Programs that answer for somebody on holiday do not answer this (RFC 3834).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	if l.Urgent {
		msg.SetImportance(mail.ImportanceHigh)
	}
	msg.SetBodyString(mail.TypeTextPlain, bodyOf(l, s.organisation, s.portal))
	return msg, nil
}

// bodyOf is the text of a mail.
func bodyOf(l Letter, organisation, portal string) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(l.Body.In(l.Lang)) + "\n")
	if l.Link != "" {
		say := message.Text{ES: "Véalo en el portal:", EN: "See it in the portal:"}
		b.WriteString("\n" + say.In(l.Lang) + "\n" + strings.TrimSuffix(portal, "/") + l.Link + "\n")
	}
	foot := message.Text{
		ES: "Aviso automático de Vigía{org}. Cuándo llegan los avisos se elige en el portal, en Avisos.",
		EN: "Automatic notice of Vigía{org}. When notices come is chosen in the portal, in Notices.",
	}
	if organisation != "" {
		organisation = ", " + organisation
	}
	b.WriteString("\n-- \n" + foot.Format(l.Lang, map[string]string{"org": organisation}) + "\n")
	return b.String()
}

// sendTrouble says why a message was not taken.
func sendTrouble(err error) *Trouble {
	t := &Trouble{Code: codeReach, Detail: detail(err), Channel: true}
	refused, ok := errors.AsType[*mail.SendError](err)
	if !ok || refused.ErrorCode() == 0 { // the connection, not an answer
		return t
	}
	if i := strings.Index(t.Detail, ", affected recipient"); i > 0 {
		t.Detail = t.Detail[:i]
	}
	t.Channel = false
	switch {
	case refused.ErrorCode() < 500:
		t.Code = codeLater
	case refused.Reason == mail.ErrSMTPMailFrom:
		t.Code, t.Channel = codeSender, true // the configuration's, and so every message's
	case refused.Reason == mail.ErrSMTPRcptTo:
		t.Code, t.Permanent = codeRecipient, true
	default:
		t.Code, t.Permanent = codeRefused, true
	}
	return t
}

// Close implements Session.
func (s *mailSession) Close() error {
	err := s.client.Close()
	_ = s.conn.Close() // closed already, or the server did not let go
	return err
}
