package local

import (
	"context"
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"

	"vigia/checks/host"
)

// liveRunning tells what runs on this machine. It keeps nothing.
type liveRunning struct{}

var _ host.Running = liveRunning{}

// Limits of what the service manager and the kernel list.
const (
	maxServiceBytes = 8 << 20
	maxServices     = 10_000
	maxProcesses    = 100_000
)

// Services implements host.Running: the services that are programs. Drivers, which the
// service manager lists too, are left out.
func (liveRunning) Services(ctx context.Context) ([]host.Service, error) {
	manager, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT|windows.SC_MANAGER_ENUMERATE_SERVICE)
	if err != nil {
		return nil, fmt.Errorf("open the service manager: %w", err)
	}
	defer windows.CloseServiceHandle(manager) //nolint:errcheck // only read
	buf := make([]byte, 64<<10)
	var needed, count uint32
	for {
		var resume uint32 // from the start: a part of the list is of another moment
		err = windows.EnumServicesStatusEx(manager, windows.SC_ENUM_PROCESS_INFO, windows.SERVICE_WIN32,
			windows.SERVICE_STATE_ALL, &buf[0], uint32(len(buf)), &needed, &count, &resume, nil)
		if !errors.Is(err, windows.ERROR_MORE_DATA) {
			break
		}
		if len(buf)+int(needed) > maxServiceBytes {
			return nil, fmt.Errorf("list services: %w", host.ErrTooBig)
		}
		buf = make([]byte, len(buf)+int(needed)+4096)
	}
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	const size = uint32(unsafe.Sizeof(windows.ENUM_SERVICE_STATUS_PROCESS{}))
	if count > maxServices || count*size > uint32(len(buf)) {
		return nil, fmt.Errorf("list services: %w", host.ErrTooBig)
	}
	out := make([]host.Service, 0, count)
	for _, listed := range unsafe.Slice((*windows.ENUM_SERVICE_STATUS_PROCESS)(unsafe.Pointer(&buf[0])), count) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s := host.Service{
			Name:  windows.UTF16PtrToString(listed.ServiceName),
			State: serviceState(listed.ServiceStatusProcess.CurrentState),
		}
		// A service may keep its configuration from readers; that it is there is known.
		_ = configure(manager, listed.ServiceName, &s)
		out = append(out, s)
	}
	return out, nil
}

func serviceState(state uint32) string {
	switch state {
	case windows.SERVICE_RUNNING:
		return "running"
	case windows.SERVICE_STOPPED:
		return "stopped"
	case windows.SERVICE_PAUSED:
		return "paused"
	case windows.SERVICE_STOP_PENDING:
		return "stopping"
	default: // start, continue and pause pending
		return "starting"
	}
}

// configure fills in how a service is started, as whom and from which program.
func configure(manager windows.Handle, name *uint16, s *host.Service) error {
	handle, err := windows.OpenService(manager, name, windows.SERVICE_QUERY_CONFIG)
	if err != nil {
		return err
	}
	defer windows.CloseServiceHandle(handle) //nolint:errcheck // only read
	const size = 8 << 10                     // the most that QueryServiceConfig returns
	buf := make([]uint64, size/8)
	config := (*windows.QUERY_SERVICE_CONFIG)(unsafe.Pointer(&buf[0]))
	var needed uint32
	if err := windows.QueryServiceConfig(handle, config, size, &needed); err != nil {
		return err
	}
	switch config.StartType {
	case windows.SERVICE_AUTO_START:
		s.Start = "auto"
	case windows.SERVICE_DEMAND_START:
		s.Start = "manual"
	case windows.SERVICE_DISABLED:
		s.Start = "disabled"
	case windows.SERVICE_BOOT_START:
		s.Start = "boot"
	case windows.SERVICE_SYSTEM_START:
		s.Start = "system"
	}
	s.Account = windows.UTF16PtrToString(config.ServiceStartName)
	s.Program = serviceProgram(windows.UTF16PtrToString(config.BinaryPathName))
	return nil
}

// Processes implements host.Running. Path and owner are empty where the system keeps
// them even from administrators.
func (liveRunning) Processes(ctx context.Context) ([]host.Process, error) {
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	defer windows.CloseHandle(snapshot)
	entry := windows.ProcessEntry32{Size: uint32(unsafe.Sizeof(windows.ProcessEntry32{}))}
	out := []host.Process{}
	for err = windows.Process32First(snapshot, &entry); err == nil; err = windows.Process32Next(snapshot, &entry) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(out) == maxProcesses {
			return nil, fmt.Errorf("list processes: %w", host.ErrTooBig)
		}
		p := host.Process{PID: int(entry.ProcessID), Name: windows.UTF16ToString(entry.ExeFile[:])}
		p.Path, p.Owner = pathAndOwner(entry.ProcessID)
		out = append(out, p)
	}
	if !errors.Is(err, windows.ERROR_NO_MORE_FILES) {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	return out, nil
}

func pathAndOwner(pid uint32) (path, owner string) {
	handle, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return "", ""
	}
	defer windows.CloseHandle(handle)
	buf := make([]uint16, windows.MAX_LONG_PATH)
	n := uint32(len(buf))
	if err := windows.QueryFullProcessImageName(handle, 0, &buf[0], &n); err == nil {
		path = windows.UTF16ToString(buf[:n])
	}
	var token windows.Token
	if err := windows.OpenProcessToken(handle, windows.TOKEN_QUERY, &token); err != nil {
		return path, ""
	}
	defer token.Close() //nolint:errcheck // only read
	if user, err := token.GetTokenUser(); err == nil {
		owner = user.User.Sid.String()
	}
	return path, owner
}
