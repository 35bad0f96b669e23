package local

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The interfaces of a machine that keeps virtual machines and containers: what matters
// is by which of them the town hall's network comes in.
func TestCarriers(t *testing.T) {
	sys := t.TempDir()
	for _, path := range []string{
		"eth0/device", "eth1/device", "eth2/device", "wlan0/device",
		"bond0/lower_eth0", "bond0/lower_eth1", "br0/lower_bond0", "br0.20/lower_br0", "macvlan0/lower_eth2",
		"docker0/lower_veth1", "veth1", "virbr0", "wg0", "ppp0", "lo", "a/lower_b", "b/lower_a",
	} {
		if err := os.MkdirAll(filepath.Join(sys, path), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	names := []string{"eth0", "eth1", "eth2", "wlan0", "bond0", "br0", "br0.20", "macvlan0", "docker0", "veth1", "virbr0", "wg0", "ppp0", "a"}
	want := []string{"eth0", "eth1", "eth2", "wlan0", "bond0", "br0", "br0.20", "macvlan0", "ppp0"}
	if got := carriers(sys, names, []string{"ppp0"}); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := carriers(sys, []string{"docker0", "veth1", "wg0"}, []string{"veth1"}); got != nil {
		t.Errorf("without a device: got %q", got)
	}
}

func TestDefaultRoutes(t *testing.T) {
	route4 := "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n" +
		"br0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n" +
		"wg0\t00000000\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n" +
		"br0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
	const none = "00000000000000000000000000000000"
	route6 := "20010db8000000000000000000000000 40 " + none + " 00 " + none + " 00000100 00000001 00000000 00000001 eth1\n" +
		none + " 00 " + none + " 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003 ppp0\n" +
		none + " 00 " + none + " 00 " + none + " ffffffff 00000001 00000000 00200200 lo\n"
	if got, want := defaultRoutes([]byte(route4), []byte(route6)), []string{"br0", "ppp0"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
