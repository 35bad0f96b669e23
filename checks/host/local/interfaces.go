package local

import (
	"fmt"
	"net"

	"vigia/checks/host"
)

// interfaces lists the network interfaces of this machine, without loopback,
// in the system's order.
func interfaces() ([]host.Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list network interfaces: %w", err)
	}
	var out []host.Interface
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 {
			continue
		}
		out = append(out, host.Interface{Name: i.Name, MAC: i.HardwareAddr.String(), Up: i.Flags&net.FlagUp != 0})
	}
	return out, nil
}
