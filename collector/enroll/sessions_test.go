package enroll

import (
	"crypto/tls"
	"io"
	"net"
	"testing"
)

// ticketMeter is a session cache of one, which tells how long the ticket is.
type ticketMeter struct {
	state  *tls.ClientSessionState
	ticket int
}

func (m *ticketMeter) Get(string) (*tls.ClientSessionState, bool) { return m.state, m.state != nil }
func (m *ticketMeter) Put(_ string, state *tls.ClientSessionState) {
	if state == nil {
		m.state = nil
		return
	}
	m.state = state
	if ticket, _, err := state.ResumptionState(); err == nil {
		m.ticket = len(ticket)
	}
}

func TestSessionsAreResumedByAShortName(t *testing.T) {
	ca := openCA(t, t.TempDir(), newClock())
	server, err := ca.ServerTLS()
	if err != nil {
		t.Fatal(err)
	}
	meter := &ticketMeter{}
	client := &tls.Config{ServerName: "localhost", ClientSessionCache: meter, MinVersion: tls.VersionTLS13,
		InsecureSkipVerify: true} // the certificate is not what is tested
	for i, resumed := range []bool{false, true, true} {
		if got := call(t, server, client); got != resumed {
			t.Errorf("call %d: resumed %v, want %v", i, got, resumed)
		}
		if meter.ticket != len(sessionName{}) {
			t.Errorf("call %d: the ticket has %d bytes, want %d", i, meter.ticket, len(sessionName{}))
		}
	}
	restarted, err := ca.ServerTLS()
	if err != nil {
		t.Fatal(err)
	}
	if call(t, restarted, client) {
		t.Error("a collector that forgot the session resumed it")
	}
}

// call is one TLS connection; it tells whether its session was resumed.
func call(t *testing.T, server, client *tls.Config) bool {
	t.Helper()
	near, far := net.Pipe()
	done := make(chan error, 1)
	go func() {
		conn := tls.Server(far, server)
		_, err := conn.Write([]byte("hello"))
		done <- err
		_ = conn.Close()
	}()
	conn := tls.Client(near, client)
	if _, err := io.ReadFull(conn, make([]byte, 5)); err != nil { // the ticket comes before it
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	resumed := conn.ConnectionState().DidResume
	_ = near.Close()
	return resumed
}

func TestSessionsAreBounded(t *testing.T) {
	s := newSessions(2)
	var names [][]byte
	for range 5 {
		name, err := s.wrap(tls.ConnectionState{}, &tls.SessionState{})
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if len(s.kept) != 2 || len(s.order) != 2 {
		t.Errorf("%d sessions, %d names; want 2 of each", len(s.kept), len(s.order))
	}
	for _, name := range names[3:] {
		if s.kept[sessionName(name)] == nil {
			t.Errorf("one of the newest is forgotten")
		}
	}
	if state, err := s.unwrap(names[0], tls.ConnectionState{}); state != nil || err != nil {
		t.Errorf("the oldest: %v, %v; want none", state, err)
	}
	if state, err := s.unwrap([]byte("somebody's"), tls.ConnectionState{}); state != nil || err != nil {
		t.Errorf("a stranger: %v, %v; want none", state, err)
	}
}
