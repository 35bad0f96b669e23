package protection

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

// profiles is the firewall of Windows as delivered, changed by the values of more; nil
// takes a value away.
func profiles(more map[string]any) map[string]any {
	out := map[string]any{}
	for _, p := range []string{"DomainProfile", "StandardProfile", "PublicProfile"} {
		out[keyFirewall+`\`+p+`\EnableFirewall`] = 1
		out[keyFirewall+`\`+p+`\DoNotAllowExceptions`] = 0
	}
	out[keyFirewall+`\FirewallRules\CoreNet-Diag-ICMP4-EchoRequest-In`] = "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=1|ICMP4=8:*|Name=@FirewallAPI.dll,-27059|"
	for k, v := range more {
		if v == nil {
			delete(out, k)
			continue
		}
		out[k] = v
	}
	return out
}

func TestFirewallOnWindows(t *testing.T) {
	const (
		local  = keyFirewall + `\`
		policy = keyFirewallPolicy + `\`
		rules  = `FirewallRules\`
		all    = "v2.31|Action=Allow|Active=TRUE|Dir=In|Name=Todo|"

		connections = `HKLM\SYSTEM\CurrentControlSet\Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}\`
		card        = "{0A1B2C3D-0000-4000-8000-000000000001}"
		other       = "{0A1B2C3D-0000-4000-8000-000000000002}"
	)
	askFirewall := namespaceCenter + ":" + classFirewall
	on := checktest.Answers{
		ServiceList:  serviceList("mpssvc running"),
		InstancesOf:  map[string][]host.Instance{askFirewall: {}},
		ListenerList: []host.Listener{{Protocol: "tcp", Address: "0.0.0.0", Port: 445, Program: "System"}, {Protocol: "tcp", Address: "127.0.0.1", Port: 3389, Program: "svchost.exe"}, {Protocol: "tcp", Address: "::", Port: 49664, Program: "lsass.exe"}},
	}
	with := func(change func(*checktest.Answers)) checktest.Answers {
		a := on
		a.InstancesOf = maps.Clone(on.InstancesOf)
		a.Errors = map[string]error{}
		change(&a)
		return a
	}
	for _, row := range []struct {
		name       string
		values     map[string]any
		unreadable []string
		answers    checktest.Answers
		params     string
		want       checks.Status
		codes      []string // of the findings that are no pass
	}{
		{"as delivered", profiles(nil), nil, on, "", checks.Pass, nil},
		{"public network off", profiles(map[string]any{local + `PublicProfile\EnableFirewall`: 0}), nil, on, "", checks.Fail, []string{"firewall.profile_off"}},
		{"all off", profiles(map[string]any{local + `PublicProfile\EnableFirewall`: 0, local + `StandardProfile\EnableFirewall`: 0, local + `DomainProfile\EnableFirewall`: 0}), nil, on, "", checks.Fail, []string{"firewall.profile_off", "firewall.profile_off", "firewall.profile_off"}},
		{"off, but a policy turns it on", profiles(map[string]any{local + `PublicProfile\EnableFirewall`: 0, policy + `PublicProfile\EnableFirewall`: 1}), nil, on, "", checks.Pass, nil},
		{"on, but a policy turns it off", profiles(map[string]any{policy + `StandardProfile\EnableFirewall`: 0}), nil, on, "", checks.Fail, []string{"firewall.profile_off"}},
		{"newer policy over the older one", profiles(map[string]any{policy + `StandardProfile\EnableFirewall`: 0, policy + `PrivateProfile\EnableFirewall`: 1}), nil, on, "", checks.Pass, nil},
		{"device policy turns it off", profiles(map[string]any{keyFirewallMDM + `\PublicProfile\EnableFirewall`: 0}), nil, on, "", checks.Fail, []string{"firewall.profile_off"}},
		{"lets in what no rule names", profiles(map[string]any{local + `PublicProfile\DefaultInboundAction`: 0}), nil, on, "", checks.Fail, []string{"firewall.profile_open"}},
		{"lets in what no rule names, and ignores all rules that let in", profiles(map[string]any{local + `PublicProfile\DefaultInboundAction`: 0, local + `PublicProfile\DoNotAllowExceptions`: 1}), nil, on, "", checks.Pass, nil},
		{"not set", profiles(map[string]any{local + `DomainProfile\EnableFirewall`: nil}), nil, on, "", checks.Unknown, []string{"firewall.profile_unset"}},
		{"odd value", profiles(map[string]any{local + `DomainProfile\EnableFirewall`: 7}), nil, on, "", checks.Unknown, []string{"firewall.unread"}},
		{"settings unreadable", profiles(nil), []string{keyFirewall}, on, "", checks.Unknown, []string{"firewall.unread", "firewall.unread", "firewall.unread", "firewall.unread", "firewall.unread"}},
		{"policy unreadable, local off", profiles(map[string]any{local + `PublicProfile\EnableFirewall`: 0}), []string{keyFirewallPolicy + `\PublicProfile`}, on, "", checks.Unknown, []string{"firewall.unread"}},
		{"rules unreadable", profiles(nil), []string{keyFirewall + `\FirewallRules`}, on, "", checks.Unknown, []string{"firewall.unread"}},
		{"rules unreadable, one network off", profiles(map[string]any{local + `PublicProfile\EnableFirewall`: 0}), []string{keyFirewall + `\FirewallRules`}, on, "", checks.Fail, []string{"firewall.profile_off", "firewall.unread"}},
		{"service stopped", profiles(nil), nil, with(func(a *checktest.Answers) { a.ServiceList = serviceList("MpsSvc stopped") }), "", checks.Fail, []string{"firewall.stopped"}},
		{"service missing", profiles(nil), nil, with(func(a *checktest.Answers) { a.ServiceList = serviceList("Dnscache running") }), "", checks.Fail, []string{"firewall.missing"}},
		{"service disabled, no service manager", profiles(map[string]any{keyServices + `MpsSvc\Start`: 4}), nil, with(func(a *checktest.Answers) { a.ServiceList = nil }), "", checks.Fail, []string{"firewall.disabled"}},
		{"no service manager", profiles(nil), nil, with(func(a *checktest.Answers) { a.ServiceList = nil }), "", checks.Unknown, []string{"firewall.unread"}},
		{"a connection left alone on public networks", profiles(map[string]any{local + `PublicProfile\DisabledInterfaces`: card, connections + card + `\Connection\Name`: "Ethernet"}), nil, on, "", checks.Fail, []string{"firewall.profile_excludes"}},
		{"a connection left alone by policy", profiles(map[string]any{policy + `DomainProfile\DisabledInterfaces`: other + "," + card, connections + card + `\Connection\Name`: "Wi-Fi"}), nil, on, "", checks.Fail, []string{"firewall.profile_excludes"}},
		{"a connection left alone that is gone", profiles(map[string]any{local + `PublicProfile\DisabledInterfaces`: card + "," + other}), nil, on, "", checks.Pass, nil},
		{"no connection left alone", profiles(map[string]any{local + `PublicProfile\DisabledInterfaces`: ""}), nil, on, "", checks.Pass, nil},
		{"connections unreadable", profiles(map[string]any{local + `PublicProfile\DisabledInterfaces`: card}), []string{strings.TrimSuffix(connections, `\`)}, on, "", checks.Fail, []string{"firewall.profile_excludes"}},
		{"another firewall that was on and is gone", profiles(map[string]any{local + `PublicProfile\EnableFirewall`: 0}), nil, with(func(a *checktest.Answers) {
			in := registered("Cortafuegos Muralla", "{A1}", 0x41010)
			in["pathToSignedReportingExe"] = `%ProgramFiles%\Muralla\muralla.exe`
			a.InstancesOf[askFirewall] = []host.Instance{in}
		}), "", checks.Fail, []string{"firewall.profile_off"}},
		{"another firewall is on", profiles(map[string]any{local + `PublicProfile\EnableFirewall`: 0}), nil, with(func(a *checktest.Answers) {
			a.InstancesOf[askFirewall] = []host.Instance{registered("Cortafuegos Muralla", "{A1}", 0x41010)}
		}), "", checks.Warn, []string{"firewall.other"}},
		{"another firewall was on, says a Security Center that does not run", profiles(map[string]any{local + `PublicProfile\EnableFirewall`: 0}), nil, with(func(a *checktest.Answers) {
			a.InstancesOf[askFirewall] = []host.Instance{registered("Cortafuegos Muralla", "{A1}", 0x41010)}
			a.ServiceList = serviceList("MpsSvc running", "wscsvc stopped")
		}), "", checks.Fail, []string{"firewall.profile_off", "firewall.unread"}},
		{"another firewall is off", profiles(map[string]any{local + `PublicProfile\EnableFirewall`: 0}), nil, with(func(a *checktest.Answers) {
			a.InstancesOf[askFirewall] = []host.Instance{registered("Cortafuegos Muralla", "{A1}", 0x40010)}
		}), "", checks.Fail, []string{"firewall.profile_off"}},
		{"a server has no Security Center", profiles(nil), nil, with(func(a *checktest.Answers) { a.Errors["instances"] = fs.ErrNotExist }), "", checks.Pass, nil},
		{"rule for everything", profiles(map[string]any{local + rules + `{1}`: all}), nil, on, "", checks.Fail, []string{"firewall.rule_wide", "firewall.exposed"}},
		{"rule for everything, switched off", profiles(map[string]any{local + rules + `{1}`: "v2.31|Action=Allow|Active=FALSE|Dir=In|Name=Todo|"}), nil, on, "", checks.Pass, nil},
		{"rule for everything, outwards", profiles(map[string]any{local + rules + `{1}`: "v2.31|Action=Allow|Active=TRUE|Dir=Out|Name=Todo|"}), nil, on, "", checks.Pass, nil},
		{"rule for everything from the local network", profiles(map[string]any{local + rules + `{1}`: "v2.31|Action=Allow|Active=TRUE|Dir=In|RA4=LocalSubnet|RA6=LocalSubnet|"}), nil, on, "", checks.Warn, []string{"firewall.rule_near"}},
		{"rule for everything from the local network and another", profiles(map[string]any{local + rules + `{1}`: "v2.31|Action=Allow|Active=TRUE|Dir=In|RA4=LocalSubnet|RA4=198.51.100.7/255.255.255.255|"}), nil, on, "", checks.Warn, []string{"firewall.rule_near"}},
		{"rule for everything from one machine", profiles(map[string]any{local + rules + `{1}`: "v2.31|Action=Allow|Active=TRUE|Dir=In|RA4=198.51.100.7/255.255.255.255|"}), nil, on, "", checks.Pass, nil},
		{"rule for everything by cable", profiles(map[string]any{local + rules + `{1}`: "v2.31|Action=Allow|Active=TRUE|Dir=In|IFType=Lan|Name=Todo|"}), nil, on, "", checks.Fail, []string{"firewall.rule_wide", "firewall.exposed"}},
		{"rule for everything by a private network", profiles(map[string]any{local + rules + `{1}`: "v2.31|Action=Allow|Active=TRUE|Dir=In|IFType=RemoteAccess|Name=Todo|"}), nil, on, "", checks.Pass, nil},
		{"rule for all of TCP by its ports", profiles(map[string]any{local + rules + `{1}`: "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort2_10=1-65535|"}), nil, on, "", checks.Fail, []string{"firewall.rule_wide", "firewall.exposed"}},
		{"rule for everything, where a policy ignores local rules", profiles(map[string]any{
			local + rules + `{1}`: all, policy + `DomainProfile\AllowLocalPolicyMerge`: 0, policy + `PrivateProfile\AllowLocalPolicyMerge`: 0, policy + `PublicProfile\AllowLocalPolicyMerge`: 0,
		}), nil, on, "", checks.Pass, nil},
		{"rule for everything of a policy", profiles(map[string]any{policy + rules + `{1}`: all, policy + `PublicProfile\AllowLocalPolicyMerge`: 0}), nil, on, "", checks.Fail, []string{"firewall.rule_wide", "firewall.exposed"}},
		{"files open to public networks", profiles(map[string]any{local + rules + `{1}`: "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Private|Profile=Public|LPort=445|App=System|"}), nil, on, "", checks.Warn, []string{"firewall.exposed"}},
		{"remote desktop open to public networks", profiles(map[string]any{local + rules + `{1}`: "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|App=%SystemRoot%\\system32\\svchost.exe|Svc=termservice|"}), nil, with(func(a *checktest.Answers) {
			a.ListenerList = []host.Listener{{Protocol: "tcp", Address: "::", Port: 3389, Program: "svchost.exe"}}
		}), "", checks.Warn, []string{"firewall.exposed"}},
		{"a service without a port", profiles(map[string]any{local + rules + `{1}`: "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|App=%SystemRoot%\\system32\\svchost.exe|Svc=otro|"}), nil, with(func(a *checktest.Answers) {
			a.ListenerList = []host.Listener{{Protocol: "tcp", Address: "::", Port: 3389, Program: "svchost.exe"}}
		}), "", checks.Pass, nil},
		{"files open to the domain", profiles(map[string]any{local + rules + `{1}`: "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|LPort=445|App=System|"}), nil, on, "", checks.Pass, nil},
		{"files open, and allowed", profiles(map[string]any{local + rules + `{1}`: "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=445|App=System|"}), nil, on, `{"allowed":["tcp/445"]}`, checks.Pass, nil},
		{"not on the list", profiles(map[string]any{local + rules + `{1}`: "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=RPC|LPort2_10=49664-49670|App=%SystemRoot%\\system32\\lsass.exe|"}), nil, on, `{"allowed":["tcp/80"]}`, checks.Warn, []string{"firewall.not_allowed"}},
		{"listeners unreadable", profiles(nil), nil, with(func(a *checktest.Answers) { a.ListenerList = nil }), "", checks.Unknown, []string{"firewall.unread"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := row.answers.On(host.Host{OS: host.Windows, Now: now, Files: checktest.Files{}, Registry: checktest.Registry{Values: row.values, Unreadable: row.unreadable}})
			res := checktest.Run(t, firewall(), h, row.params)
			if got := wrong(res); res.Status != row.want || !slices.Equal(got, row.codes) {
				t.Errorf("got %s %v\nwant %s %v\n%v", res.Status, got, row.want, row.codes, res.Findings)
			}
		})
	}
}

// wrong lists the codes of the findings that are no pass.
func wrong(res checks.Result) []string {
	var out []string
	for _, f := range res.Findings {
		if f.Status != checks.Pass {
			out = append(out, f.Reason.Code)
		}
	}
	return out
}

func TestFirewallOnLinux(t *testing.T) {
	chain := func(family string, drops bool) host.FilterChain {
		return host.FilterChain{Family: family, Table: "filter", Name: "input", Drops: drops}
	}
	accepting := chain("inet", false)
	accepting.AcceptsAll = true
	from := func(c host.FilterChain, names ...string) host.FilterChain {
		c.AcceptsFrom = names
		return c
	}
	near := func(c host.FilterChain, names ...string) host.FilterChain {
		c.AcceptsNear = names
		return c
	}
	filter := func(open []string, chains ...host.FilterChain) checktest.Answers {
		return checktest.Answers{Filter: &host.PacketFilter{Chains: chains, Open: open}, ListenerList: []host.Listener{
			{Protocol: "tcp", Address: "0.0.0.0", Port: 22, Program: "sshd"}, {Protocol: "tcp", Address: "::", Port: 3306, Program: "mariadbd"},
			{Protocol: "udp", Address: "0.0.0.0", Port: 41000, Program: "avahi-daemon"}, {Protocol: "tcp", Address: "127.0.0.1", Port: 3306, Program: "mariadbd"},
		}}
	}
	legacy := func(a checktest.Answers) checktest.Answers {
		f := *a.Filter
		f.Legacy = true
		a.Filter = &f
		return a
	}
	speaks6 := map[string]string{"/proc/sys/net/ipv6/conf/all/disable_ipv6": "0\n"}
	mute6 := map[string]string{"/proc/sys/net/ipv6/conf/all/disable_ipv6": "1\n"}
	const wants = unitFolder + "multi-user.target.wants/"
	denied := checktest.Answers{Errors: map[string]error{"packet_filter": fs.ErrPermission}}
	mounted := checktest.Answers{}
	for _, row := range []struct {
		name       string
		files      map[string]string
		unreadable []string
		answers    checktest.Answers
		params     string
		want       checks.Status
		codes      []string
	}{
		{"closed", speaks6, nil, filter([]string{"tcp/22"}, chain("inet", true)), "", checks.Pass, nil},
		{"closed by two tables", speaks6, nil, filter(nil, chain("ip", true), chain("ip6", true)), "", checks.Pass, nil},
		{"no rules", speaks6, nil, filter([]string{"tcp/22"}), "", checks.Fail, []string{"firewall.none"}},
		{"open", speaks6, nil, filter(nil, chain("inet", false)), "", checks.Fail, []string{"firewall.not_dropped", "firewall.not_dropped"}},
		{"open by a rule", speaks6, nil, filter(nil, accepting), "", checks.Fail, []string{"firewall.accepts_all", "firewall.accepts_all"}},
		{"one chain lets in, another does not", speaks6, nil, filter(nil, accepting, chain("inet", true)), "", checks.Pass, nil},
		{"IPv6 forgotten", speaks6, nil, filter(nil, chain("ip", true)), "", checks.Fail, []string{"firewall.not_dropped"}},
		{"IPv6 switched off", mute6, nil, filter(nil, chain("ip", true)), "", checks.Pass, nil},
		{"kernel without IPv6", nil, nil, filter(nil, chain("ip", true)), "", checks.Pass, nil},
		{"IPv6 unreadable", speaks6, []string{"/proc/sys/net/ipv6/conf"}, filter(nil, chain("inet", true)), "", checks.Unknown, []string{"firewall.unread"}},
		{"an interface is open", mute6, nil, filter(nil, from(chain("inet", true), "eth0")), "", checks.Fail, []string{"firewall.interface_open"}},
		{"an interface is open in one chain only", mute6, nil, filter(nil, from(chain("inet", true), "eth0"), chain("ip", true)), "", checks.Pass, nil},
		{"the own network is let in", mute6, nil, filter(nil, near(chain("inet", true), "eth0")), "", checks.Warn, []string{"firewall.neighbours"}},
		{"the own network is let in by one, all of it by the other", mute6, nil, filter(nil, near(chain("inet", true), "eth0"), from(chain("ip", true), "eth0")), "", checks.Warn, []string{"firewall.neighbours"}},
		{"the own network is let in in one chain only", mute6, nil, filter(nil, near(chain("inet", true), "eth0"), chain("ip", true)), "", checks.Pass, nil},
		{"older iptables beside, closed", speaks6, nil, legacy(filter(nil, chain("inet", true))), "", checks.Pass, nil},
		{"older iptables only", speaks6, nil, legacy(filter(nil)), "", checks.Unknown, []string{"firewall.legacy"}},
		{"older iptables beside, open", speaks6, nil, legacy(filter(nil, chain("inet", false))), "", checks.Unknown, []string{"firewall.legacy", "firewall.legacy"}},
		{"database open", speaks6, nil, filter([]string{"tcp/22", "tcp/3306"}, chain("inet", true)), "", checks.Warn, []string{"firewall.exposed"}},
		{"database that Docker publishes past the firewall", speaks6, nil, func() checktest.Answers {
			a := filter(nil, chain("inet", true))
			a.ListenerList = []host.Listener{{Protocol: "tcp", Address: "0.0.0.0", Port: 5432, Program: publisher}}
			return a
		}(), "", checks.Warn, []string{"firewall.exposed"}},
		{"list of ports", speaks6, nil, filter([]string{"tcp/22", "udp/41000"}, chain("inet", true)), `{"allowed":["tcp/22"]}`, checks.Warn, []string{"firewall.not_allowed"}},
		{"list of ports kept", speaks6, nil, filter([]string{"tcp/22", "udp/41000"}, chain("inet", true)), `{"allowed":["tcp/22","udp/dynamic"]}`, checks.Pass, nil},
		{"not allowed to ask the kernel", speaks6, nil, denied, "", checks.Unknown, []string{"firewall.unread"}},
		{"mounted: ufw", map[string]string{"/etc/ufw/ufw.conf": "ENABLED=yes\n", "/etc/default/ufw": "IPV6=yes\nDEFAULT_INPUT_POLICY=\"DROP\"\n", wants + "ufw.service": ""}, nil, mounted, "", checks.Pass, nil},
		{"mounted: ufw lets in", map[string]string{"/etc/ufw/ufw.conf": "ENABLED=yes\n", "/etc/default/ufw": "DEFAULT_INPUT_POLICY=\"ACCEPT\"\n", wants + "ufw.service": ""}, nil, mounted, "", checks.Fail, []string{"firewall.configured_open"}},
		{"mounted: ufw off", map[string]string{"/etc/ufw/ufw.conf": "ENABLED=no\n", wants + "ufw.service": ""}, nil, mounted, "", checks.Unknown, []string{"firewall.nothing_configured"}},
		{"mounted: ufw without defaults", map[string]string{"/etc/ufw/ufw.conf": "ENABLED=yes\n", wants + "ufw.service": ""}, nil, mounted, "", checks.Unknown, []string{"firewall.configured_unclear"}},
		{"mounted: firewalld", map[string]string{"/etc/firewalld/firewalld.conf": "DefaultZone=public\n", "/usr/lib/firewalld/zones/public.xml": `<zone><service name="ssh"/></zone>`, wants + "firewalld.service": ""}, nil, mounted, "", checks.Pass, nil},
		{"mounted: firewalld trusts", map[string]string{"/etc/firewalld/firewalld.conf": "DefaultZone=trusted\n", "/usr/lib/firewalld/zones/trusted.xml": `<zone target="ACCEPT"></zone>`, wants + "firewalld.service": ""}, nil, mounted, "", checks.Fail, []string{"firewall.configured_open"}},
		{"mounted: nftables", map[string]string{"/etc/nftables.conf": "table inet f {\n chain i {\n type filter hook input priority 0; policy drop; # policy accept\n}}\n", unitFolder + "sysinit.target.wants/nftables.service": ""}, nil, mounted, "", checks.Pass, nil},
		{"mounted: nftables as delivered", map[string]string{"/etc/nftables.conf": "table inet filter {\n chain input {\n type filter hook input priority filter;\n}}\n", unitFolder + "sysinit.target.wants/nftables.service": ""}, nil, mounted, "", checks.Fail, []string{"firewall.configured_open"}},
		{"mounted: saved iptables", map[string]string{"/etc/iptables/rules.v4": "*nat\n:INPUT ACCEPT [0:0]\n*filter\n:INPUT DROP [0:0]\n", "/etc/iptables/rules.v6": "*filter\n:INPUT DROP [0:0]\n", wants + "netfilter-persistent.service": ""}, nil, mounted, "", checks.Pass, nil},
		{"mounted: saved iptables without IPv6", map[string]string{"/etc/iptables/rules.v4": "*filter\n:INPUT DROP [0:0]\n", wants + "netfilter-persistent.service": ""}, nil, mounted, "", checks.Unknown, []string{"firewall.configured_unclear"}},
		{"mounted: nothing", nil, nil, mounted, "", checks.Unknown, []string{"firewall.nothing_configured"}},
		{"mounted: units unreadable", map[string]string{"/etc/ufw/ufw.conf": "ENABLED=yes\n", wants + "ufw.service": ""}, []string{unitFolder + "multi-user.target.wants"}, mounted, "", checks.Unknown, []string{"firewall.nothing_configured", "firewall.unread"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := row.answers.On(host.Host{OS: host.Linux, Now: now, Files: checktest.Files{Content: row.files, Unreadable: row.unreadable}})
			res := checktest.Run(t, firewall(), h, row.params)
			if got := wrong(res); res.Status != row.want || !slices.Equal(got, row.codes) {
				t.Errorf("got %s %v\nwant %s %v\n%v", res.Status, got, row.want, row.codes, res.Findings)
			}
		})
	}
}

func TestFirewallParams(t *testing.T) {
	for params, good := range map[string]bool{
		`{}`: true, `{"allowed":["tcp/22","udp/dynamic"]}`: true, `{"exposed":[]}`: true,
		`{"allowed":["22"]}`: false, `{"exposed":["tcp/0"]}`: false, `{"exposed":["sctp/5"]}`: false,
	} {
		if err := firewall().CheckParams([]byte(params)); (err == nil) != good {
			t.Errorf("%s: %v", params, err)
		}
	}
}

func FuzzParseRule(f *testing.F) {
	for _, seed := range []string{
		"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|LPort=445|RA4=LocalSubnet|App=System|Name=@FirewallAPI.dll,-28511|Desc=@FirewallAPI.dll,-28514|EmbedCtxt=@FirewallAPI.dll,-28502|",
		"v2.10|Action=Block|Active=TRUE|Dir=In|App=C:\\Program Files\\Ejemplo\\ejemplo.exe|Name=ejemplo|",
		"v2.26|Action=Allow|Active=TRUE|Dir=In|Protocol=17|LPort2_10=5000-5010|LPort=7000|IFType=Lan|", "v2.30|", "", "v2.30|Name=a||b|",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parseRule(text)
		if err != nil {
			return
		}
		l := host.Listener{Protocol: "tcp", Address: "0.0.0.0", Port: 445, Program: "System"}
		if r.wide() && !r.near && r.protocol != 17 && !r.opens(l) {
			t.Fatalf("%q lets in everything, and not this", text)
		}
	})
}
