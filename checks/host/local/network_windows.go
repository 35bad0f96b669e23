package local

import (
	"context"
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"

	"vigia/checks/host"
)

// liveNetwork asks the IP helper library. What its firewall does is in the registry.
type liveNetwork struct {
	host.Unsupported
	iphlpapi *windows.LazyDLL
}

var _ host.Network = liveNetwork{}

func newLiveNetwork() liveNetwork {
	return liveNetwork{iphlpapi: windows.NewLazySystemDLL("iphlpapi.dll")}
}

// Listeners implements host.Network. Programs are named as the list of processes has
// them.
func (n liveNetwork) Listeners(ctx context.Context) ([]host.Listener, error) {
	const listeners, bound = 3, 1 // TCP_TABLE_OWNER_PID_LISTENER, UDP_TABLE_OWNER_PID
	var out []host.Listener
	names := processNames()
	for _, table := range []struct {
		call   string
		family uint32
		class  uint32
		layout socketLayout
	}{
		{"GetExtendedTcpTable", windows.AF_INET, listeners, tcp4Layout()},
		{"GetExtendedTcpTable", windows.AF_INET6, listeners, tcp6Layout()},
		{"GetExtendedUdpTable", windows.AF_INET, bound, udp4Layout()},
		{"GetExtendedUdpTable", windows.AF_INET6, bound, udp6Layout()},
	} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b, err := n.table(table.call, table.family, table.class)
		if err != nil {
			return nil, fmt.Errorf("list listeners: %s: %w", table.call, err)
		}
		rows, err := parseSocketTable(b, table.layout)
		if err != nil {
			return nil, fmt.Errorf("list listeners: %s: %w", table.call, err)
		}
		for _, row := range rows {
			row.Program = names[row.pid]
			out = append(out, row.Listener)
		}
	}
	return sortListeners(out), nil
}

// processNames lists the names of programs by the number of their process; the kernel's
// is System. Where it may not be asked, sockets stay without a name.
func processNames() map[uint32]string {
	names := make(map[uint32]string)
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return names
	}
	defer windows.CloseHandle(snapshot)
	entry := windows.ProcessEntry32{Size: uint32(unsafe.Sizeof(windows.ProcessEntry32{}))}
	for err = windows.Process32First(snapshot, &entry); err == nil && len(names) < maxSockets; err = windows.Process32Next(snapshot, &entry) {
		names[entry.ProcessID] = windows.UTF16ToString(entry.ExeFile[:])
	}
	return names
}

// table fetches a table of sockets; it may grow between being measured and fetched.
func (n liveNetwork) table(call string, family, class uint32) ([]byte, error) {
	proc := n.iphlpapi.NewProc(call)
	if err := proc.Find(); err != nil {
		return nil, host.ErrUnsupported
	}
	size := uint32(16 << 10)
	for range 5 {
		buffer := make([]byte, size)
		code, _, _ := proc.Call(uintptr(unsafe.Pointer(&buffer[0])), uintptr(unsafe.Pointer(&size)), 0, uintptr(family), uintptr(class), 0)
		if code == 0 {
			return buffer, nil
		}
		if err := windows.Errno(code); !errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER) {
			return nil, err
		}
		if size > maxSocketTable {
			return nil, host.ErrTooBig
		}
		size += 4 << 10
	}
	return nil, windows.ERROR_INSUFFICIENT_BUFFER
}
