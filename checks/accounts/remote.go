package accounts

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"vigia/checks"
	"vigia/checks/host"
)

// remote is AC-REMOTE-ID: whoever works at a machine from afar is a known person, by an
// account of their own.
func remote() checks.Check {
	return checks.New(checks.Info{ID: "accounts.remote", Messages: remoteMessages(), Covers: remoteCovers()},
		remoteParams{},
		checks.On[remoteFacts]{host.Windows: observeWindowsRemote, host.Linux: observeLinuxRemote},
		judgeRemote)
}

type remoteParams struct {
	// Tools lists the remote-control tools that the organisation has authorised, by the
	// names of the list of this check.
	Tools []string `json:"tools,omitempty"`
}

// remoteFacts is the evidence of accounts.remote.
type remoteFacts struct {
	// Tools are the remote-control tools found; ToolsAsOf is the date of the list that
	// was looked for.
	Tools     []toolFact     `json:"tools,omitempty"`
	ToolsAsOf string         `json:"tools_as_of"`
	RDP       *rdpFact       `json:"rdp,omitempty"`
	SSH       *sshServerFact `json:"ssh,omitempty"`
	// Keys counts the keys that open accounts over SSH.
	Keys []keyFact `json:"keys,omitempty"`
	// XRDPRoot: xrdp lets root in with a password.
	XRDPRoot bool            `json:"xrdp_root,omitempty"`
	Unread   []checks.Unread `json:"unread,omitempty"`
}

// toolFact is one remote-control tool.
type toolFact struct {
	Name string `json:"name"`
	// How it was found: "service", "installed", "running".
	How string `json:"how"`
}

// rdpFact is Remote Desktop. Source names where the word on it stands: "policy" or
// "local".
type rdpFact struct {
	On     bool   `json:"on"`
	Source string `json:"source,omitempty"`
	// NLA: who comes must say who before there is a session (UserAuthentication).
	NLA bool `json:"nla"`
	// Layer is SecurityLayer: 0 the old protection of RDP, 1 negotiated, 2 TLS.
	Layer uint64 `json:"layer"`
}

// sshServerFact is what decides of sshd_config, by what the server does and not by what is
// written.
type sshServerFact struct {
	// Root is PermitRootLogin: yes, prohibit-password, forced-commands-only, no.
	Root string `json:"root"`
	// Password: an account may be entered with a password.
	Password bool `json:"password"`
	// Empty: one without a password may be entered.
	Empty bool `json:"empty,omitempty"`
	// Source is the file that decides of root, empty for the server's own default.
	Source string `json:"source,omitempty"`
	// Conditional lists what Match blocks loosen, as "PermitRootLogin yes".
	Conditional []conditionFact `json:"conditional,omitempty"`
}

type conditionFact struct {
	Setting string `json:"setting"`
	Source  string `json:"source"`
}

// keyFact counts the public keys of one account.
type keyFact struct {
	Account string `json:"account"`
	Keys    int    `json:"keys"`
	// Unowned have no comment that could tell whose they are.
	Unowned int `json:"unowned,omitempty"`
}

func judgeRemote(seen remoteFacts, p remoteParams, _ time.Time) checks.Verdict {
	var found findings
	for _, t := range seen.Tools {
		if !listed(p.Tools, t.Name) {
			found.add("tool/"+t.Name, checks.Fail, "remote.tool", "tool", t.Name, "how", t.How)
		}
	}
	if r := seen.RDP; r != nil && r.On {
		switch {
		case !r.NLA:
			found.add("rdp/nla", checks.Fail, "remote.rdp_no_nla", "source", r.Source)
		case r.Layer == 0:
			found.add("rdp/layer", checks.Fail, "remote.rdp_old_layer")
		case r.Layer == 1:
			found.add("rdp/layer", checks.Warn, "remote.rdp_negotiated")
		}
	}
	judgeSSH(seen, &found)
	if seen.XRDPRoot {
		found.add("xrdp/root", checks.Fail, "remote.root_password", "source", xrdpFile)
	}
	found.unread(seen.Unread)
	return found.verdict(openRemote(seen))
}

// judgeSSH judges the OpenSSH server and the keys that open accounts by it.
func judgeSSH(seen remoteFacts, found *findings) {
	if seen.SSH == nil {
		return
	}
	s := *seen.SSH
	source := cmp.Or(s.Source, sshdFile)
	if s.Empty {
		found.add("ssh/empty", checks.Fail, "remote.empty_password", "source", source)
	}
	rootKeys := slices.ContainsFunc(seen.Keys, func(k keyFact) bool { return k.Account == "root" && k.Keys > 0 })
	switch {
	case s.Root == "yes" && s.Password:
		found.add("ssh/root", checks.Fail, "remote.root_password", "source", source)
	case (s.Root == "yes" || s.Root == "prohibit-password") && rootKeys:
		found.add("ssh/root", checks.Warn, "remote.root_keys", "source", source)
	}
	for _, c := range s.Conditional {
		found.add("ssh/"+c.Source, checks.Fail, "remote.conditional", "setting", c.Setting, "source", c.Source)
	}
	for _, k := range seen.Keys {
		if k.Unowned > 0 {
			found.add("keys/"+k.Account, checks.Warn, "remote.keys_unowned", "account", k.Account, "keys", strconv.Itoa(k.Unowned))
		}
	}
}

// openRemote says why all is well: by which ways one comes in, if by any.
func openRemote(seen remoteFacts) checks.Reason {
	rdp := seen.RDP != nil && seen.RDP.On
	switch {
	case len(seen.Tools) > 0:
		return checks.Because("remote.authorised", "tools", strconv.Itoa(len(seen.Tools)))
	case rdp || seen.SSH != nil:
		return checks.Because("remote.identified")
	default:
		return checks.Because("remote.none")
	}
}
