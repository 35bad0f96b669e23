package local

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

// A listener of this very program is seen, with its name unless Wine cannot tell whose
// socket it is.
func TestListeners(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	// Not by package net, whose UDP Wine does not know.
	u, err := windows.Socket(windows.AF_INET, windows.SOCK_DGRAM, windows.IPPROTO_UDP)
	if err != nil {
		t.Fatal(err)
	}
	defer windows.Closesocket(u)
	if err := windows.Bind(u, &windows.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := windows.Getsockname(u)
	if err != nil {
		t.Fatal(err)
	}
	got, err := newLiveNetwork().Listeners(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, g := range got {
		mine := g.Protocol == "tcp" && g.Port == l.Addr().(*net.TCPAddr).Port || g.Protocol == "udp" && g.Port == at.(*windows.SockaddrInet4).Port
		if !mine {
			continue
		}
		found++
		if g.Address != "127.0.0.1" || g.Program != "" && !strings.EqualFold(g.Program, filepath.Base(os.Args[0])) {
			t.Errorf("got %+v", g)
		}
	}
	if found != 2 {
		t.Errorf("%d of two sockets are among %+v", found, got)
	}
}
