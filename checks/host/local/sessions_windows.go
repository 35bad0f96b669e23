package local

import (
	"context"
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"

	"vigia/checks/host"
)

// Sessions implements host.Running.
func (liveRunning) Sessions(context.Context) ([]host.Session, error) { return nil, host.ErrUnsupported }

// WakeRequests implements host.Running: what the power manager says of all programs
// together (CallNtPowerInformation, SystemExecutionState). Which of them ask, and since
// when, Windows tells in no documented form.
func (liveRunning) WakeRequests(context.Context) ([]host.WakeRequest, error) {
	const systemExecutionState = 16 // POWER_INFORMATION_LEVEL, winnt.h
	call := windows.NewLazySystemDLL("powrprof.dll").NewProc("CallNtPowerInformation")
	if err := call.Find(); err != nil {
		return nil, fmt.Errorf("%w: %w", host.ErrUnsupported, err)
	}
	var state uint32
	status, _, _ := call.Call(systemExecutionState, 0, 0, uintptr(unsafe.Pointer(&state)), unsafe.Sizeof(state))
	if err := windows.NTStatus(uint32(status)); err != windows.STATUS_SUCCESS {
		return nil, fmt.Errorf("ask the power manager what is kept awake: %w", err)
	}
	return wakeRequests(state), nil
}
