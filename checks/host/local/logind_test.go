package local

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/host"
)

func TestLogindSession(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       host.Session
		ok         bool
	}{
		{"a desktop", "# This is private data. Do not parse.\nUID=1000\nUSER=ana\nACTIVE=1\nSTATE=active\nREMOTE=0\nTYPE=wayland\nCLASS=user\n",
			host.Session{ID: "2", User: "1000", Kind: "graphical", Active: true}, true},
		{"over the network", "UID=0\nACTIVE=1\nSTATE=active\nREMOTE=1\nTYPE=tty\nCLASS=user\n",
			host.Session{ID: "2", User: "0", Kind: "remote", Active: true}, true},
		{"the greeter", "UID=116\nACTIVE=1\nTYPE=x11\nCLASS=greeter\n", host.Session{}, false},
		{"closing", "UID=1000\nSTATE=closing\nCLASS=user\n", host.Session{}, false},
		{"empty", "", host.Session{}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, ok := logindSession("2", []byte(row.text))
			if diff := cmp.Diff(row.want, got); diff != "" || ok != row.ok {
				t.Errorf("%v %s", ok, diff)
			}
		})
	}
}

func TestLogindInhibitor(t *testing.T) {
	since := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	names := func(pid int) string { return map[int]string{77: "reproductor"}[pid] }
	for _, row := range []struct {
		name, text string
		want       host.WakeRequest
		ok         bool
	}{
		{"a player", "WHAT=idle\nMODE=block\nUID=1000\nPID=77\nWHO=Reproductor\nWHY=Playing\\x20video\n",
			host.WakeRequest{Program: "reproductor", What: "idle", User: "1000", Since: since}, true},
		{"a process that is gone", "WHAT=idle:sleep\nMODE=block\nUID=1000\nPID=78\nWHO=Panel\n",
			host.WakeRequest{Program: "Panel", What: "idle:sleep", User: "1000", Since: since}, true},
		{"one that only delays", "WHAT=sleep\nMODE=delay\nUID=0\nPID=1\nWHO=NetworkManager\n", host.WakeRequest{}, false},
		{"empty", "", host.WakeRequest{}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, ok := logindInhibitor([]byte(row.text), since, names)
			if diff := cmp.Diff(row.want, got); diff != "" || ok != row.ok {
				t.Errorf("%v %s", ok, diff)
			}
		})
	}
}
