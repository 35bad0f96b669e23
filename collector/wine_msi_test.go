package collector_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vigia/collector"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/enroll"
	"vigia/collector/storage"
	"vigia/packaging/winetest"
)

// Where an installed agent is, and what it keeps.
const (
	agentProgram = `C:\Program Files\Vigia\vigia-agent.exe`
	agentData    = `C:\ProgramData\Vigia\agent`
)

// msiexec runs the installer service and returns its exit code; what it logs is verbose.
func (pc windowsPC) msiexec(t *testing.T, args ...string) (log string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*wine)
	defer cancel()
	const logFile = `C:\instalador.log`
	for range 3 {
		out, err := pc.Command(ctx, "msiexec", append(args, "/qn", "/l*v", logFile)...).CombinedOutput()
		if winetest.NotStarted(string(out)) {
			continue
		}
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			code = exit.ExitCode()
		} else if err != nil {
			t.Fatalf("msiexec: %v\n%s", err, out)
		}
		break
	}
	text, err := os.ReadFile(pc.LinuxPath(logFile))
	if err != nil {
		t.Fatalf("msiexec %q wrote no log: %v", args, err)
	}
	return plain(text), code
}

// plain is text that may be UTF-16 as 8 bits: for looking for ASCII in it.
func plain(b []byte) string { return string(bytes.ReplaceAll(b, []byte{0}, nil)) }

// registry is all that the machine's registry holds, as .reg files write it.
func (pc windowsPC) registry(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, hive := range []string{"HKLM", "HKU"} {
		file := `C:\registro-` + hive + `.reg`
		if out, err := pc.Command(t.Context(), "reg", "export", hive, file, "/y").CombinedOutput(); err != nil {
			t.Fatalf("export the registry: %v\n%s", err, out)
		}
		b, err := os.ReadFile(pc.LinuxPath(file))
		if err == nil {
			err = os.Remove(pc.LinuxPath(file))
		}
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(plain(b))
	}
	return all.String()
}

// traces are the places of the machine that hold a secret: its registry and its files, logs
// among them.
func (pc windowsPC) traces(t *testing.T, secret string) (found []string) {
	t.Helper()
	if strings.Contains(pc.registry(t), secret) {
		found = append(found, "registry")
	}
	err := filepath.WalkDir(pc.Prefix, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // the machine is at work
		case err != nil:
			return err
		case d.IsDir() && strings.HasSuffix(path, "drive_c/windows/system32"):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if strings.Contains(plain(b), secret) {
			found = append(found, strings.TrimPrefix(path, pc.Prefix))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// fleet is what a collector says of its machines, for tests that wait for them.
type fleet struct {
	t   *testing.T
	col *collector.Collector
	pc  windowsPC
}

func (f fleet) token(req enroll.TokenRequest) (token apiv1.Token) {
	f.t.Helper()
	req.By = "prueba"
	write(f.t, f.col, func(ctx context.Context, tx *storage.Tx) (err error) {
		token, err = f.col.Enroll.CreateToken(ctx, tx, req)
		return err
	})
	return token
}

func (f fleet) machines() (all []enroll.Machine) {
	f.t.Helper()
	err := f.col.DB.Read(f.t.Context(), func(ctx context.Context, tx *storage.Tx) (err error) {
		all, err = f.col.Enroll.Machines(ctx, tx)
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

// await waits until so many machines are known and the last of them has reported with a
// version of the agent, and returns that one.
func (f fleet) await(n int, version string) enroll.Machine {
	f.t.Helper()
	for deadline := time.Now().Add(wine); ; time.Sleep(time.Second) {
		all := f.machines()
		if len(all) == n && !all[n-1].LastSeen.IsZero() && all[n-1].AgentVersion == version {
			return all[n-1]
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(f.pc.LinuxPath(agentData + `\log\vigia-agent.log`))
			f.t.Fatalf("within %v there are not %d machines of which the last reports with %s: %+v\n%s", wine, n, version, all, log)
		}
	}
}

// attests demands that what the machine signs is known to the collector as its.
func (f fleet) attests(machine enroll.Machine) {
	f.t.Helper()
	file := f.pc.LinuxPath(`C:\resultado.json`)
	if err := os.WriteFile(file, []byte("{}\r\n"), 0o600); err != nil {
		f.t.Fatal(err)
	}
	if out, code := f.pc.runInstalled(f.t, "attest", `C:\resultado.json`, "--data", agentData); code != 0 {
		f.t.Errorf("attest: exit code %d: %s", code, out)
	}
	verify := func() (string, int) {
		var out bytes.Buffer
		code := collector.Main(f.t.Context(), []string{"attest", "verify", file, "--data", f.col.Dir},
			collector.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Version: "prueba"})
		return out.String(), code
	}
	if out, code := verify(); code != 0 || !strings.Contains(out, machine.ID) || !strings.Contains(out, machine.Hostname) {
		f.t.Errorf("what the machine signed: exit code %d: %s", code, out)
	}
	if err := os.WriteFile(file, []byte("{ }\r\n"), 0o600); err != nil {
		f.t.Fatal(err)
	}
	if out, code := verify(); code != 1 {
		f.t.Errorf("what was changed since: exit code %d: %s", code, out)
	}
}

// onAMachine is the way of a machine: installed without a question by whoever rolls it
// out, enrolled, repaired, upgraded, not stepped back, removed; and installed once more.
func (in installers) onAMachine(t *testing.T) {
	pc := startWindows(t)
	before, after := pc.WindowsPath(in.path("0.1.0", "amd64")), pc.WindowsPath(in.path("0.2.0", "amd64"))
	col, address := serve(t)
	f := fleet{t, col, pc}

	// The code of a group's machines lies in a file of a share, with others'.
	token := f.token(enroll.TokenRequest{})
	codes := filepath.Join(t.TempDir(), "codigos.txt")
	if err := os.WriteFile(codes, []byte(token.String()+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log, code := pc.msiexec(t, "/i", before, "COLLECTOR="+address, "TOKENFILE="+pc.WindowsPath(codes))
	if code != 0 {
		t.Fatalf("install: exit code %d\n%s", code, log)
	}
	machine := f.await(1, "0.1.0")
	if found := pc.traces(t, token.String()); len(found) > 0 {
		t.Errorf("after the installation the token stands in %q", found)
	}

	unchanged := func(what, version string) {
		t.Helper()
		if got := f.await(1, version); got.ID != machine.ID {
			t.Errorf("%s: the machine is %s, was %s", what, got.ID, machine.ID)
		}
		if out, code := pc.runInstalled(t, "service", "status"); code != 0 {
			t.Errorf("%s: the service does not run: %s", what, out)
		}
	}
	if log, code = pc.msiexec(t, "/i", before, "REINSTALL=ALL", "REINSTALLMODE=amus"); code != 0 { // as /famus, which Wine does not know
		told, _ := os.ReadFile(pc.LinuxPath(agentData + `\log\vigia-agent.log`))
		t.Fatalf("repair: exit code %d\n%s\n%s", code, log, told)
	}
	unchanged("after a repair", "0.1.0")
	if log, code = pc.msiexec(t, "/i", after); code != 0 {
		t.Fatalf("upgrade: exit code %d\n%s", code, log)
	}
	unchanged("after an upgrade", "0.2.0")
	f.attests(machine)
	if log, code = pc.msiexec(t, "/i", before); code != 1603&0xff || !strings.Contains(log, "WIX_DOWNGRADE_DETECTED = {") { // of an exit code 8 bits reach Linux
		t.Errorf("a step back: exit code %d, want 1603 for that it is one\n%s", code, log)
	}
	unchanged("after a step back was refused", "0.2.0")

	if log, code = pc.msiexec(t, "/x", after); code != 0 {
		t.Fatalf("remove and keep: exit code %d\n%s", code, log)
	}
	pc.noProgram(t)
	if log, code = pc.msiexec(t, "/i", after); code != 0 {
		t.Fatalf("install again: exit code %d\n%s", code, log)
	}
	unchanged("after it was removed and came back", "0.2.0")
	if log, code = pc.msiexec(t, "/x", after, "PURGE=1"); code != 0 {
		t.Fatalf("remove: exit code %d\n%s", code, log)
	}
	pc.noProgram(t)
	left, err := os.ReadDir(filepath.Dir(filepath.Dir(pc.LinuxPath(agentData))))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if e.Name() == "Vigia" {
			t.Errorf("what the agent kept is left\n%s", log)
		}
	}
}

// runInstalled runs the installed agent.
func (pc windowsPC) runInstalled(t *testing.T, args ...string) (string, int) {
	t.Helper()
	pc.agent = agentProgram
	return pc.run(t, args...)
}

// noProgram demands that program and service are gone, and what Windows lists of them.
func (pc windowsPC) noProgram(t *testing.T) {
	t.Helper()
	folder, left := filepath.Dir(pc.LinuxPath(agentProgram)), []os.DirEntry(nil)
	for range 50 { // Wine deletes it a moment after the installer has ended
		var err error
		if left, err = os.ReadDir(folder); err != nil {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	if _, err := os.Stat(folder); err == nil {
		t.Errorf("the program's folder is left, with %v", left)
	}
	if _, code := pc.run(t, "service", "status"); code != 1 {
		t.Errorf("the service is left: exit code %d", code)
	}
	all := pc.registry(t)
	for _, left := range []string{`Program Files\\Vigia`, `"DisplayName"="Vigia"`} {
		if strings.Contains(all, left) {
			t.Errorf("the registry still has %s", left)
		}
	}
}
