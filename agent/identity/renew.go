package identity

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"time"

	apiv1 "vigia/collector/api/v1"
)

// RenewAt is when to renew: at half of the certificate's life, and up to a
// tenth of it later, by the machine's own measure, so that machines that
// enrolled in one morning do not renew in one minute.
func (id *Identity) RenewAt() time.Time {
	id.mu.Lock()
	defer id.mu.Unlock()
	leaf := id.cert.Leaf
	life := leaf.NotAfter.Sub(leaf.NotBefore)
	h := fnv.New64a()
	h.Write([]byte(id.state.AgentID))
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(leaf.NotBefore.Unix())))
	jitter := time.Duration(float64(life) / 10 * float64(h.Sum64()>>11) / (1 << 53))
	return leaf.NotBefore.Add(life/2 + jitter)
}

// Renew gets a new certificate for a new key, and the roots and keys of today.
// The current certificate may have expired: the collector knows its key. The
// new identity counts when it is on disk.
func (id *Identity) Renew(ctx context.Context, way Way) error {
	s := id.get()
	address := cmp.Or(way.Address, s.Collector)
	host, err := splitHost(address)
	if err != nil {
		return err
	}
	if s, err = id.prepareRenewal(s); err != nil {
		return fmt.Errorf("prepare the renewal: %w", err)
	}
	key, err := parseKey(s.NextKey)
	if err != nil {
		return fmt.Errorf("prepare the renewal: %w", err)
	}
	csr, err := certificateRequest(key)
	if err != nil {
		return err
	}
	id.mu.Lock()
	v := &verifier{host: host, now: id.now, roots: id.roots}
	cert := id.cert
	id.mu.Unlock()
	cfg := v.config()
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
	var resp *apiv1.RenewResponse
	err = v.call(ctx, address, cfg, way.Dial, func(ctx context.Context, c apiv1.EnrollmentServiceClient) error {
		var err error
		resp, err = c.Renew(ctx, &apiv1.RenewRequest{
			AgentId:            s.AgentID,
			CertificateRequest: csr,
			Proof:              id.Sign(apiv1.DomainRenew, apiv1.RenewProof(s.AgentID, csr)),
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("renew the certificate with %s: %w", address, v.explain(err, ErrNotActive))
	}
	s.TLSKey, s.NextKey = s.NextKey, nil
	s.Certificates, s.Roots = resp.GetCertificates(), resp.GetRoots()
	s.PolicyKeys, s.LogKey = resp.GetPolicyKeys(), resp.GetLogKey()
	s.FileRecipient = cmp.Or(resp.GetFileRecipient(), s.FileRecipient)
	// A trial before anything changes: the old identity must stay usable.
	if err := new(Identity).adopt(s); err != nil {
		return fmt.Errorf("renew the certificate with %s: %w: %w", address, ErrAnswer, err)
	}
	return id.replace(s)
}

// prepareRenewal makes the next key and keeps it before it is used.
func (id *Identity) prepareRenewal(s state) (state, error) {
	if _, err := parseKey(s.NextKey); err == nil {
		return s, nil
	}
	var err error
	if s.NextKey, err = newKey(); err != nil {
		return s, err
	}
	return s, id.replace(s)
}

// replace puts a new state on disk, then in force.
func (id *Identity) replace(s state) error {
	id.mu.Lock()
	defer id.mu.Unlock()
	return id.replaceLocked(s)
}

// replaceLocked is replace under id.mu, so that the disk and the memory change in one order.
func (id *Identity) replaceLocked(s state) error {
	if err := id.save(s); err != nil {
		return fmt.Errorf("keep the identity: %w", err)
	}
	return id.adopt(s)
}
