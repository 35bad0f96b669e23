package notify

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"unicode"

	"vigia/checks/message"
)

// Trouble is why an attempt did not deliver: a code with words, and what the other side
// or the network said, for whoever looks into it.
type Trouble struct {
	Code   string
	Detail string
	// Permanent: another attempt would end the same.
	Permanent bool
	// Channel: it is not this message's, and the others wait as well.
	Channel bool
}

// Error says it in a line.
func (t *Trouble) Error() string { return t.Code + ": " + t.Detail }

// Say tells it with what to do.
func (t *Trouble) Say(lang message.Lang) string {
	args := map[string]string{"detail": t.Detail}
	return strings.TrimSpace(Messages().Say(lang, t.Code, args) + " " + Messages().Do(lang, t.Code, args))
}

// The codes of troubles.
const (
	codeOff         = "channel.off"
	codeAccount     = "account.closed"
	codeNoAddress   = "mail.no_address"
	codeReach       = "mail.unreachable"
	codeTLS         = "mail.tls"
	codeAuth        = "mail.auth"
	codeSender      = "mail.sender"
	codeRecipient   = "mail.recipient"
	codeLater       = "mail.later"
	codeRefused     = "mail.refused"
	codeSecret      = "secret.file"
	codeHookReach   = "webhook.unreachable"
	codeHookTLS     = "webhook.tls"
	codeHookStatus  = "webhook.status"
	codeHookMoved   = "webhook.redirect"
	codeSyslogReach = "syslog.unreachable"
	codeSyslogTLS   = "syslog.tls"
)

// Messages are the words of troubles.
func Messages() message.Catalogue {
	out := message.Catalogue{}
	for _, e := range [][5]string{
		{codeOff, "Este medio ya no está en la configuración.", "This channel is not in the configuration any more.",
			"Vuelva a ponerlo en vigia.yaml y reinicie el servicio, o deje que el aviso quede solo en el portal.", "Put it back into vigia.yaml and restart the service, or leave the notice in the portal alone."},
		{codeAccount, "La cuenta de quien lo recibe se cerró.", "The receiver's account was closed.",
			"Si otra persona ocupa su lugar, dele el mismo papel en el portal.", "If somebody takes the place, give them the same role in the portal."},
		{codeNoAddress, "Esa cuenta ya no tiene dirección de correo.", "That account has no e-mail address any more.",
			"Escriba la dirección en Avisos, Ajustes, y pulse Reintentar.", "Write the address in Notices, Settings, and press Try again."},
		{codeReach, "No se pudo hablar con el servidor de correo: {detail}.", "The mail server could not be reached: {detail}.",
			"Compruebe smtp.server en vigia.yaml (nombre y puerto, por ejemplo correo.ayuntamiento.example:587), que el servidor esté en marcha y que ningún cortafuegos lo impida. Se sigue intentando.", "Check smtp.server in vigia.yaml (name and port, such as mail.council.example:587), that the server runs and that no firewall is between. It is tried again."},
		{codeTLS, "El servidor de correo no ofrece un cifrado de fiar: {detail}.", "The mail server offers no encryption to be trusted: {detail}.",
			"Si su certificado es de una autoridad propia, indique el archivo de esa autoridad en smtp.ca_file. Si el puerto es 465, ponga smtp.tls: implicit. El nombre de smtp.server debe ser el del certificado.", "If its certificate is from an authority of your own, give that authority's file in smtp.ca_file. With port 465, set smtp.tls: implicit. The name in smtp.server must be the certificate's."},
		{codeAuth, "El servidor de correo no acepta el usuario o la contraseña: {detail}.", "The mail server does not accept user or password: {detail}.",
			"Revise smtp.user y el archivo de smtp.password_file. Muchos proveedores piden una contraseña de aplicación. Se sigue intentando.", "Look at smtp.user and the file of smtp.password_file. Many providers want a password made for the application. It is tried again."},
		{codeSender, "El servidor de correo no acepta el remitente: {detail}.", "The mail server does not accept the sender: {detail}.",
			"Ponga en smtp.from una dirección desde la que ese usuario pueda enviar. Se sigue intentando.", "Put into smtp.from an address from which that user may send. It is tried again."},
		{codeRecipient, "El servidor de correo no acepta al destinatario: {detail}.", "The mail server does not accept the receiver: {detail}.",
			"Corrija la dirección en Avisos, Ajustes, y pulse Reintentar.", "Mend the address in Notices, Settings, and press Try again."},
		{codeLater, "El servidor de correo pide esperar: {detail}.", "The mail server asks to wait: {detail}.", "Se sigue intentando.", "It is tried again."},
		{codeRefused, "El servidor de correo rechazó el mensaje: {detail}.", "The mail server refused the message: {detail}.",
			"Pregunte con ese texto a quien lleva el servidor de correo; después pulse Reintentar.", "Ask whoever runs the mail server, with that text; then press Try again."},
		{codeSecret, "No se puede usar un archivo de la configuración: {detail}.", "A file of the configuration cannot be used: {detail}.",
			"Ponga el archivo donde dice vigia.yaml, que sea de la cuenta del servicio y que solo ella lo lea: chmod 600.", "Put the file where vigia.yaml says, owned by the service's account and readable by it alone: chmod 600."},
		{codeHookReach, "No se pudo llegar a la dirección del webhook: {detail}.", "The webhook's address could not be reached: {detail}.",
			"Compruebe webhook.url en vigia.yaml y que el otro sistema esté en marcha. Se sigue intentando.", "Check webhook.url in vigia.yaml and that the other system runs. It is tried again."},
		{codeHookTLS, "El certificado del otro sistema no es de fiar: {detail}.", "The other system's certificate is not to be trusted: {detail}.",
			"Si es de una autoridad propia, indique su archivo en webhook.ca_file.", "If it is from an authority of your own, give its file in webhook.ca_file."},
		{codeHookStatus, "El otro sistema no aceptó el aviso: respondió {detail}.", "The other system did not accept the notice: it answered {detail}.",
			"Revise allí que la dirección exista y que el secreto sea el mismo. Se sigue intentando.", "Look there whether the address exists and the secret is the same. It is tried again."},
		{codeHookMoved, "El otro sistema mandó a otra dirección, y eso no se sigue: {detail}.", "The other system sent elsewhere, which is not followed: {detail}.",
			"Ponga en webhook.url la dirección definitiva.", "Put the final address into webhook.url."},
		{codeSyslogReach, "No se pudo llegar al servidor de syslog: {detail}.", "The syslog server could not be reached: {detail}.",
			"Compruebe syslog.server y syslog.network en vigia.yaml. Se sigue intentando.", "Check syslog.server and syslog.network in vigia.yaml. It is tried again."},
		{codeSyslogTLS, "El certificado del servidor de syslog no es de fiar: {detail}.", "The syslog server's certificate is not to be trusted: {detail}.",
			"Si es de una autoridad propia, indique su archivo en syslog.ca_file.", "If it is from an authority of your own, give its file in syslog.ca_file."},
	} {
		out[e[0]] = message.Entry{Say: message.Text{ES: e[1], EN: e[2]}, Do: message.Text{ES: e[3], EN: e[4]}}
	}
	return out
}

// ChannelName names a channel for people.
func ChannelName(channel string) message.Text {
	switch channel {
	case Mail:
		return message.Text{ES: "correo", EN: "mail"}
	case Webhook:
		return message.Text{ES: "webhook", EN: "webhook"}
	case Syslog:
		return message.Text{ES: "syslog", EN: "syslog"}
	}
	return message.Text{ES: channel, EN: channel}
}

// StateName names what became of a delivery.
func StateName(s State) message.Text {
	switch s {
	case Waiting:
		return message.Text{ES: "en camino", EN: "on its way"}
	case Held:
		return message.Text{ES: "espera al resumen", EN: "waits for the summary"}
	case InDigest:
		return message.Text{ES: "fue en un resumen", EN: "went in a summary"}
	case Delivered:
		return message.Text{ES: "entregado", EN: "delivered"}
	case GivenUp:
		return message.Text{ES: "NO entregado", EN: "NOT delivered"}
	}
	return message.Text{ES: string(s), EN: string(s)}
}

// detail is what an error says, in one line without control characters.
func detail(err error) string {
	const most = 300 // characters
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(err.Error(), " "))
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return strings.TrimSuffix(text, ".")
}

// distrust tells whether an error is about the certificate or the encryption.
func distrust(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return true
	}
	return strings.Contains(err.Error(), "STARTTLS")
}

// maxSecret bounds the files that a configuration names, in bytes.
const maxSecret = 1 << 20

// ReadSecret reads a file that nobody else may read.
func ReadSecret(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	switch {
	case !info.Mode().IsRegular() || info.Size() > maxSecret:
		return "", &fs.PathError{Op: "read", Path: name, Err: errors.New("is no file of a secret")}
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return "", fmt.Errorf("%s: others may read it (mode %04o): chmod 600", name, info.Mode().Perm())
	}
	data, err := os.ReadFile(name)
	return strings.TrimRight(string(data), "\r\n"), err
}

// roots are the authorities to trust: those of a file, or the system's when it is empty.
func roots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s: holds no certificate in PEM", file)
	}
	return pool, nil
}
