package local

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"

	"vigia/checks/host"
)

// Access rights and information classes of the SAM, [MS-SAMR] 2.2.1.
const (
	samServerConnect            = 0x1
	samServerLookupDomain       = 0x20
	domainReadPasswordParams    = 0x1
	domainPasswordInformation   = 1
	domainPasswordPropertiesOff = 4 // after two USHORTs
)

// passwordProperties asks the SAM for the DOMAIN_PASSWORD_* bits of the
// machine's own domain: complexity and reversible encryption are nowhere else.
func (a liveAccounts) passwordProperties(domain *windows.SID) (uint32, error) {
	procs := make(map[string]*windows.LazyProc)
	for _, name := range []string{"SamConnect", "SamOpenDomain", "SamQueryInformationDomain", "SamFreeMemory", "SamCloseHandle"} {
		proc := a.samlib.NewProc(name)
		if err := proc.Find(); err != nil {
			return 0, fmt.Errorf("%w: %w", host.ErrUnsupported, err)
		}
		procs[name] = proc
	}
	call := func(name string, args ...uintptr) error {
		status, _, _ := procs[name].Call(args...)
		if s := windows.NTStatus(status); s != windows.STATUS_SUCCESS {
			return fmt.Errorf("%s: %w", name, s.Errno())
		}
		return nil
	}
	attributes := windows.OBJECT_ATTRIBUTES{}
	attributes.Length = uint32(unsafe.Sizeof(attributes))
	var server, opened windows.Handle
	err := call("SamConnect", 0, uintptr(unsafe.Pointer(&server)), samServerConnect|samServerLookupDomain, uintptr(unsafe.Pointer(&attributes)))
	if err != nil {
		return 0, err
	}
	defer call("SamCloseHandle", uintptr(server)) //nolint:errcheck // nothing to do about it
	err = call("SamOpenDomain", uintptr(server), domainReadPasswordParams, uintptr(unsafe.Pointer(domain)), uintptr(unsafe.Pointer(&opened)))
	runtime.KeepAlive(domain)
	if err != nil {
		return 0, err
	}
	defer call("SamCloseHandle", uintptr(opened)) //nolint:errcheck // nothing to do about it
	var info unsafe.Pointer
	if err := call("SamQueryInformationDomain", uintptr(opened), domainPasswordInformation, uintptr(unsafe.Pointer(&info))); err != nil {
		return 0, err
	}
	if info == nil {
		return 0, host.ErrUnsupported
	}
	properties := *(*uint32)(unsafe.Add(info, domainPasswordPropertiesOff))
	return properties, call("SamFreeMemory", uintptr(info))
}
