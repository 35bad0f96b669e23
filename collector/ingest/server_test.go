package ingest

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestACrashOfOneCallIsThatCallsAlone(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&logged, nil))
	crash := func(context.Context, any) (any, error) {
		var none []int
		return none[len(none)], nil
	}
	_, err := guard(t.Context(), nil, "/vigia.v1.IngestService/Deliver", crash, logger)
	if got := status.Code(err); got != codes.Internal {
		t.Errorf("code: got %v, want %v", got, codes.Internal)
	}
	if !strings.Contains(logged.String(), "call crashed") {
		t.Errorf("log: got %q", logged.String())
	}
	secret := func(context.Context, any) (any, error) {
		panic("XEXX010101HNEXXXA4")
	}
	if _, err := guard(t.Context(), nil, "m", secret, logger); strings.Contains(err.Error()+logged.String(), "XEXX") {
		t.Error("what was being handled got into the log or the answer")
	}
}

func TestACallHasADeadline(t *testing.T) {
	t.Parallel()
	handle := func(ctx context.Context, _ any) (any, error) {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("a call without a deadline")
		}
		return nil, nil
	}
	if _, err := guard(t.Context(), nil, "m", handle, slog.New(slog.DiscardHandler)); err != nil {
		t.Error(err)
	}
}

func TestStrangersAreTurnedAwayAtTheDoor(t *testing.T) {
	t.Parallel()
	rows := []struct {
		method string
		want   codes.Code
	}{
		{"/vigia.v1.EnrollmentService/Enroll", codes.OK},
		{"/vigia.v1.EnrollmentService/Renew", codes.OK},
		{"/vigia.v1.IngestService/Deliver", codes.Unauthenticated},
		{"/vigia.v1.EnrollmentServiceX/Enroll", codes.Unauthenticated},
		{"/grpc.health.v1.Health/Check", codes.Unauthenticated},
		{"", codes.Unauthenticated},
	}
	for _, row := range rows {
		if got := status.Code(admit(t.Context(), row.method, nobody{})); got != row.want {
			t.Errorf("%s: got %v, want %v", row.method, got, row.want)
		}
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	lis, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	counted, ok := Limit(lis, 3, 2).(*limited)
	if !ok {
		t.Fatal("not a limited listener")
	}
	defer counted.Close()
	accepted := make(chan net.Conn)
	go func() {
		defer close(accepted)
		for {
			conn, err := counted.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
	}()
	dial := func() net.Conn {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", lis.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	first, second := dial(), dial()
	defer first.Close()
	defer second.Close()
	one, two := <-accepted, <-accepted
	third := dial()
	defer third.Close()
	if _, err := third.Read(make([]byte, 1)); err == nil {
		t.Error("the third connection of an address was kept")
	}
	for range 2 { // closing twice gives one place back
		if err := one.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	}
	fourth := dial()
	defer fourth.Close()
	three := <-accepted
	fifth := dial()
	defer fifth.Close()
	if _, err := fifth.Read(make([]byte, 1)); err == nil {
		t.Error("a place was given back twice")
	}
	for _, conn := range []net.Conn{two, three} {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	if all, addresses := counted.all, len(counted.open); all != 0 || addresses != 0 {
		t.Errorf("left open: got %d of %d addresses, want none", all, addresses)
	}
}
