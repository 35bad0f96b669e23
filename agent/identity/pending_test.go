package identity

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"vigia/agent/collectortest"
	apiv1 "vigia/collector/api/v1"
)

// A person approves: until then the machine asks again with the same keys, of which both
// sides show the same code.
func TestEnrolmentThatAPersonApproves(t *testing.T) {
	c := collectortest.Start(t)
	c.AwaitApproval(90 * time.Second)
	req := request(t, c)
	req.Department = "Padrón"
	if _, ok, err := CheckCode(req.Dir); ok || err != nil {
		t.Errorf("a check code before there are keys: %v, %v", ok, err)
	}
	var codes []string
	for range 2 {
		_, _, err := Enroll(t.Context(), req)
		p, ok := errors.AsType[*Pending](err)
		if !ok || !errors.Is(err, ErrPending) || p.AskAgain != 90*time.Second {
			t.Fatalf("got %v", err)
		}
		codes = append(codes, p.CheckCode)
	}
	asked := c.Enrolments()
	if want := apiv1.CheckCode(asked[0].GetReportKey()); codes[0] != want || codes[1] != want {
		t.Errorf("check codes %q, the collector shows %s", codes, want)
	}
	if got := asked[0].GetDepartment(); got != "Padrón" {
		t.Errorf("department %q", got)
	}
	if kept, ok, err := CheckCode(req.Dir); kept != codes[0] || !ok || err != nil {
		t.Errorf("kept: %q, %v, %v", kept, ok, err)
	}
	c.Approve()
	id, _, err := Enroll(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := CheckCode(req.Dir); ok || err != nil {
		t.Errorf("a check code of an enrolled machine: %v, %v", ok, err)
	}
	if id.AgentID() == "" {
		t.Error("no name")
	}
}

func TestEnrolmentThatAPersonRejects(t *testing.T) {
	c := collectortest.Start(t)
	c.Reject()
	if _, _, err := Enroll(t.Context(), request(t, c)); !errors.Is(err, ErrTokenRefused) || !strings.Contains(err.Error(), "rejected") {
		t.Errorf("got %v", err)
	}
}

// All calls go the way that they are told, and an error of it is not lost in gRPC's words.
func TestCallsGoTheirWay(t *testing.T) {
	c := collectortest.Start(t)
	req := request(t, c)
	calls := 0
	errWay := errors.New("the bridge is closed")
	var closed error
	req.Dial = func(ctx context.Context, address string) (net.Conn, error) {
		if calls++; closed != nil {
			return nil, closed
		}
		if address != c.Addr {
			t.Errorf("it calls %s", address)
		}
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	}
	closed = errWay
	if _, _, err := Enroll(t.Context(), req); !errors.Is(err, errWay) || !errors.Is(err, ErrUnreachable) {
		t.Errorf("enrolment: %v", err)
	}
	closed, calls = nil, 0
	req.Proxy = "http://ana:x@proxy.example:3128"
	if _, _, err := Enroll(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	id, err := Load(req.Dir, nil)
	if err != nil || id.Proxy() != req.Proxy {
		t.Fatalf("proxy %q, %v", id.Proxy(), err)
	}
	if err := id.Renew(t.Context(), Way{Dial: req.Dial}); err != nil || calls != 2 {
		t.Errorf("renewal: %v, after %d calls", err, calls)
	}
	closed = errWay
	if err := id.Renew(t.Context(), Way{Dial: req.Dial}); !errors.Is(err, errWay) {
		t.Errorf("renewal: %v", err)
	}
	// The collector moved: renewal goes where deliveries go.
	moved := Way{Address: "localhost:8443", Dial: func(ctx context.Context, address string) (net.Conn, error) {
		if address != "localhost:8443" {
			t.Errorf("it calls %s", address)
		}
		return new(net.Dialer).DialContext(ctx, "tcp", c.Addr)
	}}
	if err := id.Renew(t.Context(), moved); err != nil {
		t.Error(err)
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"vigia.example:8443": "vigia.example", "192.0.2.7:8443": "192.0.2.7", "[2001:db8::1]:8443": "2001:db8::1",
		"[2001:DB8:0::1]:8443": "2001:db8::1", "[fe80::1%eth0]:8443": "fe80::1", "[fe80::1%7]:8443": "fe80::1",
		"vigia.example": "", "2001:db8::1": "", "2001:db8::1:8443": "", ":8443": "", "vigia.example:https": "", "vigia.example:70000": "", "[::1": "",
	} {
		got, err := splitHost(address)
		if got != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, ErrAddress) {
			t.Errorf("%s: %q, %v; want %q", address, got, err, want)
		}
	}
}

// The zone of an address is this machine's own: it is dialled, and no certificate has it.
func TestCollectorOnIPv6(t *testing.T) {
	c := collectortest.StartAt(t, "[::1]:0")
	_, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{c.Addr, net.JoinHostPort("::1%lo", port)} {
		req := request(t, c)
		req.Collector = address
		req.Dial = func(ctx context.Context, to string) (net.Conn, error) {
			if to != address {
				t.Errorf("it calls %s, want %s", to, address)
			}
			return new(net.Dialer).DialContext(ctx, "tcp", c.Addr)
		}
		if _, _, err := Enroll(t.Context(), req); err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		id, err := Load(req.Dir, nil)
		if err != nil || id.Collector() != address {
			t.Fatalf("%s: %v", address, err)
		}
		if err := id.Renew(t.Context(), Way{Dial: req.Dial}); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}
