package agent

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"vigia/checks/catalog"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
)

// Why a policy is refused, as codes of an event.
var (
	errPolicySignature = errors.New("signature")
	errPolicyAgent     = errors.New("other_machine")
	errPolicyOlder     = errors.New("older")
	errPolicyPackOlder = errors.New("pack_older")
	errPolicyInvalid   = errors.New("invalid")
	errPolicySafeMode  = errors.New("safe_mode")
)

func refusals() []error {
	return []error{errPolicySignature, errPolicyAgent, errPolicyOlder, errPolicyPackOlder, errPolicyInvalid, errPolicySafeMode}
}

// policies holds the policy in force. It is the last one that was signed by a
// pinned key, meant for this machine, neither itself nor in one of its packs
// older, and valid for the very code that runs it.
type policies struct {
	catalog *catalog.Catalog
	now     func() time.Time
	agentID string
	keys    func() []ed25519.PublicKey
	store   interface {
		Load() ([]byte, error)
		Save([]byte) error
	}
	// good keeps the last policy with which the agent was steady.
	good interface {
		Load() ([]byte, error)
		Save([]byte) error
	}
	// safe: the agent died again and again. The policy of good is in force, if there is
	// one, and no newer one is taken.
	safe   bool
	logger *slog.Logger
	// adopted is called with each new policy, refused with each distinct one
	// that is not taken.
	adopted func(policy.Policy)
	refused func(ctx context.Context, args map[string]string)

	mu      sync.Mutex
	current policy.Policy
	any     bool
	since   time.Time // when current was put in force, by the monotonic clock
	noted   bool      // in good
	// lastRefused is the refused one that was told of last: the collector
	// offers it with every answer.
	lastRefused [sha256.Size]byte
	refusal     *StatusRefused // of it, until another one is taken
}

// load puts the kept policy in force: the last one or, if that is damaged or
// this version cannot run it, the one with which the agent was steady; in safe
// mode that one first. If neither can be used there is none, and the collector
// will send another.
func (p *policies) load(ctx context.Context) error {
	from := []interface{ Load() ([]byte, error) }{p.store, p.good}
	if p.safe {
		slices.Reverse(from)
	}
	for _, kept := range from {
		b, err := kept.Load()
		if err != nil {
			return fmt.Errorf("read the policy: %w", err)
		}
		if b == nil {
			continue
		}
		var signed apiv1.SignedPolicy
		if err := proto.Unmarshal(b, &signed); err != nil {
			p.logger.WarnContext(ctx, "kept policy is damaged", "error", err)
			continue
		}
		next, err := p.verify(&signed)
		if err != nil {
			p.logger.WarnContext(ctx, "kept policy is not valid any more", "error", err)
			continue
		}
		good, err := p.good.Load()
		if err != nil {
			return fmt.Errorf("read the policy: %w", err)
		}
		p.mu.Lock()
		p.current, p.any = next, true
		p.since, p.noted = time.Now(), bytes.Equal(good, b)
		p.mu.Unlock()
		return nil
	}
	return nil
}

// steady remembers the policy in force as one that the agent bears, once it has borne it
// for that long.
func (p *policies) steady(least time.Duration) (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.safe || !p.any || p.noted || time.Since(p.since) < least {
		return nil
	}
	defer func() { p.noted = err == nil }()
	b, err := p.store.Load()
	if err != nil || b == nil {
		return err
	}
	if before, err := p.good.Load(); err == nil && bytes.Equal(before, b) {
		return nil
	}
	return p.good.Save(b)
}

// Current returns the order of the policy in force, zeros for none.
func (p *policies) Current() (epoch, version uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current.Epoch, p.current.Version
}

// get returns the policy in force, if there is one.
func (p *policies) get() (policy.Policy, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current, p.any
}

// refusedNow is the policy that was offered and refused last, nil for none since one was
// taken.
func (p *policies) refusedNow() *StatusRefused {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refusal
}

// Offer takes or refuses a policy. A refused one leaves the last good one in
// force and is told of once.
func (p *policies) Offer(ctx context.Context, signed *apiv1.SignedPolicy) {
	next, err := p.verify(signed)
	if err == nil {
		err = p.take(next, signed)
	}
	switch {
	case errors.Is(err, errSamePolicy):
	case err != nil:
		p.refuse(ctx, signed, next, err)
	default:
		p.logger.InfoContext(ctx, "policy adopted", "epoch", next.Epoch, "version", next.Version, "entries", len(next.Entries))
		p.adopted(next)
	}
}

// verify checks all but the order.
func (p *policies) verify(signed *apiv1.SignedPolicy) (policy.Policy, error) {
	valid := false
	for _, key := range p.keys() {
		valid = valid || apiv1.Verify(key, apiv1.DomainPolicy, signed.GetPolicy(), signed.GetSignature())
	}
	if !valid {
		return policy.Policy{}, fmt.Errorf("%w: it is not signed by the collector's policy key", errPolicySignature)
	}
	next, err := policy.Decode(signed.GetPolicy(), p.catalog)
	if err != nil {
		return policy.Policy{}, fmt.Errorf("%w: %w", errPolicyInvalid, err)
	}
	if next.Agent != p.agentID {
		return next, fmt.Errorf("%w: it is meant for another machine", errPolicyAgent)
	}
	return next, nil
}

// errSamePolicy is no refusal: the policy is in force already.
var errSamePolicy = errors.New("the policy is in force")

// take puts a policy on disk, then in force, if it is not older.
func (p *policies) take(next policy.Policy, signed *apiv1.SignedPolicy) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.any {
		switch {
		case next.Epoch == p.current.Epoch && next.Version == p.current.Version:
			return errSamePolicy
		case next.Epoch < p.current.Epoch, next.Epoch == p.current.Epoch && next.Version < p.current.Version:
			return fmt.Errorf("%w: it is %d.%d and %d.%d is in force", errPolicyOlder,
				next.Epoch, next.Version, p.current.Epoch, p.current.Version)
		}
		if err := p.packOlder(next); err != nil {
			return err
		}
	}
	if p.safe {
		return fmt.Errorf("%w: the agent is in safe mode, it is taken at the next start", errPolicySafeMode)
	}
	b, err := proto.Marshal(signed)
	if err != nil {
		return fmt.Errorf("encode the policy: %w", err)
	}
	if err := p.store.Save(b); err != nil {
		return fmt.Errorf("keep the policy: %w", err)
	}
	p.current, p.any, p.refusal = next, true, nil
	p.since, p.noted = time.Now(), false
	return nil
}

// packOlder refuses a policy one of whose packs is older than in the policy in force: the
// collector was put back to another program without a word. A restore from a backup, which
// begins a new epoch, may bring older ones. p.mu is held.
func (p *policies) packOlder(next policy.Policy) error {
	if next.Epoch != p.current.Epoch {
		return nil
	}
	for _, was := range p.current.Packs {
		for _, now := range next.Packs {
			if now.Name == was.Name && now.Version < was.Version {
				return fmt.Errorf("%w: pack %s comes as %d and %d is in force", errPolicyPackOlder, now.Name, now.Version, was.Version)
			}
		}
	}
	return nil
}

func (p *policies) refuse(ctx context.Context, signed *apiv1.SignedPolicy, next policy.Policy, err error) {
	sum := sha256.Sum256(append(signed.GetSignature(), signed.GetPolicy()...))
	why := whyNotKept
	for _, known := range refusals() {
		if errors.Is(err, known) {
			why = known.Error()
		}
	}
	p.mu.Lock()
	again := sum == p.lastRefused
	p.lastRefused = sum
	if p.refusal == nil || !again {
		p.refusal = &StatusRefused{At: p.now().UTC().Truncate(time.Second), Why: why, Detail: err.Error(), Epoch: next.Epoch, Version: next.Version}
	}
	p.mu.Unlock()
	if again {
		return
	}
	p.logger.ErrorContext(ctx, "policy refused, the last good one stays in force", "error", err)
	p.refused(ctx, map[string]string{
		"why":     why,
		"detail":  err.Error(),
		"epoch":   strconv.FormatUint(next.Epoch, 10),
		"version": strconv.FormatUint(next.Version, 10),
	})
}
