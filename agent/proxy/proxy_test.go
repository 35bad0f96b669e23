package proxy

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// far is a server that greets whoever connects, before it is spoken to.
func far(t *testing.T, network, address string) string {
	t.Helper()
	return serve(t, network, address, func(conn net.Conn) { _, _ = io.WriteString(conn, "here I am") })
}

func serve(t *testing.T, network, address string, each func(net.Conn)) string {
	t.Helper()
	lis, err := new(net.ListenConfig).Listen(t.Context(), network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lis.Close() })
	go func() {
		for {
			conn, err := lis.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				each(conn)
			}()
		}
	}()
	return lis.Addr().String()
}

// answering is a proxy that reads what it is asked and answers text. asked gets the request.
func answering(t *testing.T, text string, asked func(*http.Request)) string {
	t.Helper()
	return serve(t, "tcp", "127.0.0.1:0", func(conn net.Conn) {
		req, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			t.Errorf("what the proxy was asked: %v", err)
			return
		}
		if asked != nil {
			asked(req)
		}
		_, _ = io.WriteString(conn, text)
	})
}

func TestProxyThatAnswersBadly(t *testing.T) {
	const basic, ntlm = "Proxy-Authenticate: Basic realm=\"ayto\"\r\n", "Proxy-Authenticate: NTLM\r\n"
	for _, row := range []struct {
		name, answer, user string
		want               Why
		detail             string
	}{
		{"wants a password", "HTTP/1.1 407 Proxy Authentication Required\r\n" + basic + "\r\n", "", Login, "407"},
		{"does not like the one it has", "HTTP/1.1 407 No\r\n" + ntlm + basic + "Content-Length: 900\r\n\r\n", "ana:secreta@", WrongLogin, "407"},
		{"does not like it, as tinyproxy says it", "HTTP/1.0 401 Unauthorized\r\n\r\n", "ana:secreta@", WrongLogin, "401"},
		{"wants NTLM", "HTTP/1.1 407 No\r\n" + ntlm + "Proxy-Authenticate: Negotiate\r\n\r\n", "ana:secreta@", Unsupported, "NTLM, Negotiate"},
		{"wants it does not say what", "HTTP/1.1 407 No\r\n\r\n", "", Unsupported, "407"},
		{"forbids", "HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\n", "", Refused, "403"},
		{"does not find the collector", "HTTP/1.1 502 Bad Gateway\r\n\r\n", "", Beyond, "502"},
		{"is a web server", "HTTP/1.1 400 Bad Request\r\n\r\n", "", NotProxy, "400"},
		{"speaks something else", "SSH-2.0-OpenSSH_9.2\r\n", "", NotProxy, "not HTTP"},
		{"never ends its answer", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2*maxAnswer), "", NotProxy, "not HTTP"},
		{"hangs up", "", "", Unreachable, "hung up"},
		{"hangs up in the middle", "HTTP/1.1 200 O", "", Unreachable, "hung up"},
	} {
		t.Run(row.name, func(t *testing.T) {
			d, err := New("http://"+row.user+answering(t, row.answer, nil), nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = d.Dial(t.Context(), "vigia.example:8443")
			got, ok := errors.AsType[*Error](err)
			if !ok || got.Why != row.want || !strings.Contains(got.Detail, row.detail) {
				t.Fatalf("got %v, want %s with %q", err, row.want, row.detail)
			}
			if strings.Contains(err.Error(), "secreta") || strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("the error says %q", err)
			}
		})
	}
}

// A proxy that takes the call and says nothing costs no more than its time, and the end of
// the caller's context ends it at once.
func TestProxyThatHangs(t *testing.T) {
	for _, row := range []struct{ name, begins string }{{"says nothing", ""}, {"begins to answer", "HTTP/1.1 200 OK\r\n"}} {
		hung := make(chan struct{})
		at := serve(t, "tcp", "127.0.0.1:0", func(conn net.Conn) {
			_, _ = io.WriteString(conn, row.begins)
			<-hung
		})
		d, err := New("http://"+at, nil)
		if err != nil {
			t.Fatal(err)
		}
		d.within = 50 * time.Millisecond
		began := time.Now()
		_, err = d.Dial(t.Context(), "vigia.example:8443")
		if got, ok := errors.AsType[*Error](err); !ok || got.Why != Unreachable {
			t.Errorf("%s: %v", row.name, err)
		}
		d.within = time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, err = d.Dial(ctx, "vigia.example:8443")
		if cancel(); err == nil || time.Since(began) > 5*time.Second {
			t.Errorf("%s: %v after %v", row.name, err, time.Since(began))
		}
		close(hung)
	}
}

func TestDialThroughProxy(t *testing.T) {
	var asked *http.Request
	const greeting = "here I am"
	at := answering(t, "HTTP/1.1 200 Connection established\r\nVia: ayto\r\n\r\n"+greeting, func(r *http.Request) { asked = r })
	d, err := New("http://ana:se%40creta@"+at, nil)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := d.Dial(t.Context(), "[fe80::1%eth0]:8443")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// What came together with the proxy's answer is not lost, and nothing times out later.
	if got, err := io.ReadAll(conn); string(got) != greeting || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	if asked.Method != http.MethodConnect || asked.Host != "[fe80::1]:8443" {
		t.Errorf("the proxy was asked to %s %s", asked.Method, asked.Host)
	}
	if got, want := asked.Header.Get("Proxy-Authorization"), "Basic "+base64.StdEncoding.EncodeToString([]byte("ana:se@creta")); got != want {
		t.Errorf("login %q, want %q", got, want)
	}
}

func TestWhichProxy(t *testing.T) {
	env := []string{"HTTPS_PROXY=http://proxy.ayto.example:3128", "NO_PROXY=.interno.example,10.0.0.0/8,[2001:db8::7]"}
	for _, row := range []struct {
		name, setting string
		environ       []string
		address, want string
	}{
		{"nothing is said", "", nil, "vigia.example:8443", ""},
		{"the setting", "http://p:8080", nil, "vigia.example:8443", "p:8080"},
		{"its port by default", "http://p", nil, "vigia.example:8443", "p:80"},
		{"by IPv6", "http://[2001:db8::2]:3128/", nil, "vigia.example:8443", "[2001:db8::2]:3128"},
		{"the setting for this machine too", "http://p:8080", nil, "127.0.0.1:8443", "p:8080"},
		{"the setting before the environment", "http://p:8080", env, "vigia.interno.example:8443", "p:8080"},
		{"the environment", "", env, "vigia.example:8443", "proxy.ayto.example:3128"},
		{"in small letters", "", []string{"https_proxy=p:3128"}, "vigia.example:8443", "p:3128"},
		{"not for a name", "", env, "vigia.interno.example:8443", ""},
		{"not for a network", "", env, "10.1.2.3:8443", ""},
		{"not for this machine", "", env, "localhost:8443", ""},
		{"HTTP_PROXY is for others", "", []string{"HTTP_PROXY=http://p:1"}, "vigia.example:8443", ""},
		{"none at all", Direct, env, "vigia.example:8443", ""},
	} {
		d, err := New(row.setting, row.environ)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		if got, err := d.For(row.address); got != row.want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", row.name, got, err, row.want)
		}
	}
	for _, environ := range [][]string{{"HTTPS_PROXY=socks5://ana:secreta@p:1080"}, {"HTTPS_PROXY=https://ana:secreta@p:443"}} {
		d, err := New("", environ)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Dial(t.Context(), "vigia.example:8443"); !errors.Is(err, ErrSetting) || strings.Contains(err.Error(), "secreta") {
			t.Errorf("%v: %v", environ, err)
		}
	}
}

func TestSettingsThatAreNone(t *testing.T) {
	for _, setting := range []string{
		"p:8080", "https://p:8080", "socks5://p", "http://", "http://:8080", "http://p:80a", "http://p:123456", "http://p/x", "http://p?x",
		"http://ana:secreta@", "http://ana:secreta@p:%zz", "http://a%3Ab:secreta@p:1", "DIRECT", "no",
	} {
		_, err := New(setting, nil)
		if !errors.Is(err, ErrSetting) || Check(setting) == nil {
			t.Errorf("%s: %v", setting, err)
		} else if strings.Contains(err.Error(), "secreta") {
			t.Errorf("the error repeats the password: %v", err)
		}
	}
	for setting, want := range map[string]bool{"http://p": false, "http://ana:x@p": true, "": false, Direct: false} {
		if got := HoldsPassword(setting); got != want || Check(setting) != nil {
			t.Errorf("%q: holds a password %v, %v", setting, got, Check(setting))
		}
	}
}

func TestDialStraight(t *testing.T) {
	for network, address := range map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0"} {
		d, err := New(Direct, []string{"HTTPS_PROXY=http://127.0.0.1:1"})
		if err != nil {
			t.Fatal(err)
		}
		conn, err := d.Dial(t.Context(), far(t, network, address))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if got, err := io.ReadAll(conn); string(got) != "here I am" || err != nil {
			t.Errorf("%s: %q, %v", network, got, err)
		}
	}
}

// What a proxy answers is written by somebody else: no answer may hang the agent or make
// it repeat what it was told.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 407 x\r\nProxy-Authenticate: Basic\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "", "HTTP/1.1 999999 x\r\n\r\n", "\x16\x03\x01",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		near, there := net.Pipe()
		defer near.Close()
		go func() {
			defer there.Close()
			_, _ = http.ReadRequest(bufio.NewReader(there))
			_, _ = there.Write(answer)
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		conn, refused := handshake(ctx, near, "vigia.example:8443", "c2VjcmV0YQ==")
		if (conn == nil) == (refused == nil) {
			t.Fatalf("connection %v, error %v", conn, refused)
		}
		if refused != nil && (strings.Contains(refused.Error(), "c2VjcmV0YQ") || refused.Why == "") {
			t.Errorf("got %v", refused)
		}
	})
}
