package local

import (
	"testing"

	"golang.org/x/sys/unix"

	"vigia/checks/host"
)

func TestClockState(t *testing.T) {
	for _, row := range []struct {
		name             string
		status, maxError int64
		want             host.Clock
	}{
		{"disciplined", unix.STA_PLL | unix.STA_NANO, 57_500, host.Clock{Synchronised: true, Error: 57_500}},
		{"nobody does it", unix.STA_UNSYNC, 16_000_000, host.Clock{}},
		{"given up", unix.STA_PLL | unix.STA_UNSYNC, 16_000_000, host.Clock{}},
		{"odd", 0, -1, host.Clock{Synchronised: true}},
	} {
		if got := clockState(row.status, row.maxError); got != row.want {
			t.Errorf("%s: got %+v, want %+v", row.name, got, row.want)
		}
	}
	if _, err := (liveRunning{}).Clock(t.Context()); err != nil {
		t.Errorf("this machine: %v", err)
	}
}
