package identity

import (
	"crypto/tls"
	"testing"

	"vigia/agent/collectortest"
)

func TestAResumedHandshakeOffersTheSmallExchange(t *testing.T) {
	c := collectortest.Start(t)
	id, _, err := Enroll(t.Context(), request(t, c))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name    string
		forgets bool // the collector
		resumed bool
		curve   tls.CurveID
	}{
		{"the first", false, false, tls.X25519MLKEM768},
		{"the second", false, true, tls.X25519},
		{"after the collector forgot", true, false, tls.X25519},
		{"a first one again", false, false, tls.X25519MLKEM768},
		{"and its second", false, true, tls.X25519},
	} {
		cfg, err := id.TLS(c.Addr)
		if err != nil {
			t.Fatal(err)
		}
		if row.forgets {
			cfg.ClientSessionCache = nil // it comes to the same
		}
		got := shake(t, c.Addr, cfg)
		if got.DidResume != row.resumed || got.CurveID != row.curve {
			t.Errorf("%s: resumed %v with %v, want %v with %v", row.name, got.DidResume, got.CurveID, row.resumed, row.curve)
		}
	}
}

// shake connects as gRPC does and waits for the ticket.
func shake(t *testing.T, address string, cfg *tls.Config) tls.ConnectionState {
	t.Helper()
	cfg.NextProtos = []string{"h2"}
	conn, err := (&tls.Dialer{Config: cfg}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	secure, ok := conn.(*tls.Conn)
	if !ok {
		t.Fatalf("a %T", conn)
	}
	return secure.ConnectionState()
}
