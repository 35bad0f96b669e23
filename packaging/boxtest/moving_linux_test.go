package boxtest

import (
	"os"
	"strings"
	"testing"
	"time"
)

// move takes a collector to another machine: a copy on the old one, the package and the copy
// on the new one, and the name and address with it. The agents, one that knows it by name
// and one by address, are not touched. The network has IPv6 alone.
func move(t *testing.T, folder string) { //nolint:thelper // a test of its own
	const (
		name, address = "colector.prueba", "fd17:5::c"
		phrase        = "VIGIA_PASSPHRASE='una frase de paso larga' "
		config        = "organisation: Ayuntamiento de Prueba\nagents:\n  listen: '[::]:8443'\n  hosts: [" + name + ", '" + address + "']\n"
	)
	ctx := t.Context()
	old := Start(t, "server", "openssh-server", "openssh-client", "nftables", "sudo", "cron", "libpam-pwquality")
	fresh := Start(t, "server", "openssh-server", "openssh-client", "nftables", "sudo", "cron", "libpam-pwquality")
	Cable(t, old, fresh)
	for box, own := range map[*Box]string{old: "fd17:5::a", fresh: "fd17:5::b"} {
		box.Address(t, own+"/64")
		box.Run(t, "sh", "-c", "echo '"+address+" "+name+"' >>/etc/hosts")
	}
	old.Address(t, address+"/128")
	install := func(box *Box, programs ...string) {
		t.Helper()
		box.Run(t, append([]string{"dpkg", "--install"}, box.bring(t, folder, "deb", programs...)...)...)
	}
	enrol := func(box *Box, at string) {
		t.Helper()
		token := strings.TrimSpace(old.Run(t, "vigia", "token", "create", "--quiet"))
		box.Run(t, "vigia-agent", "enroll", "--collector", at, "--token", token)
		within(t, time.Minute, "the agent of "+at+" reports", func() bool { return box.state(t).Spool.Acked > 0 })
	}
	install(old, "vigia", "vigia-agent")
	install(fresh, "vigia-agent")
	old.Run(t, "sh", "-c", "printf '%s' \"$0\" >/etc/vigia/vigia.yaml && systemctl restart vigia", config)
	enrol(old, name+":8443")
	enrol(fresh, "["+address+"]:8443")

	// The copy, and reports that it does not have.
	old.Run(t, "sh", "-c", phrase+"vigia backup --out /root/copia.age")
	copied := old.state(t).Spool.Acked
	old.Run(t, "systemctl", "restart", "vigia-agent.service")
	within(t, time.Minute, "a report after the copy", func() bool { return old.state(t).Spool.Acked > copied })
	keys := sums(t, old)
	before := []uint64{old.state(t).Spool.Acked, fresh.state(t).Spool.Acked}
	old.Run(t, "dpkg", "--purge", "vigia")
	old.NoAddress(t, address+"/128")
	old.Run(t, "systemctl", "restart", "vigia-agent.service") // a morning without a collector
	within(t, time.Minute, "a report waits", func() bool { s := old.state(t).Spool; return s.Last > s.Acked })

	install(fresh, "vigia")
	data, err := os.ReadFile(old.Path("/root/copia.age"))
	if err != nil {
		t.Fatal(err)
	}
	fresh.Write(t, "/root/copia.age", string(data), 0o600)
	fresh.Run(t, "systemctl", "stop", "vigia.service")
	said := fresh.Run(t, "sh", "-c", phrase+"vigia restore /root/copia.age --force")
	const mv = "mv /etc/vigia/vigia.yaml.restored /etc/vigia/vigia.yaml"
	if !strings.Contains(said, mv) || !strings.Contains(said, "systemctl start vigia") {
		t.Errorf("a restore says:\n%s", said)
	}
	if others := fresh.Run(t, "find", "/var/lib/vigia", "/etc/vigia/vigia.yaml.restored", "(", "-not", "-user", "vigia", "-o", "-perm", "/077", ")"); others != "" {
		t.Errorf("restored for somebody else, or for more than the service:\n%s", others)
	}
	fresh.Run(t, "sh", "-c", mv)
	fresh.Address(t, address+"/128")
	fresh.Run(t, "systemctl", "start", "vigia.service")
	if got := sums(t, fresh); got != keys {
		t.Errorf("keys of the new machine\n%s\nof the old one\n%s", got, keys)
	}
	if text, err := os.ReadFile(fresh.Path("/etc/vigia/vigia.yaml")); err != nil || string(text) != config {
		t.Errorf("the configuration is %q, %v", text, err)
	}

	// By itself the agent that has something to tell finds the new machine. The other one has
	// nothing new until it is started again.
	took := within(t, 3*time.Minute, "an agent finds the new machine", func() bool { return old.state(t).Spool.Acked > before[0] })
	t.Logf("an agent has found the new machine after %.1f s", took.Seconds())
	within(t, time.Minute, "it takes the policy of the new epoch", func() bool {
		return strings.Contains(old.answer(ctx, "journalctl", "-u", "vigia-agent", "--no-pager"), "epoch=2")
	})
	fresh.Run(t, "systemctl", "restart", "vigia-agent.service")
	within(t, time.Minute, "the other agent reports to the new machine", func() bool { return fresh.state(t).Spool.Acked > before[1] })
	if said := old.answer(ctx, "journalctl", "-u", "vigia-agent", "--no-pager"); strings.Contains(said, "rolled_back") {
		t.Errorf("the agent takes the move for a fraud:\n%s", said)
	}
	fresh.Run(t, "vigia", "review", "export", "--out", "/root/revision.zip")
	if said := fresh.Run(t, "vigia", "verify", "/root/revision.zip"); !strings.Contains(said, "RESULTADO: verificado") {
		t.Errorf("the evidence after the move:\n%s", said)
	}
	if got := strings.Count(fresh.Run(t, "vigia", "agents", "list"), " activo "); got != 2 {
		t.Errorf("%d machines after the move, want 2", got)
	}
}

// sums are those of the collector's keys and certificates.
func sums(t *testing.T, box *Box) string {
	t.Helper()
	return box.Run(t, "sh", "-c", "cd /var/lib/vigia/keys && sha256sum *")
}
