package local

import "vigia/checks/host"

// Flags of an EXECUTION_STATE (winnt.h).
const (
	esSystemRequired  = 0x1
	esDisplayRequired = 0x2
)

// wakeRequests reads the execution state of a Windows machine: what is asked for, without
// who asks. That somebody is at the machine (ES_USER_PRESENT) is no request.
func wakeRequests(state uint32) []host.WakeRequest {
	out := []host.WakeRequest{}
	if state&esDisplayRequired != 0 {
		out = append(out, host.WakeRequest{What: "display"})
	}
	if state&esSystemRequired != 0 {
		out = append(out, host.WakeRequest{What: "sleep"})
	}
	return out
}
