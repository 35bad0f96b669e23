package local

import (
	"bufio"
	"bytes"
	"os"
	"slices"
	"strings"
)

// carriers picks the interfaces by which something comes in from a network: those with a
// device behind them, those that lie upon one, as bridges, bonds and VLANs do, and those
// of a default route, such as ppp0. A bridge of virtual machines and a tunnel are none.
// Where no interface has a device, as in a container, it answers nil.
func carriers(sys string, names, routed []string) []string {
	var out []string
	devices := false
	for _, name := range names {
		device := upon(sys, name, 0)
		devices = devices || device
		if device || slices.Contains(routed, name) {
			out = append(out, name)
		}
	}
	if !devices {
		return nil
	}
	return out
}

// upon tells whether an interface is a device or lies upon one.
func upon(sys, name string, depth int) bool {
	const deep = 8 // a VLAN of a bridge of a bond of devices has four
	folder := sys + "/" + name
	if _, err := os.Stat(folder + "/device"); err == nil {
		return true
	}
	entries, err := os.ReadDir(folder)
	if err != nil || depth == deep {
		return false
	}
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		lower, ok := strings.CutPrefix(e.Name(), "lower_")
		return ok && upon(sys, lower, depth+1)
	})
}

// defaultRoutes names the interfaces of default routes in /proc/net/route and
// /proc/net/ipv6_route.
func defaultRoutes(route4, route6 []byte) []string {
	var out []string
	for s := bufio.NewScanner(bytes.NewReader(route4)); s.Scan(); {
		// Iface Destination Gateway Flags RefCnt Use Metric Mask ...
		if f := strings.Fields(s.Text()); len(f) > 7 && f[1] == "00000000" && f[7] == "00000000" {
			out = append(out, f[0])
		}
	}
	for s := bufio.NewScanner(bytes.NewReader(route6)); s.Scan(); {
		// destination length source length next metric references use flags interface
		f := strings.Fields(s.Text())
		if len(f) == 10 && strings.Trim(f[0], "0") == "" && f[1] == "00" && f[9] != "lo" {
			out = append(out, f[9])
		}
	}
	return out
}
