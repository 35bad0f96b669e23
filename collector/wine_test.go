package collector_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks"
	"vigia/checks/format/hive/hivetest"
	"vigia/collector"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/enroll"
	"vigia/collector/evidence"
	"vigia/collector/findings"
	"vigia/collector/storage"
	"vigia/packaging/winetest"
)

// wine bounds one run of a program under Wine.
const wine = 2 * time.Minute

// The registry keys that the tests set, as .reg files write them.
const (
	regPolicies = `[HKEY_LOCAL_MACHINE\Software\Microsoft\Windows\CurrentVersion\Policies\System]` + "\n"
	regWinlogon = `[HKEY_LOCAL_MACHINE\Software\Microsoft\Windows NT\CurrentVersion\Winlogon]` + "\n"
	regProfiles = `[HKEY_LOCAL_MACHINE\Software\Microsoft\Windows NT\CurrentVersion\ProfileList\`
	regDesktop  = `[HKEY_CURRENT_USER\Control Panel\Desktop]` + "\n"
)

// windowsPC is a Windows machine under Wine and the agent that runs on it.
type windowsPC struct {
	*winetest.Session
	agent string
}

func startWindows(t *testing.T) windowsPC {
	t.Helper()
	s := winetest.Start(t)
	return windowsPC{Session: s, agent: s.Build(t, "./agent/cmd/vigia-agent")}
}

// installSaver puts the screen saver that the tests name in its place: Wine brings none,
// and one that is not there locks nothing.
func (pc windowsPC) installSaver(t *testing.T) {
	t.Helper()
	file := filepath.Join(pc.Prefix, "drive_c", "windows", "system32", "scrnsave.scr")
	if err := os.WriteFile(file, []byte("MZ"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs the agent and returns what it printed and its exit code.
func (pc windowsPC) run(t *testing.T, args ...string) (stdout string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wine)
	defer cancel()
	var cmd *exec.Cmd
	var out []byte
	var err error
	var problems strings.Builder
	for range 3 {
		problems.Reset()
		cmd = pc.Command(ctx, pc.agent, args...)
		cmd.Stderr = &problems
		if out, err = cmd.Output(); !winetest.NotStarted(problems.String()) {
			break
		}
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("vigia-agent %s: %v\n%s", strings.Join(args, " "), err, problems.String())
	}
	if code = cmd.ProcessState.ExitCode(); code == 2 || code < 0 {
		t.Fatalf("vigia-agent %s: exit code %d\n%s%s", strings.Join(args, " "), code, problems.String(), out)
	}
	return string(out), code
}

// measured is a result as `check --format json` prints it.
type measured struct {
	Check    string
	Status   checks.Status
	Reason   struct{ Code string }
	Findings []struct {
		Key    string
		Status checks.Status
		Reason struct{ Code string }
	}
}

// check runs one control and returns its first result and the exit code.
func (pc windowsPC) check(t *testing.T, control string) (measured, int) {
	t.Helper()
	out, code := pc.run(t, "check", control, "--format", "json")
	var results []measured
	if err := json.Unmarshal([]byte(out), &results); err != nil || len(results) == 0 {
		t.Fatalf("check %s printed no results: %v\n%s", control, err, out)
	}
	return results[0], code
}

// status is the status of one finding, empty if there is none of that key.
func (m measured) status(key string) checks.Status {
	for _, f := range m.Findings {
		if f.Key == key {
			return f.Status
		}
	}
	return ""
}

// The program for Windows tells what the registry of its machine says, and
// notices when that changes.
func TestWindowsChecksReadTheRegistry(t *testing.T) {
	pc := startWindows(t)
	pc.installSaver(t)

	const saver = regDesktop + `"ScreenSaveActive"="1"
"ScreenSaverIsSecure"="1"
"ScreenSaveTimeOut"="600"
"SCRNSAVE.EXE"="C:\\windows\\system32\\scrnsave.scr"
`
	for _, step := range []struct {
		name, registry string
		control        string
		want           checks.Status
		reason         string
		exit           int
	}{
		{"a fresh machine locks nothing", "", "AC-LOCK-15", checks.Fail, "screenlock.some_do_not", 1},
		{"the machine limit", regPolicies + `"InactivityTimeoutSecs"=dword:00000258` + "\n", "AC-LOCK-15", checks.Pass, "screenlock.machine", 0},
		{"a limit over the bar", regPolicies + `"InactivityTimeoutSecs"=dword:00000385` + "\n", "AC-LOCK-15", checks.Fail, "screenlock.some_do_not", 1},
		{"a limit of 0 is never", regPolicies + `"InactivityTimeoutSecs"=dword:00000000` + "\n", "AC-LOCK-15", checks.Fail, "screenlock.some_do_not", 1},
		{"a screen saver that is not there", saver + `"SCRNSAVE.EXE"="C:\\windows\\system32\\quitado.scr"` + "\n", "AC-LOCK-15", checks.Fail, "screenlock.some_do_not", 1},
		{"the user's screen saver", saver, "AC-LOCK-15", checks.Pass, "screenlock.all_lock", 0},
		{"a screen saver without password", regDesktop + `"ScreenSaverIsSecure"="0"` + "\n", "AC-LOCK-15", checks.Fail, "screenlock.some_do_not", 1},

		// Accounts do not answer under Wine, so the best here is unknown.
		{"nothing logs on by itself", "", "AC-LOGON-REQ", checks.Unknown, "logon.unread", 3},
		{"automatic log-on", regWinlogon + `"AutoAdminLogon"="1"` + "\n" + `"DefaultUserName"="mostrador"` + "\n", "AC-LOGON-REQ", checks.Fail, "logon.automatic", 1},
		{"automatic log-on with its password", regWinlogon + `"DefaultPassword"="inventada"` + "\n", "AC-LOGON-REQ", checks.Fail, "logon.automatic_stored", 1},
		{"automatic log-on off, its password left behind", regWinlogon + `"AutoAdminLogon"="0"` + "\n", "AC-LOGON-REQ", checks.Fail, "logon.stored", 1},
		{"automatic log-on off again", regWinlogon + `"DefaultPassword"=-` + "\n", "AC-LOGON-REQ", checks.Unknown, "logon.unread", 3},

		{"UAC off", regPolicies + `"EnableLUA"=dword:00000000` + "\n", "AC-LEASTPRIV", checks.Fail, "privileges.uac_off", 1},
		{"UAC on, administrators not told", regPolicies + `"EnableLUA"=dword:00000001` + "\n", "AC-LEASTPRIV", checks.Unknown, "accounts.unread", 3},
		{"password age not told", "", "AC-PWD-AGE-365", checks.Unknown, "accounts.unread", 3},
		{"password length not told", "", "AC-PWD-LEN", checks.Unknown, "accounts.unread", 3},
		{"password composition not told", "", "AC-PWD-COMP", checks.Unknown, "accounts.unread", 3},
		{"lockout not told", "", "AC-FAIL-3", checks.Unknown, "accounts.unread", 3},
	} {
		if step.registry != "" {
			pc.ImportRegistry(t, step.registry)
		}
		got, code := pc.check(t, step.control)
		reason := got.Reason.Code
		for _, f := range got.Findings { // of several, the one that was asked for
			if f.Status == step.want && f.Reason.Code == step.reason {
				reason = f.Reason.Code
			}
		}
		if got.Status != step.want || reason != step.reason || code != step.exit {
			t.Errorf("%s: got %s %s, exit code %d; want %s %s, %d\n%+v",
				step.name, got.Status, reason, code, step.want, step.reason, step.exit, got.Findings)
		}
	}
}

// The settings of a person who is not logged on stand in a file; they count
// like those of the person who is.
func TestWindowsProfileThatIsNotLoaded(t *testing.T) {
	const absent, broken = "S-1-5-21-7-8-9-1001", "S-1-5-21-7-8-9-1002"
	pc := startWindows(t)
	profile := func(sid, name string, ntuser []byte) {
		folder := filepath.Join(pc.Prefix, "drive_c", "users", name)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "NTUSER.DAT"), ntuser, 0o600); err != nil {
			t.Fatal(err)
		}
		pc.ImportRegistry(t, regProfiles+sid+"]\n"+`"ProfileImagePath"="C:\\users\\`+name+`"`+"\n")
	}
	desktop := func(seconds string) []byte {
		return hivetest.Build(hivetest.Key{Name: "root", Subkeys: []hivetest.Key{
			{Name: "Control Panel", Subkeys: []hivetest.Key{{Name: "Desktop", Values: []hivetest.Value{
				hivetest.SZ("ScreenSaveActive", "1"), hivetest.SZ("ScreenSaverIsSecure", "1"),
				hivetest.SZ("ScreenSaveTimeOut", seconds), hivetest.SZ("SCRNSAVE.EXE", `C:\windows\system32\scrnsave.scr`),
			}}}},
		}})
	}

	pc.installSaver(t)
	profile(absent, "luisa", desktop("600"))
	got, _ := pc.check(t, "AC-LOCK-15")
	if status := got.status(absent); status != checks.Pass {
		t.Errorf("a saver of 600 s: got %q, want pass\n%+v", status, got.Findings)
	}
	profile(absent, "luisa", desktop("1200"))
	got, _ = pc.check(t, "AC-LOCK-15")
	if status := got.status(absent); status != checks.Fail {
		t.Errorf("a saver of 1200 s: got %q, want fail\n%+v", status, got.Findings)
	}
	profile(broken, "damian", []byte("regf, and nothing that follows from it"))
	got, _ = pc.check(t, "AC-LOCK-15")
	if status := got.status(broken); status != checks.Unknown {
		t.Errorf("a damaged profile: got %q, want unknown\n%+v", status, got.Findings)
	}
}

// An agent for Windows enrols with a collector on Linux over mutual TLS, obeys
// the policy it gets, and its reports become evidence and states there.
func TestWindowsAgentReportsToTheCollector(t *testing.T) {
	pc := startWindows(t)
	papers := filepath.Join(pc.Prefix, "drive_c", "papeles")
	if err := os.Mkdir(papers, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(papers, "padron.csv"), []byte(census(20)), 0o600); err != nil {
		t.Fatal(err)
	}
	pc.ImportRegistry(t, regPolicies+`"InactivityTimeoutSecs"=dword:00000258`+"\n"+`"EnableLUA"=dword:00000001`+"\n")
	pc.ImportRegistry(t, regWinlogon+`"AutoAdminLogon"="1"`+"\n"+`"DefaultUserName"="mostrador"`+"\n")

	col, address := serve(t)
	var token apiv1.Token
	write(t, col, func(ctx context.Context, tx *storage.Tx) (err error) {
		if _, err = col.Assign.Import(ctx, tx, "reglas.yaml", []byte("packs: [es-rgpd]\nscan: ['C:\\papeles']\n"), "prueba"); err != nil {
			return err
		}
		token, err = col.Enroll.CreateToken(ctx, tx, enroll.TokenRequest{Department: "Padrón", By: "prueba"})
		return err
	})

	const data = `C:\vigia`
	pc.run(t, "enroll", "--collector", address, "--token", token.String(), "--data", data)
	pc.run(t, "run", "--once", "--data", data)
	machine, states := reported(t, col, 1)
	if machine.OS != "windows" || machine.Department != "Padrón" || machine.LastSeen.IsZero() {
		t.Errorf("the machine arrived as %+v", machine)
	}
	// What Wine does not answer is unknown: accounts, firmware, the event log, WMI. What
	// passes is in its registry and files, where nothing is shared, reached or installed.
	want := map[string]checks.Status{
		"AC-BOOT-PWD": checks.Unknown, "AC-CHG-NOTIFY": checks.Unknown, "AC-DISK-ENC": checks.Unknown,
		"AC-FAIL-3": checks.Unknown, "AC-FAIL-LOG": checks.Unknown, "AC-FAIL-UNLOCK": checks.Unknown,
		"AC-LEASTPRIV": checks.Unknown, "AC-LEAVE": checks.NotApplicable, "AC-LOCK-15": checks.Pass,
		"AC-LOGON-REQ": checks.Fail, "AC-NET-SHARE": checks.Pass, "AC-PWD-AGE-365": checks.Unknown,
		"AC-PWD-BLANK": checks.Unknown, "AC-PWD-COMP": checks.Unknown, "AC-PWD-FIRST": checks.Unknown,
		"AC-PWD-HIST": checks.Unknown, "AC-PWD-LEN": checks.Unknown, "AC-PWD-NEQ-USER": checks.Unknown,
		"AC-PWD-STORE": checks.Unknown, "AC-REMOTE-ID": checks.Pass, "AC-SUBST-TEMP": checks.Unknown,
		"AC-UNIQUE-ID": checks.Unknown, "AC-USERREV-Q": checks.Unknown, "BK-ACCESS": checks.NotApplicable,
		"BK-DAILY": checks.NotApplicable, "DLP-CHANNEL": checks.Pass, "DLP-LOCAL-Q": checks.Fail,
		"DLP-SPECIAL": checks.Pass, "INV-HWSW-Q": checks.Unknown, "INV-SPECIAL-UTIL": checks.Pass,
		"INV-UNAUTH-SW": checks.Unknown, "MED-USB": checks.Unknown, "SYS-AV": checks.Fail,
		"SYS-CLOCK": checks.Fail, "SYS-FW": checks.Fail, "SYS-PATCH": checks.Unknown,
		"TMP-ACL": checks.Fail, "TMP-CLEAN-Q": checks.Pass,
	}
	if diff := cmp.Diff(want, wholes(states)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	for _, s := range states {
		if s.Differs() {
			t.Errorf("%s: the agent judged %s and the collector %s", s.Control, s.AgentStatus, s.Status)
		}
		for _, value := range []string{"00000000T", "inventada"} {
			if strings.Contains(fmt.Sprint(s.Key, s.Reason), value) {
				t.Errorf("%s: a personal value arrived", s.Control)
			}
		}
	}

	// What changes on the machine changes at the collector.
	pc.ImportRegistry(t, regPolicies+`"InactivityTimeoutSecs"=dword:00000000`+"\n")
	pc.run(t, "run", "--once", "--data", data)
	_, states = reported(t, col, 2)
	if got := wholes(states)["AC-LOCK-15"]; got != checks.Fail {
		t.Errorf("the lock was switched off: got %q, want fail", got)
	}
}

// census is a table of n people who do not exist, each with a DNI whose letter
// is right.
func census(n int) string {
	var b strings.Builder
	b.WriteString("nombre;dni\n")
	for i := range n {
		number := i * 1234567
		fmt.Fprintf(&b, "Persona %d;%08d%c\n", i, number, "TRWAGMYFPDXBNJZSQVHLCKE"[number%23])
	}
	return b.String()
}

// serve opens a collector and serves it until the test ends.
func serve(t *testing.T) (*collector.Collector, string) {
	t.Helper()
	cfg := collector.DefaultConfig()
	cfg.Organisation = "Ayuntamiento de Villanueva del Cañón"
	cfg.Agents.Listen, cfg.Portal.Listen = "127.0.0.1:0", "127.0.0.1:0"
	col, err := collector.Open(t.Context(), collector.Options{Dir: t.TempDir(), Config: cfg, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- col.Serve(ctx, func(at collector.Addresses) { ready <- at.Agents }) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, col.Close()); err != nil {
			t.Errorf("end the collector: %v", err)
		}
	})
	select {
	case address := <-ready:
		return col, address
	case err := <-done:
		done <- nil
		t.Fatalf("serve: %v", err)
		return nil, ""
	}
}

func write(t *testing.T, col *collector.Collector, do func(context.Context, *storage.Tx) error) {
	t.Helper()
	if err := col.DB.Write(t.Context(), do); err != nil {
		t.Fatal(err)
	}
}

// reported returns the only machine and its states, and demands that at least
// so many reports of it are in the evidence, which proves right.
func reported(t *testing.T, col *collector.Collector, least int) (enroll.Machine, []findings.State) {
	t.Helper()
	var machines []enroll.Machine
	var states []findings.State
	reports := 0
	err := col.DB.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		if machines, err = col.Enroll.Machines(ctx, tx); err != nil || len(machines) != 1 {
			return errors.Join(err, fmt.Errorf("%d machines, want 1", len(machines)))
		}
		if states, err = col.Findings.MachineStatesAt(ctx, tx, machines[0].ID, time.Now()); err != nil {
			return err
		}
		only := evidence.Filter{Kinds: []evidence.Kind{evidence.Report}, Subject: machines[0].ID}
		if err := col.Log.Entries(ctx, tx, only, func(evidence.Entry) error { reports++; return nil }); err != nil {
			return err
		}
		return col.Log.Verify(ctx, tx, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	if reports < least {
		t.Errorf("%d reports in the evidence, want at least %d", reports, least)
	}
	return machines[0], states
}

// wholes is the status of each control.
func wholes(states []findings.State) map[string]checks.Status {
	out := map[string]checks.Status{}
	for _, s := range states {
		if s.Key == "" {
			out[s.Control] = s.Status
		}
	}
	return out
}

// The agent as a service of Windows: asked to enrol before it runs, as an installer does,
// installed, started, reporting, stopped and removed.
func TestWindowsService(t *testing.T) {
	pc := startWindows(t)
	col, address := serve(t)
	var token apiv1.Token
	write(t, col, func(ctx context.Context, tx *storage.Tx) (err error) {
		token, err = col.Enroll.CreateToken(ctx, tx, enroll.TokenRequest{By: "prueba"})
		return err
	})

	const data = `C:\ProgramData\Vigia\agent`
	program, err := os.ReadFile(pc.agent)
	if err != nil {
		t.Fatal(err)
	}
	pc.agent = filepath.Join(pc.Prefix, "drive_c", "Program Files", "Vigia", "vigia-agent.exe")
	if err := os.MkdirAll(filepath.Dir(pc.agent), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(pc.agent, program, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, code := pc.run(t, "service", "status"); code != 1 {
		t.Errorf("before it is installed: exit code %d, want 1", code)
	}
	pc.run(t, "enroll", "--later", "--collector", address, "--token", token.String(), "--data", data)
	pc.run(t, "service", "install", "--data", data)
	for try := 0; ; try++ { // Wine's manager waits ten seconds for a service to come up
		out, err := pc.Command(t.Context(), pc.agent, "service", "start").CombinedOutput()
		if err == nil {
			break
		}
		if try == 3 {
			t.Fatalf("start the service: %v\n%s", err, out)
		}
	}
	arrived := func() (some bool) {
		err := col.DB.Read(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
			machines, err := col.Enroll.Machines(ctx, tx)
			some = len(machines) == 1 && !machines[0].LastSeen.IsZero()
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return some
	}
	for deadline := time.Now().Add(wine); !arrived(); time.Sleep(time.Second) {
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(pc.LinuxPath(data + `\log\vigia-agent.log`))
			t.Fatalf("the service does not report\n%s", log)
		}
	}
	if out, code := pc.run(t, "service", "status"); code != 0 {
		t.Errorf("while it runs: exit code %d\n%s", code, out)
	}
	began := time.Now()
	pc.run(t, "service", "stop")
	if took := time.Since(began); took > 15*time.Second { // 10 for it, the rest for Wine
		t.Errorf("it took %v to stop", took)
	}
	pc.run(t, "service", "uninstall")
	if _, code := pc.run(t, "service", "status"); code != 1 {
		t.Errorf("after it is removed: exit code %d, want 1", code)
	}
	log, err := os.ReadFile(pc.LinuxPath(data + `\log\vigia-agent.log`))
	if err != nil || !strings.Contains(string(log), "agent ended") || strings.Contains(string(log), token.String()) {
		t.Errorf("the log: %v\n%s", err, log)
	}
}
