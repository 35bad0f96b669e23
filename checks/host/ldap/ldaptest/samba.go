package ldaptest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Domain is a Samba domain controller that runs.
type Domain struct {
	Server
	config string // smb.conf
}

// Words of the domain of tests. The account that reads is "lector".
const (
	sambaRealm  = "villaejemplo.example"
	sambaBase   = "DC=villaejemplo,DC=example"
	sambaReader = "lector@" + sambaRealm
	sambaWord   = "Palabra-de-lector-1"
)

// Samba provisions a domain and starts its controller, in a network namespace of its
// own: its ports are those of the real thing. Both take some twenty seconds, and root.
func Samba(t testing.TB) *Domain {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("a network namespace needs root")
	}
	const packages = "samba samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind iproute2"
	samba, tool, ip := need(t, "samba", packages), need(t, "samba-tool", packages), need(t, "ip", packages)
	dir := t.TempDir()
	address := space(t, ip)
	run(t, "", tool, "domain", "provision", "--targetdir="+dir, "--realm="+strings.ToUpper(sambaRealm), "--domain=VILLA",
		"--server-role=dc", "--dns-backend=NONE", "--adminpass=Palabra-de-administrador-1", "--host-name=dc1", "--host-ip="+address)
	cert := NewCertificate(t, address)
	ca, pem, key := cert.save(t, dir)
	config := filepath.Join(dir, "etc", "smb.conf")
	// Of the controller's services only the directory itself.
	content := strings.NewReplacer("DIR", dir, "REALM", strings.ToUpper(sambaRealm), "ADDRESS", address, "CA", ca, "CERT", pem, "KEY", key).Replace(
		"[global]\nbinddns dir = DIR/bind-dns\ncache directory = DIR/cache\nlock directory = DIR\npid directory = DIR\n" +
			"ncalrpc dir = DIR/ncalrpc\nlog file = DIR/log.%m\nprivate dir = DIR/private\nstate directory = DIR/state\n" +
			"netbios name = DC1\nrealm = REALM\nworkgroup = VILLA\nserver role = active directory domain controller\n" +
			"server services = ldap\ninterfaces = lo ADDRESS\nbind interfaces only = yes\n" +
			"tls enabled = yes\ntls cafile = CA\ntls certfile = CERT\ntls keyfile = KEY\n")
	if err := os.WriteFile(config, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &Domain{config: config, Server: Server{
		Secure: "ldaps://" + address, Plain: "ldap://" + address, CA: cert.CA, BindDN: sambaReader, Password: sambaWord, Base: sambaBase,
	}}
	d.Python(t, fmt.Sprintf("db.newuser('lector', %q)", sambaWord))
	serve(t, address+":636", 60*time.Second, ip, "netns", "exec", spaceName(), samba,
		"--interactive", "--model=single", "--configfile="+config, "--debug-stdout")
	return d
}

// prelude opens the domain's database as the system itself: what no client may set (when
// a password was changed), a test may.
const prelude = `import sys
from ldb import FLAG_MOD_REPLACE, Message, MessageElement, Dn
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
lp = LoadParm()
lp.load(sys.argv[1])
db = SamDB(url=lp.private_path("sam.ldb"), session_info=system_session(), lp=lp)
base = db.domain_dn()
def dn_of(name):
    return str(db.search(base, expression="(sAMAccountName=%s)" % name, attrs=[])[0].dn)
def replace(dn, **values):
    m = Message(Dn(db, dn))
    for name, value in values.items():
        m[name] = MessageElement(value, FLAG_MOD_REPLACE, name)
    db.modify(m, controls=["local_oid:1.3.6.1.4.1.7165.4.3.12:0"])
def ticks(days):
    import time
    return str(int((time.time() - days * 86400 + 11644473600) * 10000000))
`

// Python changes what the domain holds: db is its SamDB, base the domain's DN, replace
// sets attributes, ticks(n) is the moment n days ago.
func (d *Domain) Python(t testing.TB, script string) {
	t.Helper()
	run(t, prelude+script, "/usr/bin/python3", "-", d.config)
}

// spaceName names the network namespace of this process.
func spaceName() string { return fmt.Sprintf("vigia%d", os.Getpid()) }

// space makes a network namespace that is reached at the address.
func space(t testing.TB, ip string) (address string) {
	t.Helper()
	n := os.Getpid()
	name, ours, theirs := spaceName(), fmt.Sprintf("vga%d", n%100000), fmt.Sprintf("vgb%d", n%100000)
	network := fmt.Sprintf("10.213.%d.", n%250)
	run(t, "", ip, "netns", "add", name)
	t.Cleanup(func() {
		// The test's own context has ended by now.
		if out, err := exec.CommandContext(context.Background(), ip, "netns", "delete", name).CombinedOutput(); err != nil {
			t.Errorf("delete the network namespace: %v: %s", err, out)
		}
	})
	for _, args := range []string{
		"link add " + ours + " type veth peer name " + theirs,
		"link set " + theirs + " netns " + name,
		"address add " + network + "1/30 dev " + ours,
		"link set " + ours + " up",
		"-netns " + name + " address add " + network + "2/30 dev " + theirs,
		"-netns " + name + " link set " + theirs + " up",
		"-netns " + name + " link set lo up",
	} {
		run(t, "", ip, strings.Fields(args)...)
	}
	return network + "2"
}
