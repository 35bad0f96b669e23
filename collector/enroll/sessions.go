package enroll

import (
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"sync"
)

// maxSessions bounds the TLS sessions that are remembered: a machine has one or two of
// about two kilobytes.
const maxSessions = 4096

// sessions remembers the TLS sessions of the agents' listener, so that the ticket which
// resumes one is a short random name. A ticket of crypto/tls carries the whole session,
// certificates and all, down after each handshake and up again with the next; an agent
// that calls a few times a day would spend more bytes on it than on its evidence.
//
// What is forgotten, by a restart or because there are too many, costs its machine a full
// handshake.
type sessions struct {
	mu    sync.Mutex
	kept  map[sessionName][]byte
	order []sessionName // a ring, the oldest at next
	next  int
}

type sessionName [16]byte

func newSessions(size int) *sessions {
	return &sessions{kept: make(map[sessionName][]byte), order: make([]sessionName, 0, size)}
}

// wrap is a tls.Config.WrapSession.
func (s *sessions) wrap(_ tls.ConnectionState, state *tls.SessionState) ([]byte, error) {
	b, err := state.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encode a TLS session: %w", err)
	}
	var name sessionName
	if _, err := rand.Read(name[:]); err != nil {
		return nil, fmt.Errorf("name a TLS session: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.order) < cap(s.order) {
		s.order = append(s.order, name)
	} else {
		delete(s.kept, s.order[s.next])
		s.order[s.next] = name
		s.next = (s.next + 1) % len(s.order)
	}
	s.kept[name] = b
	return name[:], nil
}

// unwrap is a tls.Config.UnwrapSession. Of a name it does not know it makes no error: then
// the handshake is a full one.
func (s *sessions) unwrap(ticket []byte, _ tls.ConnectionState) (*tls.SessionState, error) {
	if len(ticket) != len(sessionName{}) {
		return nil, nil
	}
	s.mu.Lock()
	b := s.kept[sessionName(ticket)]
	s.mu.Unlock()
	if b == nil {
		return nil, nil
	}
	return tls.ParseSessionState(b)
}
