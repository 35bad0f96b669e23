package boxtest

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/checks"
)

// packages makes both programs' packages for this machine, of a version, into a folder.
func packages(t *testing.T, version string) string {
	t.Helper()
	out := t.TempDir()
	cmd := exec.CommandContext(t.Context(), filepath.Join(module(t), "packaging/tools/package.sh"), version)
	cmd.Env = append(os.Environ(), "OUT="+out, "PROFILE=", "COMPRESSION=gzip", "ARCHES="+strings.TrimSpace(run(t, "dpkg", "--print-architecture")))
	output(t, cmd, cmd.Args)
	return out
}

// inGoodForm fails the test if Debian's own reader of packages finds fault with them.
func inGoodForm(t *testing.T, folder string) {
	t.Helper()
	debs, err := filepath.Glob(filepath.Join(folder, "*.deb"))
	if err != nil || len(debs) != 2 {
		t.Fatalf("packages %v, %v", debs, err)
	}
	run(t, append([]string{"lintian", "--allow-root", "--fail-on", "error,warning"}, debs...)...)
}

// bring copies packages into the machine and returns their names there, the collector's
// first.
func (b *Box) bring(t *testing.T, folder, format string) []string {
	t.Helper()
	var names []string
	for _, program := range []string{"vigia", "vigia-agent"} {
		found, err := filepath.Glob(filepath.Join(folder, program+"[_\\-][0-9]*."+format))
		if err != nil || len(found) != 1 {
			t.Fatalf("%d packages of %s: %v", len(found), program, err)
		}
		data, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		name := "/root/" + filepath.Base(found[0])
		b.Write(t, name, string(data), 0o600)
		names = append(names, name)
	}
	return names
}

// state is what `vigia-agent status --format json` says.
type state struct {
	AgentID string `json:"agent_id"`
	Version string
	Spool   struct{ Last, Acked uint64 }
	Results []struct {
		Entry, Control, Check string
		Status                checks.Status
		Reason                checks.Reason
	}
}

func (b *Box) state(t *testing.T) (s state) {
	t.Helper()
	out, err := b.Command(t.Context(), "vigia-agent", "status", "--format", "json").Output()
	if e := json.Unmarshal(out, &s); e != nil {
		t.Fatalf("vigia-agent status: %v %v\n%s", err, e, out)
	}
	return s
}

// within waits for something to become so.
func within(t *testing.T, limit time.Duration, what string, so func() bool) (took time.Duration) {
	t.Helper()
	began := time.Now()
	for !so() {
		if time.Since(began) > limit {
			t.Fatalf("not within %v: %s", limit, what)
		}
		time.Sleep(200 * time.Millisecond)
	}
	return time.Since(began)
}

// answer is what a program of the machine prints, whatever its exit code.
func (b *Box) answer(ctx context.Context, args ...string) string {
	out, _ := b.Command(ctx, args...).CombinedOutput()
	return strings.TrimSpace(string(out))
}

// Both programs from their packages, of one version and the next.
func TestPackages(t *testing.T) {
	before, after := packages(t, "0.1.0"), packages(t, "0.2.0")
	inGoodForm(t, after)
	t.Run("deb", func(t *testing.T) { life(t, before, after) })
	t.Run("rpm", func(t *testing.T) { lifeByRPM(t, before, after) })
}

// life takes a machine through what comes to it: a first installation, an enrolment, a
// crash, a restart, an upgrade with an edited configuration, a step back that is refused,
// and a purge after which nothing is left.
func life(t *testing.T, before, after string) { //nolint:thelper // a test of its own
	b := Start(t, "server", "openssh-server", "openssh-client", "nftables", "sudo", "cron", "libpam-pwquality")
	ctx := t.Context()

	began := time.Now()
	b.Run(t, append([]string{"dpkg", "--install"}, b.bring(t, before, "deb")...)...)
	if got := b.answer(ctx, "systemctl", "is-active", "vigia.service"); got != "active" {
		t.Fatalf("the collector is %s after its installation\n%s", got, b.answer(ctx, "journalctl", "-u", "vigia"))
	}
	if got := b.answer(ctx, "systemctl", "show", "--property=ActiveState,ConditionResult", "vigia-agent.service"); got != "ActiveState=inactive\nConditionResult=no" {
		t.Errorf("an agent that is not enrolled: %s; want one that waits, and no failure", got)
	}
	token := strings.TrimSpace(b.Run(t, "vigia", "token", "create", "--quiet"))
	b.Run(t, "vigia-agent", "enroll", "--collector", "127.0.0.1:8443", "--token", token)
	b.Run(t, "systemctl", "start", "vigia-agent.service")
	within(t, time.Minute, "the collector shows what the agent measured", func() bool {
		return strings.Contains(b.answer(ctx, "vigia", "findings", "list"), "AC-PWD-AGE-365")
	})
	if took := time.Since(began); took > time.Minute {
		t.Errorf("from the installation to the first result %v, the bar is a minute", took)
	} else {
		t.Logf("from the installation to the first result: %.1f s", took.Seconds())
	}

	// What the service may not do does not keep it from measuring.
	within(t, time.Minute, "everything is measured", func() bool { return len(b.state(t).Results) > 30 })
	alone := map[string][]checks.Status{} // a control may have two rules
	for _, r := range b.list(t) {
		alone[r.Control] = append(alone[r.Control], r.Status)
	}
	for _, r := range b.state(t).Results {
		if r.Check == "media.portable" { // the service alone has watched
			continue
		}
		if !slices.Contains(alone[r.Control], r.Status) {
			t.Errorf("%s: the service says %s %v, the command of root %v", r.Entry, r.Status, r.Reason, alone[r.Control])
		}
	}

	// A crash.
	pid := func() string {
		return b.answer(ctx, "systemctl", "show", "--property=MainPID", "--value", "vigia-agent.service")
	}
	first := pid()
	b.Run(t, "kill", "-9", first)
	within(t, time.Minute, "the agent is started again", func() bool { p := pid(); return p != "0" && p != first })

	// A stop in order, and a restart of the machine.
	stop := time.Now()
	b.Run(t, "systemctl", "stop", "vigia-agent.service", "vigia.service")
	if took := time.Since(stop); took > 10*time.Second {
		t.Errorf("a stop took %v", took)
	}
	if got := b.answer(ctx, "systemctl", "is-failed", "vigia-agent.service", "vigia.service"); got != "inactive\ninactive" {
		t.Errorf("after a stop: %s", got)
	}
	acked := b.state(t).Spool.Acked
	b.Restart(t)
	within(t, time.Minute, "it reports again after a restart", func() bool { return b.state(t).Spool.Acked > acked })

	// An upgrade, with a configuration that somebody edited.
	id := b.state(t).AgentID
	b.Run(t, "sh", "-c", "echo 'organisation: Ayuntamiento de Prueba' >>/etc/vigia/vigia.yaml; echo 'language: en' >>/etc/vigia-agent/vigia-agent.yaml")
	acked = b.state(t).Spool.Acked
	b.Run(t, append([]string{"dpkg", "--force-confdef", "--install"}, b.bring(t, after, "deb")...)...)
	within(t, time.Minute, "the new version reports", func() bool { s := b.state(t); return s.Version == "0.2.0" && s.Spool.Acked > acked })
	if got := b.state(t).AgentID; got != id {
		t.Errorf("after the upgrade it is another agent")
	}
	for file, want := range map[string]string{"/etc/vigia/vigia.yaml": "Ayuntamiento de Prueba", "/etc/vigia-agent/vigia-agent.yaml": "language: en"} {
		if text, err := os.ReadFile(b.Path(file)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s does not say any more what somebody wrote: %v", file, err)
		}
	}

	// A step back is refused, and changes nothing.
	for _, deb := range b.bring(t, before, "deb") {
		if said, err := b.Command(ctx, "dpkg", "--install", deb).CombinedOutput(); err == nil || !strings.Contains(string(said), "no se instala una anterior") {
			t.Errorf("a step back: %v\n%s", err, said)
		}
	}
	if got := b.answer(ctx, "systemctl", "is-active", "vigia.service", "vigia-agent.service"); got != "active\nactive" {
		t.Errorf("after a refused step back: %s", got)
	}

	// A removal keeps the data, a purge nothing.
	b.Run(t, "dpkg", "--remove", "vigia-agent", "vigia")
	for _, kept := range []string{"/var/lib/vigia/keys", "/var/lib/vigia-agent/identity"} {
		if _, err := os.Stat(b.Path(kept)); err != nil {
			t.Errorf("a removal does not keep the data: %v", err)
		}
	}
	// It comes back as it was, and runs.
	b.Run(t, append([]string{"dpkg", "--install"}, b.bring(t, after, "deb")...)...)
	if got := b.answer(ctx, "systemctl", "is-active", "vigia.service", "vigia-agent.service"); got != "active\nactive" {
		t.Errorf("after it was removed and installed again: %s", got)
	}
	b.Run(t, "dpkg", "--purge", "vigia-agent", "vigia")
	left := strings.Fields(b.Run(t, "find", "/etc", "/var/lib", "/usr", "/lib/systemd", "/run", "-xdev", "-name", "*vigia*", "-not", "-path", "/var/lib/dpkg/*"))
	left = slices.DeleteFunc(left, func(name string) bool { return strings.HasPrefix(name, "/run/systemd/propagate") })
	if len(left) > 0 {
		t.Errorf("left after a purge: %v", left)
	}
	if _, err := b.Command(ctx, "getent", "passwd", "vigia").Output(); err == nil {
		t.Error("the collector's account is left after a purge")
	}
}

// lifeByRPM is a life with packages of the other kind. The machine is a Debian that has rpm
// too: what is tried are the scripts and what the package holds, not Rocky.
func lifeByRPM(t *testing.T, before, after string) { //nolint:thelper // a test of its own
	b := Start(t, "rpm", "rpm")
	ctx := t.Context()
	rpm := func(args ...string) (string, error) {
		out, err := b.Command(ctx, append([]string{"rpm", "--nodeps"}, args...)...).CombinedOutput()
		return string(out), err
	}
	if out, err := rpm(append([]string{"--install"}, b.bring(t, before, "rpm")...)...); err != nil {
		t.Fatalf("install: %v\n%s", err, out)
	}
	if got := b.answer(ctx, "systemctl", "is-active", "vigia.service"); got != "active" {
		t.Fatalf("the collector is %s after its installation\n%s", got, b.answer(ctx, "journalctl", "-u", "vigia"))
	}
	token := strings.TrimSpace(b.Run(t, "vigia", "token", "create", "--quiet"))
	b.Run(t, "vigia-agent", "enroll", "--collector", "127.0.0.1:8443", "--token", token)
	b.Run(t, "systemctl", "start", "vigia-agent.service")
	within(t, time.Minute, "the agent reports", func() bool { return b.state(t).Spool.Acked > 0 })
	acked := b.state(t).Spool.Acked

	b.Run(t, "sh", "-c", "echo 'organisation: Ayuntamiento de Prueba' >>/etc/vigia/vigia.yaml")
	if out, err := rpm(append([]string{"--upgrade"}, b.bring(t, after, "rpm")...)...); err != nil {
		t.Fatalf("upgrade: %v\n%s", err, out)
	}
	within(t, time.Minute, "the new version reports", func() bool { s := b.state(t); return s.Version == "0.2.0" && s.Spool.Acked > acked })
	if text, err := os.ReadFile(b.Path("/etc/vigia/vigia.yaml")); err != nil || !strings.Contains(string(text), "Ayuntamiento de Prueba") {
		t.Errorf("the configuration does not say any more what somebody wrote: %v", err)
	}
	if out, err := rpm(append([]string{"--upgrade"}, b.bring(t, before, "rpm")...)...); err == nil {
		t.Errorf("a step back was installed\n%s", out)
	}
	if out, err := rpm("--erase", "vigia", "vigia-agent"); err != nil {
		t.Fatalf("remove: %v\n%s", err, out)
	}
	if got := b.answer(ctx, "systemctl", "is-active", "vigia.service", "vigia-agent.service"); got != "inactive\ninactive" {
		t.Errorf("after the removal: %s", got)
	}
	if _, err := os.Stat(b.Path("/var/lib/vigia/keys")); err != nil {
		t.Errorf("a removal does not keep the data: %v", err)
	}
}
