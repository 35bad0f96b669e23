package collectortest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"vigia/collector/api/carry"
	apiv1 "vigia/collector/api/v1"
)

// Courier brings files to a Server and its answers back.
type Courier struct {
	s   *Server
	key carry.Key
	// Refuse answers every request so; nil: as the server does.
	Refuse *apiv1.FileRefusal
}

// Courier returns one, with a key of its own.
func (s *Server) Courier() *Courier {
	s.t.Helper()
	key, err := carry.NewKey()
	if err != nil {
		s.t.Fatal(err)
	}
	return &Courier{s: s, key: key}
}

// Kit is what a stick of this collector says, with a token for one machine.
func (c *Courier) Kit() carry.Kit {
	c.s.t.Helper()
	token := c.s.NewToken()
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return carry.Kit{
		Version: 1, Organisation: "Ayuntamiento de Prueba", Collector: carry.NoCollector, Token: token.String(),
		Root: c.s.ca.root.Raw, CAPin: token.CAPin[:], LogKey: c.s.logKey, Recipient: c.key.Recipient(),
		PolicyKeys: [][]byte{c.s.policyKey.Public().(ed25519.PublicKey)},
	}
}

// Root is the collector's root certificate.
func (s *Server) Root() *x509.Certificate { return s.ca.root }

// Import takes in the requests of a folder and writes the answers, and returns
// the requests.
func (c *Courier) Import(dir string) []*carry.Request {
	c.s.t.Helper()
	names, err := carry.Requests(dir)
	if err != nil {
		c.s.t.Fatal(err)
	}
	var requests []*carry.Request
	for _, name := range names {
		requests = append(requests, c.ImportFile(dir, name))
	}
	return requests
}

// ImportFile is Import for one file.
func (c *Courier) ImportFile(dir, name string) *carry.Request {
	c.s.t.Helper()
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		c.s.t.Fatal(err)
	}
	req, err := carry.ReadRequest(f, c.key)
	_ = f.Close() // it was only read
	if err != nil {
		c.s.t.Fatalf("%s: %v", name, err)
	}
	c.answer(dir, name, req)
	return req
}

// CanRead tells whether a file in a folder is encrypted to this collector.
func (c *Courier) CanRead(dir, name string) bool {
	c.s.t.Helper()
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		c.s.t.Fatal(err)
	}
	_, err = carry.ReadRequest(f, c.key)
	return errors.Join(err, f.Close()) == nil
}

func (c *Courier) answer(dir, name string, req *carry.Request) {
	c.s.t.Helper()
	answer := &apiv1.FileAnswer{RequestId: req.GetId(), RequestHash: req.Hash[:], CreatedAt: time.Now().UnixMicro()}
	var err error
	switch {
	case c.Refuse != nil:
		answer.Refused = c.Refuse
	case req.GetEnroll() != nil:
		if err = req.By(req.GetEnroll().GetReportKey()); err == nil {
			answer.Enrolled, err = c.s.Enroll(context.Background(), req.GetEnroll())
			answer.GetEnrolled().FileRecipient = c.key.Recipient()
		}
	default:
		all := proto.CloneOf(req.GetDeliver())
		all.Items = req.Items
		answer.Delivered, err = c.s.ByHand(req.GetAgentId(), all)
		if err == nil && !bytes.Equal(req.GetDeliver().GetRecipientMark(), apiv1.RecipientMark(c.key.Recipient())) {
			answer.GetDelivered().FileRecipient = c.key.Recipient()
		}
	}
	if err != nil {
		c.s.t.Errorf("%s: %s", name, status.Convert(err).Message())
		return
	}
	f, err := carry.Create(dir)
	if err == nil {
		err = carry.WriteAnswer(f, req.GetAnswerRecipient(), answer, c.s.SignFile)
	}
	if err == nil {
		err = f.Finish()
	}
	if err == nil {
		err = f.Place(carry.AnswerPrefix + name)
	}
	if err != nil {
		c.s.t.Fatal(err)
	}
}

// SignFile signs as the collector signs answers.
func (s *Server) SignFile(d apiv1.Domain, message []byte) []byte {
	return apiv1.Sign(s.policyKey, d, message)
}
