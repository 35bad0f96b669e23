package accounts

import (
	"cmp"
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"vigia/checks/host"
)

// toolsAsOf is the date of remoteTools.
const toolsAsOf = "2026-11-22"

// remoteTool is a program by which a machine is worked at from afar. Names are compared
// without letter case.
type remoteTool struct {
	name string
	// service and uninstall are how the names of its service and of its entry among the
	// installed programs of Windows begin.
	service, uninstall []string
	// process are its programs, without ".exe"; Linux shows 15 bytes of a name.
	process []string
	// files are there on Linux where it is installed.
	files []string
}

// remoteTools lists the tools that are looked for. What every desktop installs and leaves
// off is known by its process only.
func remoteTools() []remoteTool {
	type list = []string
	return []remoteTool{
		{"AeroAdmin", list{"AeroAdmin"}, list{"AeroAdmin"}, list{"AeroAdmin"}, nil},
		{"Ammyy Admin", list{"AmmyyAdmin"}, list{"Ammyy"}, list{"AA_v3", "AMMYY_Admin"}, nil},
		{"AnyDesk", list{"AnyDesk"}, list{"AnyDesk"}, list{"anydesk"}, list{"/usr/bin/anydesk"}},
		{"AweSun", list{"AweSun", "SunloginService"}, list{"AweSun", "Sunlogin"}, list{"AweSun", "SunloginClient"}, list{"/usr/local/sunlogin", "/usr/local/awesun"}},
		{"BeyondTrust", list{"bomgar"}, list{"BeyondTrust Remote", "Bomgar"}, list{"bomgar-scc"}, nil},
		{"Chrome Remote Desktop", list{"chromoting"}, list{"Chrome Remote Desktop"}, list{"remoting_host", "chrome-remote-d"}, list{"/opt/google/chrome-remote-desktop"}},
		{"DameWare", list{"DWMRCS"}, list{"DameWare"}, list{"DWRCS"}, nil},
		{"DWService", list{"DWAgent"}, list{"DWAgent"}, list{"dwagent", "dwagsvc"}, list{"/usr/share/dwagent"}},
		{"Getscreen.me", list{"Getscreen"}, list{"Getscreen"}, list{"getscreen"}, list{"/opt/getscreen.me"}},
		{"GNOME Remote Desktop", nil, nil, list{"gnome-remote-desktop-daemon", "gnome-remote-de"}, nil},
		{"GoTo", list{"GoToMyPC", "GoToAssist", "GoTo Resolve"}, list{"GoToMyPC", "GoToAssist", "GoTo Resolve"}, list{"g2svc", "g2comm"}, nil},
		{"HopToDesk", list{"HopToDesk"}, list{"HopToDesk"}, list{"hoptodesk"}, list{"/usr/bin/hoptodesk"}},
		{"Iperius Remote", list{"IperiusRemote"}, list{"Iperius Remote"}, list{"IperiusRemote"}, nil},
		{"ISL Online", list{"ISLLight", "ISL AlwaysOn"}, list{"ISL Light", "ISL AlwaysOn"}, list{"ISLLight", "ISLAlwaysOn"}, nil},
		{"KRFB", nil, nil, list{"krfb"}, nil},
		{"LogMeIn", list{"LogMeIn", "LMIGuardianSvc"}, list{"LogMeIn"}, list{"LogMeIn", "LMIGuardianSvc"}, nil},
		{"MeshCentral", list{"Mesh Agent"}, list{"MeshCentral", "Mesh Agent"}, list{"MeshAgent"}, list{"/usr/local/mesh_services/meshagent", "/opt/meshcentral/meshagent"}},
		{"NetSupport", list{"Client32"}, list{"NetSupport"}, list{"client32"}, nil},
		{"NoMachine", list{"nxservice"}, list{"NoMachine"}, list{"nxservice64", "nxserver.bin", "nxd"}, list{"/usr/NX/bin/nxserver"}},
		{"Parsec", list{"Parsec"}, list{"Parsec"}, list{"parsecd", "pservice"}, list{"/usr/bin/parsecd"}},
		{"Radmin", list{"RServer3"}, list{"Radmin Server"}, list{"rserver3"}, nil},
		{"RealVNC", list{"vncserver"}, list{"VNC Server", "RealVNC"}, list{"vncserver", "vncserver-x11-c", "vncserver-x11-core"}, list{"/usr/bin/vncserver-x11"}},
		{"Remote Utilities", list{"RManService"}, list{"Remote Utilities"}, list{"rutserv"}, nil},
		{"RustDesk", list{"RustDesk"}, list{"RustDesk"}, list{"rustdesk"}, list{"/usr/bin/rustdesk", "/usr/share/rustdesk"}},
		{"ScreenConnect", list{"ScreenConnect Client"}, list{"ScreenConnect Client"}, list{"ScreenConnect.ClientService"}, nil},
		{"Splashtop", list{"SplashtopRemoteService"}, list{"Splashtop Streamer"}, list{"SRService", "SRManager"}, list{"/opt/splashtop-streamer"}},
		{"Supremo", list{"SupremoService"}, list{"Supremo"}, list{"Supremo", "SupremoService"}, nil},
		{"TeamViewer", list{"TeamViewer"}, list{"TeamViewer"}, list{"TeamViewer", "TeamViewer_Service", "teamviewerd"}, list{"/usr/bin/teamviewer", "/opt/teamviewer"}},
		{"TigerVNC", list{"TigerVNC"}, list{"TigerVNC"}, list{"winvnc4", "Xtigervnc", "Xvnc", "x0vncserver", "x0tigervncserve"}, list{"/usr/bin/Xtigervnc", "/usr/bin/Xvnc", "/usr/bin/x0vncserver"}},
		{"TightVNC", list{"tvnserver"}, list{"TightVNC"}, list{"tvnserver", "Xtightvnc"}, list{"/usr/bin/Xtightvnc"}},
		{"ToDesk", list{"ToDesk_Service"}, list{"ToDesk"}, list{"ToDesk", "ToDesk_Service"}, list{"/opt/todesk"}},
		{"UltraVNC", list{"uvnc_service"}, list{"UltraVNC"}, list{"winvnc"}, nil},
		{"UltraViewer", list{"UltraViewService"}, list{"UltraViewer"}, list{"UltraViewer_Desktop", "UltraViewer_Service"}, nil},
		{"Vino", nil, nil, list{"vino-server"}, nil},
		{"x11vnc", nil, nil, list{"x11vnc"}, list{"/usr/bin/x11vnc"}},
		{"Zoho Assist", list{"Zoho Assist", "ZohoAssist"}, list{"Zoho Assist"}, list{"ZohoURSService", "ZA_Connect"}, nil},
	}
}

// begins tells whether a name begins with one of a list, without letter case and ending at
// the end of a word, so that "Supremo" is not "Supremocracia".
func begins(list []string, name string) bool {
	return slices.ContainsFunc(list, func(prefix string) bool {
		if len(name) < len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) {
			return false
		}
		rest := name[len(prefix):]
		return rest == "" || rest[0]|0x20 < 'a' || rest[0]|0x20 > 'z'
	})
}

// running adds the tools among the processes, which a tool that was only downloaded is. A
// machine that cannot list them (a mounted disk) has none.
func (r *reader) running(ctx context.Context, seen *remoteFacts) {
	processes, err := r.Host.Running.Processes(ctx)
	if err != nil {
		if !errors.Is(err, host.ErrUnsupported) {
			r.Need("processes", err)
		}
		return
	}
	tools := remoteTools()
	for _, p := range processes {
		name := p.Name
		if len(name) > 4 && strings.EqualFold(name[len(name)-4:], ".exe") {
			name = name[:len(name)-4]
		}
		long := path.Base(p.Path) // Linux cuts a name
		for _, t := range tools {
			if slices.ContainsFunc(t.process, func(q string) bool { return strings.EqualFold(q, name) || strings.EqualFold(q, long) }) {
				seen.found(t.name, "running")
			}
		}
	}
}

// found notes a tool once; what is installed says more than what happens to run.
func (f *remoteFacts) found(name, how string) {
	rank := func(how string) int { return slices.Index([]string{"service", "installed", "running"}, how) }
	i := slices.IndexFunc(f.Tools, func(t toolFact) bool { return t.Name == name })
	if i < 0 {
		f.Tools = append(f.Tools, toolFact{Name: name, How: how})
	} else if rank(how) < rank(f.Tools[i].How) {
		f.Tools[i].How = how
	}
	slices.SortFunc(f.Tools, func(a, b toolFact) int { return cmp.Compare(a.Name, b.Name) })
}
