package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"vigia/checks/message"
)

// Hook is where other systems are told.
//
// The body is JSON (see HookBody), and three headers go with it, as the Standard Webhooks
// specification has them, so that its libraries verify them:
//
//	webhook-id         the delivery's, the same for every attempt
//	webhook-timestamp  seconds since 1970 of this attempt
//	webhook-signature  v1,BASE64(HMAC-SHA256(secret, id "." timestamp "." body))
//
// A receiver computes the signature over the bytes as they came, compares it in constant
// time, refuses a timestamp that is more than five minutes off, and ignores an id that it
// has seen. In Python:
//
//	want = base64.b64encode(hmac.new(secret, f"{id}.{ts}.".encode() + body, "sha256").digest())
//	ok = hmac.compare_digest(b"v1," + want, signature.encode()) and abs(time.time() - int(ts)) < 300
//
// The address comes from the configuration file alone, which only the administrator of the
// machine writes: nobody can make the collector call another by the portal. No redirect is
// followed, and nothing of the answer but its status is looked at.
type Hook struct {
	// URL is https, or http to this machine; empty: none.
	URL string `mapstructure:"url"`
	// SecretFile holds the secret, which nobody else may read: whsec_ and base64, or the
	// bytes themselves; at least 24 bytes.
	SecretFile string `mapstructure:"secret_file"`
	// CAFile holds the authorities of the other side's certificate; empty: the system's.
	CAFile string `mapstructure:"ca_file"`
}

// HookBody is what is posted.
type HookBody struct {
	ID      string       `json:"id"`
	Key     string       `json:"key"`
	Kind    string       `json:"kind"`
	Urgent  bool         `json:"urgent"`
	At      time.Time    `json:"at"`
	From    string       `json:"from,omitempty"` // organisation
	Subject message.Text `json:"subject"`
	Body    message.Text `json:"body"`
	Link    string       `json:"link,omitempty"`
}

// Bounds of a call.
const (
	hookTime   = 15 * time.Second
	hookAnswer = 64 << 10 // bytes that are read of an answer, so that the connection can serve again
	minSecret  = 24       // bytes
)

type hook struct {
	conf         Hook
	organisation string
	portal       string
	now          func() time.Time
}

func newHook(conf Hook, organisation, portal string, now func() time.Time) (*hook, error) {
	u, err := url.Parse(conf.URL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("webhook.url %q: escriba una dirección https", conf.URL)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, errors.New("webhook.url: sin cifrado solo se llama a este mismo equipo: use https")
	case conf.SecretFile == "":
		return nil, errors.New("webhook.secret_file: indique el archivo del secreto con que se firma")
	}
	return &hook{conf, organisation, portal, now}, nil
}

// Name implements Channel.
func (h *hook) Name() string { return Webhook }

// Open implements Channel.
func (h *hook) Open(context.Context) (Session, error) {
	secret, err := h.secret()
	if err != nil {
		return nil, &Trouble{Code: codeSecret, Detail: detail(err), Channel: true}
	}
	pool, err := roots(h.conf.CAFile)
	if err != nil {
		return nil, &Trouble{Code: codeSecret, Detail: detail(err), Channel: true}
	}
	transport := &http.Transport{
		Proxy:           http.ProxyFromEnvironment,
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: hookTime, ResponseHeaderTimeout: hookTime, MaxResponseHeaderBytes: hookAnswer,
	}
	return &hookSession{hook: h, secret: secret, client: &http.Client{Transport: transport, Timeout: hookTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

func (h *hook) secret() ([]byte, error) {
	text, err := ReadSecret(h.conf.SecretFile)
	if err != nil {
		return nil, err
	}
	secret := []byte(text)
	if coded, ok := strings.CutPrefix(text, "whsec_"); ok {
		if secret, err = base64.StdEncoding.DecodeString(coded); err != nil {
			return nil, fmt.Errorf("%s: no base64 after whsec_", h.conf.SecretFile)
		}
	}
	if len(secret) < minSecret {
		return nil, fmt.Errorf("%s: a secret has at least %d bytes", h.conf.SecretFile, minSecret)
	}
	return secret, nil
}

type hookSession struct {
	*hook
	secret []byte
	client *http.Client
}

// SignHook is the value of webhook-signature.
func SignHook(secret []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Send implements Session.
func (s *hookSession) Send(ctx context.Context, l Letter) error {
	content := HookBody{ID: l.ID, Key: l.Key, Kind: l.Kind, Urgent: l.Urgent, At: l.At, From: s.organisation, Subject: l.Subject, Body: l.Body}
	if l.Link != "" {
		content.Link = strings.TrimSuffix(s.portal, "/") + l.Link
	}
	body, err := json.Marshal(content)
	if err != nil {
		return &Trouble{Code: codeHookStatus, Detail: detail(err), Permanent: true}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.conf.URL, bytes.NewReader(body))
	if err != nil {
		return &Trouble{Code: codeHookReach, Detail: detail(err), Channel: true}
	}
	stamp := strconv.FormatInt(s.now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Vigia")
	req.Header.Set("webhook-id", l.ID)
	req.Header.Set("webhook-timestamp", stamp)
	req.Header.Set("webhook-signature", SignHook(s.secret, l.ID, stamp, body))
	resp, err := s.client.Do(req)
	if err != nil {
		t := &Trouble{Code: codeHookReach, Detail: detail(err), Channel: true}
		if distrust(err) {
			t.Code = codeHookTLS
		}
		return t
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, hookAnswer) // only for the connection's next use
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode < 300:
		return nil
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return &Trouble{Code: codeHookMoved, Detail: detail(errors.New(resp.Status)), Channel: true}
	default:
		return &Trouble{Code: codeHookStatus, Detail: detail(errors.New(resp.Status)), Channel: resp.StatusCode >= 500}
	}
}

// Close implements Session.
func (s *hookSession) Close() error {
	s.client.CloseIdleConnections()
	return nil
}
