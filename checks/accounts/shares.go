package accounts

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// shares is AC-NET-SHARE: over the network, only those who are authorised reach what a
// machine holds.
func shares() checks.Check {
	return checks.New(checks.Info{ID: "accounts.shares", Messages: shareMessages(), Covers: shareCovers()},
		shareParams{},
		checks.On[shareFacts]{host.Windows: observeWindowsShares, host.Linux: observeLinuxShares},
		judgeShares)
}

type shareParams struct {
	// Public lists shares that are meant for everybody to read, by name or path.
	Public []string `json:"public,omitempty"`
	// Reviewed lists other servers of files, such as FTP, whose permissions somebody
	// looked at by hand.
	Reviewed []string `json:"reviewed,omitempty"`
}

// shareFacts is the evidence of accounts.shares. Shares that are closed to strangers and
// to all accounts alike are counted and not listed.
type shareFacts struct {
	// Served tells whether anything is shared at all: a server that is not installed or
	// is disabled shares nothing.
	Served bool        `json:"served"`
	Shares []shareFact `json:"shares,omitempty"`
	Closed int         `json:"closed,omitempty"`
	// SMB1 tells where the first version of the protocol is on: "server", "client".
	SMB1 []string `json:"smb1,omitempty"`
	// Anonymous lists what is open to whoever gives no name, by the setting's name.
	Anonymous []string `json:"anonymous,omitempty"`
	// Enumerate: whoever gives no name may list shares and accounts (RestrictAnonymous).
	Enumerate bool `json:"enumerate,omitempty"`
	// Databases are the database servers that listen on every address.
	Databases []databaseFact `json:"databases,omitempty"`
	// Others are servers of files whose permissions are not read.
	Others []databaseFact  `json:"others,omitempty"`
	Unread []checks.Unread `json:"unread,omitempty"`
}

// shareFact is a shared folder that is open to more than named persons or groups.
type shareFact struct {
	Name   string `json:"name"`
	Path   string `json:"path,omitempty"`
	Source string `json:"source"`
	// Strangers and Accounts may do: "", "read" or "write". Strangers are guests and
	// whoever gives no name; Accounts are all that can log on.
	Strangers string `json:"strangers,omitempty"`
	Accounts  string `json:"accounts,omitempty"`
	// Root: the administrator of another machine is administrator here (no_root_squash).
	Root bool `json:"root,omitempty"`
	// System shares exist for the system itself and must be readable.
	System bool `json:"system,omitempty"`
}

type databaseFact struct {
	Name string `json:"name"`
	Port int    `json:"port"`
}

const (
	mayRead  = "read"
	mayWrite = "write"
)

func judgeShares(seen shareFacts, p shareParams, _ time.Time) checks.Verdict {
	var found findings
	for _, s := range seen.Shares {
		status, code := judgeShare(s, listed(p.Public, s.Name) || listed(p.Public, s.Path))
		if code != "" {
			found.add("share/"+s.Name, status, code, "share", s.Name, "source", s.Source)
		}
		if s.Root && s.Strangers == "" {
			found.add("root/"+s.Name, checks.Warn, "shares.remote_root", "share", s.Name, "source", s.Source)
		}
	}
	for _, side := range seen.SMB1 {
		found.add("smb1/"+side, checks.Fail, "shares.smb1", "side", side)
	}
	for _, setting := range seen.Anonymous {
		found.add("anonymous/"+setting, checks.Fail, "shares.anonymous", "setting", setting)
	}
	if seen.Enumerate {
		found.add("anonymous/RestrictAnonymous", checks.Warn, "shares.enumerate")
	}
	for _, d := range seen.Databases {
		found.add("database/"+strconv.Itoa(d.Port), checks.Warn, "shares.database", "database", d.Name, "port", strconv.Itoa(d.Port))
	}
	for _, o := range seen.Others {
		if !listed(p.Reviewed, o.Name) {
			found.add("server/"+strconv.Itoa(o.Port), checks.Unknown, "shares.other_server", "server", o.Name, "port", strconv.Itoa(o.Port))
		}
	}
	found.unread(seen.Unread)
	good := checks.Because("shares.closed", "shares", strconv.Itoa(seen.Closed+len(seen.Shares)))
	if !seen.Served && len(seen.Others) == 0 {
		good = checks.Because("shares.none")
	}
	return found.verdict(good)
}

// judgeShare tells what is the matter with one share; code is empty if nothing is.
func judgeShare(s shareFact, public bool) (status checks.Status, code string) {
	switch {
	case s.Strangers == mayWrite:
		return checks.Fail, "shares.strangers_write"
	case s.Accounts == mayWrite:
		return checks.Fail, "shares.everybody_writes"
	case public || s.System:
		return checks.Pass, ""
	case s.Strangers == mayRead:
		return checks.Fail, "shares.strangers_read"
	case s.Accounts == mayRead:
		return checks.Warn, "shares.everybody_reads"
	}
	return checks.Pass, ""
}

// openShares are those of a list to which anybody may write, for accounts.privileges.
func openShares(list []shareFact) []openShare {
	var out []openShare
	for _, s := range list {
		if s.Strangers == mayWrite || s.Accounts == mayWrite {
			out = append(out, openShare{Name: s.Name, Source: s.Source})
		}
	}
	return out
}

// databasePorts are where database servers listen unless told otherwise.
func databasePorts() map[int]string {
	return map[int]string{
		1433: "SQL Server", 1521: "Oracle", 3050: "Firebird", 3306: "MySQL/MariaDB", 5432: "PostgreSQL", 5984: "CouchDB",
		6379: "Redis", 9200: "Elasticsearch", 11211: "memcached", 27017: "MongoDB", 33060: "MySQL X",
	}
}

// filePorts are where servers of files listen that are not looked into.
func filePorts() map[int]string {
	return map[int]string{21: "FTP", 548: "AFP", 873: "rsync", 990: "FTP"}
}

// servers lists those of the listening sockets that take connections on every address and
// whose port is known.
func servers(listeners []host.Listener, ports map[int]string) []databaseFact {
	var out []databaseFact
	for _, l := range listeners {
		name, known := ports[l.Port]
		every := l.Address == "0.0.0.0" || strings.Trim(l.Address, ":") == "" || l.Address == "*"
		fact := databaseFact{Name: name, Port: l.Port}
		if known && l.Protocol == "tcp" && every && !slices.Contains(out, fact) {
			out = append(out, fact)
		}
	}
	slices.SortFunc(out, func(a, b databaseFact) int { return a.Port - b.Port })
	return out
}
