package local

import (
	"context"
	"errors"
	"io/fs"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"
)

const cimV2 = `root\CIMV2`

func TestInstances(t *testing.T) {
	m := New(Options{}).Management
	for _, tt := range []struct {
		name       string
		class      string
		properties []string
		right      func(map[string]string) bool
	}{
		{"text, number, truth and date", "Win32_OperatingSystem", []string{"Version", "OSType", "Primary", "LastBootUpTime", "TotalVisibleMemorySize"},
			func(in map[string]string) bool {
				_, err := strconv.ParseUint(in["TotalVisibleMemorySize"], 10, 64)
				return in["OSType"] == "18" && in["Primary"] == "true" && strings.HasPrefix(in["Version"], "10.") &&
					len(in["LastBootUpTime"]) == 25 && err == nil
			}},
		{"a property that no version has", "Win32_OperatingSystem", []string{"Version", "NoSuchProperty"},
			func(in map[string]string) bool { _, ok := in["NoSuchProperty"]; return !ok && in["Version"] != "" }},
		{"an array of numbers", "Win32_SystemEnclosure", []string{"ChassisTypes"},
			func(in map[string]string) bool {
				n, err := strconv.Atoi(in["ChassisTypes"])
				return err == nil && n > 0
			}},
	} {
		got, err := m.Instances(t.Context(), cimV2, tt.class, tt.properties...)
		if err != nil || len(got) == 0 || !tt.right(got[0]) {
			t.Errorf("%s: got %v, %v", tt.name, got, err)
		}
	}
}

func TestInstancesOfWhatIsNotThere(t *testing.T) {
	m := New(Options{}).Management
	for namespace, class := range map[string]string{
		cimV2:               "VIGIA_NoSuchClass",
		`root\NoSuchVigia`:  "Win32_OperatingSystem",
		`root\CIMV2\Vigia2`: "Win32_EncryptableVolume",
	} {
		if got, err := m.Instances(t.Context(), namespace, class, "Name"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s:%s: got %v, %v; want %v", namespace, class, got, err, fs.ErrNotExist)
		}
	}
}

// A question ends with its context, and one more than may be under way waits no longer
// than its own.
func TestInstancesEndWithTheContext(t *testing.T) {
	m := newLiveManagement()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Instances(ctx, cimV2, "Win32_OperatingSystem"); !errors.Is(err, context.Canceled) {
		t.Errorf("ended before: got %v", err)
	}
	for range cap(m.slots) {
		m.slots <- struct{}{} // as providers that never answer would leave it
	}
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := m.Instances(ctx, cimV2, "Win32_OperatingSystem"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("all slots taken: got %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

// The way to the kinds of key protectors is a method call with numbers as arguments;
// Wine has no BitLocker, but methods it has.
func TestManagementMethod(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := windows.CoInitializeEx(0, windows.COINIT_MULTITHREADED); err != nil {
		t.Fatal(err)
	}
	defer windows.CoUninitialize()
	m := newLiveManagement()
	ns, err := m.connect(cimV2)
	if err != nil {
		t.Fatal(err)
	}
	defer ns.release()
	path := `Win32_Process.Handle="` + strconv.Itoa(int(windows.GetCurrentProcessId())) + `"`
	out, err := ns.method(path, "Win32_Process", "GetOwner", nil)
	if err != nil {
		t.Fatalf("without arguments: %v", err)
	}
	if user, ok, err := ns.get(out, "User"); user == "" || !ok || err != nil {
		t.Errorf("owner of this process: got %q %t %v", user, ok, err)
	}
	out.release()

	registry, err := m.connect(`root\default`)
	if err != nil {
		t.Fatal(err)
	}
	defer registry.release()
	const hklm = 0x80000002
	out, err = registry.method("StdRegProv", "StdRegProv", "EnumKey", map[string]uint32{"hDefKey": hklm})
	if err != nil {
		t.Fatalf("with an argument: %v", err)
	}
	defer out.release()
	if code, _, err := registry.get(out, "ReturnValue"); err != nil || code == "" {
		t.Errorf("got %q, %v", code, err)
	}
}

func TestServices(t *testing.T) {
	services, err := New(Options{}).Running.Services(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range services {
		if strings.EqualFold(s.Name, "RpcSs") {
			if s.State != "running" && s.State != "stopped" || s.Start == "" || !strings.HasSuffix(strings.ToLower(s.Program), ".exe") {
				t.Errorf("got %+v", s)
			}
			return
		}
	}
	t.Errorf("no RpcSs among %+v", services)
}

func TestProcesses(t *testing.T) {
	processes, err := New(Options{}).Running.Processes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range processes {
		if p.PID == int(windows.GetCurrentProcessId()) {
			if !strings.HasSuffix(p.Name, ".exe") || !strings.HasSuffix(p.Path, p.Name) || !strings.HasPrefix(p.Owner, "S-1-5-") {
				t.Errorf("got %+v", p)
			}
			return
		}
	}
	t.Errorf("this process is not among %+v", processes)
}
