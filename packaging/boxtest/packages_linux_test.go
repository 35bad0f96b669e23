package boxtest

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vigia/checks"
	"vigia/packaging/upgradetest"
)

// madeAt is the time of everything in the packages of the tests, in seconds of Unix.
const madeAt = "1790000000"

// packages makes both programs' packages of a version, for some architectures, from the
// module in a folder.
func packages(t *testing.T, from, version string, arches ...string) string {
	t.Helper()
	out := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "packaging/tools/package.sh", version)
	cmd.Dir = from
	cmd.Env = append(os.Environ(), "OUT="+out, "PROFILE=", "COMPRESSION=gzip", "ARCHES="+strings.Join(arches, " "), "SOURCE_DATE_EPOCH="+madeAt)
	output(t, cmd, cmd.Args)
	return out
}

// native is the architecture of this machine, as Debian and Go call it.
func native(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(run(t, "dpkg", "--print-architecture"))
}

// bring copies packages for this machine into the box and returns their names there, the
// collector's first.
func (b *Box) bring(t *testing.T, folder, format string, programs ...string) []string {
	t.Helper()
	if len(programs) == 0 {
		programs = []string{"vigia", "vigia-agent"}
	}
	arch := native(t)
	if format == "rpm" {
		arch = rpmNames()[arch]
	}
	var names []string
	for _, program := range programs {
		found, err := filepath.Glob(filepath.Join(folder, program+"[_\\-][0-9]*"+arch+"."+format))
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
	if testing.Short() {
		t.Skip("makes packages and boots machines")
	}
	root, here := module(t), native(t)
	// The version before came with another configuration, so that an edited one meets a change.
	old := duplicate(t, root)
	for _, name := range []string{"vigia.yaml", "vigia-agent.yaml"} {
		run(t, "sh", "-c", `echo '# De la versión anterior.' >>"$0"`, filepath.Join(old, "packaging", "linux", name))
	}
	before, after := packages(t, old, "0.1.0", here), packages(t, root, "0.2.0", "amd64", "arm64")
	t.Run("form", func(t *testing.T) { form(t, after) })
	t.Run("same", func(t *testing.T) { sameElsewhere(t, root, after) })
	t.Run("deb", func(t *testing.T) { life(t, before, after) })
	t.Run("rpm", func(t *testing.T) { lifeByRPM(t, before, after) })
	t.Run("released", func(t *testing.T) { fromReleased(t, root, after) })
	t.Run("move", func(t *testing.T) { move(t, after) })
}

// maxWaiting is the most memory that an agent holds while there is nothing to do.
const maxWaiting = 25 << 20

// pid is the main process of a service, "0" if it does not run.
func (b *Box) pid(ctx context.Context, unit string) string {
	return b.answer(ctx, "systemctl", "show", "--property=MainPID", "--value", unit)
}

// memory is what the main process of a service holds, in bytes.
func (b *Box) memory(t *testing.T, unit string) int {
	t.Helper()
	status := b.Run(t, "cat", "/proc/"+b.pid(t.Context(), unit)+"/status")
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
			if err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatalf("no memory of %s:\n%s", unit, status)
	return 0
}

// life takes a machine through what comes to it: a first installation, an enrolment, a
// crash, a restart, an upgrade with an edited configuration, a step back that is refused,
// and a purge after which nothing is left.
func life(t *testing.T, before, after string) { //nolint:thelper // a test of its own
	b := Start(t, "server", "openssh-server", "openssh-client", "nftables", "sudo", "cron", "libpam-pwquality")
	ctx := t.Context()

	began := time.Now()
	b.Run(t, append([]string{"apt-get", "install", "--yes", "--quiet"}, b.bring(t, before, "deb")...)...)
	if got := b.answer(ctx, "systemctl", "is-active", "vigia.service"); got != "active" {
		t.Fatalf("the collector is %s after its installation\n%s", got, b.answer(ctx, "journalctl", "-u", "vigia"))
	}
	if got := b.answer(ctx, "systemctl", "is-active", "vigia-agent.service"); got != "active" {
		t.Errorf("an agent that is not enrolled is %s; want one that waits", got)
	}
	if said := b.answer(ctx, "systemd-analyze", "verify", "--man=no", "vigia.service", "vigia-agent.service"); strings.Contains(said, "vigia") {
		t.Errorf("units: %s", said)
	}
	token := strings.TrimSpace(b.Run(t, "vigia", "token", "create", "--quiet"))
	waiting := b.memory(t, "vigia-agent.service")
	if t.Logf("an agent that waits to be enrolled holds %d KiB", waiting>>10); waiting > maxWaiting {
		t.Errorf("an agent that waits holds %d KiB, the bar is %d", waiting>>10, maxWaiting>>10)
	}
	b.Run(t, "vigia-agent", "enroll", "--collector", "127.0.0.1:8443", "--token", token)
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

	// A crash of both, while there is something to deliver.
	units := []string{"vigia-agent.service", "vigia.service"}
	acked := b.state(t).Spool.Acked
	first := []string{b.pid(ctx, units[0]), b.pid(ctx, units[1])}
	b.Run(t, append([]string{"kill", "-9"}, first...)...)
	for i, unit := range units {
		within(t, time.Minute, unit+" is started again", func() bool { p := b.pid(ctx, unit); return p != "0" && p != first[i] })
	}
	within(t, time.Minute, "it reports after the crash", func() bool { return b.state(t).Spool.Acked > acked })
	b.Run(t, "vigia", "review", "export", "--out", "/root/revision.zip")
	if said := b.Run(t, "vigia", "verify", "/root/revision.zip"); !strings.Contains(said, "RESULTADO: verificado") {
		t.Errorf("the evidence after the crash:\n%s", said)
	}

	// A stop in order, and a restart of the machine.
	stop := time.Now()
	b.Run(t, "systemctl", "stop", "vigia-agent.service", "vigia.service")
	if took := time.Since(stop); took > 10*time.Second {
		t.Errorf("a stop took %v", took)
	}
	if got := b.answer(ctx, "systemctl", "is-failed", "vigia-agent.service", "vigia.service"); got != "inactive\ninactive" {
		t.Errorf("after a stop: %s", got)
	}
	acked = b.state(t).Spool.Acked
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
	edited(t, b, "")
	for _, brought := range []string{"/etc/vigia/vigia.yaml.dpkg-dist", "/etc/vigia-agent/vigia-agent.yaml.dpkg-dist"} {
		if _, err := os.Stat(b.Path(brought)); err != nil {
			t.Errorf("what the new package brings is not beside: %v", err)
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
	b.Run(t, "mkdir", "/var/lib/vigia.before-restore-20261122T100000Z") // with the keys of before
	b.Run(t, "dpkg", "--purge", "vigia-agent", "vigia")
	left := strings.Fields(b.Run(t, "find", "/etc", "/var/lib", "/usr", "/lib/systemd", "/run", "-xdev", "-name", "*vigia*", "-not", "-path", "/var/lib/dpkg/*"))
	left = slices.DeleteFunc(left, func(name string) bool { return strings.HasPrefix(name, "/run/systemd/propagate") })
	if len(left) > 0 {
		t.Errorf("left after a purge: %v", left)
	}
	for _, list := range []string{"passwd", "group"} {
		if _, err := b.Command(ctx, "getent", list, "vigia").Output(); err == nil {
			t.Errorf("the collector's account is left in %s after a purge", list)
		}
	}
}

// fromReleased upgrades the packages of the version before, as its own tree makes them:
// what they leave behind is not what this tree would.
func fromReleased(t *testing.T, root, after string) { //nolint:thelper // a test of its own
	tree := upgradetest.Before(t, root)
	run(t, "sh", "-c", `mkdir -p "$1/.cache" && ln -s "$0/.cache/tools" "$1/.cache/tools"`, root, tree)
	released := packages(t, tree, "0.1.0", native(t))
	b := Start(t, "server", "openssh-server", "openssh-client", "nftables", "sudo", "cron", "libpam-pwquality")
	ctx := t.Context()
	b.Run(t, append([]string{"dpkg", "--install"}, b.bring(t, released, "deb")...)...)
	token := strings.TrimSpace(b.Run(t, "vigia", "token", "create", "--quiet"))
	b.Run(t, "vigia-agent", "enroll", "--collector", "127.0.0.1:8443", "--token", token)
	b.Run(t, "systemctl", "start", "vigia-agent.service")
	within(t, time.Minute, "the released agent reports", func() bool { return b.state(t).Spool.Acked > 0 })
	b.Run(t, "sh", "-c", "echo 'organisation: Ayuntamiento de Prueba' >>/etc/vigia/vigia.yaml; echo 'language: en' >>/etc/vigia-agent/vigia-agent.yaml")
	id, keys := b.state(t).AgentID, sums(t, b)

	// The server first: the agent of before goes on, with a report that nobody took yet.
	b.Run(t, "systemctl", "stop", "vigia.service")
	acked := b.state(t).Spool.Acked
	b.Run(t, "systemctl", "restart", "vigia-agent.service")
	within(t, time.Minute, "a report waits", func() bool { s := b.state(t).Spool; return s.Last > s.Acked })
	debs := b.bring(t, after, "deb")
	b.Run(t, "dpkg", "--force-confdef", "--install", debs[0])
	b.Run(t, "systemctl", "start", "vigia.service")
	b.Run(t, "dpkg", "--force-confdef", "--install", debs[1])
	within(t, time.Minute, "the new agent reports", func() bool { s := b.state(t); return s.Version == "0.2.0" && s.Spool.Acked > acked+1 })
	if got := b.state(t).AgentID; got != id {
		t.Error("after the upgrade it is another agent")
	}
	have := sums(t, b) // a new version may bring a new key
	for line := range strings.Lines(keys) {
		if !strings.Contains(have, line) {
			t.Errorf("after the upgrade there is another key: was %s", line)
		}
	}
	edited(t, b, "")
	b.Run(t, "vigia", "review", "export", "--out", "/root/revision.zip")
	if said := b.Run(t, "vigia", "verify", "/root/revision.zip"); !strings.Contains(said, "RESULTADO: verificado") {
		t.Errorf("the evidence after the upgrade:\n%s", said)
	}
	if got := b.answer(ctx, "systemctl", "is-active", "vigia.service", "vigia-agent.service"); got != "active\nactive" {
		t.Errorf("after the upgrade: %s", got)
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
	within(t, time.Minute, "the agent reports", func() bool { return b.state(t).Spool.Acked > 0 })
	acked := b.state(t).Spool.Acked

	b.Run(t, "sh", "-c", "echo 'organisation: Ayuntamiento de Prueba' >>/etc/vigia/vigia.yaml; echo 'language: en' >>/etc/vigia-agent/vigia-agent.yaml")
	if out, err := rpm(append([]string{"--upgrade"}, b.bring(t, after, "rpm")...)...); err != nil {
		t.Fatalf("upgrade: %v\n%s", err, out)
	}
	within(t, time.Minute, "the new version reports", func() bool { s := b.state(t); return s.Version == "0.2.0" && s.Spool.Acked > acked })
	edited(t, b, "")
	for _, brought := range []string{"/etc/vigia/vigia.yaml.rpmnew", "/etc/vigia-agent/vigia-agent.yaml.rpmnew"} {
		if _, err := os.Stat(b.Path(brought)); err != nil {
			t.Errorf("what the new package brings is not beside: %v", err)
		}
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
	for _, kept := range []string{"/var/lib/vigia/keys", "/var/lib/vigia-agent/identity"} {
		if _, err := os.Stat(b.Path(kept)); err != nil {
			t.Errorf("a removal does not keep the data: %v", err)
		}
	}
	edited(t, b, ".rpmsave")
	left := strings.Fields(b.Run(t, "find", "/usr", "-xdev", "-name", "*vigia*"))
	if len(left) > 0 {
		t.Errorf("left after the removal: %v", left)
	}

	// It comes back with its data, and runs.
	if out, err := rpm(append([]string{"--install"}, b.bring(t, after, "rpm")...)...); err != nil {
		t.Fatalf("install again: %v\n%s", err, out)
	}
	acked = b.state(t).Spool.Acked
	within(t, time.Minute, "it reports again after it came back", func() bool { return b.state(t).Spool.Acked > acked })
}

// edited fails the test if the configurations, under their names with an ending, do not
// say what somebody wrote.
func edited(t *testing.T, b *Box, ending string) {
	t.Helper()
	for file, want := range map[string]string{"/etc/vigia/vigia.yaml": "Ayuntamiento de Prueba", "/etc/vigia-agent/vigia-agent.yaml": "language: en"} {
		if text, err := os.ReadFile(b.Path(file + ending)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s does not say any more what somebody wrote: %v", file+ending, err)
		}
	}
}
