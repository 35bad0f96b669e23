package notify

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"vigia/collector/storage"
	"vigia/collector/storage/storagetest"
)

// authority is a CA of the test's own, with a certificate for this machine.
type authority struct {
	dir               string
	caFile, cert, key string
	keyPair           tls.Certificate
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	dir, err := os.MkdirTemp("", "vigia-notify-") //nolint:usetesting // whose parent others may enter
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	a := authority{dir: dir, caFile: filepath.Join(dir, "ca.pem"), cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem")}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA de prueba"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	must(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, KeyUsage: x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	must(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	for name, block := range map[string]*pem.Block{a.caFile: {Type: "CERTIFICATE", Bytes: caDER}, a.cert: {Type: "CERTIFICATE", Bytes: der}, a.key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		must(t, os.WriteFile(name, pem.EncodeToMemory(block), 0o644))
	}
	a.keyPair, err = tls.LoadX509KeyPair(a.cert, a.key)
	must(t, err)
	return a
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// freePort is one that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	lis, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	defer lis.Close()
	return lis.Addr().(*net.TCPAddr).Port
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 400 {
		if ok() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("no %s within ten seconds", what)
}

func answers(port int) func() bool {
	return func() bool {
		conn, err := net.DialTimeout("tcp", "127.0.0.1:"+strconv.Itoa(port), time.Second)
		if err != nil {
			return false
		}
		_ = conn.Close()
		return true
	}
}

func readAll(name string) string {
	data, _ := os.ReadFile(name) // not there yet is empty
	return string(data)
}

// exim is a real mail server that serves one user and refuses some receivers.
type exim struct {
	t                  *testing.T
	a                  authority
	starttls, implicit int
	stop               func()
}

func startExim(t *testing.T) *exim {
	t.Helper()
	if testing.Short() {
		t.Skip("a mail server takes seconds: make test runs it")
	}
	if _, err := exec.LookPath("/usr/sbin/exim4"); err != nil {
		t.Fatal("this test needs a mail server: apt-get install exim4-daemon-light")
	}
	if os.Getuid() != 0 {
		t.Fatal("exim gives up root, and must have it first: run this test as root, as make test does")
	}
	e := &exim{t: t, a: newAuthority(t), starttls: freePort(t), implicit: freePort(t)}
	u, err := user.Lookup("Debian-exim")
	must(t, err)
	uid, err := strconv.Atoi(u.Uid)
	must(t, err)
	gid, err := strconv.Atoi(u.Gid)
	must(t, err)
	for _, name := range []string{"spool", "log", "mail"} {
		must(t, os.Mkdir(filepath.Join(e.a.dir, name), 0o750))
		must(t, os.Chown(filepath.Join(e.a.dir, name), uid, gid))
	}
	conf := strings.NewReplacer("DIR", e.a.dir, "PORT1", strconv.Itoa(e.starttls), "PORT2", strconv.Itoa(e.implicit)).Replace(`
spool_directory = DIR/spool
log_file_path = DIR/log/%slog
primary_hostname = correo.villa.example
local_interfaces = 127.0.0.1
daemon_smtp_ports = PORT1 : PORT2
tls_on_connect_ports = PORT2
tls_advertise_hosts = *
tls_certificate = DIR/cert.pem
tls_privatekey = DIR/key.pem
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
deliver_drop_privilege = true
host_lookup =
rfc1413_query_timeout = 0s
acl_smtp_mail = sender
acl_smtp_rcpt = receiver
begin acl
sender:
  deny senders = ajeno@villa.example
       message = not your address
  accept
receiver:
  deny !authenticated = *
       message = log in first
  deny local_parts = nadie
       message = no such user here
  defer local_parts = luego
       message = try later
  accept
begin routers
all:
  driver = accept
  transport = file
begin transports
file:
  driver = appendfile
  file = DIR/mail/all
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and {{eq{$auth2}{vigia}}{eq{$auth3}{clave-de-prueba}}}}
  server_set_id = $auth2
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${if eq{$auth1}{vigia}{clave-de-prueba}fail}
  server_set_id = $auth1
`)
	must(t, os.WriteFile(filepath.Join(e.a.dir, "exim.conf"), []byte(conf), 0o644))
	must(t, os.WriteFile(filepath.Join(e.a.dir, "password"), []byte("clave-de-prueba\n"), 0o600))
	t.Cleanup(func() { e.stop() })
	e.start()
	return e
}

func (e *exim) start() {
	e.t.Helper()
	cmd := exec.Command("/usr/sbin/exim4", "-C", filepath.Join(e.a.dir, "exim.conf"), "-bdf")
	var says strings.Builder
	cmd.Stderr = &says
	must(e.t, cmd.Start())
	e.stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	waitFor(e.t, "mail server "+says.String(), answers(e.starttls))
	waitFor(e.t, "mail server", answers(e.implicit))
}

func (e *exim) config() SMTP {
	return SMTP{Server: "localhost:" + strconv.Itoa(e.starttls), CAFile: e.a.caFile, From: "Vigía <vigia@villa.example>", ReplyTo: "informatica@villa.example",
		User: "vigia", PasswordFile: filepath.Join(e.a.dir, "password")}
}

func (e *exim) mailer(change func(*SMTP)) Channel {
	e.t.Helper()
	conf := e.config()
	if change != nil {
		change(&conf)
	}
	channels, err := Channels(Config{SMTP: conf, Organisation: "Ayuntamiento de Valdehermoso", Portal: "https://vigia.villa.example:9443/"})
	must(e.t, err)
	return channels[0]
}

// TestRealMailServer sends by exim, as a town hall would, and in every way that goes wrong.
func TestRealMailServer(t *testing.T) {
	t.Parallel()
	e := startExim(t)
	secret := filepath.Join(e.a.dir, "wrong")
	must(t, os.WriteFile(secret, []byte("otra"), 0o600))
	open := filepath.Join(e.a.dir, "open")
	must(t, os.WriteFile(open, []byte("clave-de-prueba"), 0o644))
	for name, row := range map[string]struct {
		to     string
		change func(*SMTP)
		want   string // code
		says   string
	}{
		"STARTTLS":                            {"ana@villa.example", nil, "", ""},
		"implicit TLS":                        {"ana@villa.example", func(c *SMTP) { c.Server, c.TLS = "localhost:"+strconv.Itoa(e.implicit), "implicit" }, "", ""},
		"wrong password":                      {"ana@villa.example", func(c *SMTP) { c.PasswordFile = secret }, codeAuth, "535"},
		"no user where one is needed":         {"ana@villa.example", func(c *SMTP) { c.User, c.PasswordFile = "", "" }, codeRecipient, "log in first"},
		"refused receiver":                    {"nadie@villa.example", nil, codeRecipient, "no such user here"},
		"receiver for later":                  {"luego@villa.example", nil, codeLater, "try later"},
		"refused sender":                      {"ana@villa.example", func(c *SMTP) { c.From = "ajeno@villa.example" }, codeSender, "not your address"},
		"a CA that is not trusted":            {"ana@villa.example", func(c *SMTP) { c.CAFile = "" }, codeTLS, "unknown authority"},
		"another name than the certificate's": {"ana@villa.example", func(c *SMTP) { c.Server = "127.0.0.1:" + strconv.Itoa(e.starttls) }, codeTLS, "127.0.0.1"},
		"implicit where it is STARTTLS":       {"ana@villa.example", func(c *SMTP) { c.TLS = "implicit" }, codeTLS, "TLS"},
		"nobody there":                        {"ana@villa.example", func(c *SMTP) { c.Server = "localhost:" + strconv.Itoa(freePort(t)) }, codeReach, "refused"},
		"a password that others may read":     {"ana@villa.example", func(c *SMTP) { c.PasswordFile = open }, codeSecret, "chmod 600"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Test(t.Context(), e.mailer(row.change), row.to, time.Now())
			trouble, _ := errors.AsType[*Trouble](err)
			switch {
			case row.want == "" && err != nil:
				t.Fatalf("got %v", err)
			case row.want == "":
			case trouble == nil || trouble.Code != row.want || !strings.Contains(trouble.Detail, row.says):
				t.Fatalf("got %v, want %s with %q", err, row.want, row.says)
			case strings.Contains(trouble.Detail, "clave-de-prueba"):
				t.Fatalf("the password is in %q", trouble.Detail)
			}
		})
	}
	waitFor(t, "mail in the box", func() bool { return strings.Count(readAll(filepath.Join(e.a.dir, "mail", "all")), "Message-ID") == 2 })
}

// A day without the server: everything comes after, in Spanish with its accents, once.
func TestMailServerDownForADay(t *testing.T) {
	t.Parallel()
	e := startExim(t)
	storagetest.Each(t, []storage.Schema{Schema()}, func(t *testing.T, db *storage.DB) {
		box := filepath.Join(e.a.dir, "mail", "all")
		_ = os.Truncate(box, 0)
		o := newOffice(t, db)
		o.reach("ana", Reach{Address: "ana@villa.example", Mode: Each})
		o.reach("eva", Reach{Address: "nadie@villa.example", Mode: Each})
		r := o.runner(e.mailer(nil))
		m := about("incident/12/clock/24h", "officer", "administrator")
		m.Urgent, m.Subject.ES, m.Body.ES = true, "Incidencia INC-0012: vence el plazo (quedan 48 h)", "Decida si se notifica.\nAñada lo que falta."
		o.queue(m)
		e.stop()
		for range 24 {
			o.once(r)
			o.now = o.now.Add(time.Hour)
		}
		if got := o.find(Waiting); len(got) != 2 || got[0].Trouble.Code != codeReach {
			t.Fatalf("got %+v, want two that wait", got)
		}
		e.start()
		o.now = o.now.Add(time.Hour)
		o.once(r)
		if got := o.find(GivenUp); len(got) != 1 || got[0].Trouble.Code != codeRecipient {
			t.Errorf("refused receiver: got %+v", got)
		}
		waitFor(t, "mail in the box", func() bool {
			return strings.Contains(readAll(box), "Auto-Submitted") && strings.Contains(readAll(box), "\n--=20")
		})
		_, raw, _ := strings.Cut(readAll(box), "\n")
		got, err := mail.ReadMessage(strings.NewReader(raw))
		must(t, err)
		body, err := io.ReadAll(quotedprintable.NewReader(got.Body))
		must(t, err)
		for header, want := range map[string]string{
			"Message-Id": "<vigia." + idOf(m.Key, Mail, "ana") + "@villa.example>", "To": "<ana@villa.example>", "Reply-To": "<informatica@villa.example>",
			"Auto-Submitted": "auto-generated", "Importance": "high",
		} {
			if got.Header.Get(header) != want {
				t.Errorf("%s: got %q, want %q", header, got.Header.Get(header), want)
			}
		}
		if subject, err := decode(got.Header.Get("Subject")); err != nil || subject != "[Vigía] Incidencia INC-0012: vence el plazo (quedan 48 h)" {
			t.Errorf("subject: got %q, %v", subject, err)
		}
		if !strings.Contains(string(body), "https://vigia.villa.example:9443/incidencias/1") || strings.Contains(string(body), "ana") {
			t.Errorf("body: got %s", body)
		}
	})
}

func TestMailSettings(t *testing.T) {
	t.Parallel()
	good := SMTP{Server: "correo.villa.example:587", From: "vigia@villa.example"}
	for name, change := range map[string]func(*SMTP){
		"no port":                 func(c *SMTP) { c.Server = "correo.villa.example" },
		"clear text elsewhere":    func(c *SMTP) { c.TLS = "none" },
		"a password in the clear": func(c *SMTP) { c.Server, c.TLS, c.User, c.PasswordFile = "localhost:25", "none", "u", "p" },
		"half a log-in":           func(c *SMTP) { c.User = "vigia" },
		"no sender":               func(c *SMTP) { c.From = "" },
		"a mistyped way":          func(c *SMTP) { c.TLS = "ssl" },
	} {
		conf := good
		change(&conf)
		if _, err := Channels(Config{SMTP: conf}); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if _, err := Channels(Config{SMTP: good}); err != nil {
		t.Error(err)
	}
}

// TestRealSyslogServer writes to rsyslog in every way.
func TestRealSyslogServer(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a syslog server takes seconds: make test runs it")
	}
	if _, err := exec.LookPath("/usr/sbin/rsyslogd"); err != nil {
		t.Fatal("this test needs a syslog server: apt-get install rsyslog rsyslog-openssl")
	}
	a := newAuthority(t)
	plain, secure := freePort(t), freePort(t)
	const template = `template(name="t" type="string" string="%pri%|%timereported:::date-rfc3339%|%app-name%|%msgid%|%structured-data%|%msg%\n")
`
	rsyslog(t, a, "plain", plain, template+fmt.Sprintf(`module(load="imudp") module(load="imtcp")
input(type="imudp" address="127.0.0.1" port="%d")
input(type="imtcp" address="127.0.0.1" port="%d")
`, plain, plain))
	rsyslog(t, a, "secure", secure, template+fmt.Sprintf(`global(defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="%s" defaultNetstreamDriverCertFile="%s" defaultNetstreamDriverKeyFile="%s")
module(load="imtcp" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
input(type="imtcp" address="127.0.0.1" port="%d")
`, a.caFile, a.cert, a.key, secure))

	m := about("k", "officer")
	l := Letter{ID: idOf(m.Key, Syslog, ""), Key: `incident/"12"]`, Kind: "incident.clock", Subject: text("Plazo: añada\nlo que falta"), Body: m.Body, Link: "/incidencias/12", Urgent: true, At: at("2026-11-18 10:00")}
	for name, row := range map[string]struct {
		conf Log
		file string
	}{
		"udp": {Log{Server: "localhost:" + strconv.Itoa(plain), Network: "udp"}, "plain"},
		"tcp": {Log{Server: "localhost:" + strconv.Itoa(plain), Network: "tcp"}, "plain"},
		"tls": {Log{Server: "localhost:" + strconv.Itoa(secure), CAFile: a.caFile}, "secure"},
		"cef": {Log{Server: "localhost:" + strconv.Itoa(secure), CAFile: a.caFile, Format: "cef"}, "secure"},
	} {
		t.Run(name, func(t *testing.T) {
			channels, err := Channels(Config{Syslog: row.conf, Portal: "https://vigia.villa.example:9443/", Version: "1.0"})
			must(t, err)
			out := filepath.Join(a.dir, row.file+".out")
			must(t, os.WriteFile(out, nil, 0o600))
			session, err := channels[0].Open(t.Context())
			must(t, err)
			for range 2 { // two in one conversation
				must(t, session.Send(t.Context(), l))
			}
			must(t, session.Close())
			waitFor(t, "lines of "+name, func() bool { return strings.Count(readAll(out), "\n") == 2 })
			line, _, _ := strings.Cut(readAll(out), "\n")
			for _, want := range []string{"106|2026-11-18T09:00:00", "|vigia|incident.clock|", `id="` + l.ID + `"`, `key="incident/\"12\"\]"`,
				`link="https://vigia.villa.example:9443/incidencias/12"`, "Plazo: añada lo que falta"} {
				if !strings.Contains(line, want) {
					t.Errorf("got %s, want %s in it", line, want)
				}
			}
			if name == "cef" && !strings.Contains(line, "CEF:0|Vigia|vigia|1.0|incident.clock|Plazo: añada lo que falta|9|externalId=") {
				t.Errorf("got %s", line)
			}
		})
	}
	channels, err := Channels(Config{Syslog: Log{Server: "localhost:" + strconv.Itoa(secure)}})
	must(t, err)
	if trouble, _ := errors.AsType[*Trouble](Test(t.Context(), channels[0], "", time.Now())); trouble == nil || trouble.Code != codeSyslogTLS {
		t.Errorf("a CA that is not trusted: got %v", trouble)
	}
}

func rsyslog(t *testing.T, a authority, name string, port int, conf string) {
	t.Helper()
	file := filepath.Join(a.dir, name)
	conf = `global(workDirectory="` + a.dir + `" net.enableDNS="off")
` + conf + `action(type="omfile" file="` + file + `.out" template="t")
`
	must(t, os.WriteFile(file+".conf", []byte(conf), 0o600))
	cmd := exec.Command("/usr/sbin/rsyslogd", "-n", "-f", file+".conf", "-i", file+".pid")
	var says strings.Builder
	cmd.Stderr = &says
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(says.String())
		}
	})
	waitFor(t, "syslog server", answers(port))
}

// TestSyslogExamples holds a line to the grammar of RFC 5424, 6.
func TestSyslogExamples(t *testing.T) {
	t.Parallel()
	s := &syslogger{machine: "vigia villa", portal: "https://vigia.villa.example:9443/", version: "1|0"}
	l := Letter{ID: "0123", Key: "a", Kind: "incident.clock", Subject: text("Uno"), Link: "/x", At: at("2026-11-18 10:00")}
	if got, want := s.line(l), `<109>1 2026-11-18T09:00:00.000000Z vigia_villa vigia - incident.clock [vigia@32473 id="0123" key="a" kind="incident.clock" urgent="false" link="https://vigia.villa.example:9443/x"] `+"\ufeffUno"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := s.cef(l), `CEF:0|Vigia|vigia|1\|0|incident.clock|Uno|4|externalId=0123 msg=Uno request=https://vigia.villa.example:9443/x`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := cut("añada", 2); got != "a" {
		t.Errorf("cut within a character: got %q", got)
	}
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	secret := filepath.Join(a.dir, "secret")
	must(t, os.WriteFile(secret, []byte("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"), 0o600))
	var status int
	var got []*http.Request
	var bodies [][]byte
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got, bodies = append(got, r), append(bodies, body)
		if status == http.StatusFound {
			w.Header().Set("Location", "http://169.254.169.254/")
		}
		w.WriteHeader(status)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{a.keyPair}, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	server.StartTLS()
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	must(t, err)
	conf := Config{Webhook: Hook{URL: "https://localhost:" + port + "/avisos", SecretFile: secret, CAFile: a.caFile}, Portal: "https://vigia.villa.example:9443/"}
	channels, err := Channels(conf)
	must(t, err)
	for name, row := range map[string]struct {
		status int
		want   string
	}{
		"taken": {http.StatusNoContent, ""}, "refused": {http.StatusUnauthorized, codeHookStatus}, "broken": {http.StatusBadGateway, codeHookStatus},
		"sent elsewhere": {http.StatusFound, codeHookMoved},
	} {
		status = row.status
		trouble, _ := errors.AsType[*Trouble](Test(t.Context(), channels[0], "", time.Now()))
		if trouble == nil && row.want != "" || trouble != nil && trouble.Code != row.want {
			t.Errorf("%s: got %v, want %s", name, trouble, row.want)
		}
	}
	if len(got) != 4 {
		t.Fatalf("got %d calls, want 4: no redirect is followed", len(got))
	}
	r := got[0]
	key := []byte{0x31, 0xf2, 0x90, 0xf6, 0xbf, 0x06, 0x29, 0x8a, 0xab, 0x4f, 0x08, 0xd4, 0x3c, 0x3f, 0x08, 0x2c, 0xf6, 0x48, 0xa3, 0x62, 0xda, 0x2d, 0xa4, 0xb0}
	if want := SignHook(key, r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), bodies[0]); r.Header.Get("webhook-signature") != want {
		t.Errorf("signature: got %s, want %s", r.Header.Get("webhook-signature"), want)
	}
	conf.Webhook.CAFile = ""
	channels, err = Channels(conf)
	must(t, err)
	if trouble, _ := errors.AsType[*Trouble](Test(t.Context(), channels[0], "", time.Now())); trouble == nil || trouble.Code != codeHookTLS {
		t.Errorf("a CA that is not trusted: got %v", trouble)
	}
	for _, bad := range []string{"http://otro.example/", "ftp://otro.example", "https://u:p@otro.example/", "nada"} {
		if _, err := Channels(Config{Webhook: Hook{URL: bad, SecretFile: secret}}); err == nil {
			t.Errorf("%s: got no error", bad)
		}
	}
}

// The signature is that of the Standard Webhooks specification, by openssl and by hand.
func TestWebhookSignature(t *testing.T) {
	t.Parallel()
	key := []byte("0123456789abcdef01234567")
	body := `{"a":1}`
	cmd := exec.CommandContext(t.Context(), "openssl", "dgst", "-sha256", "-hmac", string(key), "-binary")
	cmd.Stdin = strings.NewReader("msg_1.1614265330." + body)
	raw, err := cmd.Output()
	if err != nil {
		t.Fatalf("openssl: %v (apt-get install openssl)", err)
	}
	b64 := exec.CommandContext(t.Context(), "openssl", "base64", "-A")
	b64.Stdin = strings.NewReader(string(raw))
	want, err := b64.Output()
	must(t, err)
	if got := SignHook(key, "msg_1", "1614265330", []byte(body)); got != "v1,"+string(want) {
		t.Errorf("got %s, want v1,%s", got, want)
	}
}

func decode(text string) (string, error) { return new(mime.WordDecoder).DecodeHeader(text) }
