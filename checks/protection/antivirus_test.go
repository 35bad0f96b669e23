package protection

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"vigia/checks"
	"vigia/checks/checktest"
	"vigia/checks/host"
)

// now is when the machines of these tests are looked at.
func now() time.Time { return time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC) }

const (
	askCenter     = namespaceCenter + ":" + classAntivirus
	askStatus     = namespaceDefender + ":" + classStatus
	askPreference = namespaceDefender + ":" + classPreference
	askThreat     = namespaceDefender + ":" + classThreat
)

// registered is a product as the Security Center lists it.
func registered(name, guid string, state int) host.Instance {
	return host.Instance{"displayName": name, "instanceGuid": guid, "productState": fmt.Sprint(state)}
}

// status is Defender's own, changed by pairs of property and value; an empty value
// takes the property away.
func status(change ...string) []host.Instance {
	in := host.Instance{
		"AMServiceEnabled": "true", "AntivirusEnabled": "true", "RealTimeProtectionEnabled": "true", "AMRunningMode": "Normal",
		"AntivirusSignatureLastUpdated": "20261119213000.000000+000", "QuickScanEndTime": "20261118120000.000000+000",
	}
	for i := 0; i+1 < len(change); i += 2 {
		in[change[i]] = change[i+1]
		if change[i+1] == "" {
			delete(in, change[i])
		}
	}
	return []host.Instance{in}
}

func excluding(property, list string) []host.Instance { return []host.Instance{{property: list}} }

// serviceList makes services of "name state".
func serviceList(services ...string) []host.Service {
	out := []host.Service{{Name: "RpcSs", State: "running", Start: "auto"}}
	for _, s := range services {
		i := strings.LastIndexByte(s, ' ')
		out = append(out, host.Service{Name: s[:i], State: s[i+1:], Start: "auto"})
	}
	return out
}

func TestAntivirusOnWindows(t *testing.T) {
	const third = "{A1B2C3D4-0000-0000-0000-000000000001}"
	defenderOn := registered("Antivirus de Microsoft Defender", strings.ToLower(defenderGUID), 397568)
	defenderOff := registered("Antivirus de Microsoft Defender", defenderGUID, 393472)
	pc := serviceList("WinDefend running", "wscsvc running")
	server := serviceList("WinDefend running")
	clean := excluding("ExclusionPath", "")
	program := func(path string) host.Instance {
		in := registered("Antivirus X", third, 266240)
		in["pathToSignedReportingExe"] = path
		return in
	}
	for _, row := range []struct {
		name     string
		center   []host.Instance // nil: no Security Center
		status   []host.Instance // nil: Defender does not answer
		prefer   []host.Instance // nil: permission
		threats  []host.Instance
		services []host.Service
		registry map[string]any
		// unreadable keys; nil: those of Defender's exclusions
		unreadable []string
		files      []string // that are there
		hidden     bool     // nobody may look at files
		errors     map[string]error
		want       checks.Status
		wantCodes  []string
	}{
		{name: "Defender on a PC", center: []host.Instance{defenderOn}, status: status(), prefer: clean, services: pc,
			want: checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "Defender on a server", status: status(), prefer: clean, services: server,
			want: checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "an older Defender without a mode", status: status("AMRunningMode", ""), prefer: clean, services: server,
			want: checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "another antivirus, Defender passive", center: []host.Instance{defenderOff, registered("Antivirus X", third, 266240)},
			status: status("AMRunningMode", "SxS Passive Mode", "RealTimeProtectionEnabled", "false"), services: pc,
			want: checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "another antivirus, Defender switched off", center: []host.Instance{defenderOff, registered("Antivirus X", third, 397312)},
			services: serviceList("WinDefend stopped", "wscsvc running"), want: checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "another antivirus with old signatures", center: []host.Instance{registered("Antivirus X", third, 266256)},
			services: serviceList("wscsvc running"), want: checks.Fail, wantCodes: []string{"antivirus.signatures_old_by_itself"}},
		{name: "another antivirus that says it is on and was killed", center: []host.Instance{{"displayName": "Antivirus X", "instanceGuid": third, "productState": "266240",
			"pathToSignedReportingExe": `%ProgramFiles%\X\xsvc.exe`}}, services: append(serviceList("wscsvc running"), host.Service{Name: "X", State: "stopped", Start: "auto", Program: `C:\Program Files\X\XSvc.exe`}),
			want: checks.Fail, wantCodes: []string{"antivirus.off"}},
		{name: "another antivirus whose program is gone", center: []host.Instance{program(`%ProgramFiles%\X\xsvc.exe`)}, services: serviceList("wscsvc running", "WinDefend stopped"),
			want: checks.Fail, wantCodes: []string{"antivirus.off", "antivirus.gone"}},
		{name: "another antivirus whose program is gone, Defender watches", center: []host.Instance{program(`C:\Program Files\X\xsvc.exe`)}, status: status(), prefer: clean, services: pc,
			want: checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "another antivirus whose program is there", center: []host.Instance{program(`%ProgramFiles%\X\xsvc.exe`)}, services: serviceList("wscsvc running"), files: []string{`C:\Program Files\X\xsvc.exe`},
			want: checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "another antivirus whose program is there, on another drive", center: []host.Instance{program(`"%ProgramFiles(x86)%\X\xsvc.exe"`)}, services: serviceList("wscsvc running"), files: []string{`D:\Programas\X\xsvc.exe`},
			registry: map[string]any{`HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\ProgramFilesDir (x86)`: `D:\Programas`},
			want:     checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "another antivirus whose program runs and may not be looked at", center: []host.Instance{program(`%ProgramFiles%\X\xsvc.exe`)}, services: append(serviceList("wscsvc running"), host.Service{Name: "X", State: "running", Start: "auto", Program: `C:\Program Files\X\XSvc.exe`}),
			hidden: true, want: checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "another antivirus whose program may not be looked at", center: []host.Instance{program(`%ProgramFiles%\X\xsvc.exe`)}, services: serviceList("wscsvc running"),
			hidden: true, want: checks.Unknown, wantCodes: []string{"antivirus.unknown", "antivirus.unread"}},
		{name: "another antivirus has expired", center: []host.Instance{defenderOff, registered("Antivirus X", third, 274432)},
			services: serviceList("WinDefend stopped", "wscsvc running"), want: checks.Fail, wantCodes: []string{"antivirus.off", "antivirus.expired"}},
		{name: "another antivirus is snoozed", center: []host.Instance{registered("Antivirus X", third, 270336)},
			services: serviceList("WinDefend stopped", "wscsvc running"), want: checks.Fail, wantCodes: []string{"antivirus.off", "antivirus.snoozed"}},
		{name: "Defender passive and nobody else", center: []host.Instance{defenderOff}, status: status("AMRunningMode", "Passive Mode"), services: pc,
			want: checks.Fail, wantCodes: []string{"antivirus.passive"}},
		{name: "real-time protection off", center: []host.Instance{defenderOn}, status: status("RealTimeProtectionEnabled", "false"), prefer: clean, services: pc,
			want: checks.Fail, wantCodes: []string{"antivirus.not_watching"}},
		{name: "real-time protection on, files not looked at when opened", center: []host.Instance{defenderOn}, status: status("OnAccessProtectionEnabled", "false"), prefer: clean, services: pc,
			want: checks.Fail, wantCodes: []string{"antivirus.not_watching"}},
		{name: "signatures of 5 days", status: status("AntivirusSignatureLastUpdated", "20261115100000.000000+000"), prefer: clean, services: server,
			want: checks.Warn, wantCodes: []string{"antivirus.signatures_old"}},
		{name: "signatures of 8 days", status: status("AntivirusSignatureLastUpdated", "20261112100000.000000+000"), prefer: clean, services: server,
			want: checks.Fail, wantCodes: []string{"antivirus.signatures_old"}},
		{name: "signatures of tomorrow in another zone", status: status("AntivirusSignatureLastUpdated", "20261121000500.000000+060"), prefer: clean, services: server,
			want: checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "signatures of next month", status: status("AntivirusSignatureLastUpdated", "20261220100000.000000+000"), prefer: clean, services: server,
			want: checks.Unknown, wantCodes: []string{"antivirus.signatures_future"}},
		{name: "signatures that were never there", status: status("AntivirusSignatureLastUpdated", ""), prefer: clean, services: server,
			want: checks.Unknown, wantCodes: []string{"antivirus.signatures_unknown"}},
		{name: "last scan too long ago", status: status("QuickScanEndTime", "20261101100000.000000+000"), prefer: clean, services: server,
			want: checks.Warn, wantCodes: []string{"antivirus.scan_old"}},
		{name: "a full scan counts too", status: status("QuickScanEndTime", "", "FullScanEndTime", "20261119100000.000000+000"), prefer: clean, services: server,
			want: checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "never scanned", status: status("QuickScanEndTime", ""), prefer: clean, services: server,
			want: checks.Warn, wantCodes: []string{"antivirus.scan_old"}},
		{name: "a whole drive excluded", status: status(), prefer: excluding("ExclusionPath", "C:\\Programas\\Padrón\nC:\\"), services: server,
			want: checks.Fail, wantCodes: []string{"antivirus.on", "antivirus.exclusion_drive"}},
		{name: "programs excluded by extension", status: status(), prefer: excluding("ExclusionExtension", ".exe\nmdf"), services: server,
			want: checks.Fail, wantCodes: []string{"antivirus.on", "antivirus.exclusion_programs"}},
		{name: "a shell excluded", status: status(), prefer: excluding("ExclusionProcess", "powershell.exe"), services: server,
			want: checks.Warn, wantCodes: []string{"antivirus.on", "antivirus.exclusion_wide"}},
		{name: "one program's folder excluded", status: status(), prefer: excluding("ExclusionPath", `D:\SQL\Datos`), services: server,
			want: checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "a drive excluded by a device manager", status: status(), prefer: clean, services: server, registry: map[string]any{keyDefenderDevice + `\ExcludedPaths`: `D:\SQL\Datos|C:\`},
			want: checks.Fail, wantCodes: []string{"antivirus.on", "antivirus.exclusion_drive"}},
		{name: "programs excluded by a device manager, as it came", status: status(), prefer: clean, services: server, registry: map[string]any{keyDefenderMDM + `\ExcludedExtensions`: `mdf|.exe`, keyDefenderMDM + `\ExcludedProcesses`: `cmd.exe`},
			want: checks.Fail, wantCodes: []string{"antivirus.on", "antivirus.exclusion_programs", "antivirus.exclusion_wide"}},
		{name: "a device manager's exclusions unreadable", status: status(), prefer: clean, services: server, unreadable: []string{keyDefenderMDM},
			want: checks.Unknown, wantCodes: []string{"antivirus.on", "antivirus.unread", "antivirus.unread", "antivirus.unread"}},
		{name: "exclusions hidden", status: status(), prefer: excluding("ExclusionPath", "N/A: hidden"), services: server,
			want: checks.Unknown, wantCodes: []string{"antivirus.on", "antivirus.unread"}},
		{name: "exclusions unreadable", status: status(), services: server,
			want: checks.Unknown, wantCodes: []string{"antivirus.on", "antivirus.unread"}},
		{name: "exclusions of the registry", status: status(), services: server, registry: map[string]any{keyDefenderPolicy + `\Exclusions\Extensions\.ps1`: 0},
			unreadable: []string{`HKLM\SOFTWARE\Otro`}, want: checks.Fail, wantCodes: []string{"antivirus.on", "antivirus.exclusion_programs"}},
		{name: "a fail is a fail whatever is unread", status: status("RealTimeProtectionEnabled", "false"), services: server,
			want: checks.Fail, wantCodes: []string{"antivirus.not_watching", "antivirus.unread"}},
		{name: "a threat that is still there", status: status(), prefer: clean, services: server,
			threats: []host.Instance{{"ThreatID": "2147519003", "ThreatName": "Virus:DOS/EICAR_Test_File", "IsActive": "true"}, {"ThreatID": "2", "ThreatName": "Trojan:Win32/X", "IsActive": "false"}},
			want:    checks.Fail, wantCodes: []string{"antivirus.on", "antivirus.threat"}},
		{name: "threats unreadable", status: status(), prefer: clean, services: server, errors: map[string]error{"instances " + askThreat: errors.New("busy")},
			want: checks.Unknown, wantCodes: []string{"antivirus.on", "antivirus.unread"}},
		{name: "nothing on a server", services: serviceList(), want: checks.Fail, wantCodes: []string{"antivirus.none"}},
		{name: "service stopped", services: serviceList("WinDefend stopped"), errors: map[string]error{"instances " + askStatus: errors.New("0x800106ba")},
			want: checks.Fail, wantCodes: []string{"antivirus.off"}},
		{name: "Defender does not answer and the registry does", services: server, prefer: clean,
			registry: map[string]any{keyDefender + `\Signature Updates\AVSignatureApplied`: 1}, errors: map[string]error{"instances " + askStatus: errors.New("busy")},
			want: checks.Unknown, wantCodes: []string{"antivirus.signatures_unknown"}},
		{name: "switched off by policy, says the registry", services: server, errors: map[string]error{"instances " + askStatus: errors.New("busy")},
			registry: map[string]any{keyDefenderPolicy + `\DisableAntiSpyware`: 1},
			want:     checks.Fail, wantCodes: []string{"antivirus.off"}},
		{name: "another one on a server, date not known", services: serviceList("ekrn running"),
			want: checks.Unknown, wantCodes: []string{"antivirus.signatures_unknown"}},
		{name: "one that works without signatures", services: serviceList("CSFalconService running"),
			want: checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "Symantec on a server", services: serviceList("SepMasterService running"),
			registry: map[string]any{`HKLM\SOFTWARE\Symantec\Symantec Endpoint Protection\CurrentVersion\public-opstate\LatestVirusDefsDate`: "2026-11-19"},
			want:     checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "Kaspersky on a server, paused", services: serviceList("AVP21.9 running"),
			registry: map[string]any{
				`HKLM\SOFTWARE\WOW6432Node\KasperskyLab\Components\34\1103\1.0.0.0\Statistics\AVState\Protection_RtpState`:  2,
				`HKLM\SOFTWARE\WOW6432Node\KasperskyLab\Components\34\1103\1.0.0.0\Statistics\AVState\Protection_BasesDate`: "19-11-2026 03-00-00",
			},
			want: checks.Fail, wantCodes: []string{"antivirus.not_watching"}},
		{name: "services not read, Defender answers", status: status(), prefer: clean,
			want: checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "nothing could be read", errors: map[string]error{"instances": fs.ErrPermission},
			want: checks.Unknown, wantCodes: []string{"antivirus.unread", "antivirus.unread", "antivirus.unread"}},
		{name: "Security Center unread, Defender off", services: serviceList("WinDefend stopped"), errors: map[string]error{"instances " + askCenter: fs.ErrPermission},
			want: checks.Unknown, wantCodes: []string{"antivirus.off", "antivirus.unread"}},
		{name: "Security Center stopped: what it tells is of before", center: []host.Instance{registered("Antivirus X", third, 266240)},
			services: serviceList("WinDefend stopped", "wscsvc stopped"), want: checks.Unknown, wantCodes: []string{"antivirus.off", "antivirus.unread"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := checktest.Answers{ServiceList: row.services, InstancesOf: map[string][]host.Instance{}, Errors: map[string]error{}}
			put := func(ask string, in []host.Instance, absent error) {
				if in == nil {
					a.Errors["instances "+ask] = absent
					return
				}
				a.InstancesOf[ask] = in
			}
			put(askCenter, row.center, fs.ErrNotExist)
			put(askStatus, row.status, fs.ErrNotExist)
			put(askPreference, row.prefer, fs.ErrPermission)
			put(askThreat, row.threats, fs.ErrNotExist)
			if _, all := row.errors["instances"]; all {
				clear(a.Errors)
			}
			maps.Copy(a.Errors, row.errors)
			unreadable := row.unreadable
			if unreadable == nil {
				unreadable = []string{keyDefender + `\Exclusions\Paths`}
			}
			present := checktest.Files{Content: map[string]string{}}
			for _, name := range row.files {
				present.Content[name] = "MZ"
			}
			var files host.Files = present
			if row.hidden {
				files = denied{}
			}
			h := a.On(host.Host{OS: host.Windows, Now: now, Files: files, Registry: checktest.Registry{Values: row.registry, Unreadable: unreadable}})
			res := checktest.Run(t, antivirus(), h, "")
			if got := codes(res); res.Status != row.want || !slices.Equal(got, row.wantCodes) {
				t.Errorf("got %s %v, want %s %v\n%s", res.Status, got, row.want, row.wantCodes, res.Observed)
			}
		})
	}
}

// Defender judged by the registry alone, with the binary date that only a registry has.
func TestDefenderOfTheRegistry(t *testing.T) {
	h := host.New(host.Host{OS: host.Windows, Registry: binaryValue{
		name: keyDefender + `\Signature Updates\AVSignatureApplied`,
		data: []byte{0x00, 0x40, 0x7c, 0x8f, 0xd5, 0x78, 0xdd, 0x01},
	}})
	got := defenderRegistry(t.Context(), h)
	if got == nil || got.State != stateOn || got.RealTime != stateOn || got.SignatureDay != "2026-11-20" {
		t.Errorf("got %+v", got)
	}
}

func codes(res checks.Result) []string {
	var out []string
	for _, f := range res.Findings {
		out = append(out, f.Reason.Code)
	}
	return out
}

// cvd is the header of a signature file of ClamAV.
func cvd(built string) string {
	h := "ClamAV-VDB:" + built + ":27451:2077158:90:0123456789abcdef0123456789abcdef:firma:equipo:1763622000"
	return h + strings.Repeat(" ", clamHeader-len(h)) + "\x1f\x8b"
}

func TestAntivirusOnLinux(t *testing.T) {
	run := func(list ...host.Process) []host.Process {
		return append([]host.Process{{PID: 1, Name: "systemd", Path: "/usr/lib/systemd/systemd", Owner: "0"}}, list...)
	}
	clamd := host.Process{PID: 700, Name: "clamd", Path: "/usr/sbin/clamd", Owner: "111"}
	onOpen := host.Process{PID: 701, Name: "clamonacc", Path: "/usr/sbin/clamonacc", Owner: "0"}
	const daily = "/var/lib/clamav/daily.cld"
	fresh := map[string]string{daily: cvd("19 Nov 2026 08-34 +0000")}
	for _, row := range []struct {
		name       string
		processes  []host.Process
		files      map[string]string
		unreadable []string
		params     string
		want       checks.Status
		wantCodes  []string
	}{
		{name: "ClamAV watches", processes: run(clamd, onOpen), files: fresh, want: checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "ClamAV scans when asked", processes: run(clamd), files: fresh, want: checks.Warn, wantCodes: []string{"antivirus.on_demand_only"}},
		{name: "signatures of 5 days", processes: run(clamd, onOpen), files: map[string]string{"/var/lib/clamav/daily.cvd": cvd("15 Nov 2026 08-34 +0000")},
			want: checks.Warn, wantCodes: []string{"antivirus.signatures_old"}},
		{name: "signatures of last year", processes: run(clamd, onOpen), files: map[string]string{daily: cvd("07 Nov 2025 08-34 +0000")},
			want: checks.Fail, wantCodes: []string{"antivirus.signatures_old"}},
		{name: "the newer of two files", processes: run(clamd, onOpen), files: map[string]string{daily: cvd("19 Nov 2026 23-34 -0500"), "/var/lib/clamav/daily.cvd": cvd("07 Nov 2025 08-34 +0000")},
			want: checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "signatures elsewhere", processes: run(clamd, onOpen),
			files: map[string]string{"/etc/clamd.d/scan.conf": "# DatabaseDirectory /x\nDatabaseDirectory /srv/firmas\n", "/srv/firmas/daily.cld": cvd("19 Nov 2026 08-34 +0000")},
			want:  checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "no signatures", processes: run(clamd, onOpen), want: checks.Fail, wantCodes: []string{"antivirus.signatures_missing"}},
		{name: "signatures unreadable", processes: run(clamd, onOpen), files: fresh, unreadable: []string{"/var/lib/clamav"},
			want: checks.Unknown, wantCodes: []string{"antivirus.signatures_unknown"}},
		{name: "signatures damaged", processes: run(clamd, onOpen), files: map[string]string{daily: "ClamAV-VDB:ayer"},
			want: checks.Unknown, wantCodes: []string{"antivirus.signatures_unknown"}},
		{name: "ClamAV installed and not running", processes: run(), files: map[string]string{"/usr/sbin/clamd": "x", daily: cvd("19 Nov 2026 08-34 +0000")},
			want: checks.Fail, wantCodes: []string{"antivirus.off"}},
		{name: "nothing", processes: run(), want: checks.Fail, wantCodes: []string{"antivirus.none"}},
		{name: "nothing, and it is only recommended", processes: run(), params: `{"linux": "recommended"}`, want: checks.Warn, wantCodes: []string{"antivirus.none_linux"}},
		{name: "somebody's own program with the name", processes: run(host.Process{PID: 9, Name: "clamd", Path: "/home/ana/clamd", Owner: "1000"}),
			want: checks.Fail, wantCodes: []string{"antivirus.none"}},
		{name: "a product without signatures", processes: run(host.Process{PID: 9, Name: "falcon-sensor", Path: "/opt/CrowdStrike/falcon-sensor", Owner: "0"}),
			want: checks.Pass, wantCodes: []string{"antivirus.on"}},
		{name: "a product whose signatures are not seen", processes: run(host.Process{PID: 9, Name: "wdavdaemon", Path: "/opt/microsoft/mdatp/sbin/wdavdaemon", Owner: "0"}),
			want: checks.Unknown, wantCodes: []string{"antivirus.signatures_unknown"}},
		{name: "the name of a product in another place", processes: run(host.Process{PID: 9, Name: "falcon-sensor", Path: "/tmp/falcon-sensor", Owner: "0"}),
			want: checks.Fail, wantCodes: []string{"antivirus.none"}},
		{name: "processes unread", files: fresh, want: checks.Unknown, wantCodes: []string{"antivirus.unknown", "antivirus.unread"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := checktest.Answers{ProcessList: row.processes}
			h := a.On(host.Host{OS: host.Linux, Now: now, Files: checktest.Files{Content: row.files, Unreadable: row.unreadable}})
			res := checktest.Run(t, antivirus(), h, row.params)
			if got := codes(res); res.Status != row.want || !slices.Equal(got, row.wantCodes) {
				t.Errorf("got %s %v, want %s %v\n%s", res.Status, got, row.want, row.wantCodes, res.Observed)
			}
		})
	}
}

func TestAntivirusParams(t *testing.T) {
	for _, bad := range []string{
		`{"max_signature_days": 2}`, `{"recommended_signature_days": 0}`, `{"scan_days": -1}`, `{"linux": "maybe"}`, `{"dias": 3}`,
	} {
		if err := antivirus().CheckParams([]byte(bad)); err == nil {
			t.Errorf("%s: accepted", bad)
		}
	}
	if err := antivirus().CheckParams([]byte(`{"max_signature_days": 3, "linux": "recommended", "scan_days": 0}`)); err != nil {
		t.Error(err)
	}
}
