package local

import (
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// ReadMarks reads the marks of this machine. What cannot be read is empty.
func ReadMarks() Marks {
	var m Marks
	// A damaged table tells no less on one day than on the next.
	firmware, _ := liveSystem{windows.NewLazySystemDLL("kernel32.dll")}.smbios()
	m.UUID = firmware.uuid
	for _, serial := range []string{firmware.serial, firmware.board} {
		if serial != "" {
			m.Serials = append(m.Serials, serial)
		}
	}
	if guid, err := loadedValue(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Cryptography`, "MachineGuid"); err == nil {
		m.Installation = guid.String
	}
	return m
}
