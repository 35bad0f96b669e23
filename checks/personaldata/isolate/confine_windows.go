package isolate

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
)

// confine gives up what this process can give up by itself. Not all systems let it, so
// nothing here is an error.
func confine(s settings) (Confinement, error) {
	var c Confinement
	if s.background {
		c.Background = windows.SetPriorityClass(windows.CurrentProcess(), windows.PROCESS_MODE_BACKGROUND_BEGIN) == nil
	}
	c.Children = mitigate()
	c.NoNewPrivileges = dropPrivileges() == nil
	c.Integrity = lowerIntegrity() == nil
	return c, nil
}

// mitigate turns off what a worker does not need, and reports whether it can start no
// process.
func mitigate() bool {
	// PROCESS_MITIGATION_POLICY of winnt.h; the flags of each begin with its only or main one.
	const (
		dynamicCode, prohibit    = 2, 1
		extensionPoints, disable = 6, 1
		imageLoad, noRemoteOrLow = 10, 3
		childProcess, noChildren = 13, 1
		bytesOfFlags             = 4
	)
	set := windows.NewLazySystemDLL("kernel32.dll").NewProc("SetProcessMitigationPolicy")
	if set.Find() != nil {
		return false
	}
	put := func(policy, flags uint32) bool {
		ok, _, _ := set.Call(uintptr(policy), uintptr(unsafe.Pointer(&flags)), bytesOfFlags)
		return ok != 0
	}
	put(dynamicCode, prohibit)
	put(extensionPoints, disable)
	put(imageLoad, noRemoteOrLow)
	return put(childProcess, noChildren)
}

// dropPrivileges removes all privileges of the process' token.
func dropPrivileges() error {
	var token windows.Token
	if err := windows.OpenProcessToken(windows.CurrentProcess(), windows.TOKEN_QUERY|windows.TOKEN_ADJUST_PRIVILEGES, &token); err != nil {
		return fmt.Errorf("open the token: %w", err)
	}
	defer func() { _ = token.Close() }() // changed already
	buf := make([]uint64, 512)           // aligned for what it holds
	size := uint32(len(buf) * 8)
	if err := windows.GetTokenInformation(token, windows.TokenPrivileges, (*byte)(unsafe.Pointer(&buf[0])), size, &size); err != nil {
		return fmt.Errorf("list the privileges: %w", err)
	}
	held := (*windows.Tokenprivileges)(unsafe.Pointer(&buf[0]))
	all := held.AllPrivileges()
	for i := range all {
		all[i].Attributes = windows.SE_PRIVILEGE_REMOVED
	}
	if err := windows.AdjustTokenPrivileges(token, false, held, size, nil, nil); err != nil {
		return fmt.Errorf("remove the privileges: %w", err)
	}
	return nil
}

// lowerIntegrity puts the process at the low integrity level, at which it can change
// nothing of what is at the usual one.
func lowerIntegrity() error {
	var token windows.Token
	if err := windows.OpenProcessToken(windows.CurrentProcess(), windows.TOKEN_QUERY|windows.TOKEN_ADJUST_DEFAULT, &token); err != nil {
		return fmt.Errorf("open the token: %w", err)
	}
	defer func() { _ = token.Close() }() // changed already
	low, err := windows.CreateWellKnownSid(windows.WinLowLabelSid)
	if err != nil {
		return fmt.Errorf("name the low integrity level: %w", err)
	}
	label := windows.Tokenmandatorylabel{Label: windows.SIDAndAttributes{Sid: low, Attributes: windows.SE_GROUP_INTEGRITY}}
	if err := windows.SetTokenInformation(token, windows.TokenIntegrityLevel, (*byte)(unsafe.Pointer(&label)), label.Size()); err != nil {
		return fmt.Errorf("lower the integrity level: %w", err)
	}
	return nil
}
