package assign

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"vigia/checks/policy"
	"vigia/collector/evidence"
	"vigia/collector/storage"
)

// PackSubject is the subject of the leaves that hold imported packs.
const PackSubject = "packs"

// PackRecord is the payload of a leaf of kind policy and subject PackSubject, as JSON.
type PackRecord struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
	File    string `json:"file"`
	By      string `json:"by"`
	Signer  string `json:"signer"`
	// Signature and Text are the two files, byte by byte.
	Signature string `json:"signature"`
	Text      string `json:"text"`
}

// PackInfo is a pack and where it is from.
type PackInfo struct {
	policy.Pack
	// Signer is whose key signed it; empty for one that this program brought.
	Signer     string
	File       string
	ImportedAt time.Time
	ImportedBy string
	Leaf       int64
	// Text is its file.
	Text []byte
	// InForce: it is the one of its name that policies are composed from. Chosen: the
	// organisation's source names it.
	InForce, Chosen bool
	// Err tells why this program cannot use an imported pack, nil for one that it can.
	Err error
}

// Why a pack is not imported.
var (
	// ErrPackOlder: a newer version is in force. An older one comes back under a higher
	// number only.
	ErrPackOlder = errors.New("a newer version of the pack is in force")
	// ErrPackOther: this version is in force with other words.
	ErrPackOther = errors.New("the same version of the pack is in force with another content")
)

// NewPack is a pack that somebody brings.
type NewPack struct {
	File            string
	Data, Signature []byte
	By              string
	Trusted         note.Verifiers
}

// PackChange is what an import changes, or would change.
type PackChange struct {
	Pack   policy.Pack
	Signer string
	// Before is the version in force, 0 for none.
	Before int
	// Same: it is in force already, byte by byte.
	Same  bool
	Rules []policy.RuleChange
	// Chosen: the organisation's source names it.
	Chosen bool
	// Machines is for how many of the given machines the policy is made anew; Tried how
	// many there were.
	Machines, Tried int
}

// CheckPack tells what importing a pack would change, and why it must not be: its
// signature, its content or its version are not right, or some machine's policy could not
// be composed with it, which is tried for the given ones and for every place that the
// organisation's source names. Each policy goes through the decoder that agents use.
func (s *Service) CheckPack(ctx context.Context, tx *storage.Tx, in NewPack, machines []Machine) (PackChange, error) {
	if len(in.Data) > policy.MaxPack {
		return PackChange{}, fmt.Errorf("%s: larger than %d bytes", in.File, policy.MaxPack)
	}
	next, err := policy.LoadPack(in.File, in.Data, s.opts.Catalog)
	if err != nil {
		return PackChange{}, err
	}
	signer, err := VerifyPack(next.Name, next.Version, in.Data, in.Signature, in.Trusted)
	if err != nil {
		return PackChange{}, fmt.Errorf("%s: %w", in.File, err)
	}
	out := PackChange{Pack: next, Signer: signer, Tried: len(machines)}
	all, err := s.AllPacks(ctx, tx)
	if err != nil {
		return PackChange{}, err
	}
	var before policy.Pack
	if i := slices.IndexFunc(all, func(p PackInfo) bool { return p.Name == next.Name && p.InForce }); i >= 0 {
		before = all[i].Pack
		out.Before = before.Version
		switch {
		case next.Version < before.Version:
			return out, fmt.Errorf("%w: %s %d comes, %d is in force", ErrPackOlder, next.Name, next.Version, before.Version)
		case next.Version == before.Version && bytes.Equal(all[i].Text, in.Data):
			out.Same = true
			return out, nil
		case next.Version == before.Version:
			return out, fmt.Errorf("%w: %s %d", ErrPackOther, next.Name, next.Version)
		}
	}
	out.Rules = policy.Changes(before, next)
	return out, s.tryPack(ctx, tx, &out, machines)
}

// tryPack composes policies with a pack as they would be, and counts those that differ.
func (s *Service) tryPack(ctx context.Context, tx *storage.Tx, out *PackChange, machines []Machine) error {
	next := out.Pack
	now, err := s.PacksInForce(ctx, tx)
	if err != nil && !errors.Is(err, ErrCompose) { // then it is the one that mends it
		return err
	}
	then := policy.Newest([]policy.Pack{next}, now)
	info, body, err := newestSource(ctx, tx)
	if err != nil {
		return err
	}
	source := s.opts.Default
	if info.Version > 0 {
		if source, err = policy.LoadSourceWith(info.File, body, then); err != nil {
			return fmt.Errorf("the policy file in force does not suit the pack: %w", err)
		}
	}
	out.Chosen = slices.Contains(source.Packs, next.Name)
	for _, m := range append(slices.Clone(machines), Machine{ID: "any"}) {
		p, err := policy.Compose(s.input(m, source, then))
		if err == nil {
			p, err = policy.Decode(p.Encode(), s.opts.Catalog)
		}
		if err != nil {
			return fmt.Errorf("%w of %s: %w", ErrCompose, m.ID, err)
		}
		if before, err := policy.Compose(s.input(m, source, now)); m.ID != "any" && (err != nil || !bytes.Equal(before.Encode(), p.Encode())) {
			out.Machines++
		}
	}
	return nil
}

// ImportPack checks a pack and puts it in force for all policies from now on. One that is
// in force already changes nothing.
func (s *Service) ImportPack(ctx context.Context, tx *storage.Tx, in NewPack, machines []Machine) (PackChange, error) {
	out, err := s.CheckPack(ctx, tx, in, machines)
	if err != nil || out.Same {
		return out, err
	}
	number, err := packsNumber(ctx, tx)
	if err != nil {
		return PackChange{}, err
	}
	number++
	at, file := s.opts.Now().UTC().Truncate(time.Microsecond), clean(in.File)
	payload, err := json.Marshal(PackRecord{Name: out.Pack.Name, Version: out.Pack.Version, File: file, By: in.By,
		Signer: out.Signer, Signature: string(in.Signature), Text: string(in.Data)})
	if err != nil {
		return PackChange{}, fmt.Errorf("encode %s: %w", in.File, err)
	}
	leaf, err := s.opts.Log.Append(ctx, tx, evidence.Leaf{Kind: evidence.Policy, Subject: PackSubject, Sequence: uint64(number), Payload: payload})
	if err != nil {
		return PackChange{}, fmt.Errorf("append %s: %w", in.File, err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO assign_packs (number, name, version, file, body, signature, signer, imported_at, imported_by, leaf)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		number, out.Pack.Name, out.Pack.Version, file, in.Data, in.Signature, out.Signer, at.UnixMicro(), in.By, leaf); err != nil {
		return PackChange{}, fmt.Errorf("import %s: %w", in.File, err)
	}
	return out, nil
}

// AllPacks lists every version of every pack: those of this program and those that were
// imported, by name, the newest first. Like PacksInForce it is not for a transaction that
// has imported one.
func (s *Service) AllPacks(ctx context.Context, tx *storage.Tx) ([]PackInfo, error) {
	version, number, err := newest(ctx, tx)
	if err != nil {
		return nil, err
	}
	at := [2]int64{version, number}
	s.mu.Lock()
	known, same := s.listed, s.listed != nil && s.listedAt == at
	s.mu.Unlock()
	if same {
		return slices.Clone(known), nil
	}
	out, err := s.imported(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, p := range s.opts.Packs {
		text, err := policy.PackText(p.Name)
		if err != nil {
			return nil, err
		}
		out = append(out, PackInfo{Pack: p, Text: text})
	}
	// An imported one goes before one of the program of the same version.
	slices.SortStableFunc(out, func(a, b PackInfo) int {
		if a.Name != b.Name {
			if a.Name < b.Name {
				return -1
			}
			return 1
		}
		return b.Version - a.Version
	})
	info, body, err := newestSource(ctx, tx)
	if err != nil {
		return nil, err
	}
	chosen := s.opts.Default.Packs
	if info.Version > 0 {
		source, err := policy.DecodeSource(info.File, body)
		if err != nil {
			return nil, err
		}
		chosen = source.Packs
	}
	for i := range out {
		out[i].InForce = i == 0 || out[i-1].Name != out[i].Name
		out[i].Chosen = slices.Contains(chosen, out[i].Name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed, s.listedAt = slices.Clone(out), at
	return out, nil
}

// imported lists what was imported, the first import first.
func (s *Service) imported(ctx context.Context, tx *storage.Tx) ([]PackInfo, error) {
	rows, err := tx.Query(ctx, `SELECT name, version, file, body, signer, imported_at, imported_by, leaf FROM assign_packs ORDER BY number`)
	if err != nil {
		return nil, fmt.Errorf("read the imported packs: %w", err)
	}
	defer rows.Close()
	var out []PackInfo
	for rows.Next() {
		var p PackInfo
		var name string
		var version int
		var at int64
		if err := rows.Scan(&name, &version, &p.File, &p.Text, &p.Signer, &at, &p.ImportedBy, &p.Leaf); err != nil {
			return nil, fmt.Errorf("read the imported packs: %w", err)
		}
		p.ImportedAt = time.UnixMicro(at).UTC()
		if p.Pack, p.Err = policy.LoadPack(p.File, p.Text, s.opts.Catalog); p.Err != nil {
			p.Pack = policy.Pack{Name: name, Version: version}
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// PacksInForce are the packs that policies are composed from now: of each name the newest.
// It errors with ErrCompose when this program cannot use one of them: an older one in its
// place would loosen or tighten what machines must do without anybody's decision.
// Do not ask in a transaction that imports one, which may yet be undone.
func (s *Service) PacksInForce(ctx context.Context, tx *storage.Tx) ([]policy.Pack, error) {
	number, err := packsNumber(ctx, tx)
	if err != nil {
		return nil, err
	}
	if number == 0 {
		return s.opts.Packs, nil
	}
	s.mu.Lock()
	packs, known := s.packs, s.packsNumber == number
	s.mu.Unlock()
	if known {
		return packs, nil
	}
	all, err := s.AllPacks(ctx, tx)
	if err != nil {
		return nil, err
	}
	var broken error
	packs = nil
	for _, p := range all {
		switch {
		case !p.InForce:
		case p.Err != nil:
			broken = fmt.Errorf("%w: pack %s %d, imported, does not suit this program: %w", ErrCompose, p.Name, p.Version, p.Err)
		default:
			packs = append(packs, p.Pack)
		}
	}
	if broken != nil {
		return packs, broken
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.packs, s.packsNumber = packs, number
	return packs, nil
}

// packsNumber is the number of the last import of a pack, 0 when there was none.
func packsNumber(ctx context.Context, tx *storage.Tx) (int64, error) {
	var number int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(number), 0) FROM assign_packs`).Scan(&number); err != nil {
		return 0, fmt.Errorf("read the number of the imported packs: %w", err)
	}
	return number, nil
}
