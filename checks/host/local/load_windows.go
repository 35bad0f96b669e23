package local

import (
	"unsafe"

	"golang.org/x/sys/windows"

	"vigia/checks/host"
)

// systemPowerStatus is SYSTEM_POWER_STATUS of winbase.h.
type systemPowerStatus struct {
	line, battery, percent, saver byte
	lifeTime, fullLifeTime        uint32
}

// Load tells whether the machine has anything to spare, by its power. Whether
// somebody sits before it needs no asking: the search runs in the system's
// background mode, in which processor and disk serve everybody else first.
func Load() host.Load {
	var s systemPowerStatus
	get := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetSystemPowerStatus")
	if get.Find() != nil {
		return host.Load{}
	}
	if ok, _, _ := get.Call(uintptr(unsafe.Pointer(&s))); ok == 0 {
		return host.Load{}
	}
	const offline, noBattery = 0, 128
	return host.Load{Battery: s.line == offline && s.battery&noBattery == 0}
}
