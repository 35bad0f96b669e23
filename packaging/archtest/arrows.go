package archtest

// Module is the path of the module.
const Module = "vigia"

// Anyone are the packages of ours that all others may import: words and their
// languages, which import nothing themselves.
func Anyone() []string { return []string{"checks/message"} }

// Rows are the arrows. What no row allows is forbidden.
func Rows() []Row {
	return []Row{
		// The agent.
		{From: of("agent/cmd/vigia-agent"), May: of("agent")},
		{From: of("agent"), May: of("agent/schedule", "agent/spool", "agent/deliver", "agent/identity", "agent/proxy",
			"checks", "checks/catalog", "checks/policy", "checks/host", "checks/host/ldap", "checks/host/local", "checks/host/hosttest",
			"checks/personaldata/scan", "collector/api/v1", "collector/api/carry", "packaging/service", "packaging/settings"),
			Why: "hosttest replays a recorded machine for `check --recording`"},
		{From: of("agent/proxy")},
		{From: of("agent/schedule", "agent/spool", "agent/deliver"),
			May: of("checks", "collector/api/v1"),
			Why: "siblings meet in package agent, through the small interfaces they declare"},
		{From: of("agent/identity"), May: of("checks", "collector/api/v1", "collector/api/carry"),
			Why: "it keeps the key that opens what a person brings"},

		// The checks.
		{From: of("checks"), May: of("checks/host")},
		{From: of("checks/message")},
		{From: of("checks/host")},
		{From: of("checks/host/local"), May: of("checks/host", "checks/format/...")},
		{From: of("checks/host/ldap"), May: of("checks/host")},
		{From: of("checks/host/hosttest"), May: of("checks/host"),
			Why: "no test-support package like the others: the agent links it to replay recordings"},
		{From: of("checks/format/...")},
		{From: of("checks/session", "checks/accounts", "checks/personaldata", "checks/media", "checks/inventory",
			"checks/protection", "checks/auditing", "checks/directory"),
			May: of("checks", "checks/host", "checks/format/...")},
		{From: of("checks/tempfiles", "checks/backup"),
			May: of("checks", "checks/host", "checks/format/...", "checks/personaldata/detect", "checks/personaldata/extract")},
		{From: of("checks/personaldata/detect")},
		{From: of("checks/personaldata/extract"), May: of("checks/format/...")},
		{From: of("checks/personaldata/isolate"),
			Why: "processes and messages; what is asked of a worker is scan's"},
		{From: of("checks/personaldata/scan"),
			May: of("checks", "checks/host", "checks/personaldata/detect", "checks/personaldata/extract",
				"checks/personaldata/isolate"),
			Why: "the worker behind a facet of host.Host, so that catalog links no decoder"},
		{From: of("checks/catalog"), May: of("checks", "checks/session", "checks/accounts", "checks/backup",
			"checks/personaldata", "checks/media", "checks/inventory", "checks/protection", "checks/tempfiles",
			"checks/auditing", "checks/directory")},
		{From: of("checks/policy"), May: of("checks", "checks/catalog")},

		// The collector.
		{From: of("collector/cmd/vigia"), May: of("collector")},
		{From: of("collector"), May: of("collector/access", "collector/access/ldap", "collector/access/oidc", "collector/api/v1", "collector/api/carry", "collector/assign", "collector/courier",
			"collector/enroll", "collector/ingest", "collector/evidence", "collector/storage", "collector/storage/backup", "collector/findings",
			"collector/incidents", "collector/registers/*", "collector/reviews", "collector/report", "collector/influx", "collector/notify", "collector/handover",
			"collector/simulate", "collector/papers", "collector/paper", "collector/registers", "collector/documents",
			"collector/decisions", "collector/compare", "collector/calendar", "collector/worktime", "collector/activity", "collector/web", "dashboards", "packaging/service", "packaging/settings", "packaging/windows/kit",
			"checks", "checks/catalog", "checks/policy"),
			Why: "it makes the catalogue that findings and assign are given"},
		{From: of("collector/api/v1"),
			Why: "all of the collector that the agent may import, so it must drag nothing along"},
		{From: of("collector/api/carry"), May: of("collector/api/v1"),
			Why: "the wire contract where the wire is a person with a stick"},
		{From: of("collector/courier"), May: of("collector/api/v1", "collector/api/carry", "collector/enroll",
			"collector/evidence", "collector/storage"),
			Why: "it hands to enrolment and ingest, through interfaces of its own, what came by hand"},
		{From: of("collector/storage")},
		{From: of("collector/storage/backup"), May: of("collector/storage")},
		{From: of("collector/evidence"), May: of("collector/storage")},
		{From: of("collector/handover"), May: of("collector/registers", "collector/paper", "collector/evidence", "collector/storage"),
			Why: "it is given what there is, and reads no database"},
		{From: of("collector/notify"), May: of("collector/worktime", "collector/storage"),
			Why: "it knows no domain: whoever has something to tell hands it over"},
		{From: of("collector/documents", "collector/activity", "collector/registers"), May: of("collector/evidence", "collector/storage")},
		{From: of("collector/enroll"), May: of("collector/api/v1", "collector/evidence", "collector/storage"),
			Why: "it answers the calls of the enrolment service"},
		{From: of("collector/access"), May: of("collector/evidence", "collector/storage")},
		{From: of("collector/access/ldap"), May: of("collector/access", "checks/host/ldap"),
			Why: "one way of speaking LDAP: encrypted, verified and bounded"},
		{From: of("collector/access/oidc"), May: of("collector/access")},
		{From: of("collector/registers/*"), May: of("collector/registers", "collector/worktime",
			"collector/evidence", "collector/storage", "checks", "checks/policy"),
			Why: "a book knows no other: what joins them is compare"},
		{From: of("collector/compare"), May: of("collector/findings", "collector/registers", "collector/registers/*", "collector/enroll",
			"collector/worktime", "collector/evidence", "collector/storage", "collector/api/v1", "checks", "checks/catalog", "checks/policy"),
			Why: "what is measured against what the books say"},
		{From: of("collector/decisions"), May: of("collector/findings", "collector/registers", "collector/registers/*", "collector/worktime",
			"collector/evidence", "collector/storage", "checks", "checks/catalog", "checks/policy")},
		{From: of("collector/calendar"), May: of("collector/reviews", "collector/registers", "collector/registers/*", "collector/enroll",
			"collector/storage", "checks/policy"),
			Why: "when a duty was done stands in acts and books"},
		{From: of("collector/ingest"), May: of("collector/api/v1", "collector/enroll", "collector/evidence",
			"collector/findings", "collector/assign", "collector/storage", "checks", "checks/policy"),
			Why: "one transaction joins evidence and findings, and judges the facts again"},
		{From: of("collector/assign"),
			May: of("collector/registers", "collector/registers/*", "collector/api/v1", "collector/evidence", "collector/storage",
				"checks/catalog", "checks/policy"),
			Why: "it signs the policy as it goes over the wire, and only one that the catalogue accepts"},
		{From: of("collector/findings"),
			May: of("collector/api/v1", "collector/storage", "checks", "checks/catalog", "checks/policy"),
			Why: "it judges a report as it came over the wire"},
		{From: of("collector/incidents"), May: of("collector/findings", "collector/registers", "collector/worktime", "collector/paper", "collector/documents",
			"collector/evidence", "collector/storage", "checks", "checks/policy")},
		{From: of("collector/reviews"), May: of("collector/findings", "collector/registers", "collector/registers/*", "collector/incidents",
			"collector/decisions", "collector/compare", "collector/worktime", "collector/documents",
			"collector/enroll", "collector/evidence", "collector/storage", "collector/api/v1", "checks", "checks/policy"),
			Why: "a frozen state names the reports that prove it, so it reads them"},
		{From: of("collector/report"), May: of("collector/reviews", "collector/findings", "collector/incidents",
			"collector/registers", "collector/registers/*", "collector/decisions", "collector/paper", "collector/evidence", "collector/enroll",
			"collector/storage", "collector/api/v1", "checks", "checks/catalog", "checks/policy"),
			Why: "verification decodes signed reports again; storage only for the snapshot that it hands on, see .golangci.yml"},
		{From: of("collector/paper"), Why: "texts made into documents: it knows nothing of ours"},
		{From: of("collector/worktime"), May: of("checks/policy"),
			Why: "calendars and terms are data of packs"},
		{From: of("collector/papers"), May: of("collector/paper", "collector/api/v1", "checks", "checks/catalog", "checks/policy"),
			Why: "the annex of the papers is made of the facts of all checks and of the wire contract"},
		{From: of("collector/influx"),
			May: of("collector/findings", "collector/incidents", "collector/enroll", "collector/storage")},
		{From: of("collector/web"), May: of("collector/access", "collector/report", "collector/reviews",
			"collector/incidents", "collector/registers", "collector/registers/*", "collector/findings", "collector/enroll",
			"collector/decisions", "collector/compare", "collector/calendar", "collector/worktime", "collector/documents", "collector/activity", "collector/paper",
			"collector/evidence", "collector/notify", "collector/handover", "collector/storage", "checks", "checks/catalog", "checks/policy"),
			Why: "storage only for the snapshot or transaction that it hands on to the domain that owns the rows, see .golangci.yml"},
		{From: of("collector/simulate"), May: of("agent/spool", "agent/deliver", "agent/identity", "collector/*",
			"collector/api/v1", "collector/registers/*", "checks", "checks/*", "checks/host/hosttest"),
			Why: "whatever it must drive"},

		// What stands alone.
		{From: of("dashboards")},
		{From: of("packaging/*", "packaging/windows/kit")},
		{From: of("packaging/sbom/cmd/sbom"), May: of("packaging/sbom")},
	}
}

// ReservedImports are the foreign packages that only some of ours may import.
func ReservedImports() []Reserved {
	return []Reserved{
		{Foreign: of("os/exec"), Only: of("checks/personaldata/isolate"),
			Why: "the agent starts nothing but its own scan worker"},
		{Foreign: of("github.com/shirou/gopsutil/..."), Only: of("checks/host/local"),
			Why: "one package measures the live machine"},
		{Foreign: of("golang.org/x/sys/unix", "golang.org/x/sys/windows", "golang.org/x/sys/windows/..."), Only: of("checks/host/local", "checks/personaldata/isolate", "packaging/service"),
			Why: "one package asks the operating system about itself, one gives up its rights, one runs as its service"},
		{Foreign: of("github.com/go-ldap/ldap/..."), Only: of("checks/host/ldap", "collector/access/ldap"),
			Why: "one package reads directories, one asks them who somebody is; only over TLS"},
		{Foreign: of("github.com/fsnotify/fsnotify"), Only: of("checks/personaldata/scan"),
			Why: "only the scan watches folders"},
		{Foreign: of("database/sql/..."), Only: of("collector/access", "collector/activity", "collector/assign",
			"collector/decisions", "collector/documents", "collector/enroll", "collector/evidence", "collector/findings",
			"collector/incidents", "collector/ingest", "collector/notify", "collector/registers", "collector/registers/*", "collector/reviews", "collector/storage"),
			Why: "SQL stands beside the rules of the domain that owns the tables; the agent holds no database"},
		{Foreign: of("modernc.org/sqlite/...", "github.com/jackc/pgx/..."), Only: of("collector/storage"),
			Why: "one package knows which database it is"},
		{Foreign: of("filippo.io/age/..."), Only: of("collector", "collector/api/carry", "collector/storage/backup"),
			Why: "what is encrypted is backups and files that are carried"},
		{Foreign: of("html/template", "text/template"), Only: of("collector/report", "collector/web", "collector/notify"),
			Why: "templates cost the agent megabytes, and pages are made at the edge"},
		{Foreign: of("github.com/spf13/cobra"), Only: of("agent", "collector"),
			Why: "the command line ends at the composition roots"},
		{Foreign: of("github.com/spf13/viper"), Only: of("packaging/settings"),
			Why: "both programs read their configuration in one strict way"},
		{Foreign: of("github.com/influxdata/..."), Only: of("collector/influx"),
			Why: "time series are never evidence"},
		{Foreign: of("codeberg.org/go-pdf/fpdf"), Only: of("collector/report", "collector/paper"),
			Why: "documents are made in few places"},
		{Foreign: of("github.com/xuri/excelize/..."), Only: of("collector/report", "collector/registers"),
			Why: "tables are read and written in few places"},
		{Foreign: of("github.com/pquerna/otp/...", "github.com/go-webauthn/webauthn/..."),
			Only: of("collector/access"),
			Why:  "one package knows how people prove who they are"},
		{Foreign: of("github.com/coreos/go-oidc/...", "golang.org/x/oauth2/...", "github.com/go-jose/..."), Only: of("collector/access/oidc"),
			Why: "one package asks a provider who somebody is, and one alone reads its tokens"},
		{Foreign: of("github.com/wneessen/go-mail/..."), Only: of("collector/notify"), Why: "one package sends mail"},
		{Foreign: of("github.com/CycloneDX/...", "github.com/google/licensecheck"), Only: of("packaging/sbom"),
			Why: "they serve the making of packages, and no program"},
		{Foreign: of("net/http/pprof", "expvar"),
			Why: "they register themselves on the default mux"},
		{Foreign: of("log"), Why: "a *slog.Logger is passed in"},
		{Foreign: of("testing", "testing/...", "github.com/google/go-cmp/...", "github.com/chromedp/...", "go.uber.org/goleak"),
			Why: "tests and test-support packages only"},
		{Foreign: of("github.com/stretchr/testify/..."), Why: "tests compare with go-cmp and say got and want"},
		{Foreign: of("unsafe"), Only: of("checks/host/local", "checks/personaldata/isolate", "packaging/service", "collector/api/v1"),
			Why: "system calls and generated code only"},
	}
}

// OSTaggedIn are the packages whose files may bind themselves to an operating
// system or a processor. All else is compiled and tested everywhere.
func OSTaggedIn() []string {
	return of("checks/host/local", "checks/personaldata/isolate", "packaging/service",
		"checks/personaldata/detect",  // kernels in assembly; a portable twin of each is tested everywhere
		"checks/personaldata/extract", // as in detect
		"collector/storage",           // whom a file belongs to
	)
}

// NeverLinked says what must not reach the programs, however indirectly.
func NeverLinked() []Unlinked {
	return []Unlinked{
		{Program: "agent/cmd/vigia-agent", Never: of("vigia/collector/..."), But: of("vigia/collector/api/v1", "vigia/collector/api/carry"),
			Why: "of the collector, the agent knows the wire contract only"},
		{Program: "agent/cmd/vigia-agent", Never: of("vigia/dashboards", "database/sql/...", "modernc.org/sqlite/...",
			"github.com/jackc/pgx/..."), But: of("database/sql/driver"),
			Why: "no SQL, no web pages, no CA in the agent; driver is a few interfaces, which google/uuid of go-ldap names"},
		{Program: "collector/cmd/vigia", Never: of("vigia/checks/host/local", "vigia/agent", "vigia/agent/cmd/...",
			"github.com/shirou/gopsutil/..."),
			Why: "the collector never measures the machine it runs on"},
		{Program: "checks/catalog", Never: of("os/exec", "vigia/checks/personaldata/scan", "vigia/checks/personaldata/isolate", "vigia/checks/host/local"),
			Why: "the collector judges with it, and must link no worker"},
		{Program: "agent/cmd/vigia-agent", Never: of("golang.org/x/net/trace", "net/http/pprof", "expvar", "testing"),
			Why: "debugging and testing stay out of the programs"},
		{Program: "collector/cmd/vigia", Never: of("golang.org/x/net/trace", "net/http/pprof", "expvar", "testing"),
			Why: "debugging and testing stay out of the programs"},
	}
}

// TopLevelNames are the nine names at the top of the tree.
func TopLevelNames() []string {
	return of("agent", "checks", "collector", "dashboards", "packaging", "Makefile", "README.md", "go.mod", "go.sum")
}

// BuildOutputs are the folders that the build makes and git ignores.
func BuildOutputs() []string { return of("bin", "dist") }

func of(names ...string) []string { return names }
