package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"vigia/checks/message"
)

// Log is a syslog server that is told.
//
// Messages are as in RFC 5424, one datagram each by udp, with octet counting (RFC 6587) by
// tcp, over TLS (RFC 5425) by tls. Syslog answers nothing: what was written to the network
// counts as delivered.
type Log struct {
	// Server is HOST:PORT; empty: none.
	Server string `mapstructure:"server"`
	// Network is tls, the default, tcp or udp. The latter two send in clear text, so they
	// are for this machine, or a network of its own.
	Network string `mapstructure:"network"`
	CAFile  string `mapstructure:"ca_file"`
	// Format is rfc5424, the default, or cef: the same with a text that SIEMs take apart.
	Format string `mapstructure:"format"`
}

// Bounds and numbers of syslog.
const (
	syslogTime = 10 * time.Second
	maxPacket  = 2048 // bytes of a datagram that every receiver takes (RFC 5424, 6.1)
	// facility 13 is log audit.
	facility = 13
	// sdID names the structured data. 32473 is the number that RFC 5612 keeps for examples;
	// the program has none of its own.
	sdID = "vigia@32473"
)

type syslogger struct {
	conf    Log
	host    string
	machine string
	portal  string
	version string
}

func newSyslogger(conf Log, portal, version string) (*syslogger, error) {
	host, _, err := net.SplitHostPort(conf.Server)
	switch {
	case err != nil || host == "":
		return nil, fmt.Errorf("syslog.server %q: escriba nombre y puerto, como registros.ayuntamiento.example:6514", conf.Server)
	case conf.Network != "" && conf.Network != "tls" && conf.Network != "tcp" && conf.Network != "udp":
		return nil, fmt.Errorf("syslog.network %q: use tls, tcp o udp", conf.Network)
	case conf.Format != "" && conf.Format != "rfc5424" && conf.Format != "cef":
		return nil, fmt.Errorf("syslog.format %q: use rfc5424 o cef", conf.Format)
	}
	machine, err := os.Hostname()
	if err != nil {
		machine = ""
	}
	return &syslogger{conf, host, machine, portal, version}, nil
}

// Name implements Channel.
func (s *syslogger) Name() string { return Syslog }

// Open implements Channel.
func (s *syslogger) Open(ctx context.Context) (Session, error) {
	ctx, cancel := context.WithTimeout(ctx, syslogTime)
	defer cancel()
	var conn net.Conn
	var err error
	switch s.conf.Network {
	case "tcp", "udp":
		conn, err = new(net.Dialer).DialContext(ctx, s.conf.Network, s.conf.Server)
	default:
		pool, poolErr := roots(s.conf.CAFile)
		if poolErr != nil {
			return nil, &Trouble{Code: codeSecret, Detail: detail(poolErr), Channel: true}
		}
		conn, err = (&tls.Dialer{Config: &tls.Config{ServerName: s.host, RootCAs: pool, MinVersion: tls.VersionTLS12}}).DialContext(ctx, "tcp", s.conf.Server)
	}
	if err != nil {
		t := &Trouble{Code: codeSyslogReach, Detail: detail(err), Channel: true}
		if distrust(err) {
			t.Code = codeSyslogTLS
		}
		return nil, t
	}
	return &syslogSession{s, conn}, nil
}

type syslogSession struct {
	*syslogger
	conn net.Conn
}

// Send implements Session.
func (s *syslogSession) Send(_ context.Context, l Letter) error {
	line := s.line(l)
	if s.conf.Network == "udp" {
		line = cut(line, maxPacket)
	} else {
		line = strconv.Itoa(len(line)) + " " + line
	}
	err := s.conn.SetDeadline(time.Now().Add(syslogTime))
	if err == nil {
		_, err = s.conn.Write([]byte(line))
	}
	if err != nil {
		return &Trouble{Code: codeSyslogReach, Detail: detail(err), Channel: true}
	}
	return nil
}

// Close implements Session.
func (s *syslogSession) Close() error { return s.conn.Close() }

// line is a message in the form of RFC 5424.
func (s *syslogger) line(l Letter) string {
	severity := 5 // notice
	if l.Urgent {
		severity = 2 // critical
	}
	text := l.Subject.In(message.Spanish)
	if s.conf.Format == "cef" {
		text = s.cef(l)
	}
	return fmt.Sprintf("<%d>1 %s %s vigia - %s %s \ufeff%s", facility*8+severity, l.At.UTC().Format("2006-01-02T15:04:05.000000Z"),
		header(s.machine, 255), header(l.Kind, 32), s.data(l), oneLine(text))
}

// data is the structured data.
func (s *syslogger) data(l Letter) string {
	link := ""
	if l.Link != "" {
		link = strings.TrimSuffix(s.portal, "/") + l.Link
	}
	var b strings.Builder
	b.WriteString("[" + sdID)
	for _, p := range [][2]string{{"id", l.ID}, {"key", l.Key}, {"kind", l.Kind}, {"urgent", strconv.FormatBool(l.Urgent)}, {"link", link}} {
		if p[1] != "" {
			b.WriteString(" " + p[0] + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `]`, `\]`).Replace(oneLine(p[1])) + `"`)
		}
	}
	b.WriteString("]")
	return b.String()
}

// cef is the text that SIEMs take apart.
func (s *syslogger) cef(l Letter) string {
	severity := "4"
	if l.Urgent {
		severity = "9"
	}
	head := strings.NewReplacer(`\`, `\\`, `|`, `\|`)
	value := strings.NewReplacer(`\`, `\\`, `=`, `\=`)
	out := strings.Join([]string{"CEF:0", "Vigia", "vigia", head.Replace(s.version), head.Replace(l.Kind), head.Replace(oneLine(l.Subject.ES)), severity}, "|")
	out += "|externalId=" + l.ID + " msg=" + value.Replace(oneLine(l.Subject.ES))
	if l.Link != "" {
		out += " request=" + value.Replace(strings.TrimSuffix(s.portal, "/")+l.Link)
	}
	return out
}

// header is a field of the header: printable ASCII without spaces, - when there is none.
func header(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '_'
		}
		return r
	}, text)
	if len(text) > most {
		text = text[:most]
	}
	if text == "" {
		return "-"
	}
	return text
}

func oneLine(text string) string { return detail(errors.New(text)) }

// cut shortens a text to so many bytes, and to whole characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}
