package enroll

import (
	"encoding/binary"
	"net"
	"testing"
	"time"
)

func TestSourceOf(t *testing.T) {
	t.Parallel()
	tcp := func(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 5000} }
	rows := []struct {
		addr net.Addr
		want string
	}{
		{tcp("192.0.2.7"), "192.0.2.7/32"},
		{tcp("::ffff:192.0.2.7"), "192.0.2.7/32"},
		{tcp("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64"},
		{&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0"}, "fe80::/64"},
		{&net.UnixAddr{Name: "/run/x"}, "invalid Prefix"},
		{nil, "invalid Prefix"},
	}
	for _, row := range rows {
		if got := sourceOf(row.addr).String(); got != row.want {
			t.Errorf("%v: got %s, want %s", row.addr, got, row.want)
		}
	}
}

func TestSourcesAreBoundedAndFair(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := newSources(clock.now)
	busy := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}
	for s.allow(busy) {
	}
	// An attacker with very many addresses.
	for i := range uint32(3 * maxSources) {
		var ip [4]byte
		binary.BigEndian.PutUint32(ip[:], 10<<24+i)
		if !s.allow(&net.TCPAddr{IP: ip[:]}) {
			t.Fatalf("address %d was refused at its first call", i)
		}
	}
	if got := len(s.seen); got > maxSources {
		t.Errorf("sources kept: got %d, want at most %d", got, maxSources)
	}
	if s.allow(busy) {
		t.Error("a busy source was forgotten for the sake of others")
	}
	clock.advance(time.Minute)
	if !s.allow(busy) {
		t.Error("a source was refused a minute later")
	}
}
