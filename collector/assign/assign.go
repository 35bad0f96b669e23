// Package assign gives each machine its policy: it keeps the versions of what
// the organisation decided and the packs that it imported, composes the policy
// of a machine from the newest of both and the packs of this program, signs it,
// and remembers every policy it ever issued, since a report is judged by the
// policy that it names.
//
// Always true: a machine's policies are ordered by (epoch, version), and a new
// version exists only when what the machine must do changed; a policy is signed
// only after the decoder that agents use has accepted it; a pack is taken only
// with the signature of a trusted publisher and never goes back; and every
// source, every imported pack and every issued policy is a leaf of the evidence
// log, appended in the transaction that makes it valid.
//
// The package does not deliver policies and knows no machine but by the name
// and department it is told.
package assign

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"vigia/checks/catalog"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/evidence"
	"vigia/collector/registers"
	"vigia/collector/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the package's tables.
func Schema() storage.Schema { return storage.Embedded("assign", migrations) }

// Log is the evidence log, as far as this package needs it.
type Log interface {
	Append(ctx context.Context, tx *storage.Tx, leaves ...evidence.Leaf) (first int64, err error)
	Epoch(ctx context.Context, tx *storage.Tx) (uint64, error)
}

// Machine is what decides about the policy of a machine.
type Machine struct {
	ID         string // agent id
	Hostname   string
	Department string
}

// Options configures New.
type Options struct {
	Log Log
	// Key signs policies. It may be nil in a program that issues none.
	Key ed25519.PrivateKey
	// Catalog and Packs are what policies are composed from, Packs those that the program
	// brings; imported ones come on top.
	Catalog *catalog.Catalog
	Packs   []policy.Pack
	// Default is the source until one is imported.
	Default policy.Source
	// Registers are the books whose permits, users, leavers, programs and media are laid
	// over the source; nil: there are none.
	Registers Registers
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Service composes, signs and remembers policies. Its methods work inside the
// caller's transaction and are safe for concurrent use.
type Service struct {
	opts  Options
	books []*registers.Book // that policies are made from

	mu sync.Mutex // guards all below, which never differs from committed rows
	// source is parsed from bytes of this hash.
	source     policy.Source
	sourceHash [sha256.Size]byte
	// packs are those in force after that many imports, nil for not known.
	packs       []policy.Pack
	packsNumber int64
	// listed are all packs as of that version of the source and that many imports.
	listed   []PackInfo
	listedAt [2]int64
	// feed is what the books said at feedMark.
	feed     feed
	feedMark registers.Mark
	current  map[string]current // by agent id
	issued   map[ref]policy.Policy
}

// current is a machine's policy, and what it was composed from.
type current struct {
	machine Machine
	source  int64
	packs   int64
	books   registers.Mark
	epoch   uint64
	policy  policy.Policy
	signed  *apiv1.SignedPolicy
}

type ref struct {
	agent          string
	epoch, version uint64
}

// Bounds of the copies in memory.
const (
	maxCurrent = 4096
	maxIssued  = 8192
)

// Errors that callers tell apart.
var (
	// ErrNotIssued: there is no such policy.
	ErrNotIssued = errors.New("this policy was never issued")
	// ErrCompose: the source and the packs of this program give no policy. The
	// machine keeps the one it has.
	ErrCompose = errors.New("compose the policy")
)

// New returns the service on the tables of Schema.
func New(opts Options) *Service {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Service{opts: opts, books: feedBooks(), current: map[string]current{}, issued: map[ref]policy.Policy{}}
}

// Keys are the public keys with which agents verify policies.
func (s *Service) Keys() []ed25519.PublicKey {
	if s.opts.Key == nil {
		return nil
	}
	return []ed25519.PublicKey{s.opts.Key.Public().(ed25519.PublicKey)}
}

// Current returns the policy that a machine must obey now, and issues it first
// when it differs from the last one.
func (s *Service) Current(ctx context.Context, tx *storage.Tx, m Machine) (*apiv1.SignedPolicy, policy.Policy, error) {
	epoch, err := s.opts.Log.Epoch(ctx, tx)
	if err != nil {
		return nil, policy.Policy{}, fmt.Errorf("read the epoch: %w", err)
	}
	version, number, err := newest(ctx, tx)
	if err != nil {
		return nil, policy.Policy{}, err
	}
	books, err := s.mark(ctx, tx)
	if err != nil {
		return nil, policy.Policy{}, err
	}
	s.mu.Lock()
	known, ok := s.current[m.ID]
	s.mu.Unlock()
	if ok && known.machine == m && known.source == version && known.packs == number && known.books == books && known.epoch == epoch {
		return known.signed, known.policy, nil
	}
	packs, err := s.PacksInForce(ctx, tx)
	if err != nil {
		return nil, policy.Policy{}, err
	}
	source, err := s.sourceOf(ctx, tx, version, packs)
	if err != nil {
		return nil, policy.Policy{}, err
	}
	shelf, err := s.feedAt(ctx, tx, books)
	if err != nil {
		return nil, policy.Policy{}, err
	}
	in := s.input(m, shelf.over(source, m), packs)
	plain, err := policy.Compose(in)
	if err != nil {
		return nil, policy.Policy{}, fmt.Errorf("%w of %s: %w", ErrCompose, m.ID, err)
	}
	content := sha256.Sum256(plain.Encode())
	last, err := latest(ctx, tx, m.ID)
	if err != nil && !errors.Is(err, ErrNotIssued) {
		return nil, policy.Policy{}, err
	}
	if err == nil && last.epoch == epoch && slices.Equal(last.content, content[:]) {
		p, err := policy.Decode(last.signed.GetPolicy(), s.opts.Catalog)
		if err == nil && s.signed(last.signed) {
			s.keep(current{machine: m, source: version, packs: number, books: books, epoch: epoch, policy: p, signed: last.signed})
			return last.signed, p, nil
		}
		// It was issued by another version of this program, or with another key: issue it anew.
	}
	in.Epoch, in.Version, in.Issued = epoch, last.version+1, s.opts.Now().UTC().Truncate(time.Microsecond)
	return s.issue(ctx, tx, in, content)
}

// signed tells whether a policy has the signature of the present key.
func (s *Service) signed(p *apiv1.SignedPolicy) bool {
	keys := s.Keys()
	return len(keys) == 0 || apiv1.Verify(keys[0], apiv1.DomainPolicy, p.GetPolicy(), p.GetSignature())
}

// input is what a machine's policy is composed from, but for its number and date.
func (s *Service) input(m Machine, source policy.Source, packs []policy.Pack) policy.ComposeInput {
	return policy.ComposeInput{
		Agent: m.ID, Hostname: m.Hostname, Department: m.Department, Source: source, Packs: packs, Catalog: s.opts.Catalog,
	}
}

// issue signs and records a policy. It is not kept in memory: the transaction
// may yet be undone.
func (s *Service) issue(ctx context.Context, tx *storage.Tx, in policy.ComposeInput, content [sha256.Size]byte) (*apiv1.SignedPolicy, policy.Policy, error) {
	if s.opts.Key == nil {
		return nil, policy.Policy{}, errors.New("issue a policy: no policy key is open")
	}
	p, err := policy.Compose(in)
	if err != nil {
		return nil, policy.Policy{}, fmt.Errorf("%w of %s: %w", ErrCompose, in.Agent, err)
	}
	body := p.Encode()
	if p, err = policy.Decode(body, s.opts.Catalog); err != nil {
		return nil, policy.Policy{}, fmt.Errorf("%w of %s: %w", ErrCompose, in.Agent, err)
	}
	signed := &apiv1.SignedPolicy{Policy: body, Signature: apiv1.Sign(s.opts.Key, apiv1.DomainPolicy, body)}
	payload, err := proto.MarshalOptions{Deterministic: true}.Marshal(signed)
	if err != nil {
		return nil, policy.Policy{}, fmt.Errorf("encode the policy of %s: %w", in.Agent, err)
	}
	if len(payload) > evidence.MaxPayload {
		return nil, policy.Policy{}, fmt.Errorf("%w of %s: it has %d bytes, more than %d: shorten its lists", ErrCompose, in.Agent, len(payload), evidence.MaxPayload)
	}
	leaf, err := s.opts.Log.Append(ctx, tx, evidence.Leaf{Kind: evidence.Policy, Subject: in.Agent, Sequence: in.Version, Payload: payload})
	if err != nil {
		return nil, policy.Policy{}, fmt.Errorf("append the policy of %s: %w", in.Agent, err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO assign_policies (agent_id, epoch, version, content, policy, signature, issued_at, leaf)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		in.Agent, int64(in.Epoch), int64(in.Version), content[:], body, signed.GetSignature(), in.Issued.UnixMicro(), leaf); err != nil {
		return nil, policy.Policy{}, fmt.Errorf("keep the policy of %s: %w", in.Agent, err)
	}
	return signed, p, nil
}

// Issued returns a policy that a machine was given, or ErrNotIssued. Ask before
// Current in a transaction: a policy that is only being issued, and may be
// undone, must not be remembered.
func (s *Service) Issued(ctx context.Context, tx *storage.Tx, agentID string, epoch, version uint64) (policy.Policy, error) {
	key := ref{agentID, epoch, version}
	s.mu.Lock()
	p, ok := s.issued[key]
	s.mu.Unlock()
	if ok {
		return p, nil
	}
	if epoch > maxNumber || version > maxNumber {
		return policy.Policy{}, ErrNotIssued
	}
	var body []byte
	err := tx.QueryRow(ctx, `SELECT policy FROM assign_policies WHERE agent_id = $1 AND epoch = $2 AND version = $3`,
		agentID, int64(epoch), int64(version)).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return policy.Policy{}, ErrNotIssued
	}
	if err != nil {
		return policy.Policy{}, fmt.Errorf("read policy %d.%d of %s: %w", epoch, version, agentID, err)
	}
	// Not policy.Decode: what was issued stays true when this program has lost
	// one of its checks.
	if err := json.Unmarshal(body, &p); err != nil {
		return policy.Policy{}, fmt.Errorf("read policy %d.%d of %s: %w", epoch, version, agentID, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.issued) >= maxIssued {
		for old := range s.issued { // any will do: what is used comes back
			delete(s.issued, old)
			break
		}
	}
	s.issued[key] = p
	return p, nil
}

// IssuedBefore returns the last policy that a machine was given before a leaf
// of the log, or ErrNotIssued.
func (s *Service) IssuedBefore(ctx context.Context, tx *storage.Tx, agentID string, leaf int64) (policy.Policy, error) {
	var epoch, version int64
	err := tx.QueryRow(ctx, `SELECT epoch, version FROM assign_policies WHERE agent_id = $1 AND leaf < $2 ORDER BY leaf DESC LIMIT 1`,
		agentID, leaf).Scan(&epoch, &version)
	if errors.Is(err, sql.ErrNoRows) {
		return policy.Policy{}, ErrNotIssued
	}
	if err != nil {
		return policy.Policy{}, fmt.Errorf("find the last policy of %s: %w", agentID, err)
	}
	return s.Issued(ctx, tx, agentID, uint64(epoch), uint64(version))
}

// keep remembers a committed policy.
func (s *Service) keep(c current) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.current) >= maxCurrent {
		for old := range s.current {
			delete(s.current, old)
			break
		}
	}
	s.current[c.machine.ID] = c
}

// stored is a row of assign_policies.
type stored struct {
	epoch, version uint64
	content        []byte
	signed         *apiv1.SignedPolicy
}

// latest returns the newest policy of a machine, or ErrNotIssued.
func latest(ctx context.Context, tx *storage.Tx, agentID string) (stored, error) {
	var row stored
	var epoch, version int64
	row.signed = &apiv1.SignedPolicy{}
	err := tx.QueryRow(ctx, `SELECT epoch, version, content, policy, signature FROM assign_policies
		WHERE agent_id = $1 ORDER BY epoch DESC, version DESC LIMIT 1`, agentID).
		Scan(&epoch, &version, &row.content, &row.signed.Policy, &row.signed.Signature)
	if errors.Is(err, sql.ErrNoRows) {
		return stored{}, ErrNotIssued
	}
	if err != nil {
		return stored{}, fmt.Errorf("read the last policy of %s: %w", agentID, err)
	}
	row.epoch, row.version = uint64(epoch), uint64(version)
	return row, nil
}

// maxNumber is what a BIGINT holds.
const maxNumber = 1<<63 - 1

// clean is the last part of a path of either system.
func clean(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	return name
}
