package agent

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vigia/agent/collectortest"
	"vigia/agent/identity"
	"vigia/agent/proxy"
)

// tinyproxy runs the proxy of that name, which lets somebody who knows the password reach
// one port, until the test ends.
func tinyproxy(t *testing.T, reaches string) (setting string, log func() string) {
	t.Helper()
	program, err := exec.LookPath("tinyproxy")
	if err != nil {
		t.Fatal("tinyproxy is not here: apt-get install tinyproxy (packaging/tools/test-deps.sh)")
	}
	_, port, err := net.SplitHostPort(reaches)
	if err != nil {
		t.Fatal(err)
	}
	lis, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	own := lis.Addr().String()
	lis.Close() // it is tinyproxy's now
	_, ownPort, err := net.SplitHostPort(own)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	logFile := filepath.Join(dir, "log")
	config := fmt.Sprintf("Port %s\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nAllow 127.0.0.1\nConnectPort %s\nBasicAuth agente cl4ve\nLogFile %q\nLogLevel Connect\n", ownPort, port, logFile)
	if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-d", "-c", filepath.Join(dir, "conf"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	waitFor(t, "tinyproxy", func() bool {
		conn, err := net.DialTimeout("tcp", own, time.Second)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return "http://agente:cl4ve@" + own, func() string {
		b, err := os.ReadFile(logFile)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
}

// Enrolment, delivery and renewal go through the proxy that was named when enrolling, and
// its password is in no text.
func TestThroughARealProxy(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	for _, listen := range []string{"127.0.0.1:0", "[::1]:0"} {
		c := collectortest.StartAt(t, listen)
		c.SetPolicy(c.Sign(policyFor(t, "machine-1", 1, 1, "AC-PWD-AGE-365").Encode()))
		setting, log := tinyproxy(t, c.Addr)
		data := filepath.Join(t.TempDir(), "data")
		connects := 0
		through := func(what string, times int) {
			t.Helper()
			connects += times
			if got := strings.Count(log(), "Established connection to host"); got != connects {
				t.Errorf("%s: %d connections through the proxy, want %d:\n%s", what, got, connects, log())
			}
		}
		texts := ""
		run := func(args ...string) string {
			t.Helper()
			code, stdout, stderr := command(t, "", append(args, "--data", data)...)
			texts += stdout + stderr
			if code != exitFine {
				t.Errorf("%s ended %d with %q, %q", args[0], code, stdout, stderr)
			}
			return stdout
		}
		run("enroll", "--collector", c.Addr, "--token", c.NewToken().String(), "--proxy", setting)
		through("enrolment", 1)
		run("run", "--once")
		through("two deliveries", 2)
		u, err := url.Parse(setting)
		if err != nil {
			t.Fatal(err)
		}
		if got := run("status"); !strings.Contains(got, u.Host) {
			t.Errorf("status does not name the proxy:\n%s", got)
		}
		if strings.Contains(texts, "cl4ve") {
			t.Errorf("the password is in %q", texts)
		}
		p := &post{c: c, data: data, root: invented(t), now: time.Now}
		a := p.open(t)
		if err := a.id.Renew(t.Context(), a.way()); err != nil {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		through("renewal", 1)

		// The configuration goes over what was said when enrolling.
		if err := os.WriteFile(filepath.Join(data, ConfigFile), []byte("proxy: direct\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		run("run", "--once")
		through("without", 0)

		wrong := strings.Replace(setting, "cl4ve", "otra", 1)
		if err := os.WriteFile(filepath.Join(data, ConfigFile), []byte("proxy: "+wrong+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := command(t, "", "run", "--once", "--data", data)
		if want := "no acepta el usuario y la contraseña"; code != exitError || !strings.Contains(stderr, want) || strings.Contains(stdout+stderr, "otra@") {
			t.Errorf("a wrong password ended %d with %q, want %q", code, stderr, want)
		}
	}
}

func TestProxyThatRefusesTheCollector(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	c := collectortest.Start(t)
	setting, _ := tinyproxy(t, "127.0.0.1:1") // it lets that one be reached, and no other
	data := filepath.Join(t.TempDir(), "data")
	code, _, stderr := command(t, "", "enroll", "--collector", c.Addr, "--token", c.NewToken().String(), "--data", data, "--proxy", setting)
	if want := "no deja llegar al colector (HTTP 403). Pida a quien lleva el proxy que permita CONNECT"; code != exitError || !strings.Contains(stderr, want) {
		t.Errorf("ended %d with %q, want %q", code, stderr, want)
	}
	without := strings.Replace(setting, "agente:cl4ve@", "", 1)
	code, _, stderr = command(t, "", "enroll", "--collector", c.Addr, "--token", c.NewToken().String(), "--data", data, "--proxy", without)
	if want := "pide usuario y contraseña"; code != exitError || !strings.Contains(stderr, want) {
		t.Errorf("ended %d with %q, want %q", code, stderr, want)
	}
	if _, err := identity.Load(folder(data).identity(), nil); !errors.Is(err, identity.ErrNotEnrolled) {
		t.Error(err)
	}
}

// Each reason has its words, in both languages, with what to do.
func TestProxyReasonsAreExplained(t *testing.T) {
	for _, why := range []proxy.Why{proxy.Unreachable, proxy.NotProxy, proxy.Login, proxy.WrongLogin, proxy.Unsupported, proxy.Refused, proxy.Beyond} {
		err := fmt.Errorf("deliver to x: %w", &proxy.Error{Proxy: "p:3128", Why: why, Detail: "HTTP 407, NTLM"})
		code, _ := classify(err)
		if s := newSayer("es"); !s.has(code) || !strings.Contains(s.explain(err), "p:3128") {
			t.Errorf("%s: %s", why, s.explain(err))
		}
	}
}
