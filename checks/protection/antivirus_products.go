package protection

import (
	"strings"

	"vigia/checks/host"
)

// Names of products of this package's own.
const (
	idDefender = "defender"
	idClamAV   = "clamav"
)

// known is an antivirus as a system runs it.
type known struct {
	id, name string
	// service is the name of its service on Windows, or how it begins if it ends in *.
	service string
	// path is the folder or program on Linux of the part that watches.
	path string
	// process is the name of that part as the kernel shows it, of at most 15 bytes.
	process string
	// signatures is signaturesNone for products that work without signature files.
	signatures string
}

// knownProducts are told by the names of their services and programs. It is the list to
// extend when a municipality uses another one.
func knownProducts() []known {
	return []known{
		{id: "avast", name: "Avast", service: "avast! Antivirus"},
		{id: "avg", name: "AVG", service: "AVG Antivirus"},
		{id: "avira", name: "Avira", service: "AntiVirService"},
		{id: "bitdefender", name: "Bitdefender GravityZone", service: "EPSecurityService", path: "/opt/bitdefender-security-tools/", process: "bdsecd"},
		{id: "carbonblack", name: "Carbon Black", service: "CbDefense", path: "/opt/carbonblack/psc/", process: "cbagentd", signatures: signaturesNone},
		{id: "clamwin", name: "ClamAV", service: "clamd"},
		{id: "cortex", name: "Cortex XDR", service: "cyserver", path: "/opt/traps/", process: "pmd", signatures: signaturesNone},
		{id: "drweb", name: "Dr.Web", service: "DrWebAVService", path: "/opt/drweb.com/", process: "drweb-spider"},
		{id: "elastic", name: "Elastic Defend", service: "ElasticEndpoint", path: "/opt/Elastic/Endpoint/", process: "elastic-endpoin", signatures: signaturesNone},
		{id: "eset", name: "ESET", service: "ekrn", path: "/opt/eset/", process: "oaeventd"},
		{id: "falcon", name: "CrowdStrike Falcon", service: "CSFalconService", path: "/opt/CrowdStrike/", process: "falcon-sensor", signatures: signaturesNone},
		{id: "gdata", name: "G DATA", service: "AVKWCtl"},
		{id: "kaspersky", name: "Kaspersky Endpoint Security", service: "AVP*", path: "/opt/kaspersky/kesl/", process: "kesl"},
		{id: "kaspersky_server", name: "Kaspersky Security for Windows Server", service: "kavfs"},
		{id: "malwarebytes", name: "Malwarebytes", service: "MBAMService"},
		{id: "mdatp", name: "Microsoft Defender for Endpoint", path: "/opt/microsoft/mdatp/", process: "wdavdaemon"},
		{id: "panda", name: "Panda / WatchGuard", service: "PSUAService"},
		{id: "sentinel", name: "SentinelOne", service: "SentinelAgent", path: "/opt/sentinelone/", process: "s1-agent", signatures: signaturesNone},
		{id: "sophos", name: "Sophos", service: "Sophos Endpoint Defense Service", path: "/opt/sophos-spl/", process: "soapd"},
		{id: "sophos_av", name: "Sophos Anti-Virus", service: "SAVService"},
		{id: "symantec", name: "Symantec Endpoint Protection", service: "SepMasterService"},
		{id: "trellix", name: "Trellix Endpoint Security", service: "mfetp", path: "/opt/McAfee/ens/tp/", process: "mfetpd"},
		{id: "trend_apexone", name: "Trend Micro Apex One", service: "ntrtscan"},
		{id: "trend_server", name: "Trend Micro Deep Security", service: "ds_agent", path: "/opt/ds_agent/", process: "ds_agent"},
		{id: "webroot", name: "Webroot", service: "WRSVC", signatures: signaturesNone},
		{id: "withsecure", name: "WithSecure", service: "fshoster", path: "/opt/f-secure/", process: "fsavd"},
	}
}

// isService tells whether the service is that of the product.
func (k known) isService(s host.Service) bool {
	if k.service == "" {
		return false
	}
	if begin, ok := strings.CutSuffix(k.service, "*"); ok {
		return len(s.Name) >= len(begin) && strings.EqualFold(s.Name[:len(begin)], begin)
	}
	return strings.EqualFold(s.Name, k.service)
}

// isProcess tells whether the process is that of the product. Where the program behind
// a process may not be seen, its name must do. Anybody may give a program a name, so
// that one of a person is never believed.
func (k known) isProcess(p host.Process) bool {
	if k.process == "" || p.Name != k.process || !ofSystem(p.Owner) {
		return false
	}
	return p.Path == "" || strings.HasPrefix(p.Path, k.path)
}

// ofSystem tells whether a user id of Linux is one of the system and not of a person:
// below 1000, as login.defs of all supported distributions has it.
func ofSystem(owner string) bool {
	return owner != "" && len(owner) <= 3 && strings.Trim(owner, "0123456789") == ""
}
