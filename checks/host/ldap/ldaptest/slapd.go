package ldaptest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Names in the OpenLDAP of tests.
const (
	slapdBase   = "dc=villaejemplo,dc=example"
	slapdReader = "cn=lector,ou=servicios," + slapdBase
	slapdWord   = "Palabra-de-lector-1"
)

// OpenLDAP says what a slapd holds beside the domain and the account that reads.
type OpenLDAP struct {
	// Entries is LDIF below dc=villaejemplo,dc=example, operational attributes included.
	Entries string
	// Policies makes the server load the overlay ppolicy; Default is the DN of the policy
	// of those who have none of their own, empty for none.
	Policies bool
	Default  string
	// Config lets the account that reads see cn=config.
	Config bool
	// Unlimited lets the account that reads have more than 500 entries.
	Unlimited bool
	// Hash is olcPasswordHash, if it is set.
	Hash string
	// Crypt is olcPasswordCryptSaltFormat, if it is set.
	Crypt string
	// Second makes a second database, without policies, with the suffix dc=segunda and
	// these entries.
	Second string
	// Access are rules of olcAccess before the usual ones, without number.
	Access []string
}

// Slapd starts an OpenLDAP server.
func Slapd(t testing.TB, o OpenLDAP) *Server {
	t.Helper()
	slapd, slapadd := need(t, "slapd", "slapd"), need(t, "slapadd", "slapd")
	dir := t.TempDir()
	for _, sub := range []string{"config", "data", "data2"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cert := NewCertificate(t, "127.0.0.1")
	config := filepath.Join(dir, "config")
	run(t, o.config(t, dir, cert), slapadd, "-F", config, "-n", "0")
	run(t, o.entries(), slapadd, "-q", "-F", config, "-n", "1")
	if o.Second != "" {
		run(t, "dn: dc=segunda\nobjectClass: domain\ndc: segunda\n\n"+o.Second, slapadd, "-q", "-F", config, "-n", "2")
	}
	secure, plain := freeAddress(t), freeAddress(t)
	s := &Server{
		Secure: "ldaps://" + secure, Plain: "ldap://" + plain, CA: cert.CA,
		BindDN: slapdReader, Password: slapdWord, Base: slapdBase,
	}
	serve(t, secure, 10*time.Second, slapd, "-d", "0", "-F", config, "-h", s.Secure+" "+s.Plain)
	return s
}

func (o OpenLDAP) config(t testing.TB, dir string, cert Certificate) string {
	ca, pem, key := cert.save(t, dir)
	var b strings.Builder
	entry := func(lines ...string) {
		for _, l := range lines {
			if l != "" {
				b.WriteString(l + "\n")
			}
		}
		b.WriteString("\n")
	}
	crypt := ""
	if o.Crypt != "" {
		crypt = "olcPasswordCryptSaltFormat: " + o.Crypt
	}
	entry("dn: cn=config", "objectClass: olcGlobal", crypt, "cn: config", "olcTLSCACertificateFile: "+ca,
		"olcTLSCertificateFile: "+pem, "olcTLSCertificateKeyFile: "+key, "olcPidFile: "+filepath.Join(dir, "pid"))
	module := ""
	if o.Policies {
		module = "olcModuleLoad: ppolicy"
	}
	entry("dn: cn=module{0},cn=config", "objectClass: olcModuleList", "cn: module{0}", "olcModulePath: /usr/lib/ldap",
		"olcModuleLoad: back_mdb", module)
	entry("dn: cn=schema,cn=config", "objectClass: olcSchemaConfig", "cn: schema")
	for _, name := range []string{"core", "cosine", "nis", "inetorgperson"} {
		entry("include: file:///etc/ldap/schema/" + name + ".ldif")
	}
	hash := ""
	if o.Hash != "" {
		hash = "olcPasswordHash: " + o.Hash
	}
	entry("dn: olcDatabase={-1}frontend,cn=config", "objectClass: olcDatabaseConfig", "objectClass: olcFrontendConfig",
		"olcDatabase: {-1}frontend", hash, "olcAccess: {0}to dn.base=\"\" by * read")
	config := "olcAccess: {0}to * by * none"
	if o.Config { // as packaging/guide/directorio.md says
		config = fmt.Sprintf("olcAccess: {0}to dn.subtree=\"cn=config\" attrs=entry,objectClass,olcDatabase,olcSuffix,"+
			"olcPPolicyDefault,olcPPolicyHashCleartext,olcPasswordHash,olcPasswordCryptSaltFormat,olcAccess,olcRootDN by dn.exact=%q read by * none", slapdReader)
	}
	entry("dn: olcDatabase={0}config,cn=config", "objectClass: olcDatabaseConfig", "olcDatabase: {0}config", config)
	lines := []string{"dn: olcDatabase={1}mdb,cn=config", "objectClass: olcDatabaseConfig", "objectClass: olcMdbConfig",
		"olcDatabase: {1}mdb", "olcDbDirectory: " + filepath.Join(dir, "data"), "olcSuffix: " + slapdBase,
		"olcDbIndex: objectClass eq", "olcDbMaxSize: 1073741824", "olcDbNoSync: TRUE", "olcLastBind: TRUE"}
	if o.Unlimited {
		lines = append(lines, fmt.Sprintf("olcLimits: {0}dn.exact=%q size.soft=unlimited size.prtotal=unlimited", slapdReader))
	}
	access := append(o.Access, "to attrs=userPassword by self write by anonymous auth by * none", "to * by users read by * none")
	for i, rule := range access {
		lines = append(lines, fmt.Sprintf("olcAccess: {%d}%s", i, rule))
	}
	entry(lines...)
	if o.Policies {
		policy := ""
		if o.Default != "" {
			policy = "olcPPolicyDefault: " + o.Default
		}
		entry("dn: olcOverlay={0}ppolicy,olcDatabase={1}mdb,cn=config", "objectClass: olcOverlayConfig",
			"objectClass: olcPPolicyConfig", "olcOverlay: {0}ppolicy", policy)
	}
	if o.Second != "" {
		entry("dn: olcDatabase={2}mdb,cn=config", "objectClass: olcDatabaseConfig", "objectClass: olcMdbConfig", "olcDatabase: {2}mdb",
			"olcDbDirectory: "+filepath.Join(dir, "data2"), "olcSuffix: dc=segunda", "olcDbMaxSize: 1073741824",
			"olcAccess: {0}to attrs=userPassword by anonymous auth by * none", "olcAccess: {1}to * by users read")
	}
	return b.String()
}

func (o OpenLDAP) entries() string {
	return "dn: " + slapdBase + "\nobjectClass: domain\ndc: villaejemplo\n\n" +
		"dn: ou=servicios," + slapdBase + "\nobjectClass: organizationalUnit\nou: servicios\n\n" +
		"dn: " + slapdReader + "\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: lector\nuserPassword: " + slapdWord + "\n\n" +
		o.Entries
}
