package collectortest

import (
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	apiv1 "vigia/collector/api/v1"
)

// LoseAnswers makes the next n deliveries count, and their answers get lost.
func (s *Server) LoseAnswers(n int) { s.set(func() { s.mute = n }) }

// Fail makes the next n deliveries end without effect.
func (s *Server) Fail(n int) { s.set(func() { s.deaf = n }) }

// Slow asks, with each answer, to be left alone for some seconds.
func (s *Server) Slow(seconds uint32) { s.set(func() { s.slow = seconds }) }

// Busy makes the next n deliveries end with RESOURCE_EXHAUSTED and some seconds
// to wait.
func (s *Server) Busy(n int, seconds int64) { s.set(func() { s.busy, s.busySeconds = n, seconds }) }

// Forge changes the answers of Deliver; nil ends it.
func (s *Server) Forge(f func(*apiv1.DeliverResponse)) { s.set(func() { s.forge = f }) }

// approval is what a person says of machines that enrol.
type approval int

const (
	notNeeded approval = iota
	waits
	rejected
)

// AwaitApproval has a person approve the enrolments from now on, and agents ask again
// after a while.
func (s *Server) AwaitApproval(askAgain time.Duration) {
	s.set(func() { s.approval, s.askAgain = waits, askAgain })
}

// Approve and Reject are what that person says, of all of them.
func (s *Server) Approve() { s.set(func() { s.approval = notNeeded }) }

// Reject says no.
func (s *Server) Reject() { s.set(func() { s.approval = rejected }) }

// pending is the answer while nobody has approved.
func (s *Server) pending() error {
	st, err := status.New(codes.FailedPrecondition, "a person has to approve this machine").WithDetails(
		&errdetails.ErrorInfo{Domain: "vigia", Reason: "APPROVAL_PENDING"},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(s.askAgain)})
	if err != nil {
		return err
	}
	return st.Err()
}

// Revoke refuses a machine from now on.
func (s *Server) Revoke(agentID string) { s.set(func() { s.machines[agentID].revoked = true }) }

// Restore forgets what is after sequence, as a restored backup does, and says
// so by a new epoch.
func (s *Server) Restore(agentID string, sequence uint64) {
	s.set(func() {
		s.forget(agentID, sequence)
		s.epoch++
		s.growLocked([]byte("restore"))
	})
}

// Forget forgets what is after sequence and does not say so.
func (s *Server) Forget(agentID string, sequence uint64) {
	s.set(func() { s.forget(agentID, sequence) })
}

func (s *Server) forget(agentID string, sequence uint64) {
	m := s.machines[agentID]
	for i, it := range m.items {
		if it.last > sequence {
			s.hashes = s.hashes[:tlog.StoredHashIndex(0, it.leaf)]
			s.size = it.leaf
			m.items = m.items[:i]
			return
		}
	}
}

// ExpireMachines issues certificates from now on that end at once.
func (s *Server) ExpireMachines(life time.Duration) { s.set(func() { s.ca.machineLife = life }) }

// Resign replaces the server's certificate by one for other names.
func (s *Server) Resign(names ...string) {
	s.set(func() { s.ca.server = s.ca.serverCert(s.t, names, time.Now(), time.Hour) })
}

func (s *Server) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// Grow appends leaves that are no machine's.
func (s *Server) Grow(n int) {
	for i := range n {
		s.grow(fmt.Appendf(nil, "other %d", i))
	}
}

// OtherLog signs, with the log's key, the checkpoint of a log of the same size
// with other leaves, after change. It may be called from Forge.
func (s *Server) OtherLog(signed []byte, change func(*Server)) []byte {
	other := &Server{t: s.t, logSigner: s.logSigner}
	var size int
	if _, err := fmt.Sscanf(string(signed), "vigia-test\n%d\n", &size); err != nil {
		s.t.Errorf("size of the checkpoint: %v", err)
	}
	other.Grow(size)
	change(other)
	return other.checkpoint()
}

// ForgeLocked is Forge, from Forge.
func (s *Server) ForgeLocked(f func(*apiv1.DeliverResponse)) { s.forge = f }
